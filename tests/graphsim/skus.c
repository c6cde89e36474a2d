/* SPDX-License-Identifier: MIT */
/* graphsim/skus.c: the older source, subscribedSkus and directory/subscriptions: as the scenario
 * gives it, or made from the allotments. */
#include "graphsim/sim.h"
#include "peers/read.h"
#include <string.h>

struct sum {
    const struct pool *first;
    int64_t enabled, consumed;
};

static void put_given(struct call *c, struct json_writer *w, const struct entity *entity,
                      const struct json *row, const struct view *view)
{
    json_open_object(w, NULL);
    for (const struct json *m = json_first(row); m; m = json_next(m)) {
        const char *name = json_name(m);
        size_t i = 0;
        while (entity->properties[i] && strcmp(entity->properties[i], name) != 0)
            i++;
        if (!entity->properties[i] || view_has(view, entity, name))
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
        put_given(c, w, &SUBSCRIBED_SKU, sku, view);
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

/* "active" and its kin as the older source says them: Enabled, Warning, LockedOut, ... */
static const char *older_word(const char *state, char word[static 32])
{
    if (strcmp(state, "active") == 0)
        return "Enabled";
    (void)snprintf(word, 32, "%s", state);
    if (*word >= 'a' && *word <= 'z')
        *word = (char)(*word - 'a' + 'A');
    return word;
}

/* One subscription of a pool, whose units it is said to have brought. */
static void put_subscription(struct json_writer *w, const struct json *row, const struct pool *pool,
                             const struct view *view)
{
    const struct entity *e = &COMPANY_SUBSCRIPTION;
    const char *id = "", *state = "", *tags = "", *day = NULL;
    char word[32], time[48], own[128];
    (void)json_get_string(row, "subscriptionId", &id);
    (void)snprintf(own, sizeof own, "directory-%s", id);
    (void)json_get_string(row, "state", &state);
    (void)json_get_string(row, "tags", &tags);
    json_open_object(w, NULL);
    if (view_has(view, e, "id")) /* an id of the directory's own */
        json_put_string(w, "id", own);
    if (view_has(view, e, "commerceSubscriptionId"))
        json_put_string(w, "commerceSubscriptionId", id);
    if (view_has(view, e, "skuId"))
        json_put_string(w, "skuId", pool->sku_id);
    if (view_has(view, e, "skuPartNumber"))
        json_put_string(w, "skuPartNumber", pool->sku_part);
    if (view_has(view, e, "status"))
        json_put_string(w, "status", older_word(state, word));
    if (view_has(view, e, "totalLicenses"))
        json_put_int(w, "totalLicenses", pool->allotted);
    if (view_has(view, e, "isTrial"))
        json_put_bool(w, "isTrial", strstr(tags, "trial"));
    const struct {
        const char *name, *from;
    } DATES[] = {{"createdDateTime", "startDate"}, {"nextLifecycleDateTime", "nextLifecycleDate"}};
    for (size_t i = 0; i < N_ELEMENTS(DATES); i++) {
        if (!view_has(view, e, DATES[i].name))
            continue;
        bool said = json_get_string(row, DATES[i].from, &day) == JSON_OK;
        (void)snprintf(time, sizeof time, "%.10sT00:00:00Z", said ? day : "");
        json_put_string(w, DATES[i].name, said ? time : NULL);
    }
    json_close_object(w);
}

static int64_t put_subscriptions(struct json_writer *w, const struct pool *pool,
                                 const struct view *view)
{
    CLEANUP(json_free) struct json *rows = NULL;
    int64_t n = 0;
    if (!pool->sku_id || !pool->subscriptions ||
        json_parse(pool->subscriptions, strlen(pool->subscriptions), &rows, NULL) < 0)
        return 0;
    for (const struct json *row = json_first(rows); row; row = json_next(row), n++)
        put_subscription(w, row, pool, view);
    return n;
}

void subscriptions_answer(struct call *c, const struct view *view)
{
    const struct state *state = c->state;
    struct json_writer *w = json_writer_new(ANSWER_BODY_MAX);
    int64_t n = 0;
    if (!w)
        abort();
    json_open_object(w, NULL);
    json_put_string(w, "@odata.context",
                    "https://graph.microsoft.com/v1.0/$metadata#directory/subscriptions");
    json_open_array(w, "value");
    const struct json *row = state->companies ? json_first(state->companies) : NULL;
    for (; row; row = json_next(row), n++)
        put_given(c, w, &COMPANY_SUBSCRIPTION, row, view);
    for (size_t i = 0; !state->companies && i < state->n_pools; i++)
        n += put_subscriptions(w, &state->pools[i], view);
    json_close_array(w);
    link_put(c, w, "@odata.nextLink", c->next_link, "", 0, 0);
    json_close_object(w);
    answer_json(c->answer, w);
    json_put_int(c->answer->line, "rows", n);
}
