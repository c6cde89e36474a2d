/* SPDX-License-Identifier: MIT */
/* config/check_receivers.c: receivers, routes to them, and the fallback. */
#include "config/load.h"

#include "base/text.h"
#include "graph/signed_in.h"
#include <errno.h>
#include <string.h>

#define DEFAULT_RECEIVER "journal"
#define POLLS_FOR_CONFIRMATION 3
#define CONFIRMATION_MIN (15 * USEC_PER_MINUTE)

static struct conf_where place(const struct load *l, const void *element)
{
    return walk_where(&l->walk, MARK_ELEMENT, element, l->top);
}

/* ---- receivers ---- */

static int add_journal(struct options *o)
{
    o->receiver = calloc(1, sizeof *o->receiver);
    if (!o->receiver)
        return -ENOMEM;
    o->n_receivers = 1;
    o->receiver->class = receiver_type_find(DEFAULT_RECEIVER);
    int r = walk_receiver_new(o->receiver);
    return r < 0 ? r : text_copy(DEFAULT_RECEIVER, &o->receiver->name);
}

/* The key of two words whose second makes this file unnecessary, if that word was given; else NULL. */
static const struct conf_key *unnecessary(const struct receiver_options *r, const struct conf_key *k)
{
    const struct conf_key *unless =
        k->unless ? conf_key_find(&r->class->options, k->unless) : NULL;
    return unless && *(const bool *)((const char *)r->own + unless->at) ? unless : NULL;
}

/* The files that this type cannot do without. */
static void check_keys(struct load *l, const struct receiver_options *r)
{
    const struct conf_section *s = &r->class->options;
    for (size_t i = 0; i < s->n; i++) {
        const struct conf_key *k = &s->key[i];
        if (k->type != CONF_FILE || k->file != FILE_RECEIVER)
            continue;
        const void *at = (const char *)r->own + k->at;
        struct conf_where where = walk_where(&l->walk, MARK_VALUE, at, place(l, r));
        bool given = **(char *const *)at;
        const struct conf_key *off = unnecessary(r, k);
        if (off && given)
            walk_problem(&l->walk, where,
                         "receivers.%s: %s = \"%s\" leaves it without an effect; remove one of the "
                         "two",
                         k->name, off->name, off->words[1]);
        if (!off && !given && text_equal(k->shown_def, "required"))
            walk_problem(
                &l->walk, where,
                "receivers.%s: a receiver of type %s needs this file; add for example: %s = \"%s\"",
                k->name, r->class->name, k->name, k->example);
    }
}

/* False if a required text is missing or wrong, which was reported when it was read: there is no value
 * that more checks could look at. */
static bool is_complete(const struct receiver_options *r)
{
    const struct conf_section *s = &r->class->options;
    for (size_t i = 0; i < s->n; i++)
        if (s->key[i].required && s->key[i].type == CONF_TEXT &&
            !*(char *const *)((const char *)r->own + s->key[i].at))
            return false;
    return true;
}

static bool is_well_formed(const struct load *l, const struct receiver_options *r)
{
    const struct conf_section *s = &r->class->options;
    for (size_t i = 0; i < s->n; i++)
        if (walk_wrong(&l->walk, (const char *)r->own + s->key[i].at))
            return false;
    return true;
}

/* What no single key can say. */
static void check_type(struct load *l, const struct receiver_options *r)
{
    struct failure why;
    if (r->class->check && r->class->check(r, &why) < 0)
        walk_problem(&l->walk, place(l, r), "receiver \"%s\": %s", r->name, why.text);
}

static struct signed_in_options application_of(const struct receiver_options *r)
{
    struct signed_in_options as = {0};
    if (r->class->sign_in)
        r->class->sign_in(r, &as);
    return as;
}

/* An application that watches has read permissions only; one that may send mail as anybody must not share
 * its secret. */
