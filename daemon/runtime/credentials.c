/* SPDX-License-Identifier: MIT */
/* runtime/credentials.c: knows when credentials expire: from the certificate, the configuration, or Graph. Files and
 * days are examined once a minute, whatever the poll interval is.
 *
 * Tenants may share a credential: the first of them, in the order of the configuration, owns its state, and there
 * is one alert for all. */
#include "runtime/credentials.h"

#include <string.h>

#include "base/date.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/message_ids.h"
#include "base/stamp.h"
#include "base/text.h"
#include "graph/app_entry.h"
#include "runtime/app.h"
#include "runtime/commit.h"
#include "runtime/tenant.h"

#define ASK_EVERY USEC_PER_DAY
#define ASK_AGAIN USEC_PER_HOUR /* after a temporary failure */

#define NO_TENANT SIZE_MAX

struct credential_state { /* of one tenant */
    size_t owner; /* index of the first tenant with this credential; NO_TENANT: the platform renews it, or nothing is polled */
    bool asking;  /* a request for the application's entry is under way */
    bool asked;   /* ... and Graph did not give it, since the file last changed */
    uint64_t asked_files; /* `files` of the owner when the request began */
    usec_t ask_again_mono;
    /* of the owner */
    bool apart;         /* another file has the same name and client: the tenant distinguishes them */
    bool dated;         /* its expiry is known, or may become known */
    uint64_t files;     /* stamp of its files, */
    usec_t since_mono;  /* and since when; 0: since before the start */
    usec_t ends_at;     /* by the certificate or the configuration; 0: unknown */
    usec_t entry_at;    /* by the application's entry; 0: unknown */
    size_t home;        /* index of the tenant that has the entry; NO_TENANT: unknown */
    bool blamed;        /* the poll alert of a tenant that uses it was notified */
    struct failure why; /* the entry is unknown */
    uint64_t logged;    /* hash of that failure's text when it was logged; 0: it was not */
};

struct credentials {
    struct instant graph_clock; /* at this `mono` Graph's clock showed `at`; boot 0: unknown */
    size_t n;
    struct credential_state state[]; /* by index of the tenant */
};

static struct credential_state *state_of(const struct tenant *t)
{
    return &t->app->credentials->state[t - t->app->tenant];
}

void credentials_free(struct credentials *c)
{
    free(c);
}

uint64_t credentials_stamp(const struct tenant_options *t)
{
    const struct graph_options *o = &t->graph;
    const char *const FILES[] = {o->client_secret_file, o->certificate_file, o->private_key_file,
                                 o->private_key_password_file, o->federated_token_file};
    uint64_t stamp = STAMP_NONE;
    for (size_t i = 0; i < N_ELEMENTS(FILES); i++)
        stamp = stamp_add(stamp, FILES[i]);
    return stamp;
}

/* ---- tenants that share one ---- */

static const char *file_of(const struct tenant_options *t)
{
    switch (t->graph.auth) {
    case AUTH_CERTIFICATE:
        return t->graph.certificate_file;
    case AUTH_CLIENT_SECRET:
        return t->graph.client_secret_file;
    default:
        return NULL; /* the platform renews it */
    }
}

static bool asks_graph(const struct tenant *t)
{
    return t->options->graph.auth == AUTH_CLIENT_SECRET &&
           text_equal(t->options->client_secret_expires, "auto");
}

static bool is_same(const struct tenant_options *a, const struct tenant_options *b)
{
    return a->graph.auth == b->graph.auth && text_equal_nocase(a->graph.client_id, b->graph.client_id) &&
           text_equal(file_of(a), file_of(b));
}

static struct tenant *owner_of(const struct tenant *t)
{
    size_t owner = state_of(t)->owner;
    return owner == NO_TENANT ? NULL : &t->app->tenant[owner];
}

static bool is_used_by(const struct tenant *owner, const struct tenant *t)
{
    return owner_of(t) == owner;
}

