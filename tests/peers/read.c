/* SPDX-License-Identifier: MIT */
/* peers/read.c: script files of tests: typed members, relative times, verbatim copies. */
#include "peers/read.h"
#include "base/clock.h"
#include "base/date.h"
#include "base/text.h"
#include <errno.h>
#include <string.h>

#define FILE_MAX ((size_t)64 << 20)
#define WHOLE_MAX (INT64_C(1) << 53)

int read_file(const char *path, struct json **ret, struct failure *ret_failure)
{
    CLEANUP(text_free) struct text text = TEXT_INIT(FILE_MAX);
    CLEANUP(fclose) FILE *file = fopen(path, "re");
    if (!file)
        return failure_set(ret_failure, FAILURE_LOCAL, errno, "%s: %m", path);
    char buf[16384];
    for (size_t n; (n = fread(buf, 1, sizeof buf, file)) > 0;)
        text_add_bytes(&text, buf, n);
    if (ferror(file) || text.error)
        return failure_set(ret_failure, FAILURE_LOCAL, EIO, "%s: cannot be read whole", path);
    int r = json_parse(text.data ? text.data : "", text.len, ret, ret_failure);
    return r < 0 ? failure_prefix(ret_failure, r, "%s", path) : 0;
}

int read_members(const struct json *object, const char *what, const char *const *known,
                 struct failure *ret_failure)
{
    if (!json_is_object(object))
        return failure_set(ret_failure, FAILURE_CONFIG, EINVAL, "%s: not an object", what);
    for (const struct json *m = json_first(object); m; m = json_next(m)) {
        size_t i = 0;
        while (known[i] && strcmp(known[i], json_name(m)) != 0)
            i++;
        if (!known[i])
            return failure_set(ret_failure, FAILURE_CONFIG, EINVAL, "%s: unknown member \"%s\"",
                               what, json_name(m));
    }
    return 0;
}

static int verdict(enum json_is is, const char *key, const char *want, struct failure *ret_failure)
{
    if (is == JSON_OK || is == JSON_MISSING)
        return 0;
    return failure_set(ret_failure, FAILURE_CONFIG, EINVAL, "\"%s\": %s expected", key, want);
}

int read_string(const struct json *object, const char *key, const char **ret,
                struct failure *ret_failure)
{
    return verdict(json_get_string(object, key, ret), key, "text", ret_failure);
}

int read_int(const struct json *object, const char *key, int64_t min, int64_t max, int64_t *ret,
             struct failure *ret_failure)
{
    return verdict(json_get_int(object, key, min, max, ret), key, "a whole number in its range",
                   ret_failure);
}

int read_bool(const struct json *object, const char *key, bool *ret, struct failure *ret_failure)
{
    return verdict(json_get_bool(object, key, ret), key, "true or false", ret_failure);
}

int read_array(const struct json *object, const char *key, const struct json **ret,
               struct failure *ret_failure)
{
    return verdict(json_get_array(object, key, ret), key, "a list", ret_failure);
}

int read_object(const struct json *object, const char *key, const struct json **ret,
                struct failure *ret_failure)
{
    return verdict(json_get_object(object, key, ret), key, "an object", ret_failure);
}

int read_seconds(const struct json *object, const char *key, usec_t *ret,
                 struct failure *ret_failure)
{
    const struct json *member = json_get(object, key);
    const char *text = member ? json_text(member) : NULL;
    int64_t whole;
    if (!member)
        return 0;
    if (text) {
        char *end;
        errno = 0;
        double seconds = strtod(text, &end);
        if (errno || end == text || *end || !(seconds >= 0 && seconds <= 1e9))
            return verdict(JSON_WRONG_TYPE, key, "seconds", ret_failure);
        *ret = (usec_t)(seconds * 1e6);
        return 0;
    }
    enum json_is is = json_get_int(object, key, 0, 1000000000, &whole);
    if (is == JSON_OK)
        *ret = (usec_t)whole * USEC_PER_SEC;
    return verdict(is, key, "seconds", ret_failure);
}

const char *read_time(const char *text, usec_t now, char buf[static READ_TIME_MAX])
{
    bool day = strncmp(text, "@today", 6) == 0;
    if (!day && strncmp(text, "@now", 4) != 0)
        return text;
    const char *rest = text + (day ? 6 : 4);
    usec_t at = now, shift = 0;
    if (*rest == '+' || *rest == '-') {
        if (duration_parse(rest + 1, &shift, NULL) < 0)
            return text;
        at = *rest == '+' ? now + shift : now - shift;
    } else if (*rest) {
        return text;
    }
    char print[RFC3339_MAX];
    if (day)
        (void)date_print((int32_t)(at / USEC_PER_DAY), print);
    else
        (void)rfc3339_print(at, print);
    (void)snprintf(buf, READ_TIME_MAX, "%s", print);
    return buf;
}

static void copy_scalar(struct json_writer *w, const char *key, const struct json *value,
                        usec_t now)
{
    char buf[READ_TIME_MAX];
    int64_t number;
    bool truth;
    if (json_is_string(value))
        json_put_string(w, key, read_time(json_text(value), now, buf));
    else if (json_int(value, -WHOLE_MAX, WHOLE_MAX, &number) == JSON_OK)
        json_put_int(w, key, number);
    else if (json_bool(value, &truth) == JSON_OK)
        json_put_bool(w, key, truth);
    else
        json_put_null(w, key);
}

void read_copy(struct json_writer *w, const char *key, const struct json *value, usec_t now)
{
    bool object = json_is_object(value);
    if (!object && !json_is_array(value)) {
        copy_scalar(w, key, value, now);
        return;
    }
    if (object)
        json_open_object(w, key);
    else
        json_open_array(w, key);
    for (const struct json *child = json_first(value); child; child = json_next(child))
        read_copy(w, object ? json_name(child) : NULL, child, now);
    if (object)
        json_close_object(w);
    else
        json_close_array(w);
}
