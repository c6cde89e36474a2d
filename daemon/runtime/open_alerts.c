/* SPDX-License-Identifier: MIT */
/* runtime/open_alerts.c: lists the open alerts of which a receiver was notified, and when a poll last confirmed
 * each of them. */
#include "runtime/open_alerts.h"

#include "alerts/kind.h"
#include "runtime/app.h"
#include "runtime/tenant.h"

/* What a poll must have read to confirm an alert by this rule; HEALTH_SECTIONS_: this daemon itself knows. */
static enum health_section section_of(enum rule rule)
{
    static const enum health_section SECTIONS[RULE_COUNT_] = {
        [RULE_WAITING_AGE] = HEALTH_WAITING,
        [RULE_WAITING] = HEALTH_WAITING,
        [RULE_USAGE] = HEALTH_UNITS,
        [RULE_REMAINING] = HEALTH_UNITS,
        [RULE_FORECAST] = HEALTH_UNITS,
        [RULE_CAPACITY_DROP] = HEALTH_UNITS,
        [RULE_ALLOTMENT_GONE] = HEALTH_ALLOTMENTS,
        [RULE_SUBSCRIPTION] = HEALTH_ALLOTMENTS,
        [RULE_ASSIGNMENT_ERRORS] = HEALTH_ERRORS,
        [RULE_POLL] = HEALTH_SECTIONS_,
        [RULE_DELIVERY] = HEALTH_SECTIONS_,
        [RULE_USAGE_RIGHT] = HEALTH_RIGHTS,
        [RULE_SERVICE] = HEALTH_SECTIONS_,
        [RULE_CREDENTIAL] = HEALTH_SECTIONS_,
    };
    return SECTIONS[rule];
}

/* A clear poll does not confirm an alert that is about to resolve. `t` is NULL for alerts of no tenant. */
static usec_t confirmed_mono(const struct tenant *t, const struct alert *a, enum rule rule, struct instant now)
{
    enum health_section section = section_of(rule);
    if (a->state != ALERT_FIRING)
        return 0;
    if (section == HEALTH_SECTIONS_)
        return now.mono;
    const struct instant *last = t ? &t->health.section[section].last_complete : &(struct instant){0};
    return last->boot == now.boot ? last->mono : 0;
}

/* The first digest of a tenant notified of this alert, at the level that it mutes. */
static bool is_baseline(const struct alert *a)
{
    for (int rule = 0; rule < RULE_COUNT_; rule++)
        if (a->muted[rule] > LEVEL_NONE)
            return true;
    return false;
}

static int add_alert(struct app *app, const struct tenant *t, const struct alert *a, const char *receiver,
                     struct repeated *to)
{
    struct instant now = clock_now();
    bool notified = a->notified > LEVEL_NONE;
    int at = receiver_index(&app->options->routes, receiver);
    if (at < 0 || !a->context || !alert_state_is_up(a->state) || (!notified && !is_baseline(a)))
        return 0;
    struct open_alert one = {.alert = a,
                               .rule = notified ? a->notified_rule : a->rule,
                               .level = notified ? a->notified : a->level};
    struct reach reach = route_for(&app->options->routes, a->kind, one.rule, one.level, a->context, now.at);
    if (kind_row(a->kind)->of_tenants) {
        reach.now |= app->outage_reach.now;
        reach.later |= app->outage_reach.later;
    }
    one.deferred = !(reach.now >> at & 1);
    one.confirmed_mono = confirmed_mono(t, a, one.rule, now);
    return (reach.now | reach.later) >> at & 1 ? repeated_add(to, &one) : 0;
}

int open_alerts_list(void *userdata, const char *receiver, struct repeated *to)
{
    struct app *app = userdata;
    int r = 0;
    for (size_t i = 0; i <= app->n_tenants; i++) {
        const struct tenant *t = i < app->n_tenants ? &app->tenant[i] : NULL;
        const char *tenant_id = t ? t->options->identity.tenant_id : "";
        for (const struct alert *a = NULL; r >= 0 && (a = registry_next_of(app->registry, tenant_id, a));)
            r = add_alert(app, t, a, receiver, to);
    }
    return r;
}
