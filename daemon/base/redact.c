/* SPDX-License-Identifier: MIT */
/* base/redact.c: removes secrets, and parts of them, from foreign text.
 *
 * Hashes all windows of the text once, then rolls each form of each secret over them byte by byte, so
 * that no form is ever stored. Both sides are folded: case and the two base64 alphabets do not count.
 * That may redact more than the secret, never less. */
#include "base/redact.h"

#include "base/cleanup.h"
#include "base/text.h"
#include <assert.h>
#include <string.h>

#define MARK "[redacted]"
#define HEADS 1024 /* of the hash table; a power of two */
#define NONE UINT16_MAX

/* The text, plain or percent-decoded; `at` maps back to its positions. */
struct redact_view {
    unsigned char byte[REDACT_TEXT_MAX];
    uint16_t at[REDACT_TEXT_MAX + 1];
    size_t len;
    uint16_t head[HEADS], next[REDACT_TEXT_MAX]; /* windows by hash */
};

struct search {
    struct redact_view view;
    bool marked[REDACT_TEXT_MAX];
};

static unsigned char fold(unsigned char c)
{
    if (c >= 'A' && c <= 'Z')
        return (unsigned char)(c - 'A' + 'a');
    return c == '-' ? '+' : c == '_' ? '/' : c;
}

