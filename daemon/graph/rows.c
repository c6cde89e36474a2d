/* SPDX-License-Identifier: MIT */
/* graph/rows.c: what every answer of Graph is wrapped in, and how a member of a row is read. */
#include "graph/rows.h"

#include "base/date.h"
#include "base/guid.h"
#include "base/text.h"
#include <errno.h>
#include <string.h>

/* ---- members ---- */

const char *row_id(const struct json *row, const char *key)
{
    const char *s = NULL;
    if (json_get_string(row, key, &s) != JSON_OK || !s[0] || strlen(s) > PAGE_ID_MAX)
        return NULL;
    return s;
}

bool row_has_readable_sku(const struct json *row)
{
    static const char *const KEYS[] = {"skuId", "skuPartNumber"};
    const char *s = NULL;
    for (size_t i = 0; i < N_ELEMENTS(KEYS); i++) {
        enum json_is is = json_get_string(row, KEYS[i], &s);
        if (is == JSON_WRONG_TYPE || (is == JSON_OK && (!*s || strlen(s) > PAGE_ID_MAX)))
            return false;
    }
    return true;
}

int row_spoils(struct page *p)
{
    p->n_lacking++;
    p->spoiled = true;
    return 0;
}

const char *row_clean(const struct json *row, const char *key, char clean[static ROW_TEXT_MAX])
{
    const char *s = NULL;
    if (json_get_string(row, key, &s) != JSON_OK || !s[0])
        return NULL;
    return text_clean(clean, ROW_TEXT_MAX, s, strlen(s));
}

int member_guid(const struct json *row, const char *key, char **ret)
{
    char clean[ROW_TEXT_MAX];
    int r = text_copy(row_clean(row, key, clean), ret);
    if (r >= 0)
        guid_lower(*ret);
    return r;
}

int member_text(const struct json *row, const char *key, char **ret)
{
    char clean[ROW_TEXT_MAX];
    return text_copy(row_clean(row, key, clean), ret);
}

int row_link(const struct json *row, const char *key, char **ret)
{
    const char *s = NULL;
    enum json_is is = json_get_string(row, key, &s);
    *ret = NULL;
    if (is == JSON_MISSING || is == JSON_NULL)
        return 0;
    if (is != JSON_OK || !s[0] || strlen(s) > PAGE_LINK_MAX)
        return -EBADMSG;
    return text_copy(s, ret);
}

usec_t row_time(const struct json *row, const char *key)
{
    const char *s = NULL;
    usec_t at;
    if (json_get_string(row, key, &s) != JSON_OK || rfc3339_parse(s, &at) < 0)
        return 0;
    return at;
}

/* ---- envelopes ---- */

int row_not_a_page(struct failure *f, const char *why)
{
    return failure_set(f, FAILURE_PROTOCOL, EBADMSG, "the answer is not the page it should be: %s",
                       why);
}

int row_open_body(const char *bytes, size_t len, const char *const *names, struct json **ret,
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
                           "an error in an answer that claims success: %s: %s", e.code, e.message);
    }
    *ret = TAKE(root);
    return 0;
}

int row_open_page(const char *bytes, size_t len, const char *const *names, struct json **ret_root,
                  const struct json **ret_rows, struct page *ret, struct failure *f)
{
    CLEANUP(json_free) struct json *root = NULL;
    CLEANUP(page_clear) struct page page = {0};
    int r = row_open_body(bytes, len, names, &root, f);
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
    int r = row_open_body(bytes, len, names, &root, f);
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
