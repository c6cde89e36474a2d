/* SPDX-License-Identifier: MIT */
/* json/json.h: reads and writes strict JSON; the only user of cJSON.
 *
 * cJSON does the parsing: a maintained library is preferred to a faster parser of our own. Only
 * read.c uses it, so it can be replaced.
 *
 * Reading refuses what cJSON accepts: bad UTF-8, nesting beyond 32, duplicate keys, anything but
 * white space behind the value, \u0000, raw control characters, lone surrogates, numbers that are
 * not JSON. Names are compared byte for byte. Strings that come out are valid UTF-8, but otherwise
 * hostile. A byte order mark is skipped. Getters distinguish missing, null and wrong type. Pure. */
#pragma once
#include "base/cleanup.h"
#include "base/failure.h"
#include <stdbool.h>
#include <stddef.h>

#define JSON_DEPTH_MAX 32

struct json; /* a value; a child is borrowed from its root */
void json_init(void); /* our allocator for cJSON; once, in main */
/* kind PROTOCOL, -EBADMSG, with the byte offset; or LOCAL, -ENOMEM. */
int json_parse(const char *text, size_t len, struct json **ret, struct failure *ret_failure);
/* The same, but omits members, at any depth, whose name is not in `names` (NULL ends). They are
 * checked like the others, and cost cJSON nothing. */
int json_parse_only(const char *text, size_t len, const char *const *names, struct json **ret,
                    struct failure *ret_failure);
void json_free(struct json *root);
DEFINE_CLEANUP(struct json *, json_free)

enum json_is { JSON_MISSING, JSON_NULL, JSON_WRONG_TYPE, JSON_OUT_OF_RANGE, JSON_OK };

const struct json *json_get(const struct json *object, const char *key); /* NULL: missing or no object */
bool json_is_object(const struct json *j);
bool json_is_array(const struct json *j);
bool json_is_null(const struct json *j);
bool json_is_string(const struct json *j);
size_t json_count(const struct json *array);                          /* 0 if not an array */
const struct json *json_first(const struct json *container);          /* walk in O(1) a step */
const struct json *json_next(const struct json *child);
const char *json_name(const struct json *member);                     /* key of an object's member */
const char *json_text(const struct json *j);                          /* NULL unless a string */
/* The value behind `key` of `object`; *ret is written only for JSON_OK. */
enum json_is json_get_string(const struct json *object, const char *key, const char **ret);
enum json_is json_get_int(const struct json *object, const char *key, int64_t min, int64_t max,
                          int64_t *ret); /* whole numbers below 2^53 */
enum json_is json_get_bool(const struct json *object, const char *key, bool *ret);
/* The same of the value itself, for elements of an array. */
enum json_is json_int(const struct json *j, int64_t min, int64_t max, int64_t *ret);
enum json_is json_bool(const struct json *j, bool *ret);
enum json_is json_get_array(const struct json *object, const char *key, const struct json **ret);
enum json_is json_get_object(const struct json *object, const char *key, const struct json **ret);

/* Writing: a serializer that cannot produce bad JSON. Members come out in the order of the calls.
 * Strings with bad UTF-8 get U+FFFD. Errors stick; check once in json_write_take. */
struct json_writer;
struct json_writer *json_writer_new(size_t max); /* ceiling in bytes; NULL: no memory */
/* For documents that people read: strings and keys pass text_clean() ("\u{9b}"), except line
 * breaks, which JSON escapes. Without it strings are written unchanged. */
void json_writer_clean(struct json_writer *w);
void json_writer_free(struct json_writer *w);
DEFINE_CLEANUP(struct json_writer *, json_writer_free)
/* `key` is NULL inside an array and for the root. */
void json_open_object(struct json_writer *w, const char *key);
void json_close_object(struct json_writer *w);
void json_open_array(struct json_writer *w, const char *key);
void json_close_array(struct json_writer *w);
void json_put_string(struct json_writer *w, const char *key, const char *value); /* NULL -> null */
void json_put_int(struct json_writer *w, const char *key, int64_t value);
/* value / 10^decimals without floating point: (9640, 2) -> 96.4, (9500, 2) -> 95.0 */
void json_put_decimal(struct json_writer *w, const char *key, int64_t value, unsigned decimals);
void json_put_bool(struct json_writer *w, const char *key, bool value);
void json_put_null(struct json_writer *w, const char *key);
void json_put_raw(struct json_writer *w, const char *key, const char *json); /* our own output only */
/* A value is missing because its caller had no memory for it: the whole text is lost (-ENOMEM). */
void json_write_oom(struct json_writer *w);
/* The text for the caller to free(), and its length; -ENOMEM or -E2BIG (beyond `max`). */
int json_write_take(struct json_writer *w, char **ret, size_t *ret_len);
