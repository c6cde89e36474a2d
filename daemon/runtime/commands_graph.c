/* SPDX-License-Identifier: MIT */
/* runtime/commands_graph.c: one allotment, user, group or device, as Graph shows it now. */
#include "runtime/commands_graph.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "graph/rows.h"
#include "runtime/app.h"
#include "runtime/command_answer.h"
#include "runtime/find.h"
#include "runtime/inquiry_json.h"
#include "runtime/tenant.h"

#define ANSWER_MAX ((size_t)32 << 20)
#define RIGHTS_MAX 24 /* usage rights whose allotments are asked for, one by one */

struct tenant *command_tenant(struct app *app, struct control_call *call)
{
    const char *word = target_param(&call->target, "tenant");
    struct tenant *only = app->n_tenants == 1 ? &app->tenant[0] : NULL;
    size_t n = 0;
    if (word)
        return find_tenant(app, call, word);
    for (size_t i = 0; i < app->n_tenants; i++)
        if (app->tenant[i].graph) {
            only = &app->tenant[i];
            n++;
        }
    if (n <= 1 && only)
        return only;
    control_error(call, 400, "add --tenant NAME (in a URL: tenant=NAME)", "there are %zu tenants", app->n_tenants);
    return NULL;
}

static struct row_context row_context(const struct command_inquiry *q)
{
    return (struct row_context){.products = q->tenant->app->options->rules.products, .names = q->about.names};
}

static bool wants_names(const struct app *app, const struct control_call *call)
{
    return app->options->rules.names || target_param(&call->target, "names");
}

static bool is_missing(const struct inquiry_part *p)
{
    return !p || p->answer.failure.text[0] || p->answer.n_pages == 0;
}

/* True: this source has no such data, and the call is answered. */
static bool is_older_source(const struct tenant *t, struct control_call *call, const char *what)
{
    if (!t->graph || graph_source(t->graph) != SOURCE_SUBSCRIBED_SKUS)
        return false;
    control_error(call, 409, "the tenant or cloud does not offer the Cloud Licensing API",
                  "%s is read from subscribedSkus, which knows no %s", t->options->identity.name, what);
    return true;
}

static struct json_writer *open_answer(const struct command_inquiry *q)
{
    struct json_writer *w = json_writer_new(ANSWER_MAX);
    if (!w)
        return NULL;
    json_writer_clean(w);
    json_open_object(w, NULL);
    json_put_string(w, "tenant", q->tenant->options->identity.name);
    return w;
}

void command_begin(struct command_inquiry *q, const enum detail *parts, size_t n)
{
    int r = 0;
    for (size_t i = 0; i < n && r >= 0; i++)
        r = inquiry_add(q, parts[i], NULL);
    if (r >= 0) {
        inquiry_begin(q);
        return;
    }
    if (r == -EINVAL)
        control_error(q->call, 400, "write it as Graph and the alerts show it", "this cannot be a name or an id");
    else
        control_answer(q->call, 500, NULL);
    inquiry_free(q);
}

/* ---- an allotment ---- */

static int more_of_allotment(struct command_inquiry *q)
{
    const struct inquiry_part *p = inquiry_find(q, DETAIL_ALLOTMENT);
    const char *sku = is_missing(p) ? NULL : row_id(inquiry_object(&p->answer), "skuId");
    int r = sku && !inquiry_find(q, DETAIL_SKU_ERRORS) ? inquiry_add(q, DETAIL_SKU_ERRORS, sku) : 0;
    return r == -EINVAL ? 0 : r; /* a SKU that is no GUID has no errors that could be asked for */
}

static void answer_allotment(struct command_inquiry *q)
{
    const struct inquiry_part *p = inquiry_find(q, DETAIL_ALLOTMENT);
    const struct row_context ctx = row_context(q);
    if (is_missing(p)) {
        inquiry_refuse(q->call, &p->answer);
        return;
    }
    CLEANUP(json_writer_free) struct json_writer *w = open_answer(q);
    if (w) {
        inquiry_put_row(w, "allotment", ROW_ALLOTMENT, inquiry_object(&p->answer), &ctx);
        inquiry_put_section(w, "assignments", inquiry_find(q, DETAIL_ALLOTMENT_ASSIGNMENTS), ROW_ASSIGNMENT, &ctx);
        inquiry_put_section(w, "waiting", inquiry_find(q, DETAIL_ALLOTMENT_WAITING), ROW_WAITING, &ctx);
        inquiry_put_section(w, "sku_errors", inquiry_find(q, DETAIL_SKU_ERRORS), ROW_ERROR, &ctx);
        json_close_object(w);
    }
    command_answer_json(q->call, 200, w);
}

