/* SPDX-License-Identifier: MIT */
/* config/check_info.c: checks of matches that choose events of severity info. */
#include "config/load.h"

#include "base/text.h"
#include "config/match_names.h"

/* Whether the match lets a rule pass that informs, or one that alerts. */
static bool rule_passes(const struct match *m, bool informs)
{
    for (int r = 0; r < RULE_COUNT_; r++)
        if (rule_row((enum rule)r)->informs == informs && match_glob(m->rule, rule_name((enum rule)r)))
            return true;
    return false;
}

bool match_is_for_alerts(const struct match *m)
{
    return rule_passes(m, false) && (match_glob(m->severity, level_name(LEVEL_WARNING)) ||
                                     match_glob(m->severity, level_name(LEVEL_CRITICAL)));
}

static bool is_for_infos(const struct match *m)
{
    return rule_passes(m, true) && match_glob(m->severity, severity_name(LEVEL_NONE));
}

static bool never_gets_info(const struct receiver_options *r)
{
    return r->class && r->class->traits & RECEIVER_NEVER_INFO;
}

static void check_info_receivers(struct load *l, const struct route *route, struct conf_where where)
{
    for (size_t i = 0; i < route->n_to; i++)
        for (size_t k = 0; k < l->options->n_receivers; k++) {
            const struct receiver_options *r = &l->options->receiver[k];
            if (text_equal(r->name, route->to[i]) && never_gets_info(r))
                walk_problem(&l->walk, walk_where(&l->walk, MARK_VALUE, &route->to, where),
                             "routes.to: \"%s\" gets no events of severity info, because it is of type %s; "
                             "name another receiver",
                             r->name, r->class->name);
        }
}

void check_info_route(struct load *l, const struct route *route, struct conf_where where)
{
    const struct match *m = &route->match;
    if (walk_wrong(&l->walk, &m->rule) || walk_wrong(&l->walk, &m->severity) || match_is_for_alerts(m))
        return;
    if (!is_for_infos(m)) {
        walk_problem(&l->walk, walk_where(&l->walk, MARK_VALUE, &m->severity, where),
                     "routes.match.severity: this rule has no such severity; inventory and unused have "
                     "info, the others have critical and warning");
        return;
    }
    if (route->hours.n_ranges > 0)
        walk_problem(&l->walk, walk_where(&l->walk, MARK_VALUE, &route->hours, where),
                     "routes.hours: this has no effect, because events of severity info are not deferred; "
                     "remove it");
    check_info_receivers(l, route, where);
}

void check_info_silence(struct load *l, const struct match *m, struct conf_where where)
{
    if (!walk_wrong(&l->walk, &m->rule) && !walk_wrong(&l->walk, &m->severity) && !match_is_for_alerts(m))
        walk_problem(&l->walk, walk_where(&l->walk, MARK_VALUE, m->severity ? &m->severity : &m->rule, where),
                     "maintenance.match: this has no effect, because events of severity info are not "
                     "silenced; name a rule that alerts");
}
