/* SPDX-License-Identifier: MIT */
/* ctl/routes.c: prints who would be notified of an alert, and what a receiver answers to a test. */
#include "ctl/routes.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ctl/ask.h"
#include "ctl/show.h"
#include "ctl/silences.h"
#include "ctl/table.h"

#define TARGET_MAX 65536

static bool show_routes(const struct json *root, usec_t now)
{
    static const struct table_column COLUMNS[] = {{"RECEIVER", COLUMN_LEFT}, {"WHEN", COLUMN_LEFT}, {"ROUTE", COLUMN_LAST}};
    const struct json *list = json_get(root, "receivers");
    struct table *table = table_new(COLUMNS, N_ELEMENTS(COLUMNS));
    for (const struct json *r = list ? json_first(list) : NULL; r; r = json_next(r)) {
        CLEANUP(free) char *held = show_time(r, "held_until", now);
        const char *source = show_text(r, "source");
        const char *const CELLS[] = {show_text(r, "receiver"), held ? held : "at once",
                                     source ? source : "no route: fallback, or all receivers"};
        table_row(table, CELLS, NULL);
    }
    if (table_is_empty(table))
        puts("nobody");
    return table_finish(table);
}

static void add_param(struct text *t, const char *name, const char *value)
{
    text_addf(t, "%s%s=", t->data && strchr(t->data, '?') ? "&" : "?", name);
    text_add_encoded(t, value);
}

int run_routes_test(const struct ctl *c)
{
    CLEANUP(json_free) struct json *root = NULL;
    CLEANUP(text_free) struct text target = TEXT_INIT(TARGET_MAX);
    char at[RFC3339_MAX];
    if (c->option[OPTION_AT] && silence_time(c->option[OPTION_AT], at) < 0) {
        ctl_complain("\"%s\" is not a time; write such as 2026-12-24T18:00:00Z or \"2026-12-24 19:00\"", c->option[OPTION_AT]);
        return CTL_USAGE;
    }
    const struct {
        const char *name, *value;
    } PARAMS[] = {{"tenant", c->arg[0]},
                  {"rule", c->arg[1]},
                  {"severity", c->option[OPTION_SEVERITY]},
                  {"at", c->option[OPTION_AT] ? at : NULL},
                  {"sku", c->option[OPTION_SKU]}};
    text_add(&target, "/v1/routes");
    for (size_t i = 0; i < N_ELEMENTS(PARAMS); i++)
        if (PARAMS[i].value)
            add_param(&target, PARAMS[i].name, PARAMS[i].value);
    int code = target.error ? CTL_INTERNAL : ask_get(c, target.data, &root);
    return code == CTL_OK && root && !show_routes(root, clock_now().at) ? CTL_INTERNAL : code;
}

/* The bytes as they are: nothing but our own texts is in them. */
static void show_test(const struct json *root)
{
    const struct json *list = json_get(root, "messages");
    const char *receiver = show_text(root, "receiver");
    for (const struct json *m = list ? json_first(list) : NULL; m; m = json_next(m)) {
        bool accepted = false;
        const char *body = show_text(m, "body"), *type = show_text(m, "type"), *answer = show_text(m, "answer");
        bool sent = json_get_bool(m, "accepted", &accepted) == JSON_OK;
        if (body)
            printf("%s\n", body);
        show_line(receiver ? receiver : "?", "%s: %s%s%s", type ? type : "?", !sent ? "not sent (--dry-run)" : accepted ? "accepted" : "NOT accepted",
                  answer && *answer ? ": " : "", answer ? answer : "");
    }
}

int run_receivers_test(const struct ctl *c)
{
    CLEANUP(json_free) struct json *root = NULL;
    CLEANUP(text_free) struct text target = TEXT_INIT(TARGET_MAX);
    bool accepted = false;
    text_add(&target, "/v1/receivers/");
    text_add_encoded(&target, c->arg[0]);
    text_addf(&target, "/test%s%s", c->option[OPTION_LIFE] ? "?life" : "",
              c->option[OPTION_DRY_RUN] ? c->option[OPTION_LIFE] ? "&dry-run" : "?dry-run" : "");
    int code = target.error ? CTL_INTERNAL : ask_change(c, "POST", target.data, NULL, &root, NULL);
    if (code != CTL_OK || !root)
        return code;
    show_test(root);
    (void)json_get_bool(root, "accepted", &accepted);
    return accepted ? CTL_OK : CTL_REFUSED;
}