/* The pool that the word is or begins, of one tenant or (NULL) of all: *ret_n says how many there are. */
static const struct known_pool *find_pool(struct app *app, const struct tenant *of, const char *word, struct tenant **ret_tenant,
                                          size_t *ret_n)
{
    const struct known_pool *found = NULL;
    bool whole = false;
    *ret_n = 0;
    for (size_t i = 0; i < app->n_tenants; i++) {
        struct tenant *t = &app->tenant[i];
        for (size_t k = 0; t->memory && (!of || of == t) && k < t->memory->n_pools; k++) {
            const struct known_pool *p = &t->memory->pool[k];
            if (strncasecmp(p->id, word, strlen(word)) != 0)
                continue;
            bool is_it = strlen(p->id) == strlen(word);
            if (is_it < whole)
                continue;
            *ret_n = is_it > whole ? 1 : *ret_n + 1;
            whole = is_it;
            found = p;
            *ret_tenant = t;
        }
    }
    return *ret_n == 1 ? found : NULL;
}

void command_get_allotment(void *userdata, struct control_call *call)
{
    static const enum detail PARTS[] = {DETAIL_ALLOTMENT, DETAIL_ALLOTMENT_ASSIGNMENTS, DETAIL_ALLOTMENT_WAITING};
    static const struct inquiry_steps STEPS = {more_of_allotment, answer_allotment};
    struct app *app = userdata;
    const char *word = target_param(&call->target, "tenant");
    struct tenant *t = NULL, *of = word ? find_tenant(app, call, word) : NULL;
    size_t n = 0;
    if (word && !of)
        return;
    const struct known_pool *pool = find_pool(app, of, call->id, &t, &n);
    if (n > 1) {
        control_error(call, 409, "write more of the id, or add --tenant NAME", "%zu allotments begin with \"%s\"", n, call->id);
        return;
    }
    if (!pool)
        t = of ? of : command_tenant(app, call);
    if (!t || is_older_source(t, call, "single allotments"))
        return;
    const struct detail_subject about = {.id = pool ? pool->id : call->id, .names = wants_names(app, call)};
    struct command_inquiry *q = inquiry_new(t, call, &STEPS, &about);
    if (q)
        command_begin(q, PARTS, N_ELEMENTS(PARTS));
}

/* ---- a user, group or device ---- */

static const struct json *first_row(const struct inquiry_part *p, size_t page)
{
    const struct json *rows = p && page < p->answer.n_pages ? json_get(p->answer.page[page], "value") : NULL;
    return rows ? json_first(rows) : NULL;
}

/* One request for each right: the list of rights has no $expand for users and groups. */
static int more_of_principal(struct command_inquiry *q)
{
    const struct inquiry_part *rights = inquiry_find(q, DETAIL_RIGHTS);
    size_t n = 0;
    if (!rights || inquiry_find(q, DETAIL_RIGHT_ALLOTMENTS))
        return 0;
    for (size_t i = 0; i < rights->answer.n_pages; i++)
        for (const struct json *row = first_row(rights, i); row && n < RIGHTS_MAX; row = json_next(row), n++) {
            const char *id = row_id(row, "id");
            int r = id ? inquiry_add(q, DETAIL_RIGHT_ALLOTMENTS, id) : 0;
            if (r < 0 && r != -EINVAL)
                return r;
        }
    return 0;
}

static const struct inquiry_part *part_about(const struct command_inquiry *q, const char *id)
{
    for (size_t i = 0; i < q->n_parts; i++)
        if (q->part[i].what == DETAIL_RIGHT_ALLOTMENTS && text_equal(q->part[i].about, id))
            return &q->part[i];
    return NULL;
}

/* The allotments behind a right: of the right's own answer, or expanded in its row. */
static void put_right_allotments(struct json_writer *w, const struct command_inquiry *q, const struct inquiry_part *of,
                                 const struct json *row, const struct row_context *ctx)
{
    const struct inquiry_part *own = of->what == DETAIL_RIGHTS ? part_about(q, row_id(row, "id")) : of;
    const struct json *right = own != of && !is_missing(own) ? inquiry_object(&own->answer) : row;
    const struct json *list = json_get(right, "allotments");
    inquiry_open_section(w, "allotments", own);
    for (const struct json *pool = json_is_array(list) ? json_first(list) : NULL; pool; pool = json_next(pool))
        inquiry_put_row(w, NULL, ROW_POOL, pool, ctx);
    inquiry_close_section(w);
}

