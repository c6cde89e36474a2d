/* SPDX-License-Identifier: MIT */
/* status/json_allotments.c: the body of GET /v1/allotments. */
#include "status/json_parts.h"

#include <errno.h>

#include "base/name.h"

static bool is_of_sku(const struct status_pool *p, const char *word)
{
    const char *const NAMES[] = {p->sku_part_number, p->sku_id, p->sku_name, p->id};
    for (size_t i = 0; word && i < N_ELEMENTS(NAMES); i++)
        if (name_match(word, NAMES[i]) != NAME_OTHER)
            return true;
    return !word;
}

int status_json_allotments(const struct status *s, const char *tenant, const char *sku, char **ret)
{
    CLEANUP(json_writer_free) struct json_writer *w = json_writer_new(STATUS_JSON_MAX);
    size_t len;
    if (!w)
        return -ENOMEM;
    json_writer_clean(w);
    json_open_object(w, NULL);
    json_open_array(w, "allotments");
    for (size_t i = 0; i < s->n_pools; i++)
        if ((!tenant || text_equal(tenant, s->pool[i].tenant)) && is_of_sku(&s->pool[i], sku))
            status_put_pool(w, &s->pool[i]);
    json_close_array(w);
    json_open_array(w, "unknown_tenants");
    for (size_t i = 0; i < s->n_tenants; i++)
        if (s->tenant[i].enabled && s->tenant[i].totals.allotments == UNITS_UNKNOWN && (!tenant || text_equal(tenant, s->tenant[i].name)))
            json_put_string(w, NULL, s->tenant[i].name);
    json_close_array(w);
    json_close_object(w);
    return json_write_take(w, ret, &len);
}
