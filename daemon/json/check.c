/* SPDX-License-Identifier: MIT */
/* json/check.c: the strict pass in front of cJSON, which lets bad UTF-8, duplicate keys, control
 * characters and text after the value through.
 *
 * It sees every byte of every page, so the common case, a run of plain ASCII inside a string, goes
 * eight bytes at a time. Nothing is stored but the keys of the objects that are open. */
#include "json/check.h"

#include "base/alloc.h"
#include "base/text.h"
#include "json/json.h"
#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

struct key {
    const char *name; /* as it stands in the text, or unescaped in scan.unescaped */
    size_t len;
    uint64_t hash;
};

struct frame {
    bool is_object;
    size_t first_key; /* its keys are keys[first_key .. n_keys) while it is the innermost */
};

#define N_INLINE_KEYS 64

struct json_scan {
    const char *start, *p, *end;
    struct frame frames[JSON_DEPTH_MAX];
    size_t depth;
    struct key *keys, inline_keys[N_INLINE_KEYS];
    size_t n_keys, keys_size;
    char *unescaped; /* room for all keys with escapes; made for the first one */
    size_t unescaped_len;
    const char *const *names; /* of the members to keep; NULL: all */
    char *kept;               /* room for the whole text; made for the first member left out */
    size_t kept_len;
    const char *kept_to;  /* what lies before it is in `kept`, or was left out */
    size_t leaving_depth; /* of the object whose member is being left out; 0: none is */
    struct failure *ret_failure;
};

static int refuse(struct json_scan *s, const char *why)
{
    return failure_set(s->ret_failure, FAILURE_PROTOCOL, EBADMSG, "not valid JSON at byte %zu: %s",
                       (size_t)(s->p - s->start), why);
}

static void skip_space(struct json_scan *s)
{
    while (s->p < s->end && (*s->p == ' ' || *s->p == '\n' || *s->p == '\r' || *s->p == '\t'))
        s->p++;
}

/* ---- strings ---- */

#define EACH_BYTE(b) (UINT64_C(0x0101010101010101) * (b))

/* The number of plain bytes (no control, quote, backslash or byte above 0x7F) that a word of text
 * begins with. Subtraction borrows only out of bytes that are hits themselves, so the lowest hit is
 * always a true one. */
static unsigned plain_bytes(uint64_t word)
{
    uint64_t hits = ((word - EACH_BYTE(0x20)) | ((word ^ EACH_BYTE('"')) - EACH_BYTE(1)) |
                     ((word ^ EACH_BYTE('\\')) - EACH_BYTE(1)) | word) &
                    EACH_BYTE(0x80);
    return hits ? (unsigned)__builtin_ctzll(hits) / 8 : 8;
}

static void skip_plain(struct json_scan *s)
{
    unsigned n = 8;
    while (n == 8 && s->end - s->p >= 8) {
        uint64_t word;
        memcpy(&word, s->p, sizeof word);
        n = plain_bytes(le64toh(word));
        s->p += n;
    }
    if (n < 8)
        return;
    while (s->p < s->end && *s->p >= 0x20 && *s->p < 0x7F && *s->p != '"' && *s->p != '\\')
        s->p++;
}

/* Four hexadecimal digits at p; -1 if they are not. */
static int32_t hex4(const char *p, const char *end)
{
    int32_t value = 0;
    if (end - p < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        char c = p[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0)
            return -1;
        value = value << 4 | digit;
    }
    return value;
}

/* The escape at *p (the backslash), as a code point; moves *p behind it. -1 if it is none. A lone
 * surrogate comes back as itself. */
static int32_t read_escape(const char **p, const char *end)
{
    static const char NAMES[] = "\"\\/bfnrt", VALUES[] = "\"\\/\b\f\n\r\t";
    const char *s = *p + 1;
    if (s == end)
        return -1;
    if (*s != 'u') {
        const char *name = memchr(NAMES, *s, sizeof NAMES - 1);
        *p = s + 1;
        return name ? VALUES[name - NAMES] : -1;
    }
    int32_t c = hex4(s + 1, end);
    if (c < 0)
        return -1;
    s += 5;
    if (c >= 0xD800 && c <= 0xDBFF && end - s >= 2 && s[0] == '\\' && s[1] == 'u') {
        int32_t low = hex4(s + 2, end);
        if (low >= 0xDC00 && low <= 0xDFFF) {
            c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
            s += 6;
        }
    }
    *p = s;
    return c;
}