static void check_application(struct load *l, const struct receiver_options *r)
{
    const struct options *o = l->options;
    const struct signed_in_options as = application_of(r);
    for (size_t i = 0; as.exclusive && i < o->n_tenants; i++)
        if (text_equal_nocase(o->tenant[i].graph.client_id, as.client_id)) {
            walk_problem(&l->walk, place(l, r),
                         "receiver \"%s\": its client_id also watches tenant %s; register an "
                         "application of its own for it, which may send mail and nothing else",
                         r->name, o->tenant[i].identity.name);
            return;
        }
}

static void check_warning(struct load *l, const struct receiver_options *r)
{
    struct failure why;
    const struct signed_in_options as = application_of(r);
    if (option_given(as.client_secret_expires))
        warn_secret_end(l, "receivers", as.client_secret_expires, place(l, r));
    if (option_given(as.certificate_file))
        warn_certificate_end(l, "receivers", as.certificate_file, place(l, r));
    if (deliver_warn(r, &why) < 0)
        report_add(&l->report, CONF_WARNING, place(l, r), "receiver \"%s\": %s", r->name,
                   why.text);
}

/* Such a tenant is watched nevertheless: its alerts reach other receivers. */
static void check_tenants(struct load *l, const struct receiver_options *r)
{
    const struct options *o = l->options;
    struct failure why;
    for (size_t i = 0; r->class->check_tenant && i < o->n_tenants; i++)
        if (!o->tenant[i].nameless && r->class->check_tenant(r, &o->tenant[i].identity, &why) < 0)
            report_add(&l->report, CONF_TENANT, place(l, r), "tenant %s", why.text);
}

/* Before names become paths: its alert has the same id wherever the file is. */
static int name_credential(struct receiver_options *r)
{
    const struct signed_in_options as = application_of(r);
    const char *file = option_given(as.certificate_file) ? as.certificate_file : as.client_secret_file;
    const char *slash = file ? strrchr(file, '/') : NULL;
    return option_given(file) ? text_copy(slash ? slash + 1 : file, &r->credential) : 0;
}

/* What lies in files breaks this receiver and no other, as a tenant's secret does. */
static int check_receiver_files(struct load *l, struct receiver_options *r, bool typed)
{
    struct failure why;
    size_t before = l->report.n_seen, first = l->report.n;
    enum conf_gravity gravity = l->walk.gravity;
    l->walk.gravity = CONF_MISTAKE;
    if (r->own && name_credential(r) < 0)
        return -ENOMEM;
    if (r->own)
        files_resolve(&l->walk, &l->places, &r->class->options, r->own, NULL, place(l, r),
                      "receivers");
    if (l->report.n_seen == before && r->name && typed && l->places.look) {
        if (deliver_check(r, &why) < 0)
            walk_problem(&l->walk, place(l, r), "receiver \"%s\": %s%s", r->name, why.text,
                         walk_advice(&l->walk, &why, "; mend the file that it is in"));
        else
            check_warning(l, r);
    }
    l->walk.gravity = gravity;
    if (l->report.n_seen == before)
        return 0;
    const char *text = report_first(&l->report, first);
    r->broken = strdup(text ? text : "too many problems; see seatwatchd --check-config");
    return r->broken ? 0 : -ENOMEM;
}

static usec_t longer(usec_t a, usec_t b)
{
    return a > b ? a : b;
}

/* A few polls, and the time in which failing polls, or clear ones, change no alert. */
static usec_t confirms_within(const struct options *o)
{
    const struct limit *unread = &o->rules.threshold[RULE_POLL].limit[LEVEL_WARNING];
    usec_t interval = o->poll_interval, unchanged = 0;
    for (size_t i = 0; i < o->n_tenants; i++)
        interval = longer(interval, o->tenant[i].identity.interval);
    if (unread->on && unread->value > 0)
        unchanged = (usec_t)unread->value * (unread->polls ? interval : USEC_PER_SEC);
    for (size_t rule = 0; rule < RULE_COUNT_; rule++) {
        unchanged = longer(unchanged, o->rules.threshold[rule].keep_firing_for);
        for (size_t i = 0; i < o->rules.n_overrides; i++)
            unchanged = longer(unchanged, o->rules.override[i].threshold[rule].keep_firing_for);
    }
    return longer(POLLS_FOR_CONFIRMATION * interval, CONFIRMATION_MIN) + unchanged;
}

