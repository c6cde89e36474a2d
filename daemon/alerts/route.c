/* SPDX-License-Identifier: MIT */
/* alerts/route.c: finds the receivers of an alert. */
#include "alerts/route.h"

#include "alerts/kind.h"
#include "base/text.h"
#include <assert.h>
#include <errno.h>
#include <string.h>

#define BIT(i) ((receiver_set)1 << (i))

int receiver_index(const struct route_options *o, const char *name)
{
    for (size_t i = 0; i < o->n_receivers; i++)
        if (text_equal(o->receiver[i].name, name))
            return (int)i;
    return -ENOENT;
}

static receiver_set everyone(const struct route_options *o)
{
    receiver_set set = 0;
    assert(o->n_receivers <= RECEIVERS_MAX);
    for (size_t i = 0; i < o->n_receivers; i++)
        if (!o->receiver[i].heartbeat)
            set |= BIT(i);
    return set;
}

static receiver_set named(const struct route_options *o, char *const *name, size_t n)
{
    receiver_set set = 0;
    for (size_t i = 0; i < n; i++) {
        int at = receiver_index(o, name[i]);
        if (at >= 0)
            set |= BIT(at);
    }
    return set;
}

static receiver_set self(const struct route_options *o, const struct alert_context *f)
{
    int at = f->receiver ? receiver_index(o, f->receiver) : -ENOENT;
    return at >= 0 ? BIT(at) : 0;
}

bool match_alert(const struct match *m, enum rule rule, enum level level,
                 const struct alert_context *f)
{
    const struct tenant_identity tenant = {.name = f->tenant_name,
                                           .tenant_id = f->tenant_id,
                                           .label = f->label,
                                           .n_labels = f->n_labels};
    return match_glob(m->rule, rule_name(rule)) &&
           match_glob(m->severity, severity_name(level)) &&
           match_applies(m, &tenant, f->sku_id, f->sku_part_number, f->allotment_id);
}

/* The fallback, or all receivers if it is empty. `never`: the receiver that the alert is about. */
static receiver_set fallback(const struct route_options *o, receiver_set never)
{
    receiver_set set = named(o, o->fallback, o->n_fallback) & ~never;
    return set ? set : everyone(o) & ~never;
}

receiver_set route_fallback(const struct route_options *o)
{
    return fallback(o, 0);
}

const struct route *route_next(const struct route_options *o, enum rule rule, enum level level,
                               const struct alert_context *f, size_t *cursor)
{
    while (*cursor < o->n_routes) {
        const struct route *r = &o->route[(*cursor)++];
        if (!match_alert(&r->match, rule, level, f))
            continue;
        if (!r->go_on)
            *cursor = o->n_routes;
        return r;
    }
    return NULL;
}

static bool has_line(const char *lines, const char *name)
{
    size_t len;
    for (const char *p = lines; *p; p += len + (p[len] == '\n')) {
        len = strcspn(p, "\n");
        if (len == strlen(name) && memcmp(p, name, len) == 0)
            return true;
    }
    return false;
}

/* Receivers that stop when the alert comes true: they sign in with the credential that it is about. */
static receiver_set at_risk(const struct route_options *o, const struct alert_context *f)
{
    receiver_set set = 0;
    for (size_t i = 0; f->receivers && i < o->n_receivers; i++)
        if (has_line(f->receivers, o->receiver[i].name))
            set |= BIT(i);
    return set;
}

/* A route outside its hours matches too: it does not fall through to the next one. */
static struct reach route_by_rules(const struct route_options *o, enum kind kind, enum rule rule,
                                   enum level level, const struct alert_context *f, usec_t at)
{
    if (kind_row(kind)->to_receiver)
        return (struct reach){.now = self(o, f)};
    if (kind_row(kind)->of_receiver)
        return (struct reach){.now = fallback(o, self(o, f))};
    if (o->n_routes == 0)
        return (struct reach){.now = everyone(o)};
    struct reach reach = {0};
    const struct route *r;
    bool matched = false;
    size_t cursor = 0;
    while ((r = route_next(o, rule, level, f, &cursor))) {
        if (hours_open(&r->hours, at, f->utc_offset))
            reach.now |= named(o, r->to, r->n_to);
        else
            reach.later |= named(o, r->to, r->n_to);
        matched = true;
    }
    if (!matched)
        reach.now = fallback(o, 0);
    reach.later &= ~reach.now;
    return reach;
}

struct reach route_for(const struct route_options *o, enum kind kind, enum rule rule,
                       enum level level, const struct alert_context *f, usec_t at)
{
    struct reach reach = route_by_rules(o, kind, rule, level, f, at);
    receiver_set risk = at_risk(o, f);
    if (risk && !((reach.now | reach.later) & ~risk))
        reach.now |= fallback(o, risk); /* nobody else would hear that they stop */
    reach.later &= ~reach.now;
    return reach;
}

static receiver_set informed(const struct route_options *o, int info)
{
    receiver_set set = 0;
    for (size_t i = 0; i < o->n_receivers; i++)
        if ((int)o->receiver[i].info == info)
            set |= BIT(i);
    return set;
}

receiver_set route_info(const struct route_options *o, enum rule rule, const struct alert_context *f)
{
    receiver_set set = 0;
    for (size_t i = 0; i < o->n_routes; i++) {
        const struct route *r = &o->route[i];
        if ((!r->match.severity && !r->match.rule) || !match_alert(&r->match, rule, LEVEL_NONE, f))
            continue;
        set |= named(o, r->to, r->n_to);
        if (!r->go_on)
            break;
    }
    return (set & ~informed(o, INFO_NEVER)) | informed(o, INFO_ALWAYS);
}
