/* SPDX-License-Identifier: MIT */
/* ctl/show.c: prints answers of the daemon for people. */
#include "ctl/show.h"

#include <inttypes.h>
#include <string.h>

#include "base/date.h"
#include "base/text.h"
#include "ctl/table.h"

#define JSON_NUMBER_LAST ((INT64_C(1) << 53) - 1)

const char *show_text(const struct json *object, const char *key)
{
    const char *text = NULL;
    return object && json_get_string(object, key, &text) == JSON_OK ? text : NULL;
}

static int64_t number(const struct json *object, const char *key)
{
    int64_t n = -1;
    return object && json_get_int(object, key, 0, JSON_NUMBER_LAST, &n) == JSON_OK ? n : -1;
}

const char *show_number(const struct json *object, const char *key, char buf[static SHOW_NUMBER_MAX])
{
    int64_t n = 0;
    if (!object || json_get_int(object, key, -JSON_NUMBER_LAST, JSON_NUMBER_LAST, &n) != JSON_OK)
        return "?";
    (void)snprintf(buf, SHOW_NUMBER_MAX, "%" PRId64, n);
    return buf;
}

char *show_time(const struct json *object, const char *key, usec_t now)
{
    const char *text = show_text(object, key);
    struct zone zone = {0};
    char buf[CLOCK_HUMAN_MAX];
    usec_t at = 0;
    if (!text || rfc3339_parse(text, &at) < 0)
        return NULL;
    (void)clock_zone("", at, &zone); /* else UTC */
    return strdup(clock_human(at, now, &zone, buf));
}

/* ---- status ---- */

void show_line(const char *name, const char *fmt, ...)
{
    CLEANUP(text_free) struct text t = TEXT_INIT(1 << 16);
    char clean[4096];
    va_list ap;
    va_start(ap, fmt);
    text_vaddf(&t, fmt, ap);
    va_end(ap);
    printf("%-12s %s\n", name, text_clean(clean, sizeof clean, t.data ? t.data : "", t.len));
}

void show_status(const struct json *root, usec_t now)
{
    const struct json *tenants = json_get(root, "tenants"), *alerts = json_get(root, "alerts"),
                      *deliveries = json_get(root, "deliveries"), *problems = json_get(root, "problems");
    char a[SHOW_NUMBER_MAX], b[SHOW_NUMBER_MAX], c[SHOW_NUMBER_MAX];
    CLEANUP(free) char *started = show_time(root, "started_at", now);
    CLEANUP(free) char *polled = show_time(tenants, "last_complete_at", now);
    const char *version = show_text(root, "version"), *expires = show_text(root, "credential_expires_at");
    show_line("seatwatchd", "%s, running since %s", version ? version : "?", started ? started : "?");
    show_line("tenants", "%s%s%s%s, last complete poll %s", show_number(tenants, "total", a),
               number(tenants, "failing") ? " (" : "", number(tenants, "failing") ? show_number(tenants, "failing", b) : "",
               number(tenants, "failing") ? " not polled completely)" : "", polled ? polled : "never");
    show_line("alerts", "%s critical, %s warning", show_number(alerts, "critical", a), show_number(alerts, "warning", b));
    show_line("deliveries", "%s sent, %s queued, %s failed", show_number(deliveries, "delivered", a),
               show_number(deliveries, "pending", b), show_number(deliveries, "failed", c));
    if (expires)
        show_line("credentials", "the first one expires on %.10s", expires);
    for (const struct json *p = problems ? json_first(problems) : NULL; p; p = json_next(p))
        show_line("problem", "%s", json_text(p) ? json_text(p) : "?");
}

/* ---- tables ---- */

bool show_tenants(const struct json *root, usec_t now)
{
    static const struct table_column COLUMNS[] = {{"TENANT", COLUMN_LEFT}, {"POLL", COLUMN_LEFT}, {"COMPLETE", COLUMN_LEFT},
                                                  {"CONSUMED", COLUMN_RIGHT}, {"ALLOTTED", COLUMN_RIGHT},
                                                  {"WAITING", COLUMN_RIGHT}, {"ERRORS", COLUMN_RIGHT}, {"PROBLEM", COLUMN_LAST}};
    const struct json *list = json_get(root, "tenants");
    struct table *table = table_new(COLUMNS, N_ELEMENTS(COLUMNS));
    for (const struct json *t = list ? json_first(list) : NULL; t; t = json_next(t)) {
        char consumed[SHOW_NUMBER_MAX], allotted[SHOW_NUMBER_MAX], waiting[SHOW_NUMBER_MAX], errors[SHOW_NUMBER_MAX];
        CLEANUP(free) char *at = show_time(t, "last_complete_at", now);
        const char *problem = show_text(t, "error"), *state = show_text(t, "state");
        const char *const CELLS[] = {show_text(t, "name"), state, at ? at : "never",
                                     show_number(t, "consumed_units", consumed), show_number(t, "allotted_units", allotted),
                                     show_number(t, "waiting_members", waiting), show_number(t, "assignment_errors", errors),
                                     problem ? problem : ""};
        table_row(table, CELLS, text_equal(state, "incomplete") ? "red" : NULL);
    }
    return table_finish(table);
}

