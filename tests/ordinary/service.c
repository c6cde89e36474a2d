/* SPDX-License-Identifier: MIT */
/* Virtual time drives the daemon's own poll_result_take() and tick_now(). Its loop never turns, so the
 * outbox is worked here, entry by entry, with the receivers' own formats. */
#include "ordinary/service.h"

#include "base/date.h"
#include "deliver/receiver.h"
#include "graph/page.h"
#include "json/json.h"

#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include <cmocka.h>

#define TENANT_ID "11111111-2222-4333-8444-555555555555"
#define TEXT_MAX (1u << 20)

/* ---- the clock ---- */

static struct instant now;

struct instant __wrap_clock_now(void);
struct instant __wrap_clock_now(void)
{
    return now;
}

void service_set_clock(usec_t at, uint64_t boot)
{
    now = (struct instant){.at = at, .mono = at - USEC_PER_DAY * 365, .boot = boot};
}

usec_t service_clock(void)
{
    return now.at;
}

/* ---- the daemon ---- */

/* Nothing but what is required, and two receivers: everything else is as shipped. */
static const char CONFIG[] = "tenants = ( { name = \"contoso\"; tenant_id = \"" TENANT_ID "\";\n"
                             "  client_id = \"99999999-aaaa-4bbb-8ccc-dddddddddddd\";\n"
                             "  client_secret_file = \"contoso.secret\"; } );\n"
                             "receivers = ( { name = \"hook\"; type = \"webhook\";\n"
                             "                url_file = \"hook.url\"; signing_key_file = \"hook.key\"; },\n"
                             "              { name = \"journal\"; type = \"journal\"; } );\n";

static void write_file(const struct service *s, const char *name, const char *text)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", s->dir, name);
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(path, 0600), 0);
}

static void start(struct service *s)
{
    assert_int_equal(app_open(&s->cli, &s->app), EXIT_OK);
    s->app.last_tick = now;
}

void service_make(struct service *s)
{
    *s = (struct service){.cli = {.mode = CLI_DAEMON, .log_level = LOG_ERR}};
    /* Every poll is a commit that waits for the disk: one in memory is as true, and faster. */
    bool in_memory = access("/dev/shm", W_OK) == 0;
    (void)snprintf(s->dir, sizeof s->dir, "%s/seatwatch-ordinary-XXXXXX", in_memory ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(s->dir));
    (void)snprintf(s->config, sizeof s->config, "%s/seatwatchd.conf", s->dir);
    (void)snprintf(s->state, sizeof s->state, "%s/state", s->dir);
    s->cli.config = s->config;
    s->cli.state_dir = s->state;
    write_file(s, "seatwatchd.conf", CONFIG);
    write_file(s, "contoso.secret", "never-sent\n");
    write_file(s, "hook.url", "http://127.0.0.1:9/hook\n");
    write_file(s, "hook.key", "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=\n");
    start(s);
}

void service_restart(struct service *s)
{
    app_close(&s->app);
    start(s);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st, (void)type, (void)at;
    return remove(path);
}

