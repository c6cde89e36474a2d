/* SPDX-License-Identifier: MIT */
/* graph/rows.h: envelopes and members of Graph's answers, for the decoders of this room. Pure.
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

static inline void page_clear_at(struct page *p)
{
    page_clear(p);
}
/* PROTOCOL, -EBADMSG */
int row_not_a_page(struct failure *f, const char *why);
/* The object of an answer that claims success. `names` as for json_parse_only. */
int row_open_body(const char *bytes, size_t len, const char *const *names, struct json **ret,
                  struct failure *f);
/* The rows of a collection, and the page begun with its link and their number. */
int row_open_page(const char *bytes, size_t len, const char *const *names, struct json **ret_root,
                  const struct json **ret_rows, struct page *ret, struct failure *f);
/* A single entity, bare or wrapped in "value"; *ret_entity is borrowed from *ret_root. */
int row_open_entity(const char *bytes, size_t len, const char *const *names,
                    struct json **ret_root, const struct json **ret_entity, struct failure *f);