bool show_alerts(const struct json *root, usec_t now)
{
    static const struct table_column COLUMNS[] = {{"SEVERITY", COLUMN_LEFT}, {"STATE", COLUMN_LEFT}, {"SINCE", COLUMN_LEFT},
                                                  {"ALERT", COLUMN_ID}, {"SUMMARY", COLUMN_LAST}}; /* names tenant and rule */
    const struct json *list = json_get(root, "alerts");
    struct table *table = table_new(COLUMNS, N_ELEMENTS(COLUMNS));
    for (const struct json *a = list ? json_first(list) : NULL; a; a = json_next(a)) {
        CLEANUP(free) char *since = show_time(a, "since", now);
        const char *severity = show_text(a, "severity"), *silence = show_text(json_get(a, "silence"), "kind");
        const char *state = !silence                                ? show_text(a, "state")
                            : text_equal(silence, "acknowledgement") ? "acknowledged"
                                                                     : "silenced";
        const char *const CELLS[] = {severity, state, since, show_text(a, "alert_id"), show_text(a, "summary")};
        table_row(table, CELLS, text_equal(severity, "critical") ? "red" : text_equal(severity, "warning") ? "yellow" : NULL);
    }
    if (table_is_empty(table))
        puts("no alerts");
    return table_finish(table);
}

bool show_allotments(const struct json *root, usec_t now)
{
    static const struct table_column COLUMNS[] = {{"TENANT", COLUMN_LEFT}, {"SKU", COLUMN_LEFT}, {"POOL", COLUMN_ID},
                                                  {"CONSUMED", COLUMN_RIGHT}, {"ALLOTTED", COLUMN_RIGHT}, {"FREE", COLUMN_RIGHT},
                                                  {"WAITING", COLUMN_RIGHT}, {"LEVEL", COLUMN_LEFT}, {"NAME", COLUMN_LAST}};
    const struct json *list = json_get(root, "allotments"), *unknown = json_get(root, "unknown_tenants");
    struct table *table = table_new(COLUMNS, N_ELEMENTS(COLUMNS));
    (void)now;
    for (const struct json *p = list ? json_first(list) : NULL; p; p = json_next(p)) {
        char consumed[SHOW_NUMBER_MAX], allotted[SHOW_NUMBER_MAX], spare[SHOW_NUMBER_MAX], waiting[SHOW_NUMBER_MAX];
        const char *sku = show_text(p, "sku_part_number"), *name = show_text(p, "name"), *level = show_text(p, "level");
        const char *const CELLS[] = {show_text(p, "tenant"), sku ? sku : show_text(p, "sku_id"), show_text(p, "allotment_id"),
                                     show_number(p, "consumed_units", consumed), show_number(p, "allotted_units", allotted),
                                     show_number(p, "free_units", spare), show_number(p, "waiting_members", waiting),
                                     level ? level : "?", name ? name : show_text(p, "sku_name")};
        table_row(table, CELLS, NULL);
    }
    if (table_is_empty(table))
        puts("no pools");
    bool ok = table_finish(table);
    for (const struct json *t = unknown ? json_first(unknown) : NULL; t; t = json_next(t))
        show_line("unknown", "the pools of %s were not read by the last poll", json_text(t) ? json_text(t) : "?");
    return ok;
}

bool show_permissions(const struct json *root, usec_t now)
{
    static const struct table_column COLUMNS[] = {{"TENANT", COLUMN_LEFT}, {"NEEDED", COLUMN_LEFT}, {"PERMISSION", COLUMN_LEFT},
                                                  {"FOR", COLUMN_LAST}};
    const struct json *list = json_get(root, "tenants");
    struct table *table = table_new(COLUMNS, N_ELEMENTS(COLUMNS));
    (void)now;
    for (const struct json *t = list ? json_first(list) : NULL; t; t = json_next(t)) {
        const struct json *needs = json_get(t, "needs");
        for (const struct json *n = needs ? json_first(needs) : NULL; n; n = json_next(n)) {
            bool required = false;
            (void)json_get_bool(n, "required", &required);
            const char *const CELLS[] = {show_text(t, "tenant"), required ? "yes" : "partly", show_text(n, "permission"),
                                         show_text(n, "what_for")};
            table_row(table, CELLS, NULL);
        }
    }
    if (table_is_empty(table))
        puts("no tenants");
    return table_finish(table);
}

