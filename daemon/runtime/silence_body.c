/* SPDX-License-Identifier: MIT */
/* runtime/silence_body.c: decodes the JSON of silences and acknowledgements. */
#include "runtime/silence_body.h"

#include <errno.h>
#include <string.h>

#include "base/array.h"
#include "base/date.h"
#include "base/text.h"

#define MEMBER_SHOWN 64

static int wrong(struct failure *f, const char *key, const char *what)
{
    return failure_set(f, FAILURE_CONFIG, EINVAL, "\"%s\" %s", key, what);
}

static int check_members(const struct json *object, const char *const *known, size_t n, struct failure *f)
{
    for (const struct json *m = json_first(object); m; m = json_next(m)) {
        const char *name = json_name(m);
        size_t i = 0;
        while (i < n && strcmp(known[i], name) != 0)
            i++;
        if (i < n)
            continue;
        const char *near = text_nearest(name, known, n);
        return failure_set(f, FAILURE_CONFIG, EINVAL, "there is no member \"%.*s\" here; %s%s%s", MEMBER_SHOWN, name,
                           near ? "did you mean \"" : "leave it out", near ? near : "", near ? "\"?" : "");
    }
    return 0;
}

/* Missing and null leave *ret NULL. */
static int get_text(const struct json *object, const char *key, const char **ret, struct failure *f)
{
    enum json_is is = json_get_string(object, key, ret);
    return is == JSON_OK || is == JSON_MISSING || is == JSON_NULL ? 0 : wrong(f, key, "is not a text; put it in quotes");
}

static int get_time(const struct json *object, const char *key, usec_t *ret, struct failure *f)
{
    const char *text = NULL;
    int r = get_text(object, key, &text, f);
    if (r < 0 || !text)
        return r;
    return rfc3339_parse(text, ret) < 0 ? wrong(f, key, "is not a time; write for example 2026-12-24T18:00:00Z") : 0;
}

static int get_duration(const struct json *object, const char *key, usec_t *ret, struct failure *f)
{
    const char *text = NULL;
    int r = get_text(object, key, &text, f);
    if (r < 0 || !text)
        return r;
    r = duration_parse(text, ret, f);
    return r >= 0 && *ret == 0 ? wrong(f, key, "is no time at all; write for example 2h") : r;
}

static int get_bool(const struct json *object, const char *key, bool *ret, struct failure *f)
{
    enum json_is is = json_get_bool(object, key, ret);
    return is == JSON_OK || is == JSON_MISSING || is == JSON_NULL ? 0 : wrong(f, key, "is not true or false");
}

/* ---- match ---- */

static int add_label(struct match *m, const struct json *member, struct failure *f)
{
    if (!json_is_string(member))
        return wrong(f, json_name(member), "is a label whose value is not a text");
    if (array_room(&m->label, m->n_labels, sizeof *m->label) < 0)
        return failure_oom(f);
    struct label *l = &m->label[m->n_labels++];
    *l = (struct label){0};
    int r = text_copy(json_name(member), &l->key);
    if (r >= 0)
        r = text_copy(json_text(member), &l->value);
    return r < 0 ? failure_oom(f) : 0;
}

static int parse_labels(const struct json *object, struct match *m, struct failure *f)
{
    const struct json *labels = NULL;
    enum json_is is = json_get_object(object, "labels", &labels);
    if (is != JSON_OK)
        return is == JSON_MISSING || is == JSON_NULL ? 0 : wrong(f, "labels", "is not an object");
    int r = 0;
    for (const struct json *l = json_first(labels); l && r >= 0; l = json_next(l))
        r = add_label(m, l, f);
    return r;
}

static int parse_match(const struct json *body, struct match *ret, struct failure *f)
{
    static const char *const KEYS[] = {"tenant", "sku", "allotment", "rule", "severity", "labels"};
    char **const TEXTS[] = {&ret->tenant, &ret->sku, &ret->allotment, &ret->rule, &ret->severity};
    const struct json *match = NULL;
    enum json_is is = json_get_object(body, "match", &match);
    if (is != JSON_OK)
        return wrong(f, "match", "is missing or not an object; write for example {\"tenant\": \"contoso\"}");
    int r = check_members(match, KEYS, N_ELEMENTS(KEYS), f);
    for (size_t i = 0; i < N_ELEMENTS(TEXTS) && r >= 0; i++) {
        const char *text = NULL;
        r = get_text(match, KEYS[i], &text, f);
        if (r >= 0 && text_copy(text, TEXTS[i]) < 0)
            r = failure_oom(f);
    }
    return r < 0 ? r : parse_labels(match, ret, f);
}

/* ---- */

/* What both have. */
static int parse_common(const struct json *body, struct silence_request *ret, struct failure *f)
{
    int r = get_text(body, "author", &ret->author, f);
    if (r >= 0)
        r = get_text(body, "comment", &ret->comment, f);
    if (r >= 0)
        r = get_time(body, "until", &ret->end_at, f);
    return r < 0 ? r : get_bool(body, "hold", &ret->hold, f);
}

int silence_body_parse(const struct json *body, struct silence_request *ret, struct failure *ret_failure)
{
    static const char *const KEYS[] = {"match",    "for",     "from",   "until", "weekly",
                                       "timezone", "comment", "author", "hold"};
    struct silence_request request = {0};
    int r = check_members(body, KEYS, N_ELEMENTS(KEYS), ret_failure);
    if (r >= 0)
        r = parse_common(body, &request, ret_failure);
    if (r >= 0)
        r = get_duration(body, "for", &request.lasts, ret_failure);
    if (r >= 0)
        r = get_time(body, "from", &request.start_at, ret_failure);
    if (r >= 0)
        r = get_text(body, "weekly", &request.weekly, ret_failure);
    if (r >= 0)
        r = get_text(body, "timezone", &request.zone, ret_failure);
    if (r >= 0)
        r = parse_match(body, &request.match, ret_failure);
    if (r < 0)
        match_clear(&request.match);
    else
        *ret = request;
    return r;
}

int silence_body_parse_acknowledgement(const struct json *body, struct silence_request *ret, struct failure *ret_failure)
{
    static const char *const KEYS[] = {"comment", "author", "until", "hold"};
    struct silence_request request = {0};
    int r = check_members(body, KEYS, N_ELEMENTS(KEYS), ret_failure);
    if (r >= 0)
        r = parse_common(body, &request, ret_failure);
    if (r >= 0)
        *ret = request;
    return r;
}