static void put_rights(struct json_writer *w, const struct command_inquiry *q, const struct inquiry_part *p,
                       const struct row_context *ctx)
{
    enum row_kind kind = p && p->what == DETAIL_LICENSES ? ROW_LICENSE : ROW_RIGHT;
    inquiry_open_section(w, "usage_rights", p);
    for (size_t i = 0; p && i < p->answer.n_pages; i++)
        for (const struct json *row = first_row(p, i); row; row = json_next(row)) {
            if (!json_is_object(row))
                continue;
            json_open_object(w, NULL);
            inquiry_put_members(w, kind, row, ctx);
            if (kind == ROW_RIGHT)
                put_right_allotments(w, q, p, row, ctx);
            json_close_object(w);
        }
    inquiry_close_section(w);
}

static const struct inquiry_part *part_of_rights(const struct command_inquiry *q)
{
    const struct inquiry_part *p = inquiry_find(q, DETAIL_RIGHTS);
    p = p ? p : inquiry_find(q, DETAIL_DEVICE_RIGHTS);
    return p ? p : inquiry_find(q, DETAIL_LICENSES);
}

/* NULL: something was read. */
static const struct inquiry_part *why_nothing(const struct command_inquiry *q)
{
    const struct inquiry_part *first = NULL;
    for (size_t i = 0; i < q->n_parts; i++) {
        const struct inquiry_part *p = &q->part[i];
        if (p->offered && !is_missing(p))
            return NULL;
        first = p->offered && !first ? p : first;
    }
    return first;
}

static void answer_principal(struct command_inquiry *q)
{
    const struct inquiry_part *rights = part_of_rights(q), *nothing = why_nothing(q);
    const char *kind = principal_word(q->about.kind);
    struct row_context ctx = row_context(q);
    ctx.names = true; /* of the one who was asked about */
    if (nothing && nothing->answer.nobody)
        control_error(q->call, 404, "check the id and the tenant; a user has a user principal name, too", "%s has no %s \"%s\"",
                      q->tenant->options->identity.name, kind, q->id);
    else if (nothing)
        inquiry_refuse(q->call, &nothing->answer);
    if (nothing)
        return;
    CLEANUP(json_writer_free) struct json_writer *w = open_answer(q);
    if (w) {
        json_put_string(w, "kind", kind);
        json_put_string(w, "id", q->id);
        json_put_string(w, "source", rights && rights->what == DETAIL_LICENSES ? "subscribedSkus" : "cloudLicensing");
        put_rights(w, q, rights, &ctx);
        inquiry_put_section(w, "assignments", inquiry_find(q, DETAIL_ASSIGNMENTS), ROW_ASSIGNMENT, &ctx);
        inquiry_put_section(w, "waiting", inquiry_find(q, DETAIL_WAITING), ROW_WAITING, &ctx);
        inquiry_put_section(w, "errors", inquiry_find(q, DETAIL_ERRORS), ROW_ERROR, &ctx);
        json_close_object(w);
    }
    command_answer_json(q->call, 200, w);
}

static void ask_principal(struct app *app, struct control_call *call, enum principal_kind kind)
{
    static const enum detail PARTS[] = {DETAIL_RIGHTS, DETAIL_ASSIGNMENTS, DETAIL_WAITING, DETAIL_ERRORS},
                             OF_DEVICE[] = {DETAIL_DEVICE_RIGHTS, DETAIL_ASSIGNMENTS, DETAIL_WAITING, DETAIL_ERRORS},
                             OLDER[] = {DETAIL_LICENSES};
    static const struct inquiry_steps STEPS = {more_of_principal, answer_principal};
    struct tenant *t = command_tenant(app, call);
    if (!t || (kind != PRINCIPAL_USER && is_older_source(t, call, "groups and devices")))
        return;
    bool older = t->graph && graph_source(t->graph) == SOURCE_SUBSCRIBED_SKUS;
    const struct detail_subject about = {.kind = kind, .id = call->id};
    struct command_inquiry *q = inquiry_new(t, call, &STEPS, &about);
    if (!q)
        return;
    if (older)
        command_begin(q, OLDER, N_ELEMENTS(OLDER));
    else
        command_begin(q, kind == PRINCIPAL_DEVICE ? OF_DEVICE : PARTS, N_ELEMENTS(PARTS));
}

void command_get_user(void *userdata, struct control_call *call)
{
    ask_principal(userdata, call, PRINCIPAL_USER);
}

void command_get_group(void *userdata, struct control_call *call)
{
    ask_principal(userdata, call, PRINCIPAL_GROUP);
}

void command_get_device(void *userdata, struct control_call *call)
{
    ask_principal(userdata, call, PRINCIPAL_DEVICE);
}
