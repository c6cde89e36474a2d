/* SPDX-License-Identifier: MIT */
/* When does what tenants sign in with end? A certificate says so, the configuration may, and Graph can
 * be asked. Files and days are looked at once a minute, however rarely a tenant is read.
 *
 * Many tenants may use one secret: the first of them, in the order of the configuration, keeps what is
 * known of it, and there is one alert for all. */
#include "runtime/app.h"

#include <string.h>

#include "base/date.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/message_ids.h"
#include "graph/app_entry.h"

#define ASK_EVERY USEC_PER_DAY
#define ASK_AGAIN USEC_PER_HOUR /* after a failure that may pass */

/* ---- who shares what ---- */

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
    return t->credential.owner == NO_OWNER ? NULL : &t->app->tenant[t->credential.owner];
}

static bool is_used_by(const struct tenant *owner, const struct tenant *t)
{
    return owner_of(t) == owner;
}

/* Somebody says, or may say, when it ends. */
static bool is_dated(const struct tenant *owner)
{
    bool dated = owner->options->graph.auth == AUTH_CERTIFICATE;
    for (size_t i = 0; !dated && i < owner->app->n_tenants; i++) {
        const struct tenant *t = &owner->app->tenant[i];
        dated = is_used_by(owner, t) && *t->options->client_secret_expires;
    }
    return dated;
}

static void read_end(struct tenant *owner)
{
    const struct tenant_options *t = owner->options;
    struct credential_state *s = &owner->credential;
    int32_t day;
    s->ends_at = 0;
    if (t->graph.auth == AUTH_CERTIFICATE) /* if it cannot be read, the sign-in tells why */
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

/* Whether the alert about a tenant that uses it has been told: then it keeps the word. */
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

/* Another credential has the same client and the same name in another folder. */
static bool has_double(const struct tenant *owner)
{
    const struct tenant_options *t = owner->options;
    for (size_t i = 0; i < owner->app->n_tenants; i++) {
        const struct tenant *w = &owner->app->tenant[i];
        if (w != owner && w->credential.owner == i &&
            text_equal(w->options->graph.client_id, t->graph.client_id) &&
            text_equal(w->options->credential, t->credential))
            return true;
    }
    return false;
}

void credentials_wire(struct app *app)
{
    for (size_t i = 0; i < app->n_tenants; i++) {
        struct tenant *t = &app->tenant[i];
        t->credential = (struct credential_state){.owner = NO_OWNER, .home = NO_OWNER};
        if (!t->graph || !file_of(t->options))
            continue;
        t->credential.owner = i;
        for (size_t k = 0; k < i; k++)
            if (app->tenant[k].credential.owner == k &&
                is_same(app->tenant[k].options, t->options)) {
                t->credential.owner = k;
                break;
            }
    }
    for (size_t i = 0; i < app->n_tenants; i++) {
        struct tenant *t = &app->tenant[i];
        if (t->credential.owner != i)
            continue;
        t->credential.apart = has_double(t);
        t->credential.dated = is_dated(t);
        t->credential.files = credential_files_stamp(t);
        t->credential.blamed = is_blamed(t);
        read_end(t);
    }
}

/* ---- a reload ---- */

static const struct tenant *same_tenant(const struct tenant *tenant, size_t n,
                                        const struct tenant *t)
{
    for (size_t i = 0; i < n; i++)
        if (text_equal(tenant[i].options->identity.tenant_id, t->options->identity.tenant_id))
            return &tenant[i];
    return NULL;
}

/* Since when it is as it is, and what Graph said of it. */
static void inherit(struct tenant *owner, const struct tenant *from, const struct tenant *old)
{
    struct app *app = owner->app;
    const struct credential_state *s = &from->credential;
    const struct tenant *home =
        s->home == NO_OWNER ? NULL : same_tenant(app->tenant, app->n_tenants, &old[s->home]);
    owner->credential.since_mono = s->since_mono;
    owner->credential.why = s->why;
    owner->credential.logged = s->logged;
    if (!home || !is_used_by(owner, home) || !asks_graph(home))
        return;
    owner->credential.home = (size_t)(home - app->tenant);
    owner->credential.entry_at = s->entry_at;
}

void credentials_inherit(struct app *app, const struct tenant *old, size_t n_old)
{
    for (size_t i = 0; i < app->n_tenants; i++) {
        struct tenant *t = &app->tenant[i], *owner = owner_of(t);
        const struct tenant *before = same_tenant(old, n_old, t);
        if (!owner || !before || before->credential.owner == NO_OWNER ||
            !is_same(before->options, t->options))
            continue;
        const struct tenant *from = &old[before->credential.owner];
        if (from->credential.files != owner->credential.files)
            continue;
        t->credential.asked = before->credential.asked;
        t->credential.ask_again_mono = before->credential.ask_again_mono;
        if (owner == t)
            inherit(t, from, old);
    }
}

/* ---- what is known of one ---- */

/* By Graph's clock, which no jump of ours moves; while that has not been heard of by our own, if somebody
 * has set it: 0, if not. */
static usec_t true_time(const struct app *app, struct instant now)
{
    const struct instant *then = &app->graph_clock;
    if (then->boot)
        return then->at + (now.mono - then->mono);
    return clock_is_set(now.at) ? now.at : 0;
}

/* A reading has begun since this process knows the credential as it is now: what is known of one before
 * that, or from before a restart or a reload, was about another file or day. */
static bool is_tried(const struct tenant *t, const struct credential_state *of)
{
    return t->last.known && t->last.report.began.mono > of->since_mono;
}

static bool is_refused(const struct tenant *t, const struct tenant_health *h)
{
    const struct failure *renewal = &t->last.report.renewal;
    return (*renewal->text && renewal->kind == FAILURE_AUTH) || (h->failing && h->kind == FAILURE_AUTH);
}

/* What its subject is made of. */
static struct credential name_of(const struct tenant *owner)
{
    const struct tenant_options *t = owner->options;
    return (struct credential){.client_id = t->graph.client_id,
                               .name = t->credential,
                               .apart = owner->credential.apart ? t->identity.tenant_id : NULL};
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
    const struct credential_state *s = &owner->credential;
    bool by_entry = s->entry_at && (!s->ends_at || s->entry_at < s->ends_at);
    bool certificate = owner->options->graph.auth == AUTH_CERTIFICATE;
    *ret = name_of(owner);
    ret->file = file_of(owner->options);
    ret->certificate = certificate;
    ret->true_at = true_time(owner->app, now);
    ret->ends_at = by_entry ? s->entry_at : s->ends_at;
    ret->ends_by_day = !certificate && !by_entry;
    ret->blamed = s->blamed;
    ret->zone = app_zone(owner->options, ret->true_at);
}

/* `tenants` has room for all. */
static void describe(const struct tenant *owner, struct instant now,
                     const struct tenant_identity **tenants, struct credential *c)
{
    const struct app *app = owner->app;
    const struct credential_state *s = &owner->credential;
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
        c->works |= !refused && signed_in > s->since_mono && app->graph_clock.boot; /* good news takes both */
        if (signed_in > s->since_mono && c->true_at - (now.mono - signed_in) > c->accepted_at)
            c->accepted_at = c->true_at - (now.mono - signed_in);
    }
}

