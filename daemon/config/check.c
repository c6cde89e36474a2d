/* SPDX-License-Identifier: MIT */
/* config/check.c: checks that concern several keys: thresholds, matches, overrides, intervals. */
#include "config/load.h"

#include "base/text.h"
#include "config/forms.h"
#include "config/match_names.h"
#include "model/product.h"

/* ---- thresholds ---- */

static const struct conf_key *part(enum rule rule, const char *name)
{
    const struct conf_key *k = conf_rule_key(rule);
    return k ? conf_key_find(k->section, name) : NULL;
}

/* A number that grows or shrinks with severity; a poll counts as one interval. */
static int64_t weight(const struct options *o, const struct limit *l)
{
    int64_t each = (int64_t)(o->poll_interval / USEC_PER_SEC), seconds;
    if (!l->polls)
        return l->value;
    return __builtin_mul_overflow(l->value, each, &seconds) ? INT64_MAX : seconds;
}

static char *print(const struct conf_key *k, const struct limit *l)
{
    struct text t = TEXT_INIT(64);
    value_print(k, l, &t);
    return text_take(&t);
}

/* `given` is the group in the file, `t` the resulting limits. */
static void check_order(struct load *l, enum rule rule, const struct threshold *t,
                        const struct threshold *given, const char *path)
{
    const struct conf_key *warning = part(rule, "warning"), *critical = part(rule, "critical");
    const struct limit *w = &t->limit[LEVEL_WARNING], *c = &t->limit[LEVEL_CRITICAL];
    if (t->off || !w->on || !c->on)
        return;
    int64_t a = weight(l->options, w), b = weight(l->options, c);
    if (warning->smaller_is_worse ? b <= a : b >= a)
        return;
    CLEANUP(free) char *warn = print(warning, w);
    CLEANUP(free) char *crit = print(critical, c);
    if (!warn || !crit) {
        l->walk.oom = true;
        return;
    }
    struct conf_where where = walk_where(&l->walk, MARK_GROUP, given, l->top);
    where = walk_where(&l->walk, MARK_VALUE, &given->limit[LEVEL_WARNING], where);
    where = walk_where(&l->walk, MARK_VALUE, &given->limit[LEVEL_CRITICAL], where);
    walk_problem(&l->walk, where,
                 "%s.%s: warning = %s is worse than critical = %s; for this rule critical must be "
                 "the %s one, or one of them \"off\"",
                 path, rule_name(rule), warn, crit,
                 warning->smaller_is_worse ? "smaller" : "larger");
}

static void check_margin(struct load *l, enum rule rule, const struct threshold *t,
                         const struct threshold *given, const char *path)
{
    for (int i = LEVEL_WARNING; i <= LEVEL_CRITICAL; i++) {
        if (t->off || !t->limit[i].on || t->clear_margin_bp < t->limit[i].value)
            continue;
        struct conf_where where = walk_where(&l->walk, MARK_GROUP, given, l->top);
        where = walk_where(&l->walk, MARK_VALUE, &given->limit[i], where);
        where = walk_where(&l->walk, MARK_VALUE, &given->clear_margin_bp, where);
        walk_problem(&l->walk, where,
                     "%s.%s: clear_margin is not smaller than %s, which could then never clear; "
                     "write a smaller margin",
                     path, rule_name(rule), level_name((enum level)i));
        return;
    }
}

/* A group without its own times takes those of alerts. */
static void inherit(const struct options *o, enum rule rule, struct threshold *t)
{
    const struct conf_key *own_for = part(rule, "for");
    if (!(t->set & SET_FOR) && !(own_for && own_for->def))
        t->hold_for = o->alerts_for;
    if (!(t->set & SET_KEEP_FIRING_FOR))
        t->keep_firing_for = o->alerts_keep_firing_for;
    if (!(t->set & SET_MIN_SAMPLES))
        t->min_samples = o->alerts_min_samples;
}

void check_thresholds(struct load *l)
{
    for (int r = 0; r < RULE_COUNT_; r++) {
        struct threshold *t = &l->options->rules.threshold[r];
        inherit(l->options, (enum rule)r, t);
        if (!conf_rule_key((enum rule)r))
            continue;
        check_order(l, (enum rule)r, t, t, "thresholds");
        if (part((enum rule)r, "clear_margin"))
            check_margin(l, (enum rule)r, t, t, "thresholds");
    }
}

