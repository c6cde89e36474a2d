/* SPDX-License-Identifier: MIT */
/* graph/rows.h: members of a row of Graph's answers, for the decoders of graph/. Pure.
 *
 * Text that is shown comes out cleaned; ids and links come out as they are. */
#pragma once
#include "graph/page.h"
#include "json/json.h"

#define ROW_TEXT_MAX 257 /* of a cleaned word, with its NUL */
#define ROW_ENVELOPE "value", "error", "@odata.nextLink" /* names that every decoder must keep */

/* An id or a GUID, unchanged; NULL if missing, empty, no string or longer than PAGE_ID_MAX. */
const char *row_id(const struct json *row, const char *key);
/* False where a SKU or its part number is neither a name nor null (null is documented): which
 * limits apply to the row is then unknown. */
bool row_has_readable_sku(const struct json *row);
/* Marks the page of a row without key as spoiled, so that its section stays unknown. Returns 0. */
int row_spoils(struct page *p);
/* Foreign text, cleaned into `clean`; NULL if there is none. */
const char *row_clean(const struct json *row, const char *key, char clean[static ROW_TEXT_MAX]);
/* The same as a copy to keep; *ret NULL: there is none. -ENOMEM */
int member_text(const struct json *row, const char *key, char **ret);
/* ... and a GUID among them in lower case: of a SKU, a plan or a principal. */
int member_guid(const struct json *row, const char *key, char **ret);
/* A link is opaque and kept unchanged. *ret NULL: there is none. -EBADMSG: malformed; taking that
 * for the end of the list would lose rows. */
int row_link(const struct json *row, const char *key, char **ret);
/* A point in time; 0 if missing or malformed. */
usec_t row_time(const struct json *row, const char *key);
/* A required member that is missing, null or of a wrong type. */
bool row_is_lacking(enum json_is is);
/* False if the member is present but no date. Missing or null: DATE_UNKNOWN. */
bool row_date(const struct json *row, const char *key, int32_t *ret);
