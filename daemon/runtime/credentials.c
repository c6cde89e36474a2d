/* SPDX-License-Identifier: MIT */
/* runtime/credentials.c: knows when credentials expire: from the certificate, the configuration, or Graph. Files and
 * days are examined once a minute, whatever the poll interval is.
 *
 * Several tenants and receivers may use one credential: the first of them (credential_user.h) owns its state, and
 * there is one alert for all. */
#include "runtime/credentials.h"

#include <string.h>

#include "base/date.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/message_ids.h"
#include "base/text.h"
#include "graph/app_entry.h"
#include "runtime/app.h"
#include "runtime/commit.h"
#include "runtime/credential_user.h"
#include "runtime/tenant.h"

#define ASK_EVERY USEC_PER_DAY
#define ASK_AGAIN USEC_PER_HOUR /* after a temporary failure */

#define NOBODY SIZE_MAX

struct credential_state { /* of one user */
    size_t owner; /* the first user of this credential; NOBODY: the platform renews it, or nothing is polled */
    /* of a tenant */
    bool asking;  /* a request for the application's entry is under way */
    bool asked;   /* ... and Graph did not give it, since the file last changed */
    uint64_t asked_files; /* `files` of the owner when the request began */
    usec_t ask_again_mono;
    /* of the owner */
    bool apart;         /* another file has the same name and client: the first user distinguishes them */
    bool dated;         /* its expiry is known, or may become known */
    uint64_t files;     /* stamp of its files, */
    usec_t since_mono;  /* and since when; 0: since before the start */
    usec_t ends_at;     /* by the certificate or the configuration; 0: unknown */
    usec_t entry_at;    /* by the application's entry; 0: unknown */
    size_t home;        /* index of the tenant that has the entry; NOBODY: unknown */
    bool blamed;        /* the poll alert of a tenant that uses it was notified */
    struct failure why; /* the entry is unknown */
    uint64_t logged;    /* hash of that failure's text when it was logged; 0: it was not */
};

struct credentials {
    struct instant graph_clock; /* at this `mono` Graph's clock showed `at`; boot 0: unknown */
    size_t n;
    struct credential_state state[]; /* by the number of the user */
};

static struct credential_state *state_of(const struct tenant *t)
{
    return &t->app->credentials->state[t - t->app->tenant];
}

void credentials_free(struct credentials *c)
{
    free(c);
}

/* ---- users that share one ---- */

static bool asks_graph(const struct tenant *t)
{
    return t->options->graph.auth == AUTH_CLIENT_SECRET &&
           text_equal(t->options->client_secret_expires, "auto");
}

/* A user with this credential at or after *at, which is moved to the next one; false: there is none. */
static bool next_user(const struct app *app, size_t owner, size_t *at, struct credential_user *ret)
{
    while (*at < app->credentials->n && app->credentials->state[*at].owner != owner)
        ++*at;
    if (*at == app->credentials->n)
        return false;
    *ret = credential_user(app, (*at)++);
    return true;
}

/* Its expiry is configured, in a certificate, or available from Graph. */
static bool is_dated(const struct app *app, size_t owner)
{
    bool dated = false;
    struct credential_user u;
    for (size_t at = owner; !dated && next_user(app, owner, &at, &u);)
        dated = u.certificate || *u.expires;
    return dated;
}

static void read_end(const struct app *app, size_t owner)
{
    struct credential_state *s = &app->credentials->state[owner];
    struct credential_user u;
    int32_t day;
    s->ends_at = 0;
    for (size_t at = owner; next_user(app, owner, &at, &u);) {
        if (u.certificate) { /* if it cannot be read, the sign-in fails with the reason */
            (void)assertion_certificate_expires(u.file, &s->ends_at, NULL);
            return;
        }
        if (date_parse(u.expires, &day) < 0 || day <= 0)
            continue;
        usec_t ends_at = (usec_t)day * USEC_PER_DAY;
        if (s->ends_at == 0 || ends_at < s->ends_at)
            s->ends_at = ends_at;
    }
}

