/* SPDX-License-Identifier: MIT */
/* runtime/checks.c: checks before the service starts: the configuration, the access to Graph, one receiver. */
#include "runtime/checks.h"

#include <errno.h>
#include <string.h>

#include "base/date.h"
#include "base/log.h"
#include "base/text.h"
#include "graph/app_entry.h"
#include "graph/lookup.h"
#include "runtime/matches.h"
#include "runtime/rights.h"
#include "runtime/setup.h"

/* What a start would refuse. A start accepts a damaged database: it makes a new one. */
static int check_state(const struct cli *cli)
{
    struct store_options o = {.directory = cli->state_dir, .outbox_max_rows = 1, .outbox_max_bytes = 1};
    struct store_report report = {0};
    CLEANUP(store_close) struct store *store = NULL;
    struct failure why = {0};
    int r = store_check_directory(cli->state_dir, &why);
    if (r >= 0)
        r = store_open(&o, &deliver_codec, STORE_READ_ONLY, clock_now(), &store, &report, &why);
    if (r >= 0 || r == -ENOENT || r == -EBADMSG || r == -EAGAIN)
        return EXIT_OK;
    fprintf(stderr, "%s\n", why.text);
    return EXIT_STATE;
}

int checks_config(const struct cli *cli)
{
    CLEANUP(options_free) struct options *options = NULL;
    struct problems problems = {0};
    int state = cli->state_dir_given ? check_state(cli) : EXIT_OK;
    int r = options_check(cli->config, &options, &problems);
    bool good = r >= 0;
    for (size_t i = 0; i < problems.n; i++) {
        const struct problem *p = &problems.problem[i];
        fprintf(stderr, "%s%s\n", p->warning ? "warning: " : "", p->text);
        good = good && p->warning;
    }
    problems_free(&problems);
    if (good && state == EXIT_OK)
        puts("configuration ok");
    if (r == -ENOMEM)
        fputs("out of memory while the configuration was read\n", stderr);
    return r == -ENOMEM || r == -EAGAIN ? EXIT_INTERNAL : good ? state : EXIT_CONFIGURATION;
}

int checks_dump(const struct cli *cli)
{
    CLEANUP(options_free) struct options *options = NULL;
    CLEANUP(free) char *text = NULL;
    int code = setup_options(cli, &options, NULL);
    if (code != EXIT_OK)
        return code;
    if (options_dump(options, &text) < 0) {
        log_say(LOG_ERR, "out of memory; nothing was printed");
        return EXIT_INTERNAL;
    }
    fputs(text, stdout);
    return EXIT_OK;
}

struct access_run { /* --check-access walks the tenants one after the other */
    const struct options *options;
    const struct tenant_options *tenant;
    size_t next_right; /* of usage_rights */
    sd_event *event;
    struct http *http;
    struct graph *graph;
    bool usable;
    size_t degraded; /* tenants that can only be polled from subscribedSkus */
};

static void look_up_next(struct access_run *a);

static void on_looked_up(void *userdata, struct rights *given, const struct lookup_report *report)
{
    struct access_run *a = userdata;
    CLEANUP(rights_free) struct rights *rights = given;
    switch (rights->section[RIGHTS_HELD]) {
    case SECTION_COMPLETE:
        puts("       ok");
        break;
    case SECTION_NOT_OFFERED:
        puts("       no: subscribedSkus has no data about groups");
        break;
    case SECTION_UNKNOWN:
        printf("       no: %s\n", report->failure[RIGHTS_HELD].text);
        break;
    }
    look_up_next(a);
}

/* Looks up the usage_rights of this tenant one by one, then ends the loop. With privacy = "hashed" this shows
 * which name belongs to the hash in an alert. */