static int check_escape(struct json_scan *s)
{
    const char *p = s->p;
    int32_t c = read_escape(&p, s->end);
    if (c < 0)
        return refuse(s, "unknown escape in a string");
    if (c == 0)
        return refuse(s, "\\u0000 in a string");
    if (c >= 0xD800 && c <= 0xDFFF)
        return refuse(s, "a lone surrogate in a string");
    s->p = p;
    return 0;
}

/* From the opening quote to behind the closing one. */
static int check_string(struct json_scan *s, bool *ret_escapes)
{
    *ret_escapes = false;
    s->p++;
    for (;;) {
        skip_plain(s);
        if (s->p == s->end)
            return refuse(s, "the text ends inside a string");
        if (*s->p == '"') {
            s->p++;
            return 0;
        }
        uint32_t c;
        int n;
        if (*s->p == '\\') {
            *ret_escapes = true;
            int r = check_escape(s);
            if (r < 0)
                return r;
        } else if ((unsigned char)*s->p < 0x20) {
            return refuse(s, "raw control character in a string");
        } else if ((n = text_decode(s->p, (size_t)(s->end - s->p), &c)) < 0) {
            return refuse(s, "bad UTF-8 in a string");
        } else {
            s->p += n;
        }
    }
}

/* ---- keys ---- */

/* Not cryptographic: collisions only cost a comparison of the names. */
static uint64_t key_hash(const char *name, size_t len)
{
    const uint64_t odd = UINT64_C(0x9E3779B97F4A7C15);
    uint64_t hash = len * odd, word = 0;
    for (size_t at = 0; at + 8 <= len; at += 8) {
        memcpy(&word, name + at, 8);
        hash = (hash ^ word) * odd;
        hash ^= hash >> 32;
    }
    if (len >= 8) {
        memcpy(&word, name + len - 8, 8);
    } else {
        word = 0;
        for (size_t i = 0; i < len; i++)
            word = word << 8 | (unsigned char)name[i];
    }
    hash = (hash ^ word) * odd;
    return hash ^ hash >> 32;
}

/* Keys are equal if they are after unescaping: "a" is "\u0061", and cJSON would return whichever
 * comes first. An unescaped name is never longer than its text, so one buffer as long as the whole
 * text holds them all and never moves. */
static int unescape(struct json_scan *s, struct key *key)
{
    if (!s->unescaped)
        s->unescaped = alloc_get((size_t)(s->end - s->start));
    if (!s->unescaped)
        return failure_oom(s->ret_failure);
    const char *p = key->name, *end = p + key->len;
    unsigned char *first = (unsigned char *)s->unescaped + s->unescaped_len, *out = first;
    while (p < end) {
        if (*p != '\\') {
            *out++ = (unsigned char)*p++;
            continue;
        }
        int32_t c = read_escape(&p, end);
        if (c >= 0x10000) {
            *out++ = (unsigned char)(0xF0 | c >> 18);
            *out++ = (unsigned char)(0x80 | (c >> 12 & 0x3F));
        } else if (c >= 0x800) {
            *out++ = (unsigned char)(0xE0 | c >> 12);
        }
        if (c >= 0x800)
            *out++ = (unsigned char)(0x80 | (c >> 6 & 0x3F));
        else if (c >= 0x80)
            *out++ = (unsigned char)(0xC0 | c >> 6);
        *out++ = (unsigned char)(c >= 0x80 ? 0x80 | (c & 0x3F) : c);
    }
    key->name = (const char *)first;
    key->len = (size_t)(out - first);
    s->unescaped_len += key->len;
    return 0;
}

static int push_key(struct json_scan *s, struct key key)
{
    if (s->n_keys == s->keys_size) {
        struct key *old = s->keys == s->inline_keys ? NULL : s->keys;
        struct key *more = alloc_resize(old, 2 * s->keys_size * sizeof *more);
        if (!more)
            return failure_oom(s->ret_failure);
        if (!old)
            memcpy(more, s->inline_keys, sizeof s->inline_keys);
        s->keys = more;
        s->keys_size *= 2;
    }
    s->keys[s->n_keys++] = key;
    return 0;
}

/* ---- members to omit ---- */

static bool is_wanted(const struct json_scan *s, const struct key *key)
{
    for (const char *const *name = s->names; *name; name++)
        if ((*name)[0] == key->name[0] && strncmp(*name, key->name, key->len) == 0 &&
            (*name)[key->len] == '\0')
            return true;
    return false;
}

static void keep_up_to(struct json_scan *s, const char *end)
{
    size_t n = (size_t)(end - s->kept_to);
    memcpy(s->kept + s->kept_len, s->kept_to, n);
    s->kept_len += n;
    s->kept_to = end;
}