/* The poll alert of a tenant that uses it was notified: that alert reports the failure until it ends. */
static bool is_blamed(const struct app *app, size_t owner)
{
    struct credential_user u;
    for (size_t at = owner; next_user(app, owner, &at, &u);) {
        const struct alert *a =
            u.tenant ? registry_find(app->registry, KIND_POLL, u.tenant->options->identity.tenant_id, "") : NULL;
        if (a && a->notified > LEVEL_NONE)
            return true;
    }
    return false;
}

/* Another credential has the same client and the same file name in another directory. */
static bool has_double(const struct app *app, size_t owner)
{
    const struct credential_user u = credential_user(app, owner);
    for (size_t i = 0; i < app->credentials->n; i++) {
        if (i == owner || app->credentials->state[i].owner != i)
            continue;
        const struct credential_user other = credential_user(app, i);
        if (text_equal(other.client_id, u.client_id) && text_equal(other.name, u.name))
            return true;
    }
    return false;
}

/* The first one that signs in with the same. */
static size_t find_owner(const struct app *app, size_t user)
{
    const struct credential_user u = credential_user(app, user);
    if (!u.file || (u.tenant && !u.tenant->graph)) /* nothing is polled */
        return NOBODY;
    for (size_t i = 0; i < user; i++) {
        if (app->credentials->state[i].owner != i)
            continue;
        const struct credential_user other = credential_user(app, i);
        if (credential_user_is_same(&other, &u))
            return i;
    }
    return user;
}

int credentials_wire(struct app *app, struct failure *why)
{
    size_t n = credential_users(app);
    struct credentials *c = calloc(1, sizeof *c + n * sizeof *c->state);
    if (!c)
        return failure_oom(why);
    app->credentials = c;
    c->n = n;
    for (size_t i = 0; i < c->n; i++)
        c->state[i] = (struct credential_state){.owner = find_owner(app, i), .home = NOBODY};
    for (size_t i = 0; i < c->n; i++) {
        struct credential_state *s = &c->state[i];
        if (s->owner != i)
            continue;
        const struct credential_user u = credential_user(app, i);
        s->apart = has_double(app, i);
        s->dated = is_dated(app, i);
        s->files = credential_user_stamp(&u);
        s->blamed = is_blamed(app, i);
        read_end(app, i);
    }
    return 0;
}

/* ---- a reload ---- */

/* Since when it is as it is, and what Graph answered. */
static void inherit(struct app *app, size_t owner, const struct credential_state *from, const struct tenant *old_home)
{
    struct credential_state *s = &app->credentials->state[owner];
    const struct tenant *home =
        old_home ? tenant_find(app->tenant, app->n_tenants, old_home->options->identity.tenant_id) : NULL;
    s->since_mono = from->since_mono;
    s->why = from->why;
    s->logged = from->logged;
    if (!home || state_of(home)->owner != owner || !asks_graph(home))
        return;
    s->home = (size_t)(home - app->tenant);
    s->entry_at = from->entry_at;
}