enum level credentials_tell(const struct tenant *t, const struct tenant_health *health,
                            struct instant now)
{
    const struct tenant *owner = owner_of(t);
    struct credential c;
    if (!owner || !owner->credential.dated || !health->failing || health->kind != FAILURE_AUTH)
        return LEVEL_NONE;
    begin(owner, now, &c);
    bool explained = credential_is_over(&c) || !is_tried(t, &owner->credential);
    return explained && !c.blamed ? own_level(t->app, &c) : LEVEL_NONE;
}

bool credentials_known(const struct app *app, const char *subject)
{
    bool unread = app->options->tenants_incomplete;
    for (size_t i = 0; i < app->n_tenants; i++) {
        const struct tenant *t = &app->tenant[i];
        CLEANUP(free) char *own = NULL;
        unread = unread || t->options->broken;
        if (t->credential.owner != i || !t->credential.dated)
            continue;
        const struct credential c = name_of(t);
        int r = credential_subject(&c, &own);
        if (r < 0 || text_equal(own, subject))
            return true; /* without memory nothing is ended */
    }
    return unread; /* it may be that of a tenant whose configuration is broken */
}

usec_t credentials_first_end(const struct app *app)
{
    usec_t first = 0;
    for (size_t i = 0; i < app->n_tenants; i++) {
        const struct credential_state *s = &app->tenant[i].credential;
        const usec_t ENDS[] = {s->ends_at, s->entry_at};
        for (size_t k = 0; s->owner == i && k < N_ELEMENTS(ENDS); k++)
            if (ENDS[k] && (!first || ENDS[k] < first))
                first = ENDS[k];
    }
    return first;
}

/* ---- once a minute ---- */

/* Another file: what was known of the old one is over, and the new one has to prove itself. */
static void look_at_files(struct tenant *owner, struct instant now)
{
    struct app *app = owner->app;
    struct credential_state *s = &owner->credential;
    uint64_t files = credential_files_stamp(owner);
    if (files == s->files)
        return;
    s->files = files;
    s->since_mono = now.mono;
    s->entry_at = 0;
    read_end(owner);
    log_say(LOG_INFO, "%s: the files it signs in with have changed; the next reading uses them",
            owner->options->identity.name);
    for (size_t i = 0; i < app->n_tenants; i++)
        if (is_used_by(owner, &app->tenant[i])) {
            app->tenant[i].credential.asked = false;
            app->tenant[i].credential.ask_again_mono = 0;
            graph_sign_in_again(app->tenant[i].graph);
        }
}

