/* SPDX-License-Identifier: MIT */
/* graphsim/skus.c: subscribedSkus, the older source: as the scenario gives it, or summed up from
 * the allotments. */
#include "graphsim/sim.h"
#include "peers/read.h"
#include <string.h>

struct sum {
    const struct pool *first;
    int64_t enabled, consumed;
};

static void put_given(struct call *c, struct json_writer *w, const struct json *sku,
                      const struct view *view)
{
    json_open_object(w, NULL);
    for (const struct json *m = json_first(sku); m; m = json_next(m)) {
        const char *name = json_name(m);
        size_t i = 0;
        while (SUBSCRIBED_SKU.properties[i] && strcmp(SUBSCRIBED_SKU.properties[i], name) != 0)
            i++;
        if (!SUBSCRIBED_SKU.properties[i] || view_has(view, &SUBSCRIBED_SKU, name))
            read_copy(w, name, m, c->sim->scenario->read_at);
    }
    json_close_object(w);
}

static void put_sum(struct call *c, struct json_writer *w, const struct sum *sum,
                    const struct view *view)
{
    const struct pool *pool = sum->first;
    CLEANUP(free) char *id = text_printf("%s_%s", c->tenant->id, pool->sku_id);
    const struct {
        const char *name;
        const char *text;
    } texts[] = {{"accountId", c->tenant->id},
                 {"accountName", "Simulated account"},
                 {"appliesTo", "User"},
                 {"capabilityStatus", "Enabled"},
                 {"id", id},
                 {"skuId", pool->sku_id},
                 {"skuPartNumber", pool->sku_part}};
    json_open_object(w, NULL);
    for (size_t i = 0; i < N_ELEMENTS(texts); i++)
        if (view_has(view, &SUBSCRIBED_SKU, texts[i].name))
            json_put_string(w, texts[i].name, texts[i].text);
    if (view_has(view, &SUBSCRIBED_SKU, "consumedUnits"))
        json_put_int(w, "consumedUnits", sum->consumed);
    if (view_has(view, &SUBSCRIBED_SKU, "prepaidUnits")) {
        json_open_object(w, "prepaidUnits");
        json_put_int(w, "enabled", sum->enabled);
        json_put_int(w, "lockedOut", 0);
        json_put_int(w, "suspended", 0);
        json_put_int(w, "warning", 0);
        json_close_object(w);
    }
    if (view_has(view, &SUBSCRIBED_SKU, "servicePlans")) {
        json_open_array(w, "servicePlans");
        json_close_array(w);
    }
    if (view_has(view, &SUBSCRIBED_SKU, "subscriptionIds")) {
        json_open_array(w, "subscriptionIds");
        json_close_array(w);
    }
    json_close_object(w);
}

/* Adds the pool to the sum of its SKU; pools without one do not show here. */
static size_t add(struct sum *sums, size_t n, const struct pool *pool)
{
    size_t i = 0;
    if (!pool->sku_id)
        return n;
    while (i < n && !text_equal_nocase(sums[i].first->sku_id, pool->sku_id))
        i++;
    if (i == n)
        sums[i] = (struct sum){.first = pool};
    sums[i].enabled += pool->allotted;
    sums[i].consumed += pool->consumed;
    return i == n ? n + 1 : n;
}

void skus_answer(struct call *c, const struct view *view)
{
    const struct state *state = c->state;
    CLEANUP(free) struct sum *sums = calloc(state->n_pools + 1, sizeof *sums);
    struct json_writer *w = json_writer_new(ANSWER_BODY_MAX);
    size_t n = 0;
    if (!sums || !w)
        abort();
    json_open_object(w, NULL);
    json_put_string(w, "@odata.context",
                    "https://graph.microsoft.com/v1.0/$metadata#subscribedSkus");
    json_open_array(w, "value");
    const struct json *sku = state->skus ? json_first(state->skus) : NULL;
    for (; sku; sku = json_next(sku), n++)
        put_given(c, w, sku, view);
    if (!state->skus) {
        for (size_t i = 0; i < state->n_pools; i++)
            n = add(sums, n, &state->pools[i]);
        for (size_t i = 0; i < n; i++)
            put_sum(c, w, &sums[i], view);
    }
    json_close_array(w);
    link_put(c, w, "@odata.nextLink", c->next_link, "", 0, 0);
    json_close_object(w);
    answer_json(c->answer, w);
    json_put_int(c->answer->line, "rows", (int64_t)n);
}