static void look_up_next(struct access_run *a)
{
    const struct rule_options *o = &a->options->rules;
    struct failure why = {0};
    for (const struct right_need *need; a->next_right < o->n_rights;) {
        need = &o->right[a->next_right++];
        if (!rights_about(need, &a->tenant->identity))
            continue;
        CLEANUP(free) char *shown = NULL;
        if (right_principal(o, need, &shown) < 0)
            break;
        const struct lookup_request rq = {.kind = need->user ? PRINCIPAL_USER : PRINCIPAL_GROUP,
                                          .who = need->user ? need->user : need->group,
                                          .shown = shown,
                                          .sections = 1U << RIGHTS_HELD};
        printf("  usage rights of %s, \"%s\" in alerts\n", rq.who, shown);
        if (graph_lookup(a->graph, &rq, a->options->poll_timeout, on_looked_up, a, &why) >= 0)
            return;
        printf("       no: %s\n", why.text);
    }
    (void)sd_event_exit(a->event, 0);
}

/* Look-ups use the source that polls would use. */
static void choose_source(const struct access_run *a, const struct graph_check *checks, size_t n)
{
    bool pools = false, skus = false;
    for (size_t i = 0; i < n; i++) {
        pools = pools || (checks[i].ok && text_equal(checks[i].call, "GET /admin/cloudLicensing/allotments"));
        skus = skus || (checks[i].ok && text_equal(checks[i].call, "GET /v1.0/subscribedSkus"));
    }
    if (!pools && skus)
        graph_set_answered(a->graph, SOURCE_SUBSCRIBED_SKUS);
}

/* ---- expiry of the credential ---- */

/* Days by the calendar, as the alert counts them. */
static void print_end(const char *what, usec_t at, bool by_day)
{
    char when[RFC3339_MAX];
    usec_t now = clock_now().at, last = at + (by_day ? USEC_PER_DAY : 0);
    int32_t day = (int32_t)(at / USEC_PER_DAY);
    const char *shown = by_day ? date_print(day, when) : rfc3339_print(at, when);
    if (last <= now)
        printf("  no   %s: ended on %s\n", what, shown);
    else
        printf("  ok   %s: ends on %s, in %llu days\n", what, shown,
               (unsigned long long)(at / USEC_PER_DAY - now / USEC_PER_DAY));
}

static void on_entry(void *userdata, usec_t ends_at, const struct failure *why)
{
    struct access_run *a = userdata;
    if (ends_at)
        print_end("client secret, by " APP_ENTRY_CALL, ends_at, false);
    else
        printf("  no   %s\n       for when the client secret ends; permission " APP_ENTRY_PERMISSION "\n", why->text);
    look_up_next(a);
}

static void look_at_credential(struct access_run *a, bool usable)
{
    const struct tenant_options *t = a->tenant;
    struct failure why = {0};
    usec_t at;
    int32_t day;
    if (t->graph.auth == AUTH_CERTIFICATE && assertion_certificate_expires(t->graph.certificate_file, &at, &why) >= 0)
        print_end("certificate", at, false);
    if (t->graph.auth == AUTH_CLIENT_SECRET && date_parse(t->client_secret_expires, &day) >= 0)
        print_end("client secret, by client_secret_expires", (usec_t)day * USEC_PER_DAY, true);
    if (!usable || t->graph.auth != AUTH_CLIENT_SECRET || !text_equal(t->client_secret_expires, "auto"))
        look_up_next(a);
    else if (graph_ask_entry(a->graph, on_entry, a, &why) < 0)
        on_entry(a, 0, &why);
}

/* "GET /beta/admin/...": the path as it is sent. */
static void print_call(const struct access_run *a, const struct graph_check *c)
{
    const char *path = strchr(c->call, '/');
    if (path && strncmp(path, "/v1.0/", 6) != 0)
        printf("%.*s/%s%s", (int)(path - c->call), c->call, a->tenant->graph.api_version, path);
    else
        fputs(c->call, stdout);
}

/* Without the advice to run this very command. */
static int useful_len(const char *text)
{
    const char *advice = strstr(text, "; seatwatchd --check-access");
    return advice ? (int)(advice - text) : (int)strlen(text);
}