static void judge(struct tenant *owner, struct instant now)
{
    struct app *app = owner->app;
    CLEANUP(free) const struct tenant_identity **tenants = calloc(app->n_tenants, sizeof *tenants);
    CLEANUP(observation_clear) struct observation observation = {0};
    struct plan_context ctx = take_planning(app, NULL, now);
    struct credential c;
    if (!tenants)
        return; /* in a minute */
    owner->credential.blamed = is_blamed(owner);
    describe(owner, now, tenants, &c);
    if (c.true_at && judge_credential(&app->options->rules, &c, &now, &observation, NULL) >= 0)
        take_observation(app, &ctx, &observation);
}

void credentials_look(struct app *app, struct instant now)
{
    for (size_t i = 0; i < app->n_tenants; i++) {
        if (app->tenant[i].credential.owner != i || !app->tenant[i].credential.dated)
            continue;
        look_at_files(&app->tenant[i], now);
        judge(&app->tenant[i], now);
    }
}

/* ---- asking Graph ---- */

/* Said once all of those who may know have been asked: in a customer's tenant an application that is
 * registered elsewhere has no entry, and that is no news. */
static void say_unknown(struct tenant *owner)
{
    struct credential_state *s = &owner->credential;
    uint64_t hash = fnv1a(s->why.text, strlen(s->why.text), FNV1A_SEED);
    for (size_t i = 0; s->home == NO_OWNER && i < owner->app->n_tenants; i++) {
        const struct tenant *t = &owner->app->tenant[i];
        if (is_used_by(owner, t) && asks_graph(t) && !t->credential.asked)
            return;
    }
    if (hash != s->logged)
        log_event(LOG_NOTICE, MESSAGE_CREDENTIAL_UNKNOWN, owner->options->identity.name,
                  "%s: when its client secret ends cannot be told: %s",
                  owner->options->identity.name, s->why.text);
    s->logged = hash;
}

static void on_entry(void *userdata, usec_t ends_at, const struct failure *why)
{
    struct tenant *t = userdata, *owner = owner_of(t);
    struct credential_state *s = &owner->credential;
    usec_t now = clock_now().mono;
    char text[RFC3339_MAX];
    t->credential.asking = false;
    t->app->looking--;
    if (t->credential.asked_files != s->files) { /* that was about another secret */
        poller_idle(t->app);
        return;
    }
    bool lasting = ends_at || why->kind == FAILURE_PERMISSION || why->kind == FAILURE_ABSENT ||
                   why->kind == FAILURE_CONFIG;
    t->credential.ask_again_mono = now + (lasting ? ASK_EVERY : ASK_AGAIN);
    t->credential.asked = t->credential.asked || lasting;
    if (ends_at && ends_at != s->entry_at)
        log_say(LOG_INFO, "%s: its client secret ends on %s, says the entry of the application",
                t->options->identity.name, rfc3339_print(ends_at, text));
    if (ends_at) {
        s->home = (size_t)(t - t->app->tenant);
        s->entry_at = ends_at;
        s->logged = 0;
        s->why = (struct failure){0};
    } else if (lasting && (s->home == NO_OWNER || &t->app->tenant[s->home] == t)) {
        s->entry_at = 0; /* after another failure what was known yesterday still holds */
        if (why->kind != FAILURE_ABSENT || !*s->why.text)
            s->why = *why;
        say_unknown(owner);
    }
    poller_idle(t->app);
}

static void ask(struct tenant *t)
{
    const struct tenant *owner = owner_of(t);
    struct failure why = {0};
    if (!owner || !asks_graph(t) || t->credential.asking ||
        t->credential.ask_again_mono > clock_now().mono ||
        (owner->credential.home != NO_OWNER && &t->app->tenant[owner->credential.home] != t))
        return;
    if (graph_ask_entry(t->graph, on_entry, t, &why) < 0)
        return; /* after the next poll */
    t->credential.asking = true;
    t->credential.asked_files = owner->credential.files;
    t->app->looking++;
}

static void hear_clock(struct app *app, const struct graph_report *report)
{
    struct instant then = report->began;
    if (then.boot == 0 || (!report->skew_known && !(report->complete && clock_is_set(then.at))))
        return;
    if (report->skew_known)
        then.at -= (usec_t)(report->skew_seconds * (int64_t)USEC_PER_SEC);
    app->graph_clock = then;
}

void credentials_polled(struct tenant *t, const struct graph_report *report)
{
    hear_clock(t->app, report);
    if (report->complete)
        ask(t);
}