/* ---- matches ---- */

void check_tenant(struct load *l, char *const *name, const char *path, const char *key,
                  struct conf_where where)
{
    const struct options *o = l->options;
    if (match_tenant_exists(o, *name))
        return;
    const char *near = match_nearest_tenant(o, *name);
    /* It may be in the file that could not be read: then that is the problem to be mended. */
    enum conf_gravity gravity = l->walk.gravity;
    if (o->tenants_incomplete)
        l->walk.gravity = CONF_TENANT;
    walk_problem(&l->walk, walk_where(&l->walk, MARK_VALUE, name, where),
                 "%s%s: there is no tenant \"%s\"; %s%s%s", path, key, *name,
                 near ? "did you mean \"" : "name one that is configured",
                 near ? near : "", near ? "\"?" : "");
    l->walk.gravity = gravity;
}

void check_sku(struct load *l, char *const *sku, const char *path, const char *key,
               struct conf_where where)
{
    const char *part = match_part_number(l->options, *sku);
    if (part)
        walk_problem(&l->walk, walk_where(&l->walk, MARK_VALUE, sku, where),
                     "%s%s: \"%s\" is the name of a product, and a SKU goes by its part number; write \"%s\"",
                     path, key, *sku, part);
}

void check_match(struct load *l, const struct match *m, const char *path, struct conf_where where)
{
    if (m->tenant && !form_is_glob(m->tenant))
        check_tenant(l, &m->tenant, path, ".match.tenant", where);
    if (m->sku)
        check_sku(l, &m->sku, path, ".match.sku", where);
}

static bool match_empty(const struct match *m)
{
    return !m->tenant && !m->sku && !m->allotment && !m->rule && m->n_labels == 0;
}

/* ---- overrides ---- */

/* The defaults with only this override laid on them. */
static struct threshold laid_on(const struct threshold *base, const struct threshold *o)
{
    struct threshold t = *base;
    if (o->set & (SET_OFF | SET_WARNING | SET_CRITICAL))
        t.off = (o->set & SET_OFF) != 0;
    if (o->set & SET_WARNING)
        t.limit[LEVEL_WARNING] = o->limit[LEVEL_WARNING];
    if (o->set & SET_CRITICAL)
        t.limit[LEVEL_CRITICAL] = o->limit[LEVEL_CRITICAL];
    if (o->set & SET_CLEAR_MARGIN)
        t.clear_margin_bp = o->clear_margin_bp;
    return t;
}

/* Rules that no override reaches, and what to do instead. */
static const char *const OUT_OF_REACH[RULE_COUNT_] = {
    [RULE_USAGE_RIGHT] = "a usage right is watched because usage_rights names it; remove its entry there",
    [RULE_DELIVERY] = "delivery is judged by receiver; remove the receiver, or choose its alerts by routes",
    [RULE_SERVICE] = "this rule is judged for all tenants together; choose its alerts by routes",
};

#define USELESS_MAX 128
/* Why an override with this match never reaches this rule; "": it may. */
static const char *unreached(enum rule rule, const struct match *m, char *buf)
{
    const struct rule_row *row = rule_row(rule);
    buf[0] = '\0';
    if (OUT_OF_REACH[rule])
        return OUT_OF_REACH[rule];
    if (row->scope == RULE_BY_TENANT && (m->sku || m->allotment))
        (void)snprintf(buf, USELESS_MAX, "%s judged by tenant; match a tenant or labels", row->scope_what);
    else if (row->scope == RULE_BY_SKU && m->allotment)
        (void)snprintf(buf, USELESS_MAX, "%s judged by tenant and SKU; match a tenant, a SKU or labels",
                       row->scope_what);
    return buf;
}

/* Why a limit has no effect, which is a mistake; "": it has. */
static const char *useless(enum rule rule, const struct match *m, char *buf)
{
    const char *why = unreached(rule, m, buf);
    return *why || !m->rule || text_glob(m->rule, rule_row(rule)->name)
               ? why
               : "match.rule is for another rule; name this one there, or leave match.rule out";
}

