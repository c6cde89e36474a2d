/* SPDX-License-Identifier: MIT */
/* alerts/texts_pool.c: texts of alerts about licence pools. */
#include "alerts/texts.h"

#include "base/date.h"
#include <inttypes.h>
#include <string.h>

#define SUBSCRIPTIONS_NAMED 3

/* Numbers of the context, with unknown ones resolved. */
struct pool_text {
    bool units; /* both counts are known */
    int64_t allotted, consumed, free;
    int64_t waiting; /* 0 if unknown */
    int64_t needed, to_end; /* units_to_unblock, units_to_buy; 0 if unknown */
    bool gone;
    bool former; /* resolved because the present source is within limits */
    int64_t reference; /* units before the drop; 0: no drop */
    bool relieved; /* resolved because other pools of its SKU have free units */
};

static struct pool_text pool_of(const struct notification *n)
{
    const struct alert_context *f = n->context;
    struct pool_text p = {.units = f->allotted != NUMBER_UNKNOWN && f->consumed != NUMBER_UNKNOWN,
                          .waiting = f->waiting > 0 && !n->waiting_pending ? f->waiting : 0,
                          .needed = f->units_to_unblock > 0 ? f->units_to_unblock : 0,
                          .to_end = f->units_to_buy > 0 ? f->units_to_buy : 0,
                          .gone = n->finding[RULE_ALLOTMENT_GONE],
                          .former =
                              n->type == EVENT_RESOLVED && text_equal(n->reason, "source_changed")};
    if (p.units) {
        p.allotted = f->allotted;
        p.consumed = f->consumed;
        p.free = f->allotted - f->consumed;
        if (n->waiting_pending)
            p.needed = units_to_unblock(f->allotted, f->consumed, 0);
        bool dropped = n->finding[RULE_CAPACITY_DROP] || message_is_normal(n);
        p.reference = dropped && f->reference > f->allotted ? f->reference : 0;
        p.relieved = n->type == EVENT_RESOLVED && !n->reason && f->siblings_free > 0;
    }
    return p;
}

static void add_waiting_since(const struct notification *n, struct text *t)
{
    if (n->context->oldest_at) {
        text_add(t, " since ");
        message_clock(t, n, n->context->oldest_at);
    }
}

static void add_needed(const struct pool_text *p, struct text *t)
{
    if (p->needed == 0)
        return;
    text_add(t, ": ");
    message_count(t, p->needed, "unit", "units");
    text_add(t, " needed");
}

static void add_people_wait(const struct notification *n, const struct pool_text *p, struct text *t)
{
    if (!p->units) {
        text_addf(t, ": %" PRId64 " waiting", p->waiting);
        add_waiting_since(n, t);
    } else if (p->free >= p->waiting) {
        text_addf(
            t,
            ": %" PRId64 " waiting although %" PRId64 " %s free: reprocess the assignments; do not buy",
            p->waiting, p->free, p->free == 1 ? "is" : "are");
    } else {
        if (p->allotted == 0)
            text_add(t, " has no units");
        else if (p->free > 0)
            text_addf(t, " has only %" PRId64 " free", p->free);
        else if (p->free < 0)
            text_addf(t, " is %" PRId64 " over", -p->free);
        else
            text_add(t, " is full");
        text_addf(t, ", %" PRId64 " waiting", p->waiting);
        add_waiting_since(n, t);
        add_needed(p, t);
    }
}

/* The text of a drop replaces that of the usage. */
static bool says_drop(const struct notification *n, const struct pool_text *p)
{
    return p->reference && p->waiting == 0 && p->allotted > 0 &&
           (p->free < 0 || n->rule == RULE_CAPACITY_DROP);
}

