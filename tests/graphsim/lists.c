/* SPDX-License-Identifier: MIT */
/* graphsim/lists.c: the documented bodies, page by page. */
#include "graphsim/sim.h"
#include "peers/read.h"
#include <string.h>

#define CONTEXT "https://graph.microsoft.com/"
#define BELOW_POOL CONTEXT "beta/$metadata#admin/cloudLicensing/allotments('simulated')/"

static struct json_writer *open_body(const char *context)
{
    struct json_writer *w = json_writer_new(ANSWER_BODY_MAX);
    if (!w)
        abort();
    json_open_object(w, NULL);
    json_put_string(w, "@odata.context", context);
    return w;
}

static void close_body(struct call *c, struct json_writer *w, int64_t rows)
{
    json_close_object(w);
    answer_json(c->answer, w);
    json_put_int(c->answer->line, "rows", rows);
}

/* Rows of this page at most: what was asked, within what the service gives. */
static int64_t page_rows(const struct call *c, const struct view *view)
{
    const struct manners *m = &c->state->manners;
    int64_t asked = view->top ? view->top : m->page_size;
    return asked < m->page_max ? asked : m->page_max;
}

/* A member is left to "raw" or "json" if one of them has it. */
static bool ours(const struct pool *pool, const char *member)
{
    return !(pool->raw && json_get(pool->raw, member)) &&
           !(pool->json && json_get(pool->json, member));
}

static void put_waiting(struct call *c, struct json_writer *w, const struct pool *pool,
                        const struct view *view)
{
    const struct manners *m = &c->state->manners;
    int64_t n = pool->waiting.total < m->inline_limit ? pool->waiting.total : m->inline_limit;
    struct view inner = {.select = view->expand_select};
    if (m->inline_mode == INLINE_OMIT)
        return;
    json_open_array(w, "waitingMembers");
    for (int64_t i = 0; i < n; i++)
        waiting_put(w, pool, i, &inner, c->sim->scenario->read_at);
    json_close_array(w);
    if (m->inline_mode == INLINE_TRUNCATE && !c->nested_link)
        return;
    CLEANUP(text_free) struct text base = TEXT_INIT(65536);
    text_addf(&base, "/%s/admin/cloudLicensing/allotments/", c->sim->scenario->version);
    for (const unsigned char *p = (const unsigned char *)pool->id; *p; p++)
        text_addf(&base, strchr("/?#%&+ \"<>", *p) || *p < ' ' || *p > '~' ? "%%%02X" : "%c", *p);
    text_add(&base, "/waitingMembers?");
    if (view->expand_select != UINT32_MAX) {
        const char *separator = "$select=";
        for (size_t i = 0; view->expand->properties[i]; i++) {
            if (!view_expands(view, view->expand->properties[i]))
                continue;
            text_addf(&base, "%s%s", separator, view->expand->properties[i]);
            separator = ",";
        }
    }
    if (base.error)
        abort();
    link_put(c, w, "waitingMembers@odata.nextLink", c->nested_link, base.data, n,
             pool->waiting.total);
}

static void put_pool(struct call *c, struct json_writer *w, const char *key,
                     const struct pool *pool, const struct view *view)
{
    const struct {
        const char *name;
        const char *text;
    } texts[] = {{"id", pool->id},
                 {"assignableTo", pool->assignable_to},
                 {"skuId", pool->sku_id},
                 {"skuPartNumber", pool->sku_part}};
    const struct {
        const char *name;
        int64_t number;
    } numbers[] = {{"allottedUnits", pool->allotted}, {"consumedUnits", pool->consumed}};
    const struct {
        const char *name;
        const char *json;
    } lists[] = {{"services", pool->services}, {"subscriptions", pool->subscriptions}};
    json_open_object(w, key);
    json_put_string(w, "@odata.type", "#microsoft.graph.cloudLicensing.allotment");
    for (size_t i = 0; i < N_ELEMENTS(texts); i++)
        if (view_has(view, &ALLOTMENT, texts[i].name) && ours(pool, texts[i].name))
            json_put_string(w, texts[i].name, texts[i].text);
    for (size_t i = 0; i < N_ELEMENTS(numbers); i++)
        if (view_has(view, &ALLOTMENT, numbers[i].name) && ours(pool, numbers[i].name))
            json_put_int(w, numbers[i].name, numbers[i].number);
    for (size_t i = 0; i < N_ELEMENTS(lists); i++)
        if (view_has(view, &ALLOTMENT, lists[i].name) && ours(pool, lists[i].name))
            json_put_raw(w, lists[i].name, lists[i].json);
    const struct json *m = pool->raw ? json_first(pool->raw) : NULL;
    for (; m; m = json_next(m))
        read_copy(w, json_name(m), m, c->sim->scenario->read_at);
    m = pool->json ? json_first(pool->json) : NULL;
    for (; m; m = json_next(m))
        if (json_text(m) && *json_text(m)) /* empty: the member is left out */
            json_put_raw(w, json_name(m), json_text(m));
    if (view->expand && ours(pool, "waitingMembers"))
        put_waiting(c, w, pool, view);
    json_close_object(w);
}

