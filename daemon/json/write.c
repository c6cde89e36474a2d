/* SPDX-License-Identifier: MIT */
/* json/write.c: JSON as a sequence of calls; what does not fit together is a bug and stops in an
 * assertion, so what comes out is JSON. */
#include "json/json.h"

#include "base/alloc.h"
#include "base/text.h"
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define DECIMALS_MAX 18

struct json_writer {
    struct text out;
    size_t depth;
    bool clean;
    struct {
        bool is_object, has_members;
    } open[JSON_DEPTH_MAX];
};

struct json_writer *json_writer_new(size_t max)
{
    struct json_writer *w = alloc_zero(1, sizeof *w);
    if (w)
        w->out = TEXT_INIT(max);
    return w;
}

void json_writer_clean(struct json_writer *w)
{
    w->clean = true;
}

void json_writer_free(struct json_writer *w)
{
    if (!w)
        return;
    text_free(&w->out);
    alloc_release(w);
}

/* A quoted string. Runs of bytes that need nothing are copied at once. */
static void put_quoted(struct json_writer *w, const char *value)
{
    struct text *out = &w->out;
    size_t len = strlen(value), from = 0, at = 0;
    text_add_bytes(out, "\"", 1);
    while (at < len) {
        static const char NAMES[] = "\"\\bfnrt", VALUES[] = "\"\\\b\f\n\r\t";
        uint32_t c;
        int n = text_decode(value + at, len - at, &c);
        size_t used = (size_t)(n < 0 ? -n : n);
        bool unsafe = n > 0 && w->clean && c != '\n' && text_is_unsafe(c);
        if (n > 0 && c >= 0x20 && c != '"' && c != '\\' && !unsafe) {
            at += used;
            continue;
        }
        text_add_bytes(out, value + from, at - from);
        const char *named = n > 0 ? memchr(VALUES, (int)c, sizeof VALUES - 1) : NULL;
        if (n < 0)
            text_add(out, "\xEF\xBF\xBD");
        else if (unsafe)
            text_addf(out, "\\\\u{%x}", (unsigned)c);
        else if (named)
            text_addf(out, "\\%c", NAMES[named - VALUES]);
        else
            text_addf(out, "\\u%04x", (unsigned)c);
        at += used;
        from = at;
    }
    text_add_bytes(out, value + from, len - from);
    text_add_bytes(out, "\"", 1);
}

/* Everything in front of a value: the comma behind its elder sibling, and its key. */
static void put_lead(struct json_writer *w, const char *key)
{
    if (w->depth == 0) {
        assert(!key && w->out.len == 0);
        return;
    }
    assert(w->open[w->depth - 1].is_object == (key != NULL));
    if (w->open[w->depth - 1].has_members)
        text_add_bytes(&w->out, ",", 1);
    w->open[w->depth - 1].has_members = true;
    if (key) {
        put_quoted(w, key);
        text_add_bytes(&w->out, ":", 1);
    }
}

static void put_plain(struct json_writer *w, const char *key, const char *value)
{
    put_lead(w, key);
    text_add(&w->out, value);
}

static void open_container(struct json_writer *w, const char *key, bool is_object)
{
    assert(w->depth < JSON_DEPTH_MAX);
    put_plain(w, key, is_object ? "{" : "[");
    w->open[w->depth].is_object = is_object;
    w->open[w->depth].has_members = false;
    w->depth++;
}

static void close_container(struct json_writer *w, bool is_object)
{
    assert(w->depth > 0 && w->open[w->depth - 1].is_object == is_object);
    w->depth--;
    text_add(&w->out, is_object ? "}" : "]");
}

void json_open_object(struct json_writer *w, const char *key)
{
    open_container(w, key, true);
}
void json_close_object(struct json_writer *w)
{
    close_container(w, true);
}
void json_open_array(struct json_writer *w, const char *key)
{
    open_container(w, key, false);
}
void json_close_array(struct json_writer *w)
{
    close_container(w, false);
}

void json_put_string(struct json_writer *w, const char *key, const char *value)
{
    if (!value) {
        json_put_null(w, key);
        return;
    }
    put_lead(w, key);
    put_quoted(w, value);
}

void json_put_int(struct json_writer *w, const char *key, int64_t value)
{
    put_lead(w, key);
    text_addf(&w->out, "%" PRId64, value);
}

void json_put_decimal(struct json_writer *w, const char *key, int64_t value, unsigned decimals)
{
    assert(decimals <= DECIMALS_MAX);
    uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value, unit = 1;
    for (unsigned i = 0; i < decimals; i++)
        unit *= 10;
    put_lead(w, key);
    text_addf(&w->out, "%s%" PRIu64, value < 0 ? "-" : "", magnitude / unit);
    if (decimals == 0)
        return;
    uint64_t fraction = magnitude % unit;
    while (decimals > 1 && fraction % 10 == 0) {
        fraction /= 10;
        decimals--;
    }
    text_addf(&w->out, ".%0*" PRIu64, (int)decimals, fraction);
}

void json_put_bool(struct json_writer *w, const char *key, bool value)
{
    put_plain(w, key, value ? "true" : "false");
}

void json_put_null(struct json_writer *w, const char *key)
{
    put_plain(w, key, "null");
}
void json_put_raw(struct json_writer *w, const char *key, const char *json)
{
    put_plain(w, key, json);
}

void json_write_oom(struct json_writer *w)
{
    text_free(&w->out);
    w->out.error = -ENOMEM;
}

int json_write_take(struct json_writer *w, char **ret, size_t *ret_len)
{
    assert(w->depth == 0);
    size_t len = w->out.len;
    int error = w->out.error;
    char *text = error ? NULL : text_take(&w->out);
    if (!text)
        return error ? error : -ENOMEM;
    *ret = text;
    *ret_len = len;
    return 0;
}