/* Numbers of a resolved alert. The pool may still be full, so they are shown without judgement. */
static void add_end(const struct notification *n, const struct pool_text *p, struct text *t)
{
    if (!p->units)
        return;
    if (p->free > 0)
        text_addf(t, " has %" PRId64 " of %" PRId64 " units free", p->free, p->allotted);
    else if (p->free == 0 && p->relieved)
        text_add(t, " is full");
    else
        text_addf(t, ": %" PRId64 " of %" PRId64 " units in use", p->consumed, p->allotted);
    if (p->waiting > 0)
        text_addf(t, ", %" PRId64 " waiting", p->waiting);
    if (p->relieved && p->free > 0)
        text_addf(t, ", and %" PRId64 " in other pools of its SKU", n->context->siblings_free);
    else if (p->relieved)
        text_addf(t, ", but %" PRId64 " %s of its SKU %s free in other pools",
                  n->context->siblings_free, n->context->siblings_free == 1 ? "unit" : "units",
                  n->context->siblings_free == 1 ? "is" : "are");
}

static void add_state(const struct notification *n, const struct pool_text *p, struct text *t)
{
    if (p->former) {
        text_add(t, " is within the limits according to the current source");
    } else if (p->gone) {
        text_add(t, " is no longer listed");
        if (p->units)
            text_addf(t, "; %" PRId64 " of %" PRId64 " units were in use", p->consumed,
                      p->allotted);
    } else if (message_is_normal(n) && p->units) {
        text_addf(t, ": %" PRId64 " units are the new normal", p->allotted);
    } else if (n->type == EVENT_RESOLVED) {
        add_end(n, p, t);
    } else if (p->waiting > 0) {
        add_people_wait(n, p, t);
    } else if (!p->units) {
        text_add(t, ": number of units unknown");
    } else if (p->allotted == 0) {
        text_addf(t, " has no units, %" PRId64 " in use", p->consumed);
        add_needed(p, t);
    } else if (says_drop(n, p)) {
        text_addf(t, " fell from %" PRId64 " to %" PRId64 " units, %" PRId64 " in use", p->reference,
                  p->allotted, p->consumed);
        add_needed(p, t);
    } else if (p->free < 0) {
        text_addf(t, " is over: %" PRId64 " of %" PRId64 " units in use", p->consumed, p->allotted);
        add_needed(p, t);
    } else if (p->free == 0) {
        text_addf(t, " is full: %" PRId64 " of %" PRId64 " units in use", p->consumed, p->allotted);
    } else if (n->rule == RULE_FORECAST && n->context->forecast_likely != NUMBER_UNKNOWN) {
        text_add(t, n->context->forecast_likely ? " runs out in about " : " runs out within ");
        message_count(t, n->context->forecast_likely ? n->context->forecast_likely : 1, "day", "days");
        text_addf(t, ": %" PRId64 " of %" PRId64 " units left", p->free, p->allotted);
    } else if (n->rule == RULE_USAGE && n->value != NUMBER_UNKNOWN) {
        text_add(t, " is ");
        message_percent(t, n->value);
        text_addf(t, " full: %" PRId64 " of %" PRId64 " units left", p->free, p->allotted);
    } else {
        bool few = n->rule == RULE_REMAINING && p->free <= n->threshold;
        text_addf(t, " has %s%" PRId64 " of %" PRId64 " units left", few ? "only " : "", p->free,
                  p->allotted);
    }
}

static void add_condition(const struct notification *n, const struct pool_text *p, struct text *t)
{
    add_state(n, p, t);
    if (p->reference && !says_drop(n, p) && !p->gone && !n->reason)
        text_addf(t, "; it had %" PRId64 " units", p->reference);
}

static void add_units(const struct notification *n, const struct pool_text *p, struct text *t)
{
    message_sku(t, n->context);
    if (n->context->sku_part_number && n->context->sku_name &&
        !text_equal(n->context->sku_part_number, n->context->sku_name)) {
        text_add(t, " (");
        message_add(t, n->context->sku_part_number);
        text_add(t, ")");
    }
    if (n->context->allotment_name) {
        text_add(t, ", ");
        message_add(t, n->context->allotment_name);
    }
    if (!p->units) {
        text_add(t, ": the number of units in use is unknown.\n");
        return;
    }
    text_addf(t, ": %" PRId64 " of %" PRId64 " units %s in use", p->consumed, p->allotted,
              p->gone || p->former ? "were" : "are");
    if (p->allotted > 0 && p->consumed >= 0 && p->consumed <= INT64_MAX / 10000) {
        text_add(t, " (");
        message_percent(t, p->consumed * 10000 / p->allotted);
        text_add(t, ")");
    }
    if (p->gone || p->former)
        text_add(t, " when the pool was last listed");
    else if (p->free < 0)
        text_addf(t, ", %" PRId64 " more than the pool has", -p->free);
    else if (p->free == 0)
        text_add(t, ", none is free");
    else
        text_addf(t, ", %" PRId64 " %s free", p->free, p->free == 1 ? "is" : "are");
    text_add(t, ".\n");
}

