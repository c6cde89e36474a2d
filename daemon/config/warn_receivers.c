/* SPDX-License-Identifier: MIT */
/* config/warn_receivers.c: receivers that are valid one by one, but together leave somebody unheard. */
#include "config/load.h"

#include "base/text.h"
#include "deliver/receiver.h"
#include "http/signed_in.h"
#include <string.h>

static void warn(struct load *l, const struct receiver_options *r, const char *text)
{
    report_add(&l->report, CONF_WARNING, walk_where(&l->walk, MARK_ELEMENT, r, l->top), "receivers: %s",
               text);
}

static receiver_set marks(const struct options *o, char *const *name, size_t n)
{
    receiver_set set = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < o->n_receivers; k++)
            if (text_equal(name[i], o->receiver[k].name))
                set |= (receiver_set)1 << k;
    return set;
}

static bool takes_all(const struct match *m)
{
    return !m->tenant && !m->sku && !m->allotment && !m->rule && m->n_labels == 0;
}

/* Receivers that hear of some alert at this level. */
static receiver_set audience(const struct options *o, enum level level)
{
    const struct route_options *routes = &o->routes;
    receiver_set set = routes->n_routes == 0 ? UINT64_MAX : 0;
    bool all_taken = routes->n_routes == 0;
    for (size_t i = 0; i < routes->n_routes && !all_taken; i++) {
        const struct route *r = &routes->route[i];
        if (!match_glob(r->match.severity, level_name(level)))
            continue;
        set |= marks(o, r->to, r->n_to);
        all_taken = takes_all(&r->match) && !r->go_on;
    }
    return all_taken ? set : set | marks(o, routes->fallback, routes->n_fallback);
}

static bool has(receiver_set set, size_t i)
{
    return set >> i & 1;
}

/* Writes to a socket of this machine. */
static bool is_local(const struct receiver_options *r)
{
    return r->class && r->own && receiver_transport(r) == &datagram;
}

static bool is_heartbeat(const struct receiver_options *r)
{
    return r->class && r->class->traits & RECEIVER_HEARTBEAT;
}

#define ONLY_LOGS "only the logs of this machine hear of critical alerts; add a receiver that people read"

/* Also with the journal alone, which nobody may have chosen: it is the default. */
static void warn_of_records_only(struct load *l)
{
    const struct options *o = l->options;
    receiver_set hears = audience(o, LEVEL_CRITICAL);
    for (size_t i = 0; i < o->n_receivers; i++)
        if (has(hears, i) && !is_local(&o->receiver[i]) && !is_heartbeat(&o->receiver[i]))
            return;
    warn(l, &o->receiver[0],
         o->n_receivers == 1 ? ONLY_LOGS : ONLY_LOGS ", or lead a route for critical alerts to it");
}

/* journald reads the default socket of syslog. */
static bool is_read_by_journald(const struct receiver_options *r)
{
    const struct conf_key *k = conf_key_find(&r->class->options, "socket");
    const char *socket = k ? *(char *const *)((const char *)r->own + k->at) : NULL;
    return !option_given(socket) || text_equal(socket, "/dev/log");
}

static void warn_of_doubles(struct load *l)
{
    const struct options *o = l->options;
    for (enum level level = LEVEL_WARNING; level <= LEVEL_CRITICAL; level++) {
        receiver_set hears = audience(o, level);
        const struct receiver_options *journal = NULL, *syslog = NULL;
        for (size_t k = 0; k < o->n_receivers; k++)
            if (has(hears, k) && is_local(&o->receiver[k]) && is_read_by_journald(&o->receiver[k]))
                *(o->receiver[k].class == &journal_class ? &journal : &syslog) = &o->receiver[k];
        if (!journal || !syslog)
            continue;
        warn(l, syslog,
             "journal and local syslog both get the same alerts, which journald then shows twice; remove "
             "one of the two, or give the syslog receiver a server");
        return;
    }
}

/* Through Microsoft 365 of a tenant that is watched, or of one that the options do not name. */
static bool depends_on_watched(const struct options *o, const struct receiver_options *r)
{
    struct signed_in_options as = {0};
    if (!r->class->via_microsoft || !r->class->via_microsoft(r))
        return false;
    if (r->class->sign_in)
        r->class->sign_in(r, &as);
    for (size_t i = 0; as.tenant_id && i < o->n_tenants; i++)
        if (text_equal_nocase(o->tenant[i].graph.tenant_id, as.tenant_id))
            return true;
    return !as.tenant_id;
}

static void warn_of_dependence(struct load *l)
{
    const struct options *o = l->options;
    const struct receiver_options *first = NULL;
    for (size_t i = 0; i < o->n_receivers; i++) {
        const struct receiver_options *r = &o->receiver[i];
        if (!r->class || !r->own || !(r->class->traits & (RECEIVER_CHAT | RECEIVER_PAGER)))
            continue;
        if (!depends_on_watched(o, r))
            return;
        first = first ? first : r;
    }
    if (first)
        warn(l, first,
             "every receiver that people read depends on Microsoft 365, whose outage it could not tell of; "
             "add one that does not, for example a pager");
}

void warn_receivers(struct load *l)
{
    warn_of_records_only(l);
    warn_of_doubles(l);
    warn_of_dependence(l);
}
