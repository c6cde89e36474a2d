/* SPDX-License-Identifier: MIT */
/* config/value.c: parses, stores and prints scalar values. A value with a range becomes a 64-bit
 * number first, so that minimum, maximum and value are compared in the same unit. */
#include "config/value.h"

#include "base/ascii.h"
#include "base/date.h"
#include "base/guid.h"
#include "base/log.h"
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define BP_PER_PERCENT 100

static int wrong(struct failure *f, const char *text, const char *what)
{
    char shown[64];
    return failure_set(f, FAILURE_CONFIG, EINVAL, "\"%s\" %s",
                       text_clean(shown, sizeof shown, text, strlen(text)), what);
}

/* ---- kinds ---- */

static bool counts_plainly(const struct conf_key *k)
{
    return k->type == CONF_LIMIT && (k->limit == LIMIT_UNITS || k->limit == LIMIT_COUNT);
}

enum conf_written value_written(const struct conf_key *k)
{
    if (k->type == CONF_BOOL)
        return WRITTEN_BOOLEAN;
    return k->type == CONF_COUNT || counts_plainly(k) ? WRITTEN_INTEGER : WRITTEN_STRING;
}

bool value_fits(const struct conf_key *k, enum conf_written as)
{
    return as == value_written(k) || (k->off_ok && as == WRITTEN_STRING);
}

/* ---- texts to numbers ---- */

static int integer_parse(const char *text, int64_t *ret, struct failure *f)
{
    char *rest;
    errno = 0;
    long long n = strtoll(text, &rest, 10);
    if (rest == text || *rest || errno == ERANGE)
        return wrong(f, text, "is not a whole number; write digits only");
    *ret = n;
    return 0;
}

/* "85%", "0.5%", "97.25%": digits, at most two behind the point, and the sign. */
static int share_parse(const char *text, int64_t *ret, struct failure *f)
{
    int64_t bp = 0;
    const char *p = text;
    int digits = 0, decimals = -1;
    for (; ascii_is_digit(*p) || (*p == '.' && decimals < 0 && digits > 0); p++) {
        if (*p == '.') {
            decimals = 0;
            continue;
        }
        if (decimals == 2 || ++digits > 9)
            return wrong(f, text, "is finer or larger than shares are; write at most two decimals");
        decimals += decimals >= 0;
        bp = bp * 10 + (*p - '0');
    }
    if (digits == 0 || decimals == 0 || strcmp(p, "%") != 0)
        return wrong(f, text,
                     "is not a share; write a number with a percent sign, such as \"85%\"");
    for (int i = decimals < 0 ? 0 : decimals; i < 2; i++)
        bp *= 10;
    *ret = bp;
    return 0;
}

static int clock_parse(const char *text, int64_t *ret, struct failure *f)
{
    if (strlen(text) == 5 && ascii_is_digit(text[0]) && ascii_is_digit(text[1]) && text[2] == ':' &&
        ascii_is_digit(text[3]) && ascii_is_digit(text[4])) {
        int hours = (text[0] - '0') * 10 + text[1] - '0',
            minutes = (text[3] - '0') * 10 + text[4] - '0';
        if (hours < 24 && minutes < 60) {
            *ret = (int64_t)((usec_t)hours * USEC_PER_HOUR + (usec_t)minutes * USEC_PER_MINUTE);
            return 0;
        }
    }
    return wrong(f, text, "is not a time of day; write hours and minutes such as \"09:00\"");
}

static int instant_parse(const char *text, int64_t *ret, struct failure *f)
{
    usec_t at;
    if (rfc3339_parse(text, &at) < 0 || at == 0)
        return wrong(f, text, "is not a date and time with an offset; write such as \"2026-12-05T22:00:00+01:00\"");
    *ret = (int64_t)at; /* at most INSTANT_LAST */
    return 0;
}

static int usec_parse(const char *text, int64_t *ret, struct failure *f)
{
    usec_t duration;
    int r = duration_parse(text, &duration, f);
    if (r >= 0)
        *ret = (int64_t)duration; /* at most 100 years */
    return r;
}

static int days_parse(const char *text, int64_t *ret, struct failure *f)
{
    int64_t usec;
    int r = usec_parse(text, &usec, f);
    if (r < 0)
        return r;
    if ((usec_t)usec % USEC_PER_DAY != 0)
        return wrong(f, text, "is not a number of whole days; write days, such as \"30d\"");
    *ret = (int64_t)((usec_t)usec / USEC_PER_DAY);
    return 0;
}

static int seconds_parse(const char *text, int64_t *ret, struct failure *f)
{
    int r = usec_parse(text, ret, f);
    if (r >= 0)
        *ret /= (int64_t)USEC_PER_SEC;
    return r;
}