static void add_drop(const struct notification *n, const struct pool_text *p, struct text *t)
{
    if (p->reference && message_is_normal(n))
        text_addf(t, "It had %" PRId64 " units before the drop; %" PRId64
                     " is the new baseline.\n", p->reference, p->allotted);
    else if (p->reference)
        text_addf(t, "It had %" PRId64 " units before; %" PRId64 " were lost.\n", p->reference,
                  p->reference - p->allotted);
}

static void add_waiting(const struct notification *n, const struct pool_text *p, struct text *t)
{
    char buf[DURATION_MAX];
    usec_t oldest = n->context->oldest_at;
    if (p->former)
        return;
    if (p->gone) { /* the numbers are those of the last poll that listed it */
        text_add(t, "The number of members waiting for a licence is unknown");
        if (p->waiting > 0)
            text_addf(t, "; it was %" PRId64 " when the pool was last listed", p->waiting);
        text_add(t, ".\n");
        return;
    }
    if (n->waiting_pending) {
        text_addf(t, "%" PRId64 " %s for a licence, for less than waiting.for so far.\n",
                  n->context->waiting, n->context->waiting == 1 ? "member is waiting" : "members are waiting");
        return;
    }
    if (p->waiting == 0) {
        text_add(t, n->context->waiting == 0
                        ? "No members are waiting for a licence.\n"
                        : "The number of members waiting for a licence is unknown.\n");
        return;
    }
    text_addf(t, "%" PRId64 " %s for a licence", p->waiting,
              p->waiting == 1 ? "member is waiting" : "members are waiting");
    if (p->units && p->free >= p->waiting)
        text_addf(t, " although %" PRId64 " %s free", p->free, p->free == 1 ? "is" : "are");
    if (oldest) {
        text_add(t, ", the first since ");
        message_clock(t, n, oldest);
        if (n->at > oldest)
            text_addf(t, " (%s)", duration_human(n->at - oldest, buf));
    }
    text_add(t, ".\n");
}

/* The next date of a subscription in force; DATE_UNKNOWN: there is none. */
static int32_t renewal_of(const struct alert_context *f)
{
    int32_t first = DATE_UNKNOWN;
    for (size_t i = 0; i < f->n_subscriptions; i++) {
        int32_t date = f->subscription[i].next_lifecycle_date;
        if (date != DATE_UNKNOWN && text_equal(f->subscription[i].state, "active") &&
            (first == DATE_UNKNOWN || date < first))
            first = date;
    }
    return first;
}

static void add_forecast(const struct notification *n, struct text *t)
{
    const struct alert_context *f = n->context;
    char date[RFC3339_MAX];
    if (!n->finding[RULE_FORECAST] || n->type == EVENT_RESOLVED || f->forecast_likely == NUMBER_UNKNOWN)
        return;
    int32_t today = (int32_t)(f->observed_at / USEC_PER_DAY), ends = today + (int32_t)f->forecast_likely,
            renewal = renewal_of(f);
    text_addf(t, "At the pace of the last 8 weeks it runs out around %s, ", date_print(ends, date));
    if (f->forecast_late == NUMBER_UNKNOWN)
        text_addf(t, "in %" PRId64 " days or later", f->forecast_early);
    else
        text_addf(t, "in %" PRId64 " to %" PRId64 " days", f->forecast_early, f->forecast_late);
    if (renewal != DATE_UNKNOWN && ends < renewal)
        text_addf(t, "; it runs out before renewal (%s)", date_print(renewal, date));
    text_add(t, ".\n");
}

