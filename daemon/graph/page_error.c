/* SPDX-License-Identifier: MIT */
/* graph/page_error.c: decodes Graph's error body (page "errors" of its reference). */
#include "base/redact.h"
#include "base/text.h"
#include "graph/page.h"
#include "json/json.h"
#include <assert.h>
#include <string.h>
#include <strings.h>

/* The reference spells it "innererror", real bodies "innerError". */
static const struct json *inner_error(const struct json *error)
{
    for (const struct json *m = json_first(error); m; m = json_next(m))
        if (strcasecmp(json_name(m), "innererror") == 0 && json_is_object(m))
            return m;
    return NULL;
}

static void take_text(const struct json *object, const char *key, char *dst, size_t size)
{
    const char *s = NULL;
    if (json_get_string(object, key, &s) == JSON_OK && s[0])
        (void)text_clean(dst, size, s, strlen(s));
}

/* A code or an id, if it looks like one; else dst stays as it is. */
static void take_word(const struct json *object, const char *key, char *dst, size_t size)
{
    const char *s = NULL;
    char word[REDACT_WORD];
    assert(size >= sizeof word);
    if (json_get_string(object, key, &s) == JSON_OK &&
        *redact_word(word, sizeof word, s, strlen(s), NULL))
        memcpy(dst, word, strlen(word) + 1);
}

void graph_error_parse(const char *bytes, size_t len, struct graph_error *ret)
{
    CLEANUP(json_free) struct json *root = NULL;
    const struct json *error = NULL;
    *ret = (struct graph_error){0};
    if (json_parse(bytes, len, &root, NULL) < 0 ||
        json_get_object(root, "error", &error) != JSON_OK) {
        (void)text_clean(ret->message, sizeof ret->message, bytes, len);
        return;
    }
    ret->known = true;
    take_word(error, "code", ret->code, sizeof ret->code);
    take_text(error, "message", ret->message, sizeof ret->message);
    for (const struct json *e = inner_error(error); e; e = inner_error(e)) {
        take_word(e, "code", ret->inner_code, sizeof ret->inner_code);
        if (!ret->request_id[0])
            take_word(e, "request-id", ret->request_id, sizeof ret->request_id);
    }
}
