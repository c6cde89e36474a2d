/* SPDX-License-Identifier: MIT */
/* ctl/why.c: prints why an alert was notified, or why nothing was. */
#include "ctl/why.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ctl/ask.h"
#include "ctl/show.h"
#include "ctl/table.h"

#define TARGET_MAX 65536

static const char *or_dash(const char *text)
{
    return text ? text : "-";
}

static const char *limit_of(const struct json *finding, const char *level)
{
    const char *text = show_text(json_get(finding, level), "text");
    return text ? text : "off";
}

/* "FILE:12, FILE:40" of its limits; "default" */
static char *sources_of(const struct json *finding)
{
    const char *warning = show_text(json_get(finding, "warning"), "source"), *critical = show_text(json_get(finding, "critical"), "source");
    bool both = warning && critical && strcmp(warning, critical) != 0;
    return text_printf("%s%s%s", warning ? warning : critical ? critical : "default", both ? ", " : "", both ? critical : "");
}

/* What the last poll and the polls before it make of a rule. */
static char *state_of(const struct json *finding)
{
    const char *state = show_text(finding, "state"), *firing = show_text(finding, "firing"),
               *reached = show_text(finding, "reached"), *counting = show_text(finding, "counting");
    if (counting)
        return text_printf("%s", counting);
    if (firing && strcmp(firing, "none") != 0)
        return text_printf("%s fires", firing);
    if (reached && strcmp(reached, "none") != 0)
        return text_printf("%s reached", reached);
    return text_printf("%s", text_equal(state, "known") ? "clear" : text_equal(state, "unknown") ? "unknown" : "not applicable");
}

static bool show_findings(const struct json *x)
{
    static const struct table_column COLUMNS[] = {{"RULE", COLUMN_LEFT}, {"VALUE", COLUMN_RIGHT}, {"STATE", COLUMN_LEFT},
                                                  {"WARNING", COLUMN_RIGHT}, {"CRITICAL", COLUMN_RIGHT}, {"SET BY", COLUMN_LAST}};
    const struct json *list = json_get(x, "findings");
    struct table *table = table_new(COLUMNS, N_ELEMENTS(COLUMNS));
    for (const struct json *f = list ? json_first(list) : NULL; f; f = json_next(f)) {
        CLEANUP(free) char *sources = sources_of(f);
        CLEANUP(free) char *state = state_of(f);
        const char *const CELLS[] = {show_text(f, "rule"), show_text(f, "text"), state, limit_of(f, "warning"), limit_of(f, "critical"),
                                     sources};
        table_row(table, CELLS, NULL);
    }
    return table_finish(table);
}

static bool show_messages(const struct json *x, usec_t now)
{
    static const struct table_column COLUMNS[] = {{"RECEIVER", COLUMN_LEFT}, {"MESSAGE", COLUMN_LEFT}, {"STATE", COLUMN_LEFT},
                                                  {"AT", COLUMN_LEFT}, {"ANSWER", COLUMN_LAST}};
    const struct json *list = json_get(x, "messages");
    if (!list || !json_first(list))
        return true;
    struct table *table = table_new(COLUMNS, N_ELEMENTS(COLUMNS));
    putchar('\n');
    for (const struct json *m = json_first(list); m; m = json_next(m)) {
        CLEANUP(free) char *attempted = show_time(m, "attempted_at", now);
        CLEANUP(free) char *created = show_time(m, "created_at", now);
        const char *const CELLS[] = {show_text(m, "receiver"), show_text(m, "type"), show_text(m, "state"),
                                     attempted ? attempted : created, show_text(m, "answer")};
        table_row(table, CELLS, NULL);
    }
    return table_finish(table);
}

static void show_reasons(const struct json *x, const char *key, const char *name)
{
    const struct json *list = json_get(x, key);
    for (const struct json *r = list ? json_first(list) : NULL; r; r = json_next(r)) {
        const char *source = show_text(r, "source"), *reason = show_text(r, "reason");
        show_line(name ? name : or_dash(reason), "%s%s%s%s", or_dash(show_text(r, "text")), source ? " (" : "", source ? source : "",
                  source ? ")" : "");
    }
}

static bool show_explanation(const struct json *x, usec_t now)
{
    CLEANUP(free) char *since = show_time(x, "since", now);
    CLEANUP(free) char *observed = show_time(x, "observed_at", now);
    CLEANUP(free) char *poll = show_time(x, "next_poll_at", now);
    const char *title = show_text(x, "title"), *name = show_text(x, "allotment_name"), *pool = show_text(x, "allotment_id");
    if (title)
        show_line("alert", "%s  %s", or_dash(show_text(x, "alert_id")), title);
    if (pool)
        show_line("pool", "%s%s%s", pool, name ? "  " : "", name ? name : "");
    show_line("state", "%s%s%s%s%s", or_dash(show_text(x, "state")), show_text(x, "severity") ? " " : "",
              show_text(x, "severity") ? show_text(x, "severity") : "", since ? ", since " : "", since ? since : "");
    if (observed)
        show_line("data", "of %s", observed);
    putchar('\n');
    bool ok = show_findings(x);
    ok = show_messages(x, now) && ok;
    putchar('\n');
    show_reasons(x, "reasons", NULL);
    show_reasons(x, "next", "next");
    if (poll)
        show_line("next", "poll at %s", poll);
    return ok;
}

static int run_why_not(const struct ctl *c)
{
    CLEANUP(json_free) struct json *root = NULL;
    CLEANUP(text_free) struct text target = TEXT_INIT(TARGET_MAX);
    bool ok = true;
    if (c->n_args != 2) {
        ctl_complain("usage: seatwatchctl why --not TENANT SKU");
        return CTL_USAGE;
    }
    text_add(&target, "/v1/why?tenant=");
    text_add_encoded(&target, c->arg[0]);
    text_add(&target, "&sku=");
    text_add_encoded(&target, c->arg[1]);
    int code = target.error ? CTL_INTERNAL : ask_get(c, target.data, &root);
    if (code != CTL_OK || !root)
        return code;
    const struct json *pools = json_get(root, "pools");
    const char *part = show_text(root, "sku_part_number"), *name = show_text(root, "sku_name");
    show_line("sku", "%s%s%s", or_dash(part), name ? "  " : "", name ? name : "");
    for (const struct json *p = pools ? json_first(pools) : NULL; p; p = json_next(p)) {
        putchar('\n');
        ok = show_explanation(p, clock_now().at) && ok;
    }
    return ok ? CTL_OK : CTL_INTERNAL;
}

int run_why(const struct ctl *c)
{
    CLEANUP(json_free) struct json *root = NULL;
    CLEANUP(text_free) struct text target = TEXT_INIT(TARGET_MAX);
    if (c->option[OPTION_NOT])
        return run_why_not(c);
    if (c->n_args != 1) {
        ctl_complain("usage: seatwatchctl why ALERT");
        return CTL_USAGE;
    }
    text_add(&target, "/v1/alerts/");
    text_add_encoded(&target, c->arg[0]);
    text_add(&target, "/why");
    int code = target.error ? CTL_INTERNAL : ask_get(c, target.data, &root);
    if (code == CTL_OK && root && !show_explanation(root, clock_now().at))
        code = CTL_INTERNAL;
    return code;
}
