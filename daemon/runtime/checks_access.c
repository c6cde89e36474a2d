/* SPDX-License-Identifier: MIT */
/* runtime/checks_access.c: --check-access: many tenants at once; what needs a person is printed last. */
#include <errno.h>
#include <string.h>

#include "base/date.h"
#include "base/log.h"
#include "base/text.h"
#include "graph/app_entry.h"
#include "graph/lookup.h"
#include "runtime/checks.h"
#include "runtime/matches.h"
#include "runtime/rights.h"
#include "runtime/setup.h"

/* Tenants are checked at once, as many as this; their output waits for its turn. */
#define AT_ONCE 16
#define OUTPUT_MAX ((size_t)1 << 20) /* of one tenant */

struct access_runs;
struct access_run { /* of one tenant */
    struct access_runs *all;
    const struct options *options;
    const struct tenant_options *tenant;
    size_t next_right; /* of usage_rights */
    struct graph *graph;
    struct text out;
    bool usable, remarks, degraded, ended; /* remarks: something is lacking or has ended */
};
struct access_runs {
    struct access_run *run;
    size_t n, begun, active, printed;
    sd_event *event;
    struct http *http;
};

static void run_ended(struct access_run *a);
static void look_up_next(struct access_run *a);

static void on_looked_up(void *userdata, struct rights *given, const struct lookup_report *report)
{
    struct access_run *a = userdata;
    CLEANUP(rights_free) struct rights *rights = given;
    switch (rights->section[RIGHTS_HELD]) {
    case SECTION_COMPLETE:
        text_add(&a->out, "       ok\n");
        break;
    case SECTION_NOT_OFFERED:
        text_add(&a->out, "       no: subscribedSkus has no data about groups\n");
        a->remarks = true;
        break;
    case SECTION_UNKNOWN:
        text_addf(&a->out, "       no: %s\n", report->failure[RIGHTS_HELD].text);
        a->remarks = true;
        break;
    }
    look_up_next(a);
}

/* Looks up the usage_rights of this tenant one by one, then ends its run. With privacy = "hashed" this shows
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
        text_addf(&a->out, "  usage rights of %s, \"%s\" in alerts\n", rq.who, shown);
        if (graph_lookup(a->graph, &rq, a->options->poll_timeout, on_looked_up, a, &why) >= 0)
            return;
        text_addf(&a->out, "       no: %s\n", why.text);
        a->remarks = true;
    }
    run_ended(a);
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
static void print_end(struct access_run *a, const char *what, usec_t at, bool by_day)
{
    char when[RFC3339_MAX];
    usec_t now = clock_now().at, last = at + (by_day ? USEC_PER_DAY : 0);
    int32_t day = (int32_t)(at / USEC_PER_DAY);
    const char *shown = by_day ? date_print(day, when) : rfc3339_print(at, when);
    a->remarks = a->remarks || last <= now;
    if (last <= now)
        text_addf(&a->out, "  no   %s: ended on %s\n", what, shown);
    else
        text_addf(&a->out, "  ok   %s: ends on %s, in %llu days\n", what, shown,
                  (unsigned long long)(at / USEC_PER_DAY - now / USEC_PER_DAY));
}

static void on_entry(void *userdata, usec_t ends_at, const struct failure *why)
{
    struct access_run *a = userdata;
    if (ends_at)
        print_end(a, "client secret, by " APP_ENTRY_CALL, ends_at, false);
    else
        text_addf(&a->out, "  no   %s\n       for when the client secret ends; permission " APP_ENTRY_PERMISSION "\n", why->text);
    look_up_next(a);
}

static void look_at_credential(struct access_run *a, bool usable)
{
    const struct tenant_options *t = a->tenant;
    struct failure why = {0};
    usec_t at;
    int32_t day;
    if (t->graph.auth == AUTH_CERTIFICATE && assertion_certificate_expires(t->graph.certificate_file, &at, &why) >= 0)
        print_end(a, "certificate", at, false);
    if (t->graph.auth == AUTH_CLIENT_SECRET && date_parse(t->client_secret_expires, &day) >= 0)
        print_end(a, "client secret, by client_secret_expires", (usec_t)day * USEC_PER_DAY, true);
    if (!usable || t->graph.auth != AUTH_CLIENT_SECRET || !text_equal(t->client_secret_expires, "auto"))
        look_up_next(a);
    else if (graph_ask_entry(a->graph, on_entry, a, &why) < 0)
        on_entry(a, 0, &why);
}

/* "GET /beta/admin/...": the path as it is sent. */
static void print_call(struct access_run *a, const struct graph_check *c)
{
    const char *path = strchr(c->call, '/');
    if (path && strncmp(path, "/v1.0/", 6) != 0)
        text_addf(&a->out, "%.*s/%s%s", (int)(path - c->call), c->call, a->tenant->graph.api_version, path);
    else
        text_add(&a->out, c->call);
}

/* Without the advice to run this very command. */
static int useful_len(const char *text)
{
    const char *advice = strstr(text, "; seatwatchd --check-access");
    return advice ? (int)(advice - text) : (int)strlen(text);
}