static void print_check(const struct access_run *a, const struct graph_check *c, bool usable,
                        bool consent)
{
    printf("  %-4s ", c->ok ? "ok" : c->needed && !usable ? "FAIL" : "no");
    print_call(a, c);
    printf(": %.*s\n", useful_len(c->text), c->text);
    if (c->status)
        printf("       status %d, for %s", c->status, c->what_for);
    else
        printf("       no answer, for %s", c->what_for);
    printf(c->permission && *c->permission ? "; permission %s\n" : "%s\n", c->permission ? c->permission : "");
    if (consent)
        printf("       an administrator of the tenant consents at %s\n", c->consent_url);
}

static void on_access(void *userdata, const struct graph_check *checks, size_t n, bool usable)
{
    struct access_run *a = userdata;
    bool lacking = false;
    for (size_t i = 0; i < n; i++) {
        const struct graph_check *c = &checks[i];
        print_check(a, c, usable, c->consent_url && !(i > 0 && checks[i - 1].consent_url));
        lacking = lacking || (c->needed && !c->ok);
    }
    if (usable && lacking) {
        puts("  degraded: polled from subscribedSkus, which reports units only: no single pools, no waiting members, no "
             "assignment errors");
        a->degraded++;
    }
    a->usable = a->usable && usable;
    choose_source(a, checks, n);
    a->next_right = usable ? 0 : a->options->rules.n_rights;
    look_at_credential(a, usable);
}

static int access_tenant(struct access_run *a, const struct tenant_options *t)
{
    struct failure why = {0};
    a->tenant = t;
    printf("tenant %s (%s)\n", t->identity.name, t->identity.tenant_id);
    int r = graph_new(&t->graph, a->http, a->event, &a->graph, &why);
    if (r >= 0)
        r = graph_check_access(a->graph, on_access, a, &why);
    if (r < 0) {
        printf("  FAIL %s\n", why.text);
        a->usable = false;
    } else {
        r = sd_event_loop(a->event);
    }
    graph_free(TAKE(a->graph));
    return r;
}

/* A new loop for every tenant: a finished sd-event loop cannot be run again. */
static void access_one(struct access_run *a, const struct tenant_options *t,
                       const struct http_options *http)
{
    struct failure why = {0};
    if (!t->enabled)
        return;
    if (t->broken) {
        printf("tenant %s\n  FAIL %s\n", t->identity.name, t->broken);
        a->usable = false;
        return;
    }
    if (sd_event_new(&a->event) < 0 || http_new(a->event, http, &a->http, &why) < 0 || access_tenant(a, t) < 0)
        a->usable = false;
    http_free(TAKE(a->http));
    a->event = sd_event_unref(a->event);
}

static void say_match(const char *text)
{
    printf("warning: %s\n", text);
}

/* By the pools that complete polls have stored. */
static int compare_matches(const struct options *o, struct store *store)
{
    CLEANUP(free) struct matches_tenant *tenant = calloc(o->n_tenants + 1, sizeof *tenant);
    CLEANUP(free) struct tenant_memory **memory = calloc(o->n_tenants + 1, sizeof *memory);
    struct tenant_health health;
    size_t n = 0;
    if (!tenant || !memory)
        return -ENOMEM;
    for (size_t i = 0; i < o->n_tenants; i++) {
        const struct tenant_identity *t = &o->tenant[i].identity;
        if (!o->tenant[i].enabled)
            continue;
        (void)store_load_tenant(store, t->tenant_id, &memory[n], &health, NULL); /* none: never polled */
        tenant[n] = (struct matches_tenant){t, memory[n]};
        n++;
    }
    bool complete = matches_check(o, tenant, n, say_match);
    for (size_t i = 0; i < n; i++)
        tenant_memory_free(memory[i]);
    return complete;
}