/* Its expiry is configured, in a certificate, or available from Graph. */
static bool is_dated(const struct tenant *owner)
{
    bool dated = owner->options->graph.auth == AUTH_CERTIFICATE;
    for (size_t i = 0; !dated && i < owner->app->n_tenants; i++) {
        const struct tenant *t = &owner->app->tenant[i];
        dated = is_used_by(owner, t) && *t->options->client_secret_expires;
    }
    return dated;
}

static void read_end(const struct tenant *owner)
{
    const struct tenant_options *t = owner->options;
    struct credential_state *s = state_of(owner);
    int32_t day;
    s->ends_at = 0;
    if (t->graph.auth == AUTH_CERTIFICATE) /* if it cannot be read, the sign-in fails with the reason */
        (void)assertion_certificate_expires(t->graph.certificate_file, &s->ends_at, NULL);
    for (size_t i = 0; t->graph.auth == AUTH_CLIENT_SECRET && i < owner->app->n_tenants; i++) {
        const struct tenant *w = &owner->app->tenant[i];
        if (!is_used_by(owner, w) || date_parse(w->options->client_secret_expires, &day) < 0 ||
            day <= 0)
            continue;
        usec_t at = (usec_t)day * USEC_PER_DAY;
        if (s->ends_at == 0 || at < s->ends_at)
            s->ends_at = at;
    }
}

/* The poll alert of a tenant that uses it was notified: that alert reports the failure until it ends. */
static bool is_blamed(const struct tenant *owner)
{
    for (size_t i = 0; i < owner->app->n_tenants; i++) {
        const struct tenant *t = &owner->app->tenant[i];
        const struct alert *a = NULL;
        if (is_used_by(owner, t))
            a = registry_find(owner->app->registry, KIND_POLL, t->options->identity.tenant_id, "");
        if (a && a->notified > LEVEL_NONE)
            return true;
    }
    return false;
}

/* Another credential has the same client and the same file name in another directory. */
static bool has_double(const struct tenant *owner)
{
    const struct tenant_options *t = owner->options;
    for (size_t i = 0; i < owner->app->n_tenants; i++) {
        const struct tenant *w = &owner->app->tenant[i];
        if (w != owner && state_of(w)->owner == i &&
            text_equal(w->options->graph.client_id, t->graph.client_id) &&
            text_equal(w->options->credential, t->credential))
            return true;
    }
    return false;
}

/* The first tenant that signs in with the same. */
static size_t find_owner(const struct tenant *t)
{
    const struct tenant *all = t->app->tenant;
    if (!t->graph || !file_of(t->options))
        return NO_TENANT;
    for (const struct tenant *w = all; w < t; w++)
        if (owner_of(w) == w && is_same(w->options, t->options))
            return (size_t)(w - all);
    return (size_t)(t - all);
}

int credentials_wire(struct app *app, struct failure *why)
{
    struct credentials *c = calloc(1, sizeof *c + app->n_tenants * sizeof *c->state);
    if (!c)
        return failure_oom(why);
    app->credentials = c;
    c->n = app->n_tenants;
    for (size_t i = 0; i < c->n; i++)
        c->state[i] = (struct credential_state){.owner = find_owner(&app->tenant[i]), .home = NO_TENANT};
    for (size_t i = 0; i < c->n; i++) {
        const struct tenant *t = &app->tenant[i];
        struct credential_state *s = &c->state[i];
        if (s->owner != i)
            continue;
        s->apart = has_double(t);
        s->dated = is_dated(t);
        s->files = credentials_stamp(t->options);
        s->blamed = is_blamed(t);
        read_end(t);
    }
    return 0;
}

/* ---- a reload ---- */

/* Since when it is as it is, and what Graph answered. */
static void inherit(struct tenant *owner, const struct credential_state *from, const struct tenant *old_home)
{
    struct app *app = owner->app;
    struct credential_state *s = state_of(owner);
    const struct tenant *home =
        old_home ? tenant_find(app->tenant, app->n_tenants, old_home->options->identity.tenant_id) : NULL;
    s->since_mono = from->since_mono;
    s->why = from->why;
    s->logged = from->logged;
    if (!home || !is_used_by(owner, home) || !asks_graph(home))
        return;
    s->home = (size_t)(home - app->tenant);
    s->entry_at = from->entry_at;
}

