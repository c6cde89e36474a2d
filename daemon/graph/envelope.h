/* SPDX-License-Identifier: MIT */
/* graph/envelope.h: what every answer of Graph is wrapped in, for the decoders of graph/. Pure. */
#pragma once
#include "graph/rows.h"

/* PROTOCOL, -EBADMSG */
int row_not_a_page(struct failure *f, const char *why);
/* The rows of a collection; `names` as for json_parse_only; *ret has the next link and the number of rows. */
int row_open_page(const char *bytes, size_t len, const char *const *names, struct json **ret_root,
                  const struct json **ret_rows, struct page *ret, struct failure *f);
/* A single entity, bare or wrapped in "value"; *ret_entity is borrowed from *ret_root. */
int row_open_entity(const char *bytes, size_t len, const char *const *names,
                    struct json **ret_root, const struct json **ret_entity, struct failure *f);
/* Feeds each row of a page to `take` once. `ids` has the ids of the list's rows so far; a row that
 * comes again is skipped, one without an id spoils its page. NULL: the builder finds repeats. */
typedef int envelope_take(const struct json *row, struct snapshot_builder *b, struct page *p);
int envelope_take_rows(const char *bytes, size_t len, const char *const *names,
                       struct snapshot_builder *b, envelope_take *take, struct id_set *ids,
                       struct page *ret, struct failure *f);
int envelope_builder_failed(struct failure *f, int r); /* -E2BIG or -ENOMEM of a builder */
/* Frees what is inside an allotment that snapshot_add_allotment has not taken over. */
void page_allotment_drop(struct allotment *a);
DEFINE_CLEANUP_IN_PLACE(struct page, page_clear)