static void print_check(struct access_run *a, const struct graph_check *c, bool usable,
                        bool consent)
{
    text_addf(&a->out, "  %-4s ", c->ok ? "ok" : c->needed && !usable ? "FAIL" : "no");
    print_call(a, c);
    text_addf(&a->out, ": %.*s\n", useful_len(c->text), c->text);
    if (c->status)
        text_addf(&a->out, "       status %d, for %s", c->status, c->what_for);
    else
        text_addf(&a->out, "       no answer, for %s", c->what_for);
    text_addf(&a->out, c->permission && *c->permission ? "; permission %s\n" : "%s\n", c->permission ? c->permission : "");
    if (consent)
        text_addf(&a->out, "       an administrator of the tenant consents at %s\n", c->consent_url);
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
        text_add(&a->out, "  degraded: polled from subscribedSkus, which reports units only: no single pools, no waiting members, "
                          "no assignment errors\n");
        a->degraded = true;
    }
    a->usable = usable;
    choose_source(a, checks, n);
    a->next_right = usable ? 0 : a->options->rules.n_rights;
    look_at_credential(a, usable);
}

/* ---- many tenants at once ---- */

static void begin_run(struct access_run *a)
{
    const struct tenant_options *t = a->tenant;
    struct failure why = {0};
    int r = 0;
    if (t->broken) {
        text_addf(&a->out, "tenant %s\n  FAIL %s\n", t->identity.name, t->broken);
        a->ended = true;
        return;
    }
    text_addf(&a->out, "tenant %s (%s)\n", t->identity.name, t->identity.tenant_id);
    r = graph_new(&t->graph, a->all->http, a->all->event, &a->graph, &why);
    if (r >= 0)
        r = graph_check_access(a->graph, on_access, a, &why);
    if (r < 0)
        text_addf(&a->out, "  FAIL %s\n", why.text);
    a->ended = r < 0;
    a->all->active += r >= 0;
}

static void begin_runs(struct access_runs *all)
{
    while (all->begun < all->n && all->active < AT_ONCE)
        begin_run(&all->run[all->begun++]);
    if (all->active == 0)
        (void)sd_event_exit(all->event, 0);
}

static void print_output(const struct access_run *a)
{
    fputs(a->out.data ? a->out.data : "out of memory\n", stdout);
}

static bool is_good(const struct access_run *a)
{
    return a->usable && !a->degraded && !a->remarks;
}

/* Good ones, in the order of the configuration: one line each. A single tenant is shown in full. */
static void print_good(struct access_runs *all)
{
    for (; all->printed < all->n && all->run[all->printed].ended; all->printed++) {
        const struct access_run *a = &all->run[all->printed];
        const struct tenant_identity *t = &a->tenant->identity;
        if (all->n > 1 && is_good(a))
            printf("ok     tenant %s (%s)\n", t->name, t->tenant_id);
    }
    (void)fflush(stdout);
}

/* Its graph lives until all have ended: this comes from inside its last callback. */
static void run_ended(struct access_run *a)
{
    a->ended = true;
    a->all->active--;
    print_good(a->all);
    begin_runs(a->all);
}

/* -ENOMEM, or another failure of the event loop. */
static int run_all(struct access_runs *all, const struct http_options *http)
{
    struct failure why = {0};
    int r = sd_event_new(&all->event);
    if (r >= 0)
        r = http_new(all->event, http, &all->http, &why);
    if (r >= 0) {
        begin_runs(all);
        r = sd_event_loop(all->event);
    }
    print_good(all);
    for (size_t i = 0; i < all->n; i++)
        if (all->n == 1 || !is_good(&all->run[i]))
            print_output(&all->run[i]);
    for (size_t i = 0; i < all->n; i++) {
        graph_free(all->run[i].graph);
        text_free(&all->run[i].out);
    }
    http_free(all->http);
    sd_event_unref(all->event);
    return r;
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
    struct access_runs all = {0};
    CLEANUP(free) struct access_run *run = all.run = calloc(options->n_tenants + 1, sizeof *run);
    size_t degraded = 0;
    bool usable = true;
    for (size_t i = 0; i < options->n_tenants && run; i++)
        if (options->tenant[i].enabled)
            run[all.n++] = (struct access_run){
                .all = &all, .options = options, .tenant = &options->tenant[i], .out = TEXT_INIT(OUTPUT_MAX)};
    if (!run || run_all(&all, &http) < 0)
        usable = false;
    for (size_t i = 0; i < all.n; i++) {
        usable = usable && run[i].usable;
        degraded += run[i].degraded;
    }
    look_at_matches(cli, options);
    if (!usable)
        puts("the main job cannot run: see the lines marked FAIL");
    else if (degraded)
        printf("the main job can run, degraded for %zu of %zu tenants\n", degraded, options->n_tenants);
    else
        puts("the main job can run");
    return usable ? EXIT_OK : EXIT_INCOMPLETE;
}
