/* SPDX-License-Identifier: MIT */
/* alerts/why_not.c: explains what suppresses or defers the messages of an alert, and what happens next. */
#include "alerts/why_internal.h"

#include "alerts/plan.h"
#include "alerts/silence.h"
#include "base/date.h"
#include "base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static const char *clock_of(const struct why_case *c, usec_t at, char buf[static CLOCK_HUMAN_MAX])
{
    static const struct zone UTC = {.name = "UTC"};
    const struct alert_context *f = c->alert && c->alert->context ? c->alert->context
                                    : c->observation              ? c->observation->context
                                                                  : NULL;
    const struct zone zone = f ? context_zone(f) : UTC;
    return clock_human(at, c->ctx->now.at, &zone, buf);
}

/* ---- what is silent by configuration ---- */

static int add_ignored(const struct why_case *c, struct why *w)
{
    const struct alert_context *f = c->observation ? c->observation->context : NULL;
    if (c->ignore != IGNORE_NOTHING)
        return why_add(w, WHY_IGNORE, c->ignore_line, "an override has ignore = \"%s\"",
                       c->ignore == IGNORE_ALL ? "all" : "alerts");
    if (!c->observation || !c->observation->silent)
        return 0;
    return why_add(w, WHY_FREE, 0, "%s (watch_free_skus = false)",
                   f && product_is_free(f->sku_id, f->sku_part_number) ? "the product costs nothing"
                                                                      : "its subscriptions are trials");
}

/* ---- what suppresses a firing alert ---- */

static int add_active(const struct why_case *c, struct why *w)
{
    const struct silence *s = alerts_silence(c->ctx, c->alert);
    char until[CLOCK_HUMAN_MAX], comment[TEXT_CLEAN_MAX], author[TEXT_CLEAN_MAX];
    if (!s)
        return 0;
    const char *said = s->comment ? s->comment : "", *who = s->author ? s->author : "";
    return why_add(w, s->alert_id ? WHY_ACKNOWLEDGED : WHY_SILENCE, 0, "%s %s%s%s%s%s, %s%s", silence_kind(s), s->id,
                   *who ? " by " : "", text_clean(author, sizeof author, who, strlen(who)), *said ? ": " : "",
                   text_clean(comment, sizeof comment, said, strlen(said)),
                   s->end_at ? "until " : "without an end", s->end_at ? clock_of(c, s->end_at, until) : "");
}

static int add_muted(const struct why_case *c, const struct plan *p, struct why *w)
{
    const struct alert *a = c->alert;
    const struct observation *s = c->observation;
    unsigned silences = s ? silences_of(a, s, plan_parent_level(p, s)) : 0;
    char quiet[DURATION_MAX];
    int r = 0;
    if (silences & SILENCE_EXPLAINED)
        r = why_add(w, WHY_EXPLAINED, 0, "no subscription of the pool is in force, and the alert about that covers it");
    if (r >= 0 && silences & SILENCE_FORMER)
        r = why_add(w, WHY_FORMER, 0, "only another source lists the pool, so its numbers do not change");
    if (r >= 0)
        r = add_active(c, w);
    if (r >= 0 && alert_is_baseline(a))
        r = why_add(w, WHY_BASELINE, 0,
                    "the digest of the first poll has it%s; it is notified when it gets worse, and when it comes back",
                    c->ctx->first_digest == FIRST_WAITS ? ", which waits for the first polls of other tenants" : "");
    if (r >= 0 && a->flap.on)
        r = why_add(w, WHY_FLAPPING, 0, "it fired and resolved again and again; its end is notified when it has not changed for %s",
                    duration_human(c->ctx->options->flap.quiet, quiet));
    return r;
}

static int add_notified(const struct why_case *c, struct why *w)
{
    const struct alert *a = c->alert;
    if (a->notified == LEVEL_NONE || a->level > a->notified || alert_unsilenced_event(a) != NO_EVENT)
        return 0;
    return why_add(w, WHY_NOTIFIED, 0, "it was notified as %s (%s), and nothing that matters has changed since",
                   level_name(a->notified), rule_name(a->notified_rule));
}

/* ---- receivers ---- */

/* The first route outside its hours that leads to this receiver. */
static const struct route *closed_route(const struct why_case *c, const char *receiver)
{
    const struct alert *a = c->alert;
    const struct route *route;
    size_t cursor = 0;
    while ((route = route_next(c->ctx->routes, a->rule, a->level, a->context, &cursor)))
        for (size_t i = 0; i < route->n_to; i++)
            if (text_equal(route->to[i], receiver) && !hours_open(&route->hours, c->ctx->now.at, a->context->utc_offset))
                return route;
    return NULL;
}