static void add_subscriptions(const struct notification *n, struct text *t)
{
    const struct alert_context *f = n->context;
    char date[RFC3339_MAX];
    for (size_t i = 0; i < f->n_subscriptions && i < SUBSCRIPTIONS_NAMED; i++) {
        const struct context_subscription *s = &f->subscription[i];
        text_add(t, i ? "; " : "Subscriptions: ");
        if (!message_id_is_ours(s->id)) {
            message_add(t, s->id);
            text_add(t, " ");
        }
        message_add(t, s->state);
        if (s->next_lifecycle_date != DATE_UNKNOWN)
            text_addf(t, ", next date %s", date_print(s->next_lifecycle_date, date));
    }
    if (f->n_subscriptions > SUBSCRIPTIONS_NAMED)
        text_addf(t, "; and %zu more", f->n_subscriptions - SUBSCRIPTIONS_NAMED);
    if (f->n_subscriptions)
        text_add(t, ".\n");
}

static void add_below(const struct alert_context *f, struct text *t)
{
    if (f->ends_below_bp == NUMBER_UNKNOWN)
        return;
    text_add(t, " (below ");
    message_percent(t, f->ends_below_bp);
    text_add(t, " in use)");
}

static void add_next(const struct notification *n, const struct pool_text *p, struct text *t)
{
    const struct alert_context *f = n->context;
    bool over = p->needed > 0 || p->to_end > 0;
    if (n->type == EVENT_RESOLVED) {
        bool beyond = !n->reason && (p->waiting > 0 || p->needed > 0);
        text_add(t, beyond ? "No action is needed now: the numbers are within the limits."
                           : MESSAGE_NO_ACTION);
        return;
    }
    if (p->gone) {
        text_add(t, "Check in the admin center (Billing > Your products) whether the "
                    "subscription was cancelled or moved; its users may have lost their licence.");
        return;
    }
    if (p->reference && !n->reason)
        text_add(t, "Check in the admin center (Billing > Your products) why units were lost: "
                    "fewer were bought, or a subscription ended. ");
    if (over && f->sibling_name && f->sibling_free > 0) {
        text_addf(t, "First use the %" PRId64 " free units of ", f->sibling_free);
        message_add(t, f->sibling_name);
        text_add(t, " (same product). ");
    }
    if (p->needed > 0) {
        text_addf(t, "Order %" PRId64 " %s now%s", p->needed, p->needed == 1 ? "unit" : "units",
                  p->waiting == 0 ? ", or free as many"
                  : n->context->allotment_id
                      ? " for the waiting members"
                      : " for the waiting members, in the pool that they wait for");
        if (p->to_end > p->needed) {
            text_addf(t, "; %" PRId64 " in total end this alert", p->to_end);
            add_below(f, t);
        }
        text_add(t, ".");
    } else if (p->waiting > 0 && p->units) {
        text_add(
            t, "Reprocess the assignments of the waiting members; enough units are free, do not buy.");
    } else if (p->reference && !n->reason) {
        text_add(t, "If that was intended, no action is needed: after 7 days the lower number counts "
                    "as normal.");
    } else if (p->to_end > 0) {
        text_addf(t, "Order %" PRId64 " %s, or free as many, to end this alert", p->to_end,
                  p->to_end == 1 ? "unit" : "units");
        add_below(f, t);
        text_add(t, ".");
    } else {
        text_add(t, "Check the pool in the admin center (Billing > Licenses).");
    }
}

void message_capacity(const struct notification *n, struct message_text *w)
{
    const struct pool_text p = pool_of(n);
    message_pool(&w->subject, n->context);
    add_condition(n, &p, &w->condition);
    add_units(n, &p, &w->what);
    add_drop(n, &p, &w->what);
    add_waiting(n, &p, &w->what);
    add_forecast(n, &w->what);
    add_subscriptions(n, &w->what);
    message_fallback(&w->what, n->context);
    add_next(n, &p, &w->next);
}