static int leave_out_begin(struct json_scan *s, const char *member)
{
    if (!s->kept)
        s->kept = alloc_get((size_t)(s->end - s->start));
    if (!s->kept)
        return failure_oom(s->ret_failure);
    keep_up_to(s, member);
    s->leaving_depth = s->depth;
    return 0;
}

/* Behind the member, at its comma or at the brace that closes the object: one comma goes with it,
 * its own or the one that was kept before it. */
static void leave_out_end(struct json_scan *s)
{
    bool last = *s->p == '}';
    s->kept_to = last ? s->p : s->p + 1;
    s->leaving_depth = 0;
    if (!last)
        return;
    while (memchr(" \n\r\t", s->kept[s->kept_len - 1], 4))
        s->kept_len--; /* ends at the object's own brace */
    if (s->kept[s->kept_len - 1] == ',')
        s->kept_len--;
}

/* A key, its colon, and the key remembered. */
static int check_key(struct json_scan *s)
{
    if (s->p == s->end || *s->p != '"')
        return refuse(s, s->p == s->end ? "the text ends inside an object" : "a key is missing");
    const char *name = s->p + 1;
    bool escapes;
    int r = check_string(s, &escapes);
    if (r < 0)
        return r;
    struct key key = {.name = name, .len = (size_t)(s->p - 1 - name)};
    if (escapes)
        r = unescape(s, &key);
    if (r >= 0) {
        key.hash = key_hash(key.name, key.len);
        r = push_key(s, key);
    }
    if (r >= 0 && s->names && s->leaving_depth == 0 && !is_wanted(s, &key))
        r = leave_out_begin(s, name - 1);
    if (r < 0)
        return r;
    skip_space(s);
    if (s->p == s->end || *s->p != ':')
        return refuse(s, "a colon is missing after a key");
    s->p++;
    return 0;
}

static int key_order(const void *left, const void *right)
{
    const struct key *a = left, *b = right;
    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    if (a->len != b->len)
        return a->len < b->len ? -1 : 1;
    return memcmp(a->name, b->name, a->len);
}

/* One of two equal keys, or NULL. Few keys are compared each with each, many are sorted, so that a
 * page full of keys cannot cost us a quadratic time. */
static const struct key *find_duplicate(struct key *keys, size_t n)
{
    const size_t few = 16;
    if (n > few)
        qsort(keys, n, sizeof *keys, key_order);
    for (size_t i = 1; i < n; i++)
        for (size_t j = n > few ? i - 1 : 0; j < i; j++)
            if (keys[i].hash == keys[j].hash && key_order(&keys[i], &keys[j]) == 0)
                return &keys[i];
    return NULL;
}

/* ---- values ---- */

static size_t skip_digits(struct json_scan *s)
{
    const char *first = s->p;
    while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
        s->p++;
    return (size_t)(s->p - first);
}

static bool skip_char(struct json_scan *s, char c)
{
    if (s->p == s->end || *s->p != c)
        return false;
    s->p++;
    return true;
}

/* 1e-400 is 0 to strtod, and "none left" to whoever reads a count. Beyond the other end a number is
 * infinite, which no getter takes. */
static bool vanishes(const char *number, size_t len)
{
    char text[JSON_NUMBER_MAX + 1];
    memcpy(text, number, len);
    text[len] = '\0';
    return strcspn(text, "123456789") < strcspn(text, "eE") &&
           fpclassify(strtod(text, NULL)) == FP_ZERO;
}

static int check_number(struct json_scan *s)
{
    const char *first = s->p;
    bool scaled = false;
    (void)skip_char(s, '-'); /* optional */
    if (!skip_char(s, '0') && skip_digits(s) == 0)
        return refuse(s, "a number without digits");
    if (skip_char(s, '.') && skip_digits(s) == 0)
        return refuse(s, "a number that ends with its decimal point");
    if (skip_char(s, 'e') || skip_char(s, 'E')) {
        if (!skip_char(s, '+'))
            (void)skip_char(s, '-'); /* either is optional */
        if (skip_digits(s) == 0)
            return refuse(s, "an exponent without digits");
        scaled = true;
    }
    if (s->p - first > JSON_NUMBER_MAX)
        return refuse(s, "a number with too many digits");
    if (scaled && vanishes(first, (size_t)(s->p - first)))
        return refuse(s, "a number too small to distinguish from 0");
    return 0;
}

static int check_word(struct json_scan *s)
{
    static const char *const WORDS[] = {"true", "false", "null"};
    for (size_t i = 0; i < N_ELEMENTS(WORDS); i++) {
        size_t len = strlen(WORDS[i]);
        if ((size_t)(s->end - s->p) >= len && memcmp(s->p, WORDS[i], len) == 0) {
            s->p += len;
            return 0;
        }
    }
    return refuse(s, "this does not start a value");
}