bool show_deliveries(const struct json *root, usec_t now)
{
    static const struct table_column COLUMNS[] = {{"STATE", COLUMN_LEFT}, {"ID", COLUMN_RIGHT}, {"RECEIVER", COLUMN_LEFT},
                                                  {"TYPE", COLUMN_LEFT}, {"ALERT", COLUMN_ID}, {"CREATED", COLUMN_LEFT},
                                                  {"ATTEMPTS", COLUMN_RIGHT}, {"NEXT", COLUMN_LEFT}, {"LAST ANSWER", COLUMN_LAST}};
    const struct json *list = json_get(root, "deliveries");
    struct table *table = table_new(COLUMNS, N_ELEMENTS(COLUMNS));
    for (const struct json *d = list ? json_first(list) : NULL; d; d = json_next(d)) {
        char attempts[SHOW_NUMBER_MAX];
        CLEANUP(free) char *created = show_time(d, "created_at", now);
        CLEANUP(free) char *due = show_time(d, "due_at", now);
        const char *state = show_text(d, "state");
        const char *const CELLS[] = {state, show_text(d, "id"), show_text(d, "receiver"), show_text(d, "type"),
                                     show_text(d, "alert_id"), created, show_number(d, "attempts", attempts), due,
                                     show_text(d, "answer")};
        table_row(table, CELLS, text_equal(state, "parked") ? "red" : NULL);
    }
    if (table_is_empty(table))
        puts("no deliveries");
    return table_finish(table);
}

/* "tenant=contoso labels.group=gold", or "alert 3f00..." */
static void add_match(struct text *t, const struct json *silence)
{
    const struct json *match = json_get(silence, "match"), *labels = match ? json_get(match, "labels") : NULL;
    const char *alert = show_text(silence, "alert_id");
    if (alert)
        text_addf(t, "alert %s", alert);
    for (const struct json *m = match ? json_first(match) : NULL; m; m = json_next(m))
        if (json_text(m))
            text_addf(t, "%s%s=%s", t->len ? " " : "", json_name(m), json_text(m));
    for (const struct json *l = labels ? json_first(labels) : NULL; l; l = json_next(l))
        if (json_text(l))
            text_addf(t, "%slabels.%s=%s", t->len ? " " : "", json_name(l), json_text(l));
    if (!t->len)
        text_add(t, "?");
}

/* When it covers: "weekly Sun 01:00-04:00", "until ..." */
static void add_times(struct text *t, const struct json *silence, usec_t now)
{
    bool active = false;
    const char *from = show_text(silence, "start_at"), *until = show_text(silence, "end_at");
    usec_t start_at = 0, end_at = 0;
    bool over = until && rfc3339_parse(until, &end_at) >= 0 && end_at <= now;
    bool later = from && rfc3339_parse(from, &start_at) >= 0 && start_at > now;
    CLEANUP(free) char *start = show_time(silence, "start_at", now);
    CLEANUP(free) char *end = show_time(silence, "end_at", now);
    const char *weekly = show_text(silence, "weekly"), *zone = show_text(silence, "timezone");
    (void)json_get_bool(silence, "active", &active);
    if (over && !active) {
        text_addf(t, "over since %s", end);
        return;
    }
    text_add(t, active ? "now" : "not now");
    if (weekly)
        text_addf(t, ", weekly %s%s%s", weekly, zone && *zone ? " " : "", zone ? zone : "");
    if (start && later)
        text_addf(t, ", from %s", start);
    if (end)
        text_addf(t, ", until %s", end);
}

bool show_silences(const struct json *root, usec_t now)
{
    static const struct table_column COLUMNS[] = {{"ID", COLUMN_LEFT}, {"KIND", COLUMN_LEFT}, {"COVERS", COLUMN_LEFT},
                                                  {"WHEN", COLUMN_LEFT}, {"AUTHOR", COLUMN_LEFT}, {"COMMENT", COLUMN_LAST}};
    const struct json *list = json_get(root, "silences");
    struct table *table = table_new(COLUMNS, N_ELEMENTS(COLUMNS));
    for (const struct json *s = list ? json_first(list) : NULL; s; s = json_next(s)) {
        CLEANUP(text_free) struct text match = TEXT_INIT(1 << 16), times = TEXT_INIT(1 << 16);
        add_match(&match, s);
        add_times(&times, s, now);
        const char *const CELLS[] = {show_text(s, "id"), show_text(s, "kind"), match.data, times.data, show_text(s, "author"),
                                     show_text(s, "comment")};
        table_row(table, CELLS, NULL);
    }
    if (table_is_empty(table))
        puts("no silences");
    return table_finish(table);
}