static int add_receivers(const struct why_case *c, const struct plan *p, struct why *w)
{
    const struct alert *a = c->alert;
    const struct reach reach = plan_reach(p, a, a->rule, a->level);
    int r = reach.now | reach.later ? 0 : why_add(w, WHY_ROUTE, 0, "no receiver gets it: there is none, or none but heartbeats");
    for (size_t i = 0; r >= 0 && i < c->ctx->routes->n_receivers; i++) {
        const char *name = c->ctx->routes->receiver[i].name;
        const struct route *route = reach.later >> i & 1 ? closed_route(c, name) : NULL;
        char hours[HOURS_TEXT], opens[CLOCK_HUMAN_MAX];
        if (route)
            r = why_add(w, WHY_HOURS, route->line, "%s: outside the hours of its route (%s), which begin at %s", name,
                        hours_print(&route->hours, hours),
                        clock_of(c, hours_opening(&route->hours, c->ctx->now.at, a->context->utc_offset), opens));
    }
    return r;
}

int why_reasons(const struct why_case *c, struct why *ret)
{
    CLEANUP(why_clear) struct why w = {0};
    struct plan_context ctx = *c->ctx;
    const struct plan p = {.ctx = &ctx, .registry = c->registry};
    bool up = c->alert && alert_state_is_up(c->alert->state) && c->alert->context;
    ctx.again = true; /* parents are those of the registry */
    int r = add_ignored(c, &w);
    if (r >= 0 && !c->observation && c->ignore != IGNORE_ALL && !up)
        r = why_add(&w, WHY_UNKNOWN, 0, "there is no usable list of pools from the last poll");
    if (r >= 0 && up)
        r = add_muted(c, &p, &w);
    if (r >= 0 && up)
        r = add_notified(c, &w);
    if (r >= 0 && up)
        r = add_receivers(c, &p, &w);
    if (r >= 0 && c->observation && c->threshold)
        r = why_findings(c, &w);
    if (r < 0)
        return r;
    *ret = w;
    w = (struct why){0};
    return 0;
}

/* ---- what happens next ---- */

static int add_latch(const struct why_case *c, const struct finding *f, int i, struct why *w)
{
    const struct latch *l = &c->alert->latch[f->rule][i];
    const char *level = level_name((enum level)(i + 1));
    char left[DURATION_MAX];
    bool pending = l->state == ALERT_PENDING;
    if (!pending && l->state != ALERT_RECOVERING)
        return 0;
    uint32_t more = f->min_samples > l->observations ? f->min_samples - l->observations : 0;
    return why_add(w, pending ? WHY_FIRES : WHY_RESOLVES, c->threshold ? c->threshold[f->rule].line : 0,
                   "%s %s %s when it stays %s for %s more, and for %" PRIu32 " more polls", rule_name(f->rule), level,
                   pending ? "fires" : "ends", pending ? "beyond the limit" : "clear",
                   duration_human(why_left(l, f), left), more ? more : 1);
}

static int add_latches(const struct why_case *c, struct why *w)
{
    int r = 0;
    for (size_t i = 0; c->observation && i < c->observation->n_findings; i++)
        for (int l = LEVELS - 1; r >= 0 && l >= 0; l--)
            r = add_latch(c, &c->observation->finding[i], l, w);
    return r;
}

int why_next(const struct why_case *c, struct why *ret)
{
    CLEANUP(why_clear) struct why w = {0};
    const struct alert *a = c->alert;
    char at[CLOCK_HUMAN_MAX];
    int r = a ? add_latches(c, &w) : 0;
    const struct silence *s = a && a->context ? alerts_silence(c->ctx, a) : NULL;
    if (r >= 0 && s && s->end_at)
        r = why_add(&w, WHY_ENDS, 0, "the %s ends at %s; what is due then is notified", silence_kind(s), clock_of(c, s->end_at, at));
    if (r >= 0 && a && a->state == ALERT_FIRING && a->reminder_at && a->notified > LEVEL_NONE)
        r = why_add(&w, WHY_REMINDER, 0, "a reminder is due at %s%s", clock_of(c, a->reminder_at, at),
                    s ? ", after the silence" : "");
    if (r < 0)
        return r;
    *ret = w;
    w = (struct why){0};
    return 0;
}