static int check_scalar(struct json_scan *s)
{
    bool escapes;
    if (s->p == s->end)
        return refuse(s, "the text ends where a value should be");
    if (*s->p == '"')
        return check_string(s, &escapes);
    if (*s->p == '-' || (*s->p >= '0' && *s->p <= '9'))
        return check_number(s);
    return check_word(s);
}

/* ---- containers: a stack of our own, so that depth costs no C stack ---- */

enum want { WANT_VALUE, WANT_FIRST_ELEMENT, WANT_FIRST_KEY, WANT_KEY, WANT_REST };

static int enter(struct json_scan *s, enum want *ret_want)
{
    if (s->depth == JSON_DEPTH_MAX)
        return refuse(s, "nested too deeply");
    bool is_object = *s->p++ == '{';
    s->frames[s->depth++] = (struct frame){is_object, s->n_keys};
    *ret_want = is_object ? WANT_FIRST_KEY : WANT_FIRST_ELEMENT;
    return 0;
}

static int leave(struct json_scan *s)
{
    assert(s->depth > 0);
    const struct frame *frame = &s->frames[--s->depth];
    const struct key *twice =
        find_duplicate(s->keys + frame->first_key, s->n_keys - frame->first_key);
    if (twice)
        return failure_set(s->ret_failure, FAILURE_PROTOCOL, EBADMSG,
                           "not valid JSON: the object that ends at byte %zu has the key \"%.*s\" "
                           "twice",
                           (size_t)(s->p - s->start), (int)(twice->len < 64 ? twice->len : 64),
                           twice->name);
    s->n_keys = frame->first_key;
    s->p++;
    return 0;
}

/* Behind a value: a comma, the end of what it lies in, or the end of everything. */
static int check_rest(struct json_scan *s, enum want *ret_want)
{
    bool is_object = s->frames[s->depth - 1].is_object;
    if (s->p == s->end)
        return refuse(s, is_object ? "the text ends inside an object"
                                   : "the text ends inside an array");
    bool closed = *s->p == (is_object ? '}' : ']');
    if (!closed && *s->p != ',')
        return refuse(s, "a comma is missing");
    if (s->leaving_depth == s->depth)
        leave_out_end(s);
    if (closed)
        return leave(s);
    s->p++;
    *ret_want = is_object ? WANT_KEY : WANT_VALUE;
    return 0;
}

static int check_all(struct json_scan *s)
{
    enum want want = WANT_VALUE;
    int r = 0;
    for (;;) {
        skip_space(s);
        char c = s->p < s->end ? *s->p : '\0';
        if (want == WANT_REST && s->depth == 0)
            return s->p == s->end ? 0 : refuse(s, "text after the value");
        if (want == WANT_REST) {
            r = check_rest(s, &want);
        } else if ((want == WANT_FIRST_KEY && c == '}') ||
                   (want == WANT_FIRST_ELEMENT && c == ']')) {
            r = leave(s);
            want = WANT_REST;
        } else if (want == WANT_FIRST_KEY || want == WANT_KEY) {
            r = check_key(s);
            want = WANT_VALUE;
        } else if (c == '{' || c == '[') {
            r = enter(s, &want);
        } else {
            r = check_scalar(s);
            want = WANT_REST;
        }
        if (r < 0)
            return r;
    }
}

int json_check(const char *text, size_t len, struct json_sieve *sieve, struct failure *ret_failure)
{
    struct json_scan s; /* not initialised as a whole: the arrays alone are 2 KiB */
    s.start = text;
    s.p = s.kept_to = text + text_bom(text, len); /* RFC 8259 section 8.1: a reader may ignore it */
    s.end = text + len;
    s.depth = s.n_keys = s.unescaped_len = s.kept_len = s.leaving_depth = 0;
    s.keys = s.inline_keys;
    s.keys_size = N_INLINE_KEYS;
    s.unescaped = s.kept = NULL;
    s.names = sieve ? sieve->names : NULL;
    s.ret_failure = ret_failure;
    int r = check_all(&s);
    if (s.keys != s.inline_keys)
        alloc_release(s.keys);
    alloc_release(s.unescaped);
    if (r >= 0 && sieve) {
        if (s.kept)
            keep_up_to(&s, s.end);
        sieve->text = TAKE(s.kept);
        sieve->len = s.kept_len;
    }
    alloc_release(s.kept);
    return r;
}
