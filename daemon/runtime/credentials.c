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

static bool asks_graph(const struct watch *w)
{
    return w->options->graph.auth == AUTH_CLIENT_SECRET && text_equal(w->options->client_secret_expires, "auto");
}

static bool is_same(const struct tenant_options *a, const struct tenant_options *b)
{
    return a->graph.auth == b->graph.auth && text_equal_nocase(a->graph.client_id, b->graph.client_id) &&
           text_equal(file_of(a), file_of(b));
}

static struct watch *keeper_of(const struct watch *w)
{
    return w->signer.keeper == SIGNER_NONE ? NULL : &w->app->watch[w->signer.keeper];
}

static bool is_used_by(const struct watch *keeper, const struct watch *w)
{
    return keeper_of(w) == keeper;
}

/* Somebody says, or may say, when it ends. */
static bool is_dated(const struct watch *keeper)
{
    bool dated = keeper->options->graph.auth == AUTH_CERTIFICATE;
    for (size_t i = 0; !dated && i < keeper->app->n_watches; i++) {
        const struct watch *w = &keeper->app->watch[i];
        dated = is_used_by(keeper, w) && *w->options->client_secret_expires;
    }
    return dated;
}

static void read_end(struct watch *keeper)
{
    const struct tenant_options *t = keeper->options;
    struct signer *s = &keeper->signer;
    int32_t day;
    s->ends_at = 0;
    if (t->graph.auth == AUTH_CERTIFICATE) /* if it cannot be read, the sign-in tells why */
        (void)assertion_certificate_expires(t->graph.certificate_file, &s->ends_at, NULL);
    for (size_t i = 0; t->graph.auth == AUTH_CLIENT_SECRET && i < keeper->app->n_watches; i++) {
        const struct watch *w = &keeper->app->watch[i];
        if (!is_used_by(keeper, w) || date_parse(w->options->client_secret_expires, &day) < 0 || day <= 0)
            continue;
        usec_t at = (usec_t)day * USEC_PER_DAY;
        if (s->ends_at == 0 || at < s->ends_at)
            s->ends_at = at;
    }
}

/* Whether the alert about a tenant that uses it has been told: then it keeps the word. */
static bool is_blamed(const struct watch *keeper)
{
    for (size_t i = 0; i < keeper->app->n_watches; i++) {
        const struct watch *w = &keeper->app->watch[i];
        const struct alert *a = NULL;
        if (is_used_by(keeper, w))
            a = registry_find(keeper->app->registry, KIND_POLL, w->options->identity.tenant_id, "");
        if (a && a->notified > LEVEL_NONE)
            return true;
    }
    return false;
}

/* Another credential has the same client and the same name in another folder. */
static bool has_double(const struct watch *keeper)
{
    const struct tenant_options *t = keeper->options;
    for (size_t i = 0; i < keeper->app->n_watches; i++) {
        const struct watch *w = &keeper->app->watch[i];
        if (w != keeper && w->signer.keeper == i && text_equal(w->options->graph.client_id, t->graph.client_id) &&
            text_equal(w->options->credential, t->credential))
            return true;
    }
    return false;
}

void credentials_wire(struct app *app)
{
    for (size_t i = 0; i < app->n_watches; i++) {
        struct watch *w = &app->watch[i];
        w->signer = (struct signer){.keeper = SIGNER_NONE, .home = SIGNER_NONE};
        if (!w->graph || !file_of(w->options))
            continue;
        w->signer.keeper = i;
        for (size_t k = 0; k < i; k++)
            if (app->watch[k].signer.keeper == k && is_same(app->watch[k].options, w->options)) {
                w->signer.keeper = k;
                break;
            }
    }
    for (size_t i = 0; i < app->n_watches; i++) {
        struct watch *w = &app->watch[i];
        if (w->signer.keeper != i)
            continue;
        w->signer.apart = has_double(w);
        w->signer.dated = is_dated(w);
        w->signer.files = repair_look(w);
        w->signer.blamed = is_blamed(w);
        read_end(w);
    }
}

/* ---- a reload ---- */

static const struct watch *same_tenant(const struct watch *watch, size_t n, const struct watch *w)
{
    for (size_t i = 0; i < n; i++)
        if (text_equal(watch[i].options->identity.tenant_id, w->options->identity.tenant_id))
            return &watch[i];
    return NULL;
}

/* Since when it is as it is, and what Graph said of it. */
static void inherit(struct watch *keeper, const struct watch *from, const struct watch *old)
{
    struct app *app = keeper->app;
    const struct signer *s = &from->signer;
    const struct watch *home = s->home == SIGNER_NONE ? NULL : same_tenant(app->watch, app->n_watches, &old[s->home]);
    keeper->signer.since_mono = s->since_mono;
    keeper->signer.why = s->why;
    keeper->signer.logged = s->logged;
    if (!home || !is_used_by(keeper, home) || !asks_graph(home))
        return;
    keeper->signer.home = (size_t)(home - app->watch);
    keeper->signer.entry_at = s->entry_at;
}