/* Receivers without their own pace take that of storm. Where it can have no effect, only rate = 0 may
 * be given, as --dump-config does. */
static void check_pace(struct load *l, struct receiver_options *r)
{
    static const unsigned NO_PACE = RECEIVER_EACH | RECEIVER_HEARTBEAT;
    const struct walk *w = &l->walk;
    const struct pace *all = &l->options->storm.pace;
    bool burst = walk_is_set(w, &r->pace.burst), rate = walk_is_set(w, &r->pace.rate);
    if (!burst)
        r->pace.burst = all->burst;
    if (r->class && r->class->traits & NO_PACE) {
        if (rate ? r->pace.rate > 0 : burst)
            walk_problem(&l->walk, walk_where(w, MARK_VALUE, rate ? &r->pace.rate : &r->pace.burst, place(l, r)),
                         "receivers.%s: a receiver of type %s gets each message at once; remove it",
                         rate ? "rate" : "burst", r->class->name);
        r->pace.rate = 0;
    } else if (!rate) {
        r->pace.rate = all->rate;
    }
}

/* A heartbeat gets no alerts, so only false may be given, as --dump-config does. */
static void check_events(struct load *l, struct receiver_options *r)
{
    unsigned traits = r->class ? r->class->traits : 0;
    bool alerts = !(traits & RECEIVER_HEARTBEAT);
    const struct {
        const char *key;
        bool *value, usual;
    } KEYS[] = {{"reminders", &r->reminders, alerts && !(traits & RECEIVER_PAGER)},
                {"deescalated", &r->deescalated, alerts && traits & RECEIVER_MACHINE}};
    for (size_t i = 0; i < N_ELEMENTS(KEYS); i++)
        if (!walk_is_set(&l->walk, KEYS[i].value))
            *KEYS[i].value = KEYS[i].usual;
        else if (*KEYS[i].value && !alerts)
            walk_problem(&l->walk, walk_where(&l->walk, MARK_VALUE, KEYS[i].value, place(l, r)),
                         "receivers.%s: a heartbeat gets no alerts; remove it", KEYS[i].key);
}

static int check_receiver(struct load *l, struct receiver_options *r)
{
    const struct options *o = l->options;
    size_t before = l->report.n_seen;
    bool typed = r->class && r->own;
    r->links = &o->links;
    r->confirms_within = confirms_within(o);
    r->signed_in = &graph_signed_in;
    check_pace(l, r);
    check_events(l, r);
    for (const struct receiver_options *other = o->receiver; other < r; other++)
        if (r->name && other->name && text_equal_nocase(other->name, r->name))
            walk_problem(&l->walk, walk_where(&l->walk, MARK_VALUE, &r->name, place(l, r)),
                         "receivers.name: \"%s\" is already that of the receiver in line %d; "
                         "choose another name",
                         r->name, place(l, other).line);
    if (typed)
        check_keys(l, r);
    typed = typed && is_complete(r) && is_well_formed(l, r);
    if (typed && l->report.n_seen == before)
        check_type(l, r);
    if (typed && l->report.n_seen == before)
        check_application(l, r);
    if (l->report.n_seen > before)
        return 0;
    int e = check_receiver_files(l, r, typed);
    if (e >= 0 && typed)
        check_tenants(l, r);
    return e;
}