void service_end(struct service *s)
{
    app_close(&s->app);
    (void)nftw(s->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    for (size_t i = 0; i < s->n_told; i++)
        free(s->told[i].text);
    free(s->told);
}

/* ---- what is delivered ---- */

static const char *member(const struct json *o, const char *key)
{
    const char *value = "-";
    (void)json_get_string(o, key, &value);
    return value;
}

static void add_lines(struct text *t, const char *s)
{
    while (*s) {
        size_t len = strcspn(s, "\n");
        text_add(t, "    ");
        text_add_bytes(t, s, len);
        text_add(t, "\n");
        s += len + (s[len] == '\n');
    }
}

/* A phone has room for a title and the beginning of what follows. */
#define PHONE_MAX 140

static void add_hook(struct text *t, const struct message *m, const struct receiver_options *o)
{
    CLEANUP(free) char *body = NULL;
    CLEANUP(json_free) struct json *root = NULL;
    const struct json *data, *alerts;
    char phone[PHONE_MAX + 1];
    size_t len;
    assert_true(receiver_render(o, m, &body, &len) >= 0);
    assert_true(json_parse(body, len, &root, NULL) >= 0);
    assert_int_equal(json_get_object(root, "data", &data), JSON_OK);
    const char *summary = member(data, "summary");
    text_addf(t, "  phone\n    %s\n", member(data, "title"));
    text_addf(t, "    %s\n", text_clean(phone, sizeof phone, summary, strlen(summary)));
    text_addf(t, "  mail\n    Subject: %s\n", member(data, "title"));
    if (m->notification) {
        add_lines(t, member(data, "description"));
        text_addf(t, "    -> %s\n", member(data, "next_step"));
        return;
    }
    text_addf(t, "    %s\n", summary);
    assert_int_equal(json_get_array(data, "alerts", &alerts), JSON_OK);
    for (const struct json *a = json_first(alerts); a; a = json_next(a)) {
        text_addf(t, "    * %s\n", member(a, "title"));
        if (!text_equal(member(a, "next_step"), "-"))
            text_addf(t, "      -> %s\n", member(a, "next_step"));
    }
}

/* The native protocol: NAME=VALUE, or NAME and eight bytes of length before a value of lines. */
static void add_journal(struct text *t, const struct message *m, const struct receiver_options *o)
{
    CLEANUP(free) char *body = NULL;
    size_t len, at = 0;
    assert_true(receiver_render(o, m, &body, &len) >= 0);
    text_add(t, "  journal\n");
    while (at < len) {
        CLEANUP(free) char *value = NULL;
        size_t name = strcspn(body + at, "=\n"), size;
        const char *from = body + at + name + 1;
        if (body[at + name] == '\n') {
            uint64_t n;
            memcpy(&n, from, sizeof n);
            size = (size_t)le64toh(n);
            from += sizeof n;
        } else {
            size = strcspn(from, "\n");
        }
        value = strndup(from, size);
        assert_non_null(value);
        if (strncmp(body + at, "PRIORITY", name) == 0)
            text_addf(t, "    <%s>\n", value);
        if (strncmp(body + at, "MESSAGE", name) == 0)
            add_lines(t, value);
        at = (size_t)(from - body) + size + 1;
    }
}

static const char *weekday(usec_t at)
{
    static const char *const NAMES[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
    return NAMES[at / USEC_PER_DAY % 7];
}

static void remember(struct service *s, const struct outbox_entry *e, const struct receiver_options *journal,
                     const struct receiver_options *hook)
{
    const struct message m = {e->notification, e->digest, e->combined, now.at};
    const struct notification *n = e->notification ? e->notification : e->digest->notification[0];
    CLEANUP(text_free) struct text t = TEXT_INIT(TEXT_MAX);
    char when[RFC3339_MAX];
    struct told told = {.at = now.at,
                        .type = e->notification ? n->type : EVENT_DIGEST,
                        .rule = n->rule,
                        .level = e->notification ? n->level : e->digest->worst};
    (void)snprintf(told.sku, sizeof told.sku, "%s",
                   n->context->sku_part_number ? n->context->sku_part_number : "");
    text_addf(&t, "%s %s, %s, %s\n", weekday(now.at), rfc3339_print(now.at, when), event_type_name(told.type),
              level_name(told.level));
    add_hook(&t, &m, hook);
    add_journal(&t, &m, journal);
    if (s->n_told == s->size_told) {
        s->size_told = s->size_told ? 2 * s->size_told : 16;
        s->told = reallocarray(s->told, s->size_told, sizeof *s->told);
        assert_non_null(s->told);
    }
    told.text = text_take(&t);
    assert_non_null(told.text);
    s->told[s->n_told++] = told;
}

/* Every receiver takes everything at once; what the first one is told is remembered. */
static void deliver(struct service *s)
{
    const struct options *o = s->app.options;
    const struct attempt_result done = {.state = OUTBOX_DELIVERED, .status = 204};
    for (size_t i = 0; i < o->n_receivers; i++)
        for (;;) {
            CLEANUP(outbox_entry_free) struct outbox_entry *e = NULL;
            struct failure why = {0};
            usec_t next_at;
            int r = store_outbox_next(s->app.store, o->receiver[i].name, now.at, &e, &next_at, &why);
            if (r == -ENOENT)
                break;
            if (r < 0)
                fail_msg("%s", why.text);
            if (i == 0)
                remember(s, e, &o->receiver[1], &o->receiver[0]);
            assert_true(store_attempt_begin(s->app.store, e->id, "-", 1, now, &why) >= 0);
            assert_true(store_attempt_end(s->app.store, e->id, &done, now, &why) >= 0);
        }
}

/* ---- one reading ---- */

static struct snapshot *read_tenant(const struct simulated_tenant *t, struct failure *why)
{
    CLEANUP(snapshot_builder_free) struct snapshot_builder *b = NULL;
    CLEANUP(text_free) struct text pools = TEXT_INIT(TEXT_MAX), errors = TEXT_INIT(TEXT_MAX);
    struct snapshot *snapshot = NULL;
    struct page page = {0};
    assert_true(snapshot_builder_new("contoso", TENANT_ID, SOURCE_CLOUD_LICENSING, now, &b) >= 0);
    tenant_allotments(t, &pools);
    tenant_errors(t, &errors);
    assert_true(pools.error == 0 && errors.error == 0);
    assert_true(page_allotments(pools.data, pools.len, b, &page, why) >= 0);
    assert_true(page.n_lacking == 0 && !page.spoiled && page.n_waiting == 0);
    page_clear(&page);
    snapshot_set_allotments(b, SECTION_COMPLETE);
    if (!t->errors_down) {
        CLEANUP(id_set_free) struct id_set ids = {0};
        assert_true(page_errors(errors.data, errors.len, b, &ids, &page, why) >= 0);
        page_clear(&page);
        snapshot_set_errors(b, SECTION_COMPLETE);
    }
    assert_true(snapshot_finish(b, &snapshot) >= 0);
    return snapshot;
}

void service_poll(struct service *s, const struct simulated_tenant *t)
{
    struct graph_report report = {.complete = !t->graph_down && !t->errors_down && !t->secret_expired};
    struct failure *why = &report.failure;
    if (t->secret_expired)
        (void)failure_set(why, FAILURE_AUTH, EACCES,
                          "sign-in was refused: invalid_client (AADSTS7000222): the client secret has expired: "
                          "put a new one in client_secret_file");
    else if (t->graph_down)
        (void)failure_set(why, FAILURE_UNAVAILABLE, EIO, "allotments: HTTP 503 (serviceNotAvailable)");
    else if (t->errors_down)
        (void)failure_set(why, FAILURE_UNAVAILABLE, EIO, "assignmentErrors: HTTP 504");
    bool read = !t->graph_down && !t->secret_expired;
    struct poll_result ended = {.tenant = &s->app.tenant[0],
                          .snapshot = read ? read_tenant(t, why) : NULL};
    ended.report = report;
    poll_result_take(&s->app, &ended, 1);
    assert_true(s->app.tenant[0].last.committed);
    deliver(s);
}

void service_tick(struct service *s)
{
    tick_now(&s->app);
    deliver(s);
}