void credentials_inherit(struct app *app, const struct credentials *old, struct tenant *old_tenant, size_t n_old)
{
    app->credentials->graph_clock = old->graph_clock;
    for (size_t i = 0; i < app->n_tenants; i++) {
        struct tenant *t = &app->tenant[i], *owner = owner_of(t);
        const struct tenant *before = tenant_find(old_tenant, n_old, t->options->identity.tenant_id);
        const struct credential_state *was = before ? &old->state[before - old_tenant] : NULL;
        if (!owner || !was || was->owner == NO_TENANT || !is_same(before->options, t->options))
            continue;
        const struct credential_state *from = &old->state[was->owner];
        if (from->files != state_of(owner)->files)
            continue;
        state_of(t)->asked = was->asked;
        state_of(t)->ask_again_mono = was->ask_again_mono;
        if (owner == t)
            inherit(t, from, from->home == NO_TENANT ? NULL : &old_tenant[from->home]);
    }
}

/* ---- what is known of one ---- */

/* By Graph's clock, which jumps of ours do not move; while that is unknown by our own clock. 0: that is not set. */
static usec_t true_time(const struct app *app, struct instant now)
{
    const struct instant *then = &app->credentials->graph_clock;
    if (then->boot)
        return then->at + (now.mono - then->mono);
    return clock_is_set(now.at) ? now.at : 0;
}

/* A poll has begun since the credential is as it is now. Results of earlier polls, or from before a restart or a
 * reload, may be about another file. */
static bool is_tried(const struct tenant *t, const struct credential_state *of)
{
    return t->last.known && t->last.report.began.mono > of->since_mono;
}

static bool is_refused(const struct tenant *t, const struct tenant_health *h)
{
    const struct failure *renewal = &t->last.report.renewal;
    return (*renewal->text && renewal->kind == FAILURE_AUTH) || (h->failing && h->kind == FAILURE_AUTH);
}

/* The parts of its subject. */
static struct credential name_of(const struct tenant *owner)
{
    const struct tenant_options *t = owner->options;
    return (struct credential){.client_id = t->graph.client_id,
                               .name = t->credential,
                               .apart = state_of(owner)->apart ? t->identity.tenant_id : NULL};
}

static enum level own_level(const struct app *app, const struct credential *c)
{
    CLEANUP(free) char *subject = NULL;
    const struct alert *a = NULL;
    if (credential_subject(c, &subject) >= 0)
        a = registry_find(app->registry, KIND_CREDENTIAL, NULL, subject);
    return a ? a->notified : LEVEL_NONE;
}

static void begin(const struct tenant *owner, struct instant now, struct credential *ret)
{
    const struct credential_state *s = state_of(owner);
    bool by_entry = s->entry_at && (!s->ends_at || s->entry_at < s->ends_at);
    bool certificate = owner->options->graph.auth == AUTH_CERTIFICATE;
    *ret = name_of(owner);
    ret->file = file_of(owner->options);
    ret->certificate = certificate;
    ret->true_at = true_time(owner->app, now);
    ret->ends_at = by_entry ? s->entry_at : s->ends_at;
    ret->ends_by_day = !certificate && !by_entry;
    ret->blamed = s->blamed;
    ret->zone = tenant_zone(owner->options, ret->true_at);
}

