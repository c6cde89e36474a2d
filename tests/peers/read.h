/* SPDX-License-Identifier: MIT */
/* peers/read.h: a script file of a test, read so strictly that a misspelt member is an error.
 *
 * Every reader leaves *ret alone when the member is missing, so a default is what stood there
 * before. A failure names the member and what was expected. Values are borrowed from the tree. */
#pragma once
#include "base/failure.h"
#include "json/json.h"
#include <stdbool.h>
#include <stdint.h>

/* The whole file as JSON; at most 64 MiB. */
int read_file(const char *path, struct json **ret, struct failure *ret_failure);
/* -EINVAL if `object` is none or has a member that `known` (ends with NULL) does not list. */
int read_members(const struct json *object, const char *what, const char *const *known,
                 struct failure *ret_failure);
int read_string(const struct json *object, const char *key, const char **ret,
                struct failure *ret_failure);
int read_int(const struct json *object, const char *key, int64_t min, int64_t max, int64_t *ret,
             struct failure *ret_failure);
int read_bool(const struct json *object, const char *key, bool *ret, struct failure *ret_failure);
int read_array(const struct json *object, const char *key, const struct json **ret,
               struct failure *ret_failure);
int read_object(const struct json *object, const char *key, const struct json **ret,
                struct failure *ret_failure);
/* A duration in seconds, whole or with a fraction given as text: 2, "2.5". */
int read_seconds(const struct json *object, const char *key, usec_t *ret,
                 struct failure *ret_failure);

/* Text of a script that stands for an instant: "@now", "@now-2h", "@today+20d"; anything else is
 * returned as it is. `now` is the instant they count from; `buf` holds the result. */
#define READ_TIME_MAX 40
const char *read_time(const char *text, usec_t now, char buf[static READ_TIME_MAX]);
/* Writes a value of a script as the value of `key`, with its "@now" texts replaced. Numbers that
 * are not whole cannot be copied: *w gets null, which the script's author will notification. */
void read_copy(struct json_writer *w, const char *key, const struct json *value, usec_t now);
