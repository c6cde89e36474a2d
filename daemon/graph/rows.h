/* SPDX-License-Identifier: MIT */
/* graph/rows.h: members of a row of Graph's answers, for the decoders of this room. Pure.
 *
 * Text that is shown comes out cleaned; ids and links come out as they are. */
#pragma once
#include "graph/page.h"
#include "json/json.h"

#define ROW_TEXT_MAX 257 /* of a cleaned word, with its NUL */
#define ROW_ENVELOPE "value", "error", "@odata.nextLink" /* names that every decoder must keep */

/* An id or a GUID, unchanged; NULL if it is none that we would carry around. */
const char *row_id(const struct json *row, const char *key);
/* False where a SKU or its part number is neither a name nor null (null is documented): which limits
 * apply to the row is then unknown. */
bool row_has_readable_sku(const struct json *row);
/* A row without its key: the section of this page must not become complete. Returns 0. */
int row_spoils(struct page *p);
/* Foreign text, cleaned into `clean`; NULL if there is none. */
const char *row_clean(const struct json *row, const char *key, char clean[static ROW_TEXT_MAX]);
/* The same as a copy to keep; *ret NULL: there is none. -ENOMEM */
int member_text(const struct json *row, const char *key, char **ret);
/* ... and a GUID among them in lower case: of a SKU, a plan or a principal. */
int member_guid(const struct json *row, const char *key, char **ret);
/* A link is kept as it is: it is opaque, and whoever follows it checks its origin. *ret NULL: there
 * is none. -EBADMSG: there is something that is no link; taking that for the end of the list would
 * lose what follows. */
int row_link(const struct json *row, const char *key, char **ret);
/* A moment; 0 if the row does not tell one in words that we know. */
usec_t row_time(const struct json *row, const char *key);
/* A required member that is missing, null or of a wrong type. */
bool row_is_lacking(enum json_is is);
/* False if the member is present but no date. Missing or null: DATE_UNKNOWN. */
bool row_date(const struct json *row, const char *key, int32_t *ret);