/* `tenants` has space for all tenants. */
static void describe(const struct tenant *owner, struct instant now,
                     const struct tenant_identity **tenants, struct credential *c)
{
    const struct app *app = owner->app;
    const struct credential_state *s = state_of(owner);
    begin(owner, now, c);
    c->tenant = tenants;
    c->open = own_level(app, c) > LEVEL_NONE;
    for (size_t i = 0; i < app->n_tenants; i++) {
        const struct tenant *t = &app->tenant[i];
        if (!is_used_by(owner, t))
            continue;
        tenants[c->n_tenants++] = &t->options->identity;
        usec_t signed_in = graph_signed_in_mono(t->graph);
        bool refused = is_refused(t, &t->health);
        c->refused |= refused && is_tried(t, s);
        c->works |= !refused && signed_in > s->since_mono && app->credentials->graph_clock.boot; /* resolving takes both */
        if (signed_in > s->since_mono && c->true_at - (now.mono - signed_in) > c->accepted_at)
            c->accepted_at = c->true_at - (now.mono - signed_in);
    }
}

enum level credentials_notified(const struct tenant *t, const struct tenant_health *health,
                            struct instant now)
{
    const struct tenant *owner = owner_of(t);
    struct credential c;
    if (!owner || !state_of(owner)->dated || !health->failing || health->kind != FAILURE_AUTH)
        return LEVEL_NONE;
    begin(owner, now, &c);
    bool explained = credential_is_over(&c) || !is_tried(t, state_of(owner));
    return explained && !c.blamed ? own_level(t->app, &c) : LEVEL_NONE;
}

bool credentials_known(const struct app *app, const char *subject)
{
    bool unread = app->options->tenants_incomplete;
    for (size_t i = 0; i < app->n_tenants; i++) {
        const struct tenant *t = &app->tenant[i];
        CLEANUP(free) char *own = NULL;
        unread = unread || t->options->broken;
        if (app->credentials->state[i].owner != i || !app->credentials->state[i].dated)
            continue;
        const struct credential c = name_of(t);
        int r = credential_subject(&c, &own);
        if (r < 0 || text_equal(own, subject))
            return true; /* out of memory ends no alert */
    }
    return unread; /* it may be that of a tenant whose configuration is broken */
}

usec_t credentials_end(const struct tenant *t)
{
    const struct tenant *owner = owner_of(t);
    if (!owner)
        return 0;
    const struct credential_state *s = state_of(owner);
    return s->entry_at && (!s->ends_at || s->entry_at < s->ends_at) ? s->entry_at : s->ends_at;
}

usec_t credentials_first_end(const struct app *app)
{
    usec_t first = 0;
    for (size_t i = 0; i < app->n_tenants; i++) {
        usec_t end = credentials_end(&app->tenant[i]);
        if (end && (!first || end < first))
            first = end;
    }
    return first;
}

/* ---- once a minute ---- */

/* Changed files: what was known of the old ones is dropped, and the new ones are untested. */
static void look_at_files(struct tenant *owner, struct instant now)
{
    struct app *app = owner->app;
    struct credential_state *s = state_of(owner);
    uint64_t files = credentials_stamp(owner->options);
    if (files == s->files)
        return;
    s->files = files;
    s->since_mono = now.mono;
    s->entry_at = 0;
    read_end(owner);
    log_say(LOG_INFO, "%s: credential files have changed; the next poll uses them",
            owner->options->identity.name);
    for (size_t i = 0; i < app->n_tenants; i++)
        if (is_used_by(owner, &app->tenant[i])) {
            app->credentials->state[i].asked = false;
            app->credentials->state[i].ask_again_mono = 0;
            graph_sign_in_again(app->tenant[i].graph);
        }
}

static void judge(struct tenant *owner, struct instant now)
{
    struct app *app = owner->app;
    CLEANUP(free) const struct tenant_identity **tenants = calloc(app->n_tenants, sizeof *tenants);
    CLEANUP(observation_clear) struct observation observation = {0};
    struct plan_context ctx = commit_context(app, NULL, now);
    struct credential c;
    if (!tenants)
        return; /* retried in a minute */
    state_of(owner)->blamed = is_blamed(owner);
    describe(owner, now, tenants, &c);
    if (c.true_at && judge_credential(&app->options->rules, &c, &now, &observation, NULL) >= 0)
        commit_observation(app, &ctx, &observation);
}