void credentials_inherit(struct app *app, const struct credentials *old, struct tenant *old_tenant, size_t n_old)
{
    app->credentials->graph_clock = old->graph_clock;
    for (size_t i = 0; i < app->n_tenants; i++) {
        struct tenant *t = &app->tenant[i];
        size_t owner = state_of(t)->owner;
        struct tenant *before = tenant_find(old_tenant, n_old, t->options->identity.tenant_id);
        const struct credential_state *was = before ? &old->state[before - old_tenant] : NULL;
        if (owner == NOBODY || !was || was->owner == NOBODY)
            continue;
        const struct credential_user u = credential_user_of(t), old_u = credential_user_of(before);
        const struct credential_state *from = &old->state[was->owner];
        if (!credential_user_is_same(&old_u, &u) || from->files != app->credentials->state[owner].files)
            continue;
        state_of(t)->asked = was->asked;
        state_of(t)->ask_again_mono = was->ask_again_mono;
        if (owner == i)
            inherit(app, i, from, from->home == NOBODY ? NULL : &old_tenant[from->home]);
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
static struct credential name_of(const struct app *app, size_t owner)
{
    const struct credential_user u = credential_user(app, owner);
    const char *first = u.tenant ? u.tenant->options->identity.tenant_id : u.receiver;
    return (struct credential){
        .client_id = u.client_id, .name = u.name, .apart = app->credentials->state[owner].apart ? first : NULL};
}

static enum level own_level(const struct app *app, const struct credential *c)
{
    CLEANUP(free) char *subject = NULL;
    const struct alert *a = NULL;
    if (credential_subject(c, &subject) >= 0)
        a = registry_find(app->registry, KIND_CREDENTIAL, NULL, subject);
    return a ? a->notified : LEVEL_NONE;
}

static void begin(const struct app *app, size_t owner, struct instant now, struct credential *ret)
{
    const struct credential_state *s = &app->credentials->state[owner];
    const struct credential_user u = credential_user(app, owner);
    bool by_entry = s->entry_at && (!s->ends_at || s->entry_at < s->ends_at);
    *ret = name_of(app, owner);
    ret->file = u.file;
    ret->certificate = u.certificate;
    ret->true_at = true_time(app, now);
    ret->ends_at = by_entry ? s->entry_at : s->ends_at;
    ret->ends_by_day = !u.certificate && !by_entry;
    ret->blamed = s->blamed;
    if (u.tenant) {
        ret->zone = tenant_zone(u.tenant->options, ret->true_at);
        ret->utc_offset = tenant_utc_offset;
        ret->userdata = u.tenant->options;
    }
}

static void describe_tenant(const struct credential_state *s, struct tenant *t, struct instant now, struct credential *c)
{
    bool time_known = t->app->credentials->graph_clock.boot;
    usec_t signed_in = graph_signed_in_mono(t->graph);
    bool refused = is_refused(t, &t->health);
    c->refused |= refused && is_tried(t, s);
    c->works |= !refused && signed_in > s->since_mono && time_known; /* resolving takes both */
    if (signed_in > s->since_mono && c->true_at - (now.mono - signed_in) > c->accepted_at)
        c->accepted_at = c->true_at - (now.mono - signed_in);
}

/* Space for all users of a credential. */
struct user_names {
    const struct tenant_identity **tenant;
    const char **receiver;
};
static void user_names_free_at(struct user_names *n)
{
    free(n->tenant);
    free(n->receiver);
}

static void describe(const struct app *app, size_t owner, struct instant now, const struct user_names *names,
                     struct credential *c)
{
    const struct credential_state *s = &app->credentials->state[owner];
    struct credential_user u;
    begin(app, owner, now, c);
    c->tenant = names->tenant;
    c->receiver = names->receiver;
    c->open = own_level(app, c) > LEVEL_NONE;
    for (size_t at = owner; next_user(app, owner, &at, &u);)
        if (u.tenant) {
            names->tenant[c->n_tenants++] = &u.tenant->options->identity;
            describe_tenant(s, u.tenant, now, c);
        } else {
            names->receiver[c->n_receivers++] = u.receiver;
        }
    if (c->n_tenants == 0)
        c->works = app->credentials->graph_clock.boot;
}

enum level credentials_notified(const struct tenant *t, const struct tenant_health *health,
                            struct instant now)
{
    size_t owner = state_of(t)->owner;
    struct credential c;
    if (owner == NOBODY || !t->app->credentials->state[owner].dated || !health->failing || health->kind != FAILURE_AUTH)
        return LEVEL_NONE;
    begin(t->app, owner, now, &c);
    bool explained = credential_is_over(&c) || !is_tried(t, &t->app->credentials->state[owner]);
    return explained && !c.blamed ? own_level(t->app, &c) : LEVEL_NONE;
}

bool credentials_known(const struct app *app, const char *subject)
{
    bool unread = app->options->tenants_incomplete;
    for (size_t i = 0; i < app->credentials->n; i++) {
        CLEANUP(free) char *own = NULL;
        unread = unread || (i < app->n_tenants && app->tenant[i].options->broken);
        if (app->credentials->state[i].owner != i || !app->credentials->state[i].dated)
            continue;
        const struct credential c = name_of(app, i);
        int r = credential_subject(&c, &own);
        if (r < 0 || text_equal(own, subject))
            return true; /* out of memory ends no alert */
    }
    return unread; /* it may be that of a tenant whose configuration is broken */
}

static usec_t end_of(const struct credential_state *s)
{
    return s->entry_at && (!s->ends_at || s->entry_at < s->ends_at) ? s->entry_at : s->ends_at;
}

usec_t credentials_end(const struct tenant *t)
{
    size_t owner = state_of(t)->owner;
    return owner == NOBODY ? 0 : end_of(&t->app->credentials->state[owner]);
}

usec_t credentials_first_end(const struct app *app)
{
    usec_t first = 0;
    for (size_t i = 0; i < app->credentials->n; i++) {
        usec_t end = app->credentials->state[i].owner == i ? end_of(&app->credentials->state[i]) : 0;
        if (end && (!first || end < first))
            first = end;
    }
    return first;
}

/* ---- once a minute ---- */

/* Changed files: what was known of the old ones is dropped, and the new ones are untested. */
static void look_at_files(struct app *app, size_t owner, struct instant now)
{
    struct credential_state *s = &app->credentials->state[owner];
    struct credential_user u = credential_user(app, owner);
    uint64_t files = credential_user_stamp(&u);
    if (files == s->files)
        return;
    s->files = files;
    s->since_mono = now.mono;
    s->entry_at = 0;
    read_end(app, owner);
    log_say(LOG_INFO, "%s%s: credential files have changed; the next %s uses them", u.tenant ? "" : "receiver ",
            u.tenant ? u.tenant->options->identity.name : u.receiver, u.tenant ? "poll" : "sign-in");
    for (size_t at = owner; next_user(app, owner, &at, &u);)
        if (u.tenant) {
            state_of(u.tenant)->asked = false;
            state_of(u.tenant)->ask_again_mono = 0;
            graph_sign_in_again(u.tenant->graph);
        }
}

static void judge(struct app *app, size_t owner, struct instant now)
{
    CLEANUP(user_names_free) struct user_names names = {
        calloc(app->n_tenants, sizeof *names.tenant), calloc(app->credentials->n, sizeof *names.receiver)};
    CLEANUP(observation_clear) struct observation observation = {0};
    struct plan_context ctx = commit_context(app, NULL, now);
    struct credential c;
    if (!names.tenant || !names.receiver)
        return; /* retried in a minute */
    app->credentials->state[owner].blamed = is_blamed(app, owner);
    describe(app, owner, now, &names, &c);
    if (c.true_at && judge_credential(&app->options->rules, &c, &now, &observation, NULL) >= 0)
        commit_observation(app, &ctx, &observation);
}

void credentials_look(struct app *app, struct instant now)
{
    for (size_t i = 0; i < app->credentials->n; i++) {
        if (app->credentials->state[i].owner != i || !app->credentials->state[i].dated)
            continue;
        look_at_files(app, i, now);
        judge(app, i, now);
    }
}

/* ---- asking Graph ---- */

/* Tenants come first among the users: the owner of what a tenant uses is a tenant. */
static struct tenant *owner_of(const struct tenant *t)
{
    return &t->app->tenant[state_of(t)->owner];
}

/* Logged after every tenant that may have the entry was asked: in a customer's tenant an application that is
 * registered elsewhere has none, which is normal. */
static void log_unknown(struct tenant *owner)
{
    struct credential_state *s = state_of(owner);
    uint64_t hash = fnv1a(s->why.text, strlen(s->why.text), FNV1A_SEED);
    for (size_t i = 0; s->home == NOBODY && i < owner->app->n_tenants; i++) {
        const struct tenant *t = &owner->app->tenant[i];
        if (owner_of(t) == owner && asks_graph(t) && !state_of(t)->asked)
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
    } else if (lasting && (s->home == NOBODY || s->home == index)) {
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
    const struct credential_state *s = own->owner == NOBODY ? NULL : &t->app->credentials->state[own->owner];
    struct failure why = {0};
    if (!s || !asks_graph(t) || own->asking || own->ask_again_mono > clock_now().mono ||
        (s->home != NOBODY && &t->app->tenant[s->home] != t))
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