/* `ignore` with match.rule switches these rules off: one of them at least must be one that it can. */
static void check_ignored_rules(struct load *l, const struct override *o, struct conf_where where)
{
    char buf[USELESS_MAX], first[USELESS_MAX] = "";
    for (int r = 0; o->match.rule && r < RULE_COUNT_; r++) {
        if (!text_glob(o->match.rule, rule_name((enum rule)r)))
            continue;
        const char *why = unreached((enum rule)r, &o->match, buf);
        if (!*why)
            return;
        if (!*first)
            (void)snprintf(first, sizeof first, "%s", why);
    }
    if (*first)
        walk_problem(&l->walk, walk_where(&l->walk, MARK_VALUE, &o->match.rule, where),
                     "overrides.match.rule: this has no effect: %s", first);
}

static void check_override_rule(struct load *l, const struct override *o, enum rule rule,
                                struct conf_where where)
{
    const struct threshold *given = &o->threshold[rule];
    where = walk_where(&l->walk, MARK_GROUP, given, where);
    char buf[USELESS_MAX];
    const char *why = useless(rule, &o->match, buf);
    if (*why)
        walk_problem(&l->walk, where, "overrides.%s: this has no effect: %s", rule_name(rule),
                     why);
    struct threshold t = laid_on(&l->options->rules.threshold[rule], given);
    if (given->set & (SET_WARNING | SET_CRITICAL))
        check_order(l, rule, &t, given, "overrides");
    if (part(rule, "clear_margin") && given->set & (SET_WARNING | SET_CRITICAL | SET_CLEAR_MARGIN))
        check_margin(l, rule, &t, given, "overrides");
}

static void check_override(struct load *l, struct override *o)
{
    struct conf_where where = walk_where(&l->walk, MARK_ELEMENT, o, l->top);
    o->line = where.line;
    o->set_ignore = walk_is_set(&l->walk, &o->ignore);
    bool says = o->set_ignore;
    if (says)
        check_ignored_rules(l, o, where);
    for (int r = 0; r < RULE_COUNT_; r++) {
        if (!walk_is_set(&l->walk, &o->threshold[r]))
            continue;
        says = says || o->threshold[r].set != 0 || walk_wrong(&l->walk, &o->threshold[r]);
        check_override_rule(l, o, (enum rule)r, where);
    }
    if (!says)
        walk_problem(
            &l->walk, where,
            "overrides: this one changes nothing; add a rule such as usage = { ... }, or ignore");
    if (match_empty(&o->match) && walk_is_set(&l->walk, &o->match) &&
        !walk_wrong(&l->walk, &o->match))
        walk_problem(&l->walk, walk_where(&l->walk, MARK_GROUP, &o->match, where),
                     "overrides.match: this names nothing; name a tenant, sku, allotment or "
                     "labels, or change thresholds instead");
    check_match(l, &o->match, "overrides", where);
}

void check_overrides(struct load *l)
{
    for (size_t i = 0; i < l->options->rules.n_overrides; i++)
        check_override(l, &l->options->rules.override[i]);
}

/* ---- alerts, poll, network ---- */

static void check_cap(struct load *l, enum level level)
{
    const struct alert_options *a = &l->options->alerts;
    if (a->repeat.every[level] <= a->repeat.cap)
        return;
    struct conf_where where = walk_where(&l->walk, MARK_VALUE, &a->repeat.every[level], l->top);
    walk_problem(&l->walk, walk_where(&l->walk, MARK_VALUE, &a->repeat.cap, where),
                 "alerts.repeat: cap is shorter than %s; write a cap of at least that long",
                 level_name(level));
}

void check_alerts(struct load *l)
{
    const struct options *o = l->options;
    check_cap(l, LEVEL_CRITICAL);
    check_cap(l, LEVEL_WARNING);
    if (o->poll_interval < 30 * USEC_PER_SEC)
        report_add(&l->report, CONF_WARNING,
                   walk_where(&l->walk, MARK_VALUE, &o->poll_interval, l->top),
                   "poll.interval: Microsoft may throttle polls that are less than 30 s apart; "
                   "take \"30s\" or more for daily work");
    if (*o->proxy_password_file && !*o->proxy)
        report_add(&l->report, CONF_WARNING,
                   walk_where(&l->walk, MARK_VALUE, &o->proxy_password_file, l->top),
                   "network.proxy_password_file: there is no proxy to use it for; add proxy, or "
                   "remove this");
}
