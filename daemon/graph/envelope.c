/* SPDX-License-Identifier: MIT */
/* graph/envelope.c: what every answer of Graph is wrapped in: an error object, "value" and
 * "@odata.nextLink". */
#include "graph/envelope.h"

#include <errno.h>

void page_clear(struct page *p)
{
    free(p->next_link);
    for (size_t i = 0; i < p->n_waiting; i++) {
        free(p->waiting[i].allotment_id);
        free(p->waiting[i].next_link);
        id_set_free(&p->waiting[i].ids);
    }
    free(p->waiting);
    *p = (struct page){0};
}

int row_not_a_page(struct failure *f, const char *why)
{
    return failure_set(f, FAILURE_PROTOCOL, EBADMSG, "the answer is not the expected page: %s",
                       why);
}

/* The object of a 200 answer. */
static int open_body(const char *bytes, size_t len, const char *const *names, struct json **ret,
                     struct failure *f)
{
    CLEANUP(json_free) struct json *root = NULL;
    int r = json_parse_only(bytes, len, names, &root, f);
    if (r < 0)
        return r;
    if (!json_is_object(root))
        return row_not_a_page(f, "it is no JSON object");
    if (json_get(root, "error")) {
        struct graph_error e;
        graph_error_parse(bytes, len, &e);
        return failure_set(f, FAILURE_PROTOCOL, EBADMSG,
                           "an error object in a successful answer: %s: %s", e.code, e.message);
    }
    *ret = TAKE(root);
    return 0;
}

int row_open_page(const char *bytes, size_t len, const char *const *names, struct json **ret_root,
                  const struct json **ret_rows, struct page *ret, struct failure *f)
{
    CLEANUP(json_free) struct json *root = NULL;
    CLEANUP(page_clear) struct page page = {0};
    int r = open_body(bytes, len, names, &root, f);
    if (r < 0)
        return r;
    switch (json_get_array(root, "value", ret_rows)) {
    case JSON_OK:
        break;
    case JSON_MISSING:
        return row_not_a_page(f, "\"value\" is missing");
    case JSON_NULL:
        return row_not_a_page(f, "\"value\" is null");
    default:
        return row_not_a_page(f, "\"value\" is no array");
    }
    r = row_link(root, "@odata.nextLink", &page.next_link);
    if (r == -EBADMSG)
        return row_not_a_page(f, "\"@odata.nextLink\" is no link");
    if (r < 0)
        return failure_oom(f);
    page.n_rows = json_count(*ret_rows);
    *ret = page;
    page = (struct page){0};
    *ret_root = TAKE(root);
    return 0;
}

int row_open_entity(const char *bytes, size_t len, const char *const *names, struct json **ret_root,
                    const struct json **ret_entity, struct failure *f)
{
    CLEANUP(json_free) struct json *root = NULL;
    int r = open_body(bytes, len, names, &root, f);
    if (r < 0)
        return r;
    enum json_is wrapped = json_get_object(root, "value", ret_entity);
    if (wrapped == JSON_MISSING)
        *ret_entity = root;
    else if (wrapped != JSON_OK)
        return row_not_a_page(f, "\"value\" is no object");
    *ret_root = TAKE(root);
    return 0;
}

int envelope_builder_failed(struct failure *f, int r)
{
    if (r == -E2BIG)
        return failure_set(f, FAILURE_LOCAL, E2BIG,
                           "the tenant has more than %d pools", SNAPSHOT_ALLOTMENTS_MAX);
    return failure_oom(f);
}

int envelope_take_rows(const char *bytes, size_t len, const char *const *names,
                       struct snapshot_builder *b, envelope_take *take, struct id_set *ids,
                       struct page *ret, struct failure *f)
{
    CLEANUP(json_free) struct json *root = NULL;
    CLEANUP(page_clear) struct page page = {0};
    const struct json *rows = NULL;
    int r = row_open_page(bytes, len, names, &root, &rows, &page, f);
    if (r < 0)
        return r;
    for (const struct json *row = json_first(rows); row; row = json_next(row)) {
        const char *id = ids ? row_id(row, "id") : NULL;
        r = id ? id_set_add(ids, id) : 0;
        if (r == 0)
            r = ids && !id ? row_spoils(&page) : take(row, b, &page);
        if (r < 0)
            return envelope_builder_failed(f, r);
    }
    *ret = page;
    page = (struct page){0};
    return 0;
}

void page_allotment_drop(struct allotment *a)
{
    free(a->id);
    free(a->sku_id);
    free(a->sku_part_number);
    subscriptions_free(a->subscriptions, a->n_subscriptions);
}