static int set_traits(struct options *o)
{
    o->routes.receiver = calloc(o->n_receivers, sizeof *o->routes.receiver);
    if (!o->routes.receiver)
        return -ENOMEM;
    o->routes.n_receivers = o->n_receivers;
    for (size_t i = 0; i < o->n_receivers; i++) {
        const struct receiver_class *class = o->receiver[i].class;
        unsigned traits = class ? class->traits : 0; /* no type was reported */
        o->routes.receiver[i] = (struct receiver_traits){
            .pager = traits & RECEIVER_PAGER,
            .by_tenant = receiver_is_by_tenant(&o->receiver[i]),
            .wants_reminders = o->receiver[i].reminders,
            .wants_deescalations = o->receiver[i].deescalated,
            .heartbeat = traits & RECEIVER_HEARTBEAT,
            .info = traits & RECEIVER_INFO       ? INFO_ALWAYS
                    : traits & RECEIVER_NEVER_INFO ? INFO_NEVER
                                                   : INFO_ROUTED};
        if (text_copy(o->receiver[i].name, &o->routes.receiver[i].name) < 0)
            return -ENOMEM;
    }
    return 0;
}

/* ---- routes ---- */

static const char *nearest_receiver(const struct options *o, const char *name)
{
    const char *names[RECEIVERS_MAX];
    size_t n = 0;
    for (size_t i = 0; i < o->n_receivers && n < RECEIVERS_MAX; i++)
        if (o->receiver[i].name)
            names[n++] = o->receiver[i].name;
    return text_nearest(name, names, n);
}

static const struct receiver_options *find(const struct options *o, const char *name)
{
    for (size_t i = 0; i < o->n_receivers; i++)
        if (text_equal(o->receiver[i].name, name))
            return &o->receiver[i];
    return NULL;
}

static bool is_heartbeat(const struct receiver_options *r)
{
    return r->class && r->class->traits & RECEIVER_HEARTBEAT;
}

static void check_names(struct load *l, char *const *name, size_t n, struct conf_where where,
                        const char *path)
{
    for (size_t i = 0; i < n; i++) {
        const struct receiver_options *r = find(l->options, name[i]);
        if (r && is_heartbeat(r))
            walk_problem(&l->walk, where, "%s: \"%s\" is a heartbeat, which gets no alerts; name "
                         "another receiver", path, name[i]);
        if (r)
            continue;
        const char *near = nearest_receiver(l->options, name[i]);
        walk_problem(&l->walk, where, "%s: there is no receiver \"%s\"; %s%s%s", path, name[i],
                     near ? "did you mean \"" : "add it to receivers, or name one that is there",
                     near ? near : "", near ? "\"?" : "");
    }
}

static bool named(char *const *list, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (text_equal(list[i], name))
            return true;
    return false;
}

static bool matches_all(const struct match *m)
{
    return !m->tenant && !m->sku && !m->allotment && !m->rule && !m->severity && m->n_labels == 0;
}

static void check_routes(struct load *l)
{
    const struct route_options *o = &l->options->routes;
    const struct route *end = NULL; /* the first one that lets nothing pass */
    for (size_t i = 0; i < o->n_routes; i++) {
        const struct route *r = &o->route[i];
        o->route[i].line = place(l, r).line;
        struct conf_where where = walk_where(&l->walk, MARK_VALUE, &r->to, place(l, r));
        if (walk_is_set(&l->walk, &r->to) && r->n_to == 0 && !walk_wrong(&l->walk, &r->to))
            walk_problem(&l->walk, where, "routes.to: this route leads to nobody; name a receiver");
        check_names(l, r->to, r->n_to, where, "routes.to");
        check_match(l, &r->match, "routes", place(l, r));
        check_info_route(l, r, place(l, r));
        if (end)
            report_add(&l->report, CONF_WARNING, place(l, r),
                       "routes: nothing comes here, because the route in line %d takes everything; "
                       "move it up, or write continue = true there",
                       place(l, end).line);
        else if (matches_all(&r->match) && !r->go_on)
            end = r;
    }
}