static bool pool_shown(const struct pool *pool, const struct view *view)
{
    return !view->sku_id || text_equal_nocase(pool->sku_id, view->sku_id);
}

void allotments_answer(struct call *c, const struct view *view)
{
    const struct state *state = c->state;
    int64_t at = 0, end = view->offset + page_rows(c, view), rows = 0;
    struct json_writer *w = open_body(CONTEXT "beta/$metadata#admin/cloudLicensing/allotments");
    json_open_array(w, "value");
    for (size_t i = 0; i < state->n_pools; i++) {
        if (!pool_shown(&state->pools[i], view))
            continue;
        if (at >= view->offset && at < end) {
            put_pool(c, w, NULL, &state->pools[i], view);
            rows++;
        }
        at++;
    }
    json_close_array(w);
    CLEANUP(free) char *base = link_base(c);
    link_put(c, w, "@odata.nextLink", c->next_link, base, end, at);
    close_body(c, w, rows);
}

static const struct pool *pool_of(struct call *c)
{
    const struct pool *pool = state_pool(c->state, c->id);
    if (!pool)
        graph_refuse(c, 404, "ResourceNotFound", "The allotment does not exist.");
    return pool;
}

void allotment_answer(struct call *c, const struct view *view)
{
    const struct pool *pool = pool_of(c);
    if (!pool)
        return;
    struct json_writer *w =
        open_body(CONTEXT "beta/$metadata#admin/cloudLicensing/allotments/$entity");
    put_pool(c, w, "value", pool, view); /* wrapped, as the method's page shows it */
    close_body(c, w, 1);
}

typedef void put_fn(struct json_writer *w, const struct pool *pool, int64_t index,
                    const struct view *v, usec_t now);

static void answer_below_pool(struct call *c, const struct view *view, const struct pool *pool,
                              const char *context, int64_t total, put_fn *put)
{
    int64_t end = view->offset + page_rows(c, view), rows = 0;
    struct json_writer *w = open_body(context);
    json_open_array(w, "value");
    for (int64_t i = view->offset; i < end && i < total; i++, rows++)
        put(w, pool, i, view, c->sim->scenario->read_at);
    json_close_array(w);
    CLEANUP(free) char *base = link_base(c);
    link_put(c, w, "@odata.nextLink", c->next_link, base, end, total);
    close_body(c, w, rows);
}

void waiting_answer(struct call *c, const struct view *view)
{
    const struct pool *pool = pool_of(c);
    if (pool)
        answer_below_pool(c, view, pool, BELOW_POOL "waitingMembers", pool->waiting.total, waiting_put);
}

void assignments_answer(struct call *c, const struct view *view)
{
    const struct pool *pool = pool_of(c);
    if (pool)
        answer_below_pool(c, view, pool, BELOW_POOL "assignments", pool->assignments.total, assignment_put);
}

void errors_answer(struct call *c, const struct view *view)
{
    const struct rows *errors = &c->state->errors;
    int64_t at = 0, end = view->offset + page_rows(c, view), rows = 0;
    struct json_writer *w =
        open_body(CONTEXT "beta/$metadata#admin/cloudLicensing/assignmentErrors");
    json_open_array(w, "value");
    for (int64_t i = view->sku_id ? 0 : view->offset; i < errors->total; i++) {
        if (!view->sku_id) {
            at = i;
            if (at >= end)
                break;
        } else if (!error_has_sku(errors, i, view->sku_id)) {
            continue;
        }
        if (at >= view->offset && at < end) {
            error_put(w, errors, i, view, c->sim->scenario->read_at);
            rows++;
        }
        at++;
    }
    json_close_array(w);
    CLEANUP(free) char *base = link_base(c);
    link_put(c, w, "@odata.nextLink", c->next_link, base, end, view->sku_id ? at : errors->total);
    close_body(c, w, rows);
}
