/* SPDX-License-Identifier: MIT */
/* runtime/commands_routes.c: who would be notified of an alert, and when. */
#include "runtime/commands_routes.h"

#include <errno.h>
#include <string.h>

#include "alerts/kind.h"
#include "base/date.h"
#include "base/text.h"
#include "runtime/app.h"
#include "runtime/command_answer.h"
#include "runtime/find.h"
#include "runtime/tenant.h"

#define ANSWER_MAX (1u << 20)

struct question {
    const struct tenant *tenant;
    enum rule rule;
    enum level level; /* LEVEL_NONE: info */
    usec_t at;
    struct alert_context *context; /* owned */
};

/* ---- the question ---- */

static bool parse_rule(struct control_call *call, const char *word, enum rule *ret)
{
    const char *names[RULE_COUNT_];
    CLEANUP(text_free) struct text hint = TEXT_INIT(256);
    char clean[64];
    for (size_t i = 0; i < RULE_COUNT_; i++)
        names[i] = rule_name((enum rule)i);
    int r = rule_parse(word);
    if (r >= 0) {
        *ret = (enum rule)r;
        return true;
    }
    const char *near = text_nearest(word, names, RULE_COUNT_);
    text_addf(&hint, near ? "did you mean \"%s\"?" : "RULES in seatwatchd(8) lists the rules", near);
    control_error(call, 404, hint.data, "there is no rule \"%s\"", text_clean(clean, sizeof clean, word, strlen(word)));
    return false;
}

/* Without a word: the worst that the rule has. */
static bool parse_level(struct control_call *call, const char *word, enum rule rule, enum level *ret)
{
    bool informs = rule_row(rule)->informs;
    *ret = informs ? LEVEL_NONE : LEVEL_CRITICAL;
    for (enum level l = LEVEL_NONE; word && l < LEVEL_COUNT_; l++)
        if (text_equal_nocase(word, severity_name(l)) && informs == (l == LEVEL_NONE)) {
            *ret = l;
            return true;
        }
    if (word)
        control_error(call, 400, informs ? "this rule has info" : "this rule has warning and critical", "this rule has no such severity");
    return !word;
}

static bool parse_time(struct control_call *call, const char *word, usec_t *ret)
{
    *ret = clock_now().at;
    if (!word || rfc3339_parse(word, ret) >= 0)
        return true;
    control_error(call, 400, "write it such as 2026-12-24T18:00:00Z", "this is not a time");
    return false;
}

/* An alert of this rule about that tenant, and about that SKU if there is one. */
static int make_context(struct question *q, const struct found_sku *sku)
{
    const struct zone zone = tenant_zone(q->tenant->options, q->at);
    int r = context_new(&q->context);
    if (r >= 0)
        r = context_set_tenant(q->context, &q->tenant->options->identity);
    if (r >= 0)
        r = context_set_zone(q->context, &zone);
    if (r >= 0 && (text_copy(sku->sku_id, &q->context->sku_id) < 0 || text_copy(sku->part_number, &q->context->sku_part_number) < 0))
        r = -ENOMEM;
    return r;
}

static bool parse(struct app *app, struct control_call *call, struct question *ret)
{
    const struct target *t = &call->target;
    const char *tenant = target_param(t, "tenant"), *rule = target_param(t, "rule"), *sku = target_param(t, "sku");
    struct found_sku found = {0};
    if (!tenant || !rule) {
        control_error(call, 400, "name both: /v1/routes?tenant=NAME&rule=waiting", "a tenant or a rule is missing");
        return false;
    }
    ret->tenant = find_tenant(app, call, tenant);
    if (!ret->tenant || !parse_rule(call, rule, &ret->rule) ||
        !parse_level(call, target_param(t, "severity"), ret->rule, &ret->level) || !parse_time(call, target_param(t, "at"), &ret->at) ||
        (sku && !find_sku(ret->tenant, call, sku, &found)))
        return false;
    if (make_context(ret, &found) >= 0)
        return true;
    control_answer(call, 200, NULL);
    return false;
}

/* ---- the answer ---- */

/* Kinds have the name of their rule where that matters for routes. */
static enum kind kind_of(enum rule rule)
{
    int kind = kind_parse(rule_name(rule));
    return kind < 0 ? KIND_CAPACITY : (enum kind)kind;
}

/* The first route that leads to this receiver; NULL: the fallback, or all receivers. *ret_opens: when the first of
 * them opens. */
static const struct route *route_to(const struct app *app, const struct question *q, const char *receiver, usec_t *ret_opens)
{
    const struct route *found = NULL, *r;
    size_t cursor = 0;
    *ret_opens = 0;
    while ((r = route_next(&app->options->routes, q->rule, q->level, q->context, &cursor)))
        for (size_t i = 0; i < r->n_to; i++) {
            usec_t opens = hours_opening(&r->hours, q->at, q->context->utc_offset);
            if (!text_equal(r->to[i], receiver) || (found && opens >= *ret_opens))
                continue;
            found = r;
            *ret_opens = opens;
        }
    return found;
}

static void put_receiver(struct json_writer *w, const struct app *app, const struct question *q, size_t i, bool later)
{
    const struct receiver_traits *traits = &app->options->routes.receiver[i];
    usec_t opens;
    const struct route *route = route_to(app, q, traits->name, &opens);
    CLEANUP(free) char *source = route ? text_printf("%s:%d", app->options->path, route->line) : NULL;
    if (route && !source)
        json_write_oom(w);
    json_open_object(w, NULL);
    json_put_string(w, "receiver", traits->name);
    json_put_bool(w, "pager", traits->pager);
    command_put_time(w, "held_until", later ? opens : 0);
    json_put_string(w, "source", source);
    json_close_object(w);
}

void command_get_routes(void *userdata, struct control_call *call)
{
    struct app *app = userdata;
    struct question q = {0};
    if (!parse(app, call, &q)) {
        context_free(q.context);
        return;
    }
    const struct route_options *o = &app->options->routes;
    const struct reach reach = rule_row(q.rule)->informs
                                   ? (struct reach){.now = route_info(o, q.rule, q.context)}
                                   : route_for(o, kind_of(q.rule), q.rule, q.level, q.context, q.at);
    CLEANUP(json_writer_free) struct json_writer *w = json_writer_new(ANSWER_MAX);
    if (w) {
        json_writer_clean(w);
        json_open_object(w, NULL);
        json_put_string(w, "tenant", q.tenant->options->identity.name);
        json_put_string(w, "rule", rule_name(q.rule));
        json_put_string(w, "severity", severity_name(q.level));
        command_put_time(w, "at", q.at);
        json_open_array(w, "receivers");
        for (size_t i = 0; i < o->n_receivers; i++)
            if ((reach.now | reach.later) >> i & 1)
                put_receiver(w, app, &q, i, reach.later >> i & 1);
        json_close_array(w);
        json_close_object(w);
    }
    command_answer_json(call, 200, w);
    context_free(q.context);
}