/* "3 polls"; 1 if it is no such text. */
#define POLLS_MAX 10000
static int polls_parse(const char *text, int64_t *ret, struct failure *f)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 ||
        (strcmp(text + digits, " polls") != 0 && strcmp(text + digits, " poll") != 0))
        return 1;
    int64_t n = 0;
    for (size_t i = 0; i < digits && n <= POLLS_MAX; i++)
        n = n * 10 + (text[i] - '0');
    if (n < 1 || n > POLLS_MAX)
        return wrong(f, text, "is out of range; write \"1 poll\" to \"10000 polls\"");
    *ret = n;
    return 0;
}

static int number_parse(const struct conf_key *k, const char *text, int64_t *ret, struct failure *f)
{
    static int (*const LIMITS[])(const char *, int64_t *, struct failure *) = {
        [LIMIT_SHARE] = share_parse, [LIMIT_UNITS] = integer_parse, [LIMIT_COUNT] = integer_parse,
        [LIMIT_AGE] = seconds_parse, [LIMIT_DAYS] = days_parse,     [LIMIT_POLLS] = seconds_parse,
    };
    switch (k->type) {
    case CONF_COUNT:
        return integer_parse(text, ret, f);
    case CONF_DURATION:
        return usec_parse(text, ret, f);
    case CONF_SHARE:
        return share_parse(text, ret, f);
    case CONF_CLOCK:
        return clock_parse(text, ret, f);
    case CONF_INSTANT:
        return instant_parse(text, ret, f);
    default:
        assert(k->type == CONF_LIMIT);
        return LIMITS[k->limit](text, ret, f);
    }
}

static int ranged_parse(const struct conf_key *k, const char *text, int64_t *ret, struct failure *f)
{
    int64_t n, min, max;
    int r = number_parse(k, text, &n, f);
    if (r < 0)
        return r;
    if (k->min) {
        int low = number_parse(k, k->min, &min, NULL), high = number_parse(k, k->max, &max, NULL);
        assert(low >= 0 && high >= 0); /* a wrong row of the key table */
        (void)low;
        (void)high;
        if (n < min || n > max)
            return failure_set(f, FAILURE_CONFIG, ERANGE, "%.40s is out of range; write %s to %s",
                               text, k->min, k->max);
    }
    *ret = n;
    return 0;
}

/* ---- words ---- */

static int word_parse(const struct conf_key *k, const char *text, int *ret, struct failure *f)
{
    char shown[64];
    const char *buf[RECEIVER_TYPES_MAX];
    const char *const *words = conf_key_words(k, buf);
    CLEANUP(text_free) struct text known = TEXT_INIT(256);
    size_t n = 0;
    for (; words[n]; n++) {
        if (strcmp(words[n], text) == 0) {
            *ret = (int)n;
            return 0;
        }
        text_addf(&known, "%s\"%s\"", n ? ", " : "", words[n]);
    }
    CLEANUP(free) char *choice = text_take(&known);
    if (!choice)
        return failure_oom(f);
    const char *near = text_nearest(text, words, n);
    (void)text_clean(shown, sizeof shown, text, strlen(text));
    if (near)
        return failure_set(f, FAILURE_CONFIG, EINVAL,
                           "\"%s\" is unknown here; did you mean \"%s\"?", shown, near);
    return failure_set(f, FAILURE_CONFIG, EINVAL, "\"%s\" is unknown here; write one of %s", shown,
                       choice);
}

/* ---- storing ---- */

static void put(const struct conf_key *k, void *at, int64_t n)
{
    if (k->size == sizeof(bool))
        *(bool *)at = n != 0;
    else if (k->size == sizeof(uint32_t))
        *(uint32_t *)at = (uint32_t)n;
    else
        *(int64_t *)at = n;
}

static int64_t get(const struct conf_key *k, const void *at)
{
    if (k->size == sizeof(bool))
        return *(const bool *)at;
    if (k->size == sizeof(uint32_t))
        return *(const uint32_t *)at;
    return *(const int64_t *)at;
}

void value_fold(const struct conf_key *k, char *text)
{
    if (k->letters == CASE_LOWER)
        ascii_lower(text);
    if (k->letters == CASE_GUID)
        guid_lower(text);
}

static int text_store(const struct conf_key *k, const char *text, char **at, struct failure *f)
{
    int r = k->check ? k->check(text, f) : 0;
    if (r < 0)
        return r;
    char *copy = strdup(text);
    if (!copy)
        return failure_oom(f);
    value_fold(k, copy);
    free(*at);
    *at = copy;
    return 0;
}

static int limit_store(const struct conf_key *k, const char *text, struct limit *at,
                       struct failure *f)
{
    struct limit l = {.on = strcmp(text, "off") != 0};
    if (l.on) {
        int r = k->limit == LIMIT_POLLS ? polls_parse(text, &l.value, f) : 1;
        l.polls = r == 0;
        if (r == 1)
            r = ranged_parse(k, text, &l.value, f);
        if (r < 0)
            return r;
    }
    *at = l;
    return 0;
}