static int hex(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* One byte of `s`, percent-encoded or not; returns how many bytes it takes. */
static size_t take_byte(const char *s, size_t len, bool decode, unsigned char *ret)
{
    if (decode && len >= 3 && s[0] == '%' && hex(s[1]) >= 0 && hex(s[2]) >= 0) {
        *ret = (unsigned char)(hex(s[1]) << 4 | hex(s[2]));
        return 3;
    }
    *ret = (unsigned char)s[0];
    return 1;
}

static unsigned hash(uint64_t window)
{
    return (unsigned)(window * UINT64_C(0x9E3779B97F4A7C15) >> 54) & (HEADS - 1);
}

static uint64_t window_at(const struct redact_view *v, size_t i)
{
    uint64_t window = 0;
    for (size_t k = 0; k < REDACT_PART; k++)
        window = window << 8 | v->byte[i + k];
    return window;
}

static void view_make(struct redact_view *v, const char *text, size_t len, bool decode)
{
    v->len = 0;
    for (size_t i = 0; i < len;) {
        unsigned char c;
        v->at[v->len] = (uint16_t)i;
        i += take_byte(text + i, len - i, decode, &c);
        v->byte[v->len++] = fold(c);
    }
    v->at[v->len] = (uint16_t)len;
    memset(v->head, 0xFF, sizeof v->head);
    for (size_t i = 0; i + REDACT_PART <= v->len; i++) {
        unsigned h = hash(window_at(v, i));
        v->next[i] = v->head[h];
        v->head[h] = (uint16_t)i;
    }
}

static void mark(struct search *s, size_t from, size_t n)
{
    const struct redact_view *v = &s->view;
    memset(s->marked + v->at[from], true, (size_t)v->at[from + n] - v->at[from]);
}

static void find_window(struct search *s, uint64_t window)
{
    for (uint16_t i = s->view.head[hash(window)]; i != NONE; i = s->view.next[i])
        if (window_at(&s->view, i) == window)
            mark(s, i, REDACT_PART);
}

/* ---- the forms of a secret ---- */

static void find_plain(struct search *s, const struct redact_item *item, bool decode)
{
    uint64_t window = 0;
    size_t n = 0;
    for (size_t i = 0; i < item->len; n++) {
        unsigned char c;
        i += take_byte(item->bytes + i, item->len - i, decode, &c);
        window = window << 8 | fold(c);
        if (n + 1 >= REDACT_PART)
            find_window(s, window);
    }
}

/* As part of a longer base64 text, after `skip` bytes modulo 3. Skips characters that share bits with a
 * neighbour. */
static void find_base64(struct search *s, const struct redact_item *item, bool decode,
                        unsigned skip)
{
    static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned bits = 0, n_bits = 8 * skip % 6; /* n_bits: not yet written */
    bool mixed = n_bits > 0;
    uint64_t window = 0;
    size_t n = 0;
    for (size_t i = 0; i < item->len;) {
        unsigned char c;
        i += take_byte(item->bytes + i, item->len - i, decode, &c);
        bits = (bits << 8 | c) & 0xFFFF;
        for (n_bits += 8; n_bits >= 6; mixed = false) {
            n_bits -= 6;
            if (mixed)
                continue;
            window = window << 8 | fold((unsigned char)DIGITS[bits >> n_bits & 63]);
            if (++n >= REDACT_PART)
                find_window(s, window);
        }
    }
}

static void find_whole(struct search *s, const char *piece, size_t len)
{
    const struct redact_view *v = &s->view;
    unsigned char folded[REDACT_PART];
    for (size_t i = 0; i < len; i++)
        folded[i] = fold((unsigned char)piece[i]);
    for (size_t i = 0; i + len <= v->len; i++)
        if (memcmp(v->byte + i, folded, len) == 0)
            mark(s, i, len);
}

/* Finds pieces shorter than a window: short secrets and path segments. */
static void find_pieces(struct search *s, const struct redact_item *item)
{
    const char *breaks = item->url ? "/?&=#.;," : "";
    for (size_t at = 0; at < item->len; at++) {
        size_t len = 0;
        while (at + len < item->len && !strchr(breaks, item->bytes[at + len]))
            len++;
        if (len >= REDACT_WHOLE && len < REDACT_PART)
            find_whole(s, item->bytes + at, len);
        at += len;
    }
}

static void find_all(struct search *s, const struct redact *r)
{
    for (size_t i = 0; i < r->n; i++) {
        for (int decode = 0; decode < 2; decode++) {
            find_plain(s, &r->item[i], decode);
            for (unsigned skip = 0; skip < 3; skip++)
                find_base64(s, &r->item[i], decode, skip);
        }
        find_pieces(s, &r->item[i]);
    }
}

/* Marks what is secret in the text; false if nothing is. */
static bool search(struct search *s, const char *text, size_t len, const struct redact *r)
{
    if (len == 0 || !r || r->n == 0)
        return false;
    memset(s->marked, false, len);
    for (int decode = 0; decode < 2; decode++) {
        view_make(&s->view, text, len, decode);
        find_all(s, r);
    }
    return memchr(s->marked, true, len) != NULL;
}

/* ---- public ---- */

static void add(struct redact *r, const char *bytes, size_t len, bool url)
{
    if (!bytes || len == 0)
        return;
    assert(r->n < REDACT_ITEMS);
    r->item[r->n++] = (struct redact_item){bytes, len, url};
}

void redact_add(struct redact *r, const char *bytes, size_t len)
{
    add(r, bytes, len, false);
}

void redact_add_secret(struct redact *r, const struct secret *s)
{
    if (s)
        redact_add(r, secret_bytes(s), secret_len(s));
}

void redact_add_url(struct redact *r, const struct secret *url)
{
    if (!url)
        return;
    const char *host = strstr(secret_bytes(url), "://");
    const char *rest = host ? host + 3 + strcspn(host + 3, "/?#") : secret_bytes(url);
    add(r, rest, strlen(rest), true);
}

char *redact_clean(char *dst, size_t size, const char *src, size_t len, const struct redact *r)
{
    char out[REDACT_TEXT_MAX / REDACT_WHOLE * (sizeof MARK - 1) + REDACT_TEXT_MAX];
    struct search s;
    size_t n = 0;
    if (len > REDACT_TEXT_MAX)
        len = REDACT_TEXT_MAX;
    if (!search(&s, src, len, r))
        return text_clean(dst, size, src, len);
    for (size_t i = 0; i < len;) {
        if (!s.marked[i]) {
            out[n++] = src[i++];
            continue;
        }
        memcpy(out + n, MARK, sizeof MARK - 1);
        n += sizeof MARK - 1;
        while (i < len && s.marked[i])
            i++;
    }
    return text_clean(dst, size, out, n);
}

void redact_failure(struct failure *f, const struct redact *r)
{
    char text[sizeof f->text];
    (void)redact_clean(text, sizeof text, f->text, strlen(f->text), r);
    memcpy(f->text, text, strlen(text) + 1);
}

static bool is_word(const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!(s[i] >= 'a' && s[i] <= 'z') && !(s[i] >= 'A' && s[i] <= 'Z') &&
            !(s[i] >= '0' && s[i] <= '9') && !memchr("_-.:", s[i], 4))
            return false;
    return len > 0 && len < REDACT_WORD;
}

char *redact_word(char *dst, size_t size, const char *src, size_t len, const struct redact *r)
{
    struct search s;
    assert(size >= REDACT_WORD);
    if (search(&s, src, len < REDACT_TEXT_MAX ? len : REDACT_TEXT_MAX, r))
        return memcpy(dst, MARK, sizeof MARK);
    size_t keep = is_word(src, len) ? len : 0;
    if (keep > 0)
        memcpy(dst, src, keep);
    dst[keep] = '\0';
    return dst;
}