/* Warns of receivers without a route. Skipped while names are misspelt. */
static void check_unreached(struct load *l)
{
    const struct options *o = l->options;
    for (size_t i = 0; o->routes.n_routes > 0 && i < o->n_receivers; i++) {
        const char *name = o->receiver[i].name;
        bool reached = !name || is_heartbeat(&o->receiver[i]) || named(o->routes.fallback, o->routes.n_fallback, name);
        for (size_t r = 0; r < o->routes.n_routes && !reached; r++)
            reached = named(o->routes.route[r].to, o->routes.route[r].n_to, name);
        if (!reached)
            report_add(&l->report, CONF_WARNING, place(l, &o->receiver[i]),
                       "receivers: no route and no fallback leads to \"%s\", so it receives "
                       "nothing; add it to a route",
                       name);
    }
}

/* The journal, or the first one that works. */
static const char *default_fallback(const struct options *o)
{
    const struct receiver_options *chosen = &o->receiver[0];
    for (size_t i = o->n_receivers; i-- > 0;)
        if (!o->receiver[i].broken && !is_heartbeat(&o->receiver[i]))
            chosen = &o->receiver[i];
    for (size_t i = 0; i < o->n_receivers; i++)
        if (!o->receiver[i].broken && text_equal(o->receiver[i].name, DEFAULT_RECEIVER))
            chosen = &o->receiver[i];
    return chosen->name;
}

/* Alerts about a broken receiver go to the other receivers. */
static bool somebody_left(const struct options *o)
{
    for (size_t i = 0; i < o->n_receivers; i++)
        if (!o->receiver[i].broken && !is_heartbeat(&o->receiver[i]))
            return true;
    return false;
}

static void check_heartbeats(struct load *l)
{
    const struct options *o = l->options;
    for (size_t i = 0; i < o->n_receivers; i++)
        if (!is_heartbeat(&o->receiver[i]))
            return;
    walk_problem(&l->walk, place(l, &o->receiver[0]),
                 "receivers: a heartbeat gets no alerts, and there is no other receiver; add for "
                 "example { name = \"journal\"; type = \"journal\"; }");
}

static int check_fallback(struct load *l)
{
    struct options *o = l->options;
    struct route_options *routes = &o->routes;
    struct conf_where where = walk_where(&l->walk, MARK_VALUE, &routes->fallback, l->top);
    check_names(l, routes->fallback, routes->n_fallback, where, "fallback");
    if (routes->n_fallback > 0)
        return 0;
    if (walk_is_set(&l->walk, &routes->fallback)) {
        if (!walk_wrong(&l->walk, &routes->fallback))
            walk_problem(
                &l->walk, where,
                "fallback: somebody must hear that a receiver has given up; name a receiver");
        return 0;
    }
    const char *name = default_fallback(o);
    if (!name)
        return 0; /* which was told already */
    routes->fallback = calloc(1, sizeof *routes->fallback);
    if (!routes->fallback || text_copy(name, &routes->fallback[0]) < 0)
        return -ENOMEM;
    routes->n_fallback = 1;
    return 0;
}

int check_receivers(struct load *l)
{
    struct options *o = l->options;
    int r = o->n_receivers == 0 ? add_journal(o) : 0;
    if (r < 0)
        return r;
    if (o->n_receivers > RECEIVERS_MAX) {
        walk_problem(&l->walk, place(l, &o->receiver[RECEIVERS_MAX]),
                     "receivers: there are more than %d; remove some", RECEIVERS_MAX);
        return 0;
    }
    for (size_t i = 0; i < o->n_receivers && r >= 0; i++)
        r = check_receiver(l, &o->receiver[i]);
    if (r < 0)
        return r;
    report_raise(&l->report, CONF_MISTAKE, somebody_left(o) ? CONF_TENANT : CONF_FATAL);
    check_heartbeats(l);
    check_routes(l);
    r = check_fallback(l);
    if (r < 0)
        return r;
    if (!report_has(&l->report, CONF_FATAL)) {
        check_unreached(l);
        warn_receivers(l);
    }
    return set_traits(o);
}