int value_store(const struct conf_key *k, const char *text, void *at, struct failure *ret_failure)
{
    int64_t n = 0;
    int r = 0, word;
    switch (k->type) {
    case CONF_TEXT:
    case CONF_FILE:
        return text_store(k, text, at, ret_failure);
    case CONF_LIMIT:
        return limit_store(k, text, at, ret_failure);
    case CONF_HOURS:
        return hours_parse(text, at, ret_failure);
    case CONF_RECEIVER_TYPE:
        r = word_parse(k, text, &word, ret_failure);
        if (r >= 0)
            *(const struct receiver_class **)at = receiver_types[word];
        return r;
    case CONF_BOOL:
        n = strcmp(text, "true") == 0;
        break;
    case CONF_WORD:
        r = word_parse(k, text, &word, ret_failure);
        n = r < 0 ? 0 : word;
        break;
    case CONF_LOG_LEVEL:
        r = word_parse(k, text, &word, ret_failure);
        n = r < 0 ? 0 : log_level_parse(text);
        break;
    default:
        if (!k->off_ok || strcmp(text, "off") != 0)
            r = ranged_parse(k, text, &n, ret_failure);
    }
    if (r >= 0)
        put(k, at, n);
    return r;
}

/* ---- printing ---- */

void value_print_string(const char *s, struct text *out)
{
    text_add(out, "\"");
    for (; *s; s++) {
        if (*s == '"' || *s == '\\')
            text_addf(out, "\\%c", *s);
        else if ((unsigned char)*s < ' ')
            text_addf(out, "\\x%02x", (unsigned)*s);
        else
            text_add_bytes(out, s, 1);
    }
    text_add(out, "\"");
}

static void print_share(int64_t bp, struct text *out)
{
    text_addf(out, "\"%" PRId64, bp / BP_PER_PERCENT);
    if (bp % BP_PER_PERCENT)
        text_addf(out, ".%02" PRId64, bp % BP_PER_PERCENT);
    text_add(out, "%\"");
}

static void print_limit(const struct conf_key *k, const struct limit *l, struct text *out)
{
    char buf[DURATION_MAX];
    if (!l->on)
        text_add(out, "\"off\"");
    else if (counts_plainly(k))
        text_addf(out, "%" PRId64, l->value);
    else if (k->limit == LIMIT_SHARE)
        print_share(l->value, out);
    else if (l->polls)
        text_addf(out, "\"%" PRId64 " poll%s\"", l->value, l->value == 1 ? "" : "s");
    else if (k->limit == LIMIT_DAYS)
        text_addf(out, "\"%" PRId64 "d\"", l->value);
    else
        text_addf(out, "\"%s\"", duration_print((usec_t)l->value * USEC_PER_SEC, buf));
}

void value_print(const struct conf_key *k, const void *at, struct text *out)
{
    char buf[DURATION_MAX], hours[HOURS_TEXT], instant[RFC3339_MAX];
    switch (k->type) {
    case CONF_TEXT:
    case CONF_FILE:
        value_print_string(*(char *const *)at, out);
        break;
    case CONF_LIMIT:
        print_limit(k, at, out);
        break;
    case CONF_BOOL:
        text_add(out, *(const bool *)at ? "true" : "false");
        break;
    case CONF_WORD:
        text_addf(out, "\"%s\"", k->words[get(k, at)]);
        break;
    case CONF_RECEIVER_TYPE:
        text_addf(out, "\"%s\"", (*(const struct receiver_class *const *)at)->name);
        break;
    case CONF_LOG_LEVEL:
        for (size_t i = 0; k->words[i]; i++)
            if (log_level_parse(k->words[i]) == *(const int *)at)
                text_addf(out, "\"%s\"", k->words[i]);
        break;
    case CONF_SHARE:
        print_share(get(k, at), out);
        break;
    case CONF_CLOCK:
        text_addf(out, "\"%02" PRIu64 ":%02" PRIu64 "\"", *(const usec_t *)at / USEC_PER_HOUR,
                  *(const usec_t *)at % USEC_PER_HOUR / USEC_PER_MINUTE);
        break;
    case CONF_INSTANT:
        text_addf(out, "\"%s\"", rfc3339_print(*(const usec_t *)at, instant));
        break;
    case CONF_HOURS:
        text_addf(out, "\"%s\"", hours_print(at, hours));
        break;
    case CONF_DURATION:
        text_addf(out, "\"%s\"",
                  k->off_ok && *(const usec_t *)at == 0 ? "off"
                                                        : duration_print(*(const usec_t *)at, buf));
        break;
    default:
        assert(k->type == CONF_COUNT);
        text_addf(out, "%" PRId64, get(k, at));
    }
}

void value_example(const struct conf_key *k, struct text *out)
{
    bool off = !k->def || strcmp(k->def, "off") == 0 || *k->def == 0;
    const char *value = !off         ? k->def
                        : k->example ? k->example
                        : k->min     ? k->min
                        : k->words   ? k->words[0]
                                     : "...";
    bool bare = k->section || k->type == CONF_LABELS || k->type == CONF_NAMES ||
                k->type == CONF_POOL_NAMES || value_written(k) != WRITTEN_STRING;
    text_addf(out, bare ? "%s = %s" : "%s = \"%s\"", k->name, value);
}