/* Without a state directory the daemon has not run yet, and the pools are unknown. */
static void look_at_matches(const struct cli *cli, const struct options *options)
{
    struct store_options o = {.directory = cli->state_dir, .outbox_max_rows = 1, .outbox_max_bytes = 1};
    struct store_report report = {0};
    CLEANUP(store_close) struct store *store = NULL;
    if (store_open(&o, &deliver_codec, STORE_READ_ONLY, clock_now(), &store, &report, NULL) >= 0)
        (void)compare_matches(options, store);
}

int checks_access(const struct cli *cli)
{
    CLEANUP(options_free) struct options *options = NULL;
    CLEANUP(secret_free) struct secret *proxy_password = NULL;
    struct failure why = {0};
    int code = setup_options(cli, &options, NULL);
    if (code != EXIT_OK)
        return code;
    struct http_options http;
    if (setup_http(options, &proxy_password, &http, &why) < 0) {
        log_failure(LOG_ERR, &why, "proxy password", NULL);
        return EXIT_CONFIGURATION;
    }
    struct access_run a = {.options = options, .usable = true};
    for (size_t i = 0; i < options->n_tenants; i++)
        access_one(&a, &options->tenant[i], &http);
    look_at_matches(cli, options);
    if (!a.usable)
        puts("the main job cannot run: see the lines marked FAIL");
    else if (a.degraded)
        printf("the main job can run, degraded for %zu of %zu tenants\n", a.degraded, options->n_tenants);
    else
        puts("the main job can run");
    return a.usable ? EXIT_OK : EXIT_INCOMPLETE;
}

struct receiver_test {
    sd_event *event;
    const char *name;
    bool life, accepted;
};

static void on_tested(void *userdata, const struct tested *result)
{
    struct receiver_test *t = userdata;
    t->accepted = result->accepted;
    printf("%s: %s%s%s: %s\n", t->name, t->life ? result->event : "", t->life ? " " : "",
           result->accepted ? "accepted" : "NOT accepted", result->text);
    if (result->last)
        (void)sd_event_exit(t->event, 0);
}

static const struct receiver_options *find_receiver(const struct options *o, const char *name)
{
    for (size_t i = 0; i < o->n_receivers; i++)
        if (text_equal(o->receiver[i].name, name))
            return &o->receiver[i];
    fprintf(stderr, "there is no receiver \"%s\"; configured are:", name);
    for (size_t i = 0; i < o->n_receivers; i++)
        fprintf(stderr, " %s", o->receiver[i].name);
    fputc('\n', stderr);
    return NULL;
}

int checks_receiver(const struct cli *cli)
{
    CLEANUP(options_free) struct options *options = NULL;
    CLEANUP(secret_free) struct secret *proxy_password = NULL;
    __attribute__((cleanup(sd_event_unrefp))) sd_event *event = NULL; /* outlives http */
    CLEANUP(http_free) struct http *http = NULL;
    struct failure why = {0};
    int code = setup_options(cli, &options, NULL);
    if (code != EXIT_OK)
        return code;
    const struct receiver_options *receiver = find_receiver(options, cli->receiver);
    if (!receiver)
        return EXIT_USAGE_ERROR;
    if (receiver->broken) {
        fprintf(stderr, "%s: NOT sent: %s\n", receiver->name, receiver->broken);
        return EXIT_CONFIGURATION;
    }
    struct receiver_test test = {.name = receiver->name, .life = cli->life};
    struct http_options o;
    int r = sd_event_new(&event);
    if (r >= 0)
        r = setup_http(options, &proxy_password, &o, &why);
    if (r >= 0)
        r = http_new(event, &o, &http, &why);
    test.event = event;
    if (r >= 0)
        r = deliver_test(receiver, cli->life, http, event, on_tested, &test, NULL, &why);
    if (r < 0) {
        fprintf(stderr, "%s: %s\n", receiver->name, why.text);
        return EXIT_INCOMPLETE;
    }
    r = sd_event_loop(event);
    return r < 0 ? EXIT_INTERNAL : test.accepted ? EXIT_OK : EXIT_INCOMPLETE;
}