void credentials_look(struct app *app, struct instant now)
{
    for (size_t i = 0; i < app->n_tenants; i++) {
        if (app->credentials->state[i].owner != i || !app->credentials->state[i].dated)
            continue;
        look_at_files(&app->tenant[i], now);
        judge(&app->tenant[i], now);
    }
}

/* ---- asking Graph ---- */

/* Logged after every tenant that may have the entry was asked: in a customer's tenant an application that is
 * registered elsewhere has none, which is normal. */
static void log_unknown(struct tenant *owner)
{
    struct credential_state *s = state_of(owner);
    uint64_t hash = fnv1a(s->why.text, strlen(s->why.text), FNV1A_SEED);
    for (size_t i = 0; s->home == NO_TENANT && i < owner->app->n_tenants; i++) {
        const struct tenant *t = &owner->app->tenant[i];
        if (is_used_by(owner, t) && asks_graph(t) && !state_of(t)->asked)
            return;
    }
    if (hash != s->logged)
        log_event(LOG_NOTICE, MESSAGE_CREDENTIAL_UNKNOWN, owner->options->identity.name,
                  "%s: the expiry of its client secret is unknown: %s",
                  owner->options->identity.name, s->why.text);
    s->logged = hash;
}

static void entry_received(struct tenant *t, usec_t ends_at, const struct failure *why)
{
    struct tenant *owner = owner_of(t);
    struct credential_state *own = state_of(t), *s = state_of(owner);
    size_t index = (size_t)(t - t->app->tenant);
    char text[RFC3339_MAX];
    if (own->asked_files != s->files)
        return; /* that was about another secret */
    bool lasting = ends_at || why->kind == FAILURE_PERMISSION || why->kind == FAILURE_ABSENT ||
                   why->kind == FAILURE_CONFIG;
    own->ask_again_mono = clock_now().mono + (lasting ? ASK_EVERY : ASK_AGAIN);
    own->asked = own->asked || lasting;
    if (ends_at && ends_at != s->entry_at)
        log_say(LOG_INFO, "%s: its client secret expires on %s, by the application's entry",
                t->options->identity.name, rfc3339_print(ends_at, text));
    if (ends_at) {
        s->home = index;
        s->entry_at = ends_at;
        s->logged = 0;
        s->why = (struct failure){0};
    } else if (lasting && (s->home == NO_TENANT || s->home == index)) {
        s->entry_at = 0; /* after a temporary failure the known expiry still holds */
        if (why->kind != FAILURE_ABSENT || !*s->why.text)
            s->why = *why;
        log_unknown(owner);
    }
}

static void on_entry(void *userdata, usec_t ends_at, const struct failure *why)
{
    struct tenant *t = userdata;
    state_of(t)->asking = false;
    entry_received(t, ends_at, why);
    activity_release(&t->app->activity);
}

static void ask(struct tenant *t)
{
    struct credential_state *own = state_of(t);
    const struct credential_state *s = own->owner == NO_TENANT ? NULL : &t->app->credentials->state[own->owner];
    struct failure why = {0};
    if (!s || !asks_graph(t) || own->asking || own->ask_again_mono > clock_now().mono ||
        (s->home != NO_TENANT && &t->app->tenant[s->home] != t))
        return;
    if (graph_ask_entry(t->graph, on_entry, t, &why) < 0)
        return; /* after the next poll */
    own->asking = true;
    own->asked_files = s->files;
    activity_hold(&t->app->activity);
}

static void hear_clock(struct app *app, const struct graph_report *report)
{
    struct instant then = report->began;
    if (then.boot == 0 || (!report->skew_known && !(report->complete && clock_is_set(then.at))))
        return;
    if (report->skew_known)
        then.at -= (usec_t)(report->skew_seconds * (int64_t)USEC_PER_SEC);
    app->credentials->graph_clock = then;
}

void credentials_polled(struct tenant *t, const struct graph_report *report)
{
    hear_clock(t->app, report);
    if (report->complete)
        ask(t);
}
