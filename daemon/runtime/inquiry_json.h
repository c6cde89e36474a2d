/* SPDX-License-Identifier: MIT */
/* runtime/inquiry_json.h: Graph's rows about one allotment, user, group or device, in the words of the control sockets.
 *
 * Pure. What Graph does not say, or says in another form than documented, is null. Text is cleaned by the writer. */
#pragma once
#include "runtime/inquiry.h"

struct products;

enum row_kind {
    ROW_ALLOTMENT,  /* with subscriptions and services */
    ROW_ASSIGNMENT,
    ROW_WAITING,
    ROW_ERROR,
    ROW_RIGHT,
    ROW_LICENSE,    /* of licenseDetails: a right, too */
    ROW_POOL,       /* an allotment behind a right */
};
struct row_context {
    const struct products *products;
    bool names; /* names of users and devices; those of groups are always written */
};
void inquiry_put_row(struct json_writer *w, const char *key, enum row_kind kind, const struct json *row,
                     const struct row_context *ctx);
/* The members of a row without its braces. */
void inquiry_put_members(struct json_writer *w, enum row_kind kind, const struct json *row, const struct row_context *ctx);
/* {"state": "complete" | "more" | "unknown" | "not_offered", "error": text or null, "rows": [...]}; `more`: there are
 * more rows than are listed. `part` NULL: it was not asked for in time. */
void inquiry_open_section(struct json_writer *w, const char *key, const struct inquiry_part *part); /* ends within "rows" */
void inquiry_close_section(struct json_writer *w);
void inquiry_put_section(struct json_writer *w, const char *key, const struct inquiry_part *part, enum row_kind kind,
                         const struct row_context *ctx);