void credentials_inherit(struct app *app, const struct watch *old, size_t n_old)
{
    for (size_t i = 0; i < app->n_watches; i++) {
        struct watch *w = &app->watch[i], *keeper = keeper_of(w);
        const struct watch *before = same_tenant(old, n_old, w);
        if (!keeper || !before || before->signer.keeper == SIGNER_NONE || !is_same(before->options, w->options))
            continue;
        const struct watch *from = &old[before->signer.keeper];
        if (from->signer.files != keeper->signer.files)
            continue;
        w->signer.asked = before->signer.asked;
        w->signer.ask_again_mono = before->signer.ask_again_mono;
        if (keeper == w)
            inherit(w, from, old);
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
static bool is_tried(const struct watch *w, const struct signer *of)
{
    return w->last.known && w->last.report.began.mono > of->since_mono;
}

static bool is_refused(const struct watch *w, const struct tenant_health *h)
{
    const struct failure *renewal = &w->last.report.renewal;
    return (*renewal->text && renewal->kind == FAILURE_AUTH) || (h->failing && h->kind == FAILURE_AUTH);
}

/* What its subject is made of. */
static struct credential name_of(const struct watch *keeper)
{
    const struct tenant_options *t = keeper->options;
    return (struct credential){.client_id = t->graph.client_id,
                               .name = t->credential,
                               .apart = keeper->signer.apart ? t->identity.tenant_id : NULL};
}

static enum level own_level(const struct app *app, const struct credential *c)
{
    CLEANUP(free) char *subject = NULL;
    const struct alert *a = NULL;
    if (credential_subject(c, &subject) >= 0)
        a = registry_find(app->registry, KIND_CREDENTIAL, NULL, subject);
    return a ? a->notified : LEVEL_NONE;
}

static void begin(const struct watch *keeper, struct instant now, struct credential *ret)
{
    const struct signer *s = &keeper->signer;
    bool by_entry = s->entry_at && (!s->ends_at || s->entry_at < s->ends_at);
    bool certificate = keeper->options->graph.auth == AUTH_CERTIFICATE;
    *ret = name_of(keeper);
    ret->file = file_of(keeper->options);
    ret->certificate = certificate;
    ret->true_at = true_time(keeper->app, now);
    ret->ends_at = by_entry ? s->entry_at : s->ends_at;
    ret->ends_by_day = !certificate && !by_entry;
    ret->blamed = s->blamed;
    ret->zone = app_zone(keeper->options, ret->true_at);
}

/* `tenants` has room for all. */
static void describe(const struct watch *keeper, struct instant now,
                     const struct tenant_identity **tenants, struct credential *c)
{
    const struct app *app = keeper->app;
    const struct signer *s = &keeper->signer;
    begin(keeper, now, c);
    c->tenant = tenants;
    c->open = own_level(app, c) > LEVEL_NONE;
    for (size_t i = 0; i < app->n_watches; i++) {
        const struct watch *w = &app->watch[i];
        if (!is_used_by(keeper, w))
            continue;
        tenants[c->n_tenants++] = &w->options->identity;
        usec_t signed_in = graph_signed_in_mono(w->graph);
        bool refused = is_refused(w, &w->health);
        c->refused |= refused && is_tried(w, s);
        c->works |= !refused && signed_in > s->since_mono && app->graph_clock.boot; /* good news takes both */
        if (signed_in > s->since_mono && c->true_at - (now.mono - signed_in) > c->accepted_at)
            c->accepted_at = c->true_at - (now.mono - signed_in);
    }
}

enum level credentials_tell(const struct watch *w, const struct tenant_health *health, struct instant now)
{
    const struct watch *keeper = keeper_of(w);
    struct credential c;
    if (!keeper || !keeper->signer.dated || !health->failing || health->kind != FAILURE_AUTH)
        return LEVEL_NONE;
    begin(keeper, now, &c);
    bool explained = credential_is_over(&c) || !is_tried(w, &keeper->signer);
    return explained && !c.blamed ? own_level(w->app, &c) : LEVEL_NONE;
}

bool credentials_known(const struct app *app, const char *subject)
{
    bool unread = app->options->tenants_incomplete;
    for (size_t i = 0; i < app->n_watches; i++) {
        const struct watch *w = &app->watch[i];
        CLEANUP(free) char *own = NULL;
        unread = unread || w->options->broken;
        if (w->signer.keeper != i || !w->signer.dated)
            continue;
        const struct credential c = name_of(w);
        int r = credential_subject(&c, &own);
        if (r < 0 || text_equal(own, subject))
            return true; /* without memory nothing is ended */
    }
    return unread; /* it may be that of a tenant whose configuration is broken */
}

usec_t credentials_first_end(const struct app *app)
{
    usec_t first = 0;
    for (size_t i = 0; i < app->n_watches; i++) {
        const struct signer *s = &app->watch[i].signer;
        const usec_t ENDS[] = {s->ends_at, s->entry_at};
        for (size_t k = 0; s->keeper == i && k < N_ELEMENTS(ENDS); k++)
            if (ENDS[k] && (!first || ENDS[k] < first))
                first = ENDS[k];
    }
    return first;
}

/* ---- once a minute ---- */

/* Another file: what was known of the old one is over, and the new one has to prove itself. */
static void look_at_files(struct watch *keeper, struct instant now)
{
    struct app *app = keeper->app;
    struct signer *s = &keeper->signer;
    uint64_t files = repair_look(keeper);
    if (files == s->files)
        return;
    s->files = files;
    s->since_mono = now.mono;
    s->entry_at = 0;
    read_end(keeper);
    log_say(LOG_INFO, "%s: the files it signs in with have changed; the next reading uses them",
            keeper->options->identity.name);
    for (size_t i = 0; i < app->n_watches; i++)
        if (is_used_by(keeper, &app->watch[i])) {
            app->watch[i].signer.asked = false;
            app->watch[i].signer.ask_again_mono = 0;
            graph_sign_in_again(app->watch[i].graph);
        }
}

static void judge(struct watch *keeper, struct instant now)
{
    struct app *app = keeper->app;
    CLEANUP(free) const struct tenant_identity **tenants = calloc(app->n_watches, sizeof *tenants);
    CLEANUP(sample_clear) struct sample sample = {0};
    struct plan_context ctx = take_planning(app, NULL, now);
    struct credential c;
    if (!tenants)
        return; /* in a minute */
    keeper->signer.blamed = is_blamed(keeper);
    describe(keeper, now, tenants, &c);
    if (c.true_at && judge_credential(&app->options->rules, &c, &now, &sample, NULL) >= 0)
        take_sample(app, &ctx, &sample);
}

void credentials_look(struct app *app, struct instant now)
{
    for (size_t i = 0; i < app->n_watches; i++) {
        if (app->watch[i].signer.keeper != i || !app->watch[i].signer.dated)
            continue;
        look_at_files(&app->watch[i], now);
        judge(&app->watch[i], now);
    }
}

/* ---- asking Graph ---- */

/* Said once all of those who may know have been asked: in a customer's tenant an application that is
 * registered elsewhere has no entry, and that is no news. */
static void say_unknown(struct watch *keeper)
{
    struct signer *s = &keeper->signer;
    uint64_t hash = fnv1a(s->why.text, strlen(s->why.text), FNV1A_SEED);
    for (size_t i = 0; s->home == SIGNER_NONE && i < keeper->app->n_watches; i++) {
        const struct watch *w = &keeper->app->watch[i];
        if (is_used_by(keeper, w) && asks_graph(w) && !w->signer.asked)
            return;
    }
    if (hash != s->logged)
        log_event(LOG_NOTICE, MESSAGE_CREDENTIAL_UNKNOWN, keeper->options->identity.name,
                  "%s: when its client secret ends cannot be told: %s",
                  keeper->options->identity.name, s->why.text);
    s->logged = hash;
}

static void on_entry(void *userdata, usec_t ends_at, const struct failure *why)
{
    struct watch *w = userdata, *keeper = keeper_of(w);
    struct signer *s = &keeper->signer;
    usec_t now = clock_now().mono;
    char text[RFC3339_MAX];
    w->signer.asking = false;
    w->app->looking--;
    if (w->signer.asked_files != s->files) { /* that was about another secret */
        poller_idle(w->app);
        return;
    }
    bool lasting = ends_at || why->kind == FAILURE_PERMISSION || why->kind == FAILURE_ABSENT ||
                   why->kind == FAILURE_CONFIG;
    w->signer.ask_again_mono = now + (lasting ? ASK_EVERY : ASK_AGAIN);
    w->signer.asked = w->signer.asked || lasting;
    if (ends_at && ends_at != s->entry_at)
        log_say(LOG_INFO, "%s: its client secret ends on %s, says the entry of the application",
                w->options->identity.name, rfc3339_print(ends_at, text));
    if (ends_at) {
        s->home = (size_t)(w - w->app->watch);
        s->entry_at = ends_at;
        s->logged = 0;
        s->why = (struct failure){0};
    } else if (lasting && (s->home == SIGNER_NONE || &w->app->watch[s->home] == w)) {
        s->entry_at = 0; /* after another failure what was known yesterday still holds */
        if (why->kind != FAILURE_ABSENT || !*s->why.text)
            s->why = *why;
        say_unknown(keeper);
    }
    poller_idle(w->app);
}

static void ask(struct watch *w)
{
    const struct watch *keeper = keeper_of(w);
    struct failure why = {0};
    if (!keeper || !asks_graph(w) || w->signer.asking || w->signer.ask_again_mono > clock_now().mono ||
        (keeper->signer.home != SIGNER_NONE && &w->app->watch[keeper->signer.home] != w))
        return;
    if (graph_ask_entry(w->graph, on_entry, w, &why) < 0)
        return; /* after the next poll */
    w->signer.asking = true;
    w->signer.asked_files = keeper->signer.files;
    w->app->looking++;
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

void credentials_polled(struct watch *w, const struct graph_report *report)
{
    hear_clock(w->app, report);
    if (report->complete)
        ask(w);
}
