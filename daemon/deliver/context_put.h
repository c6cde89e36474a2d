/* SPDX-License-Identifier: MIT */
/* deliver/context_put.h: writes and reads the parts of the alert object. Internal to deliver/.
 *
 * Public values are rounded (whole seconds, 96.4 percent); exact values for a restart are under "_".
 * A missing or null member reads as "unknown", so that rows of older versions stay readable; a wrong
 * type or an impossible value makes the row invalid. */
#pragma once
#include "deliver/cut.h"
#include "rules/context.h"

#define REST "_" /* the member with what only a restart needs */

/* Writes the fields of this part: members of an object of its own for tenant, allotment and SKU
 * (null if nothing of it is known). `f` may be NULL (a test message): nulls. `cut` may be NULL. */
void context_put(struct json_writer *w, enum context_part part, const struct alert_context *f,
                 const struct cut *cut);
/* DATE_UNKNOWN -> null. */
void context_put_date(struct json_writer *w, const char *key, int32_t day);
/* Opens REST, without closing it: the caller may add members of its own. */
void context_open_rest(struct json_writer *w, const struct alert_context *f);
/* NUMBER_UNKNOWN -> null. */
void context_put_number(struct json_writer *w, const char *key, int64_t value);
/* 0 -> null; else RFC 3339 in whole seconds. */
void context_put_instant(struct json_writer *w, const char *key, usec_t at);

/* The error of the first bad member sticks: -EBADMSG or -ENOMEM. Values are left alone on errors.
 */
struct reader {
    int error;
};
void read_text(struct reader *r, const struct json *o, const char *key, char **ret);
void read_number(struct reader *r, const struct json *o, const char *key, int64_t *ret);
void read_unsigned(struct reader *r, const struct json *o, const char *key, uint64_t max,
                   uint64_t *ret);
/* An array for `calloc`ed elements; *ret_n is its length, at most `max`. NULL: absent. */
const struct json *read_array(struct reader *r, const struct json *o, const char *key, size_t max,
                              size_t *ret_n);
const struct json *read_object(struct reader *r, const struct json *o, const char *key);
int context_read(const struct json *o, struct alert_context **ret);
/* The largest whole number that survives JSON (RFC 8259, section 6). */
#define NUMBER_MAX (((int64_t)1 << 53) - 1)
