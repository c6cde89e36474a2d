/* SPDX-License-Identifier: MIT */
/* ctl/check.c: a plugin for Nagios and Icinga (Monitoring Plugins Development Guidelines): one line with performance
 * data on standard output, then a line for each alert; exit codes 0 to 3. */
#include "ctl/check.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/name.h"
#include "base/text.h"
#include "ctl/ask.h"
#include "ctl/show.h"

#define OUTPUT_MAX (1u << 20)
#define LINES_MAX 50 /* alerts that are named */

enum { CHECK_OK, CHECK_WARNING, CHECK_CRITICAL, CHECK_UNKNOWN };
static const char *const WORDS[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};

struct tally {
    int64_t tenants, failing, unpolled;
    int64_t critical, warning, silenced; /* alerts; silenced ones are in no other number */
    int64_t queued, failed;              /* messages */
    size_t problems;
    struct text lines;
};

static int64_t number_of(const struct json *object, const char *key)
{
    int64_t n = 0;
    return object && json_get_int(object, key, 0, INT32_MAX, &n) == JSON_OK ? n : 0;
}

/* A bar would begin performance data. */
static void add_line(struct text *t, const char *line)
{
    char clean[1024];
    (void)text_clean(clean, sizeof clean, line, strlen(line));
    for (char *bar = clean; (bar = strchr(bar, '|'));)
        *bar = '/';
    text_addf(t, "%s\n", clean);
}

/* The tenant that --tenant names; NULL: all, or none, which was printed. */
static const char *find_tenant(const struct ctl *c, const struct json *list, bool *ret_wrong)
{
    const char *word = c->option[OPTION_TENANT];
    size_t n = json_count(list), i = 0;
    CLEANUP(free) const char **names = calloc(n + 1, sizeof *names);
    *ret_wrong = false;
    for (const struct json *t = list && names ? json_first(list) : NULL; t && i < n; t = json_next(t))
        names[i++] = show_text(t, "name");
    int at = word && names ? name_find(word, names, i, 1) : -ENOENT;
    *ret_wrong = word && at < 0;
    if (*ret_wrong)
        ctl_complain("there is no tenant \"%s\"", word);
    return at >= 0 ? names[at] : NULL;
}

static void count_tenants(const struct json *list, const char *only, struct tally *ret)
{
    for (const struct json *t = list ? json_first(list) : NULL; t; t = json_next(t)) {
        bool failing = false;
        const char *state = show_text(t, "state"), *error = show_text(t, "error"), *name = show_text(t, "name");
        if ((only && !text_equal(only, name)) || text_equal(state, "disabled"))
            continue;
        (void)json_get_bool(t, "failing", &failing);
        bool unpolled = !show_text(t, "last_complete_at");
        ret->tenants++;
        ret->failing += failing;
        ret->unpolled += unpolled;
        CLEANUP(free) char *line = text_printf("%s: %s%s%s", name ? name : "?", unpolled ? "never polled completely" : "the last poll failed",
                                               error ? ": " : "", error ? error : "");
        if ((failing || unpolled) && line)
            add_line(&ret->lines, line);
    }
}

static void count_alerts(const struct json *list, const char *only, struct tally *ret)
{
    size_t n = 0;
    for (const struct json *a = list ? json_first(list) : NULL; a; a = json_next(a)) {
        const char *severity = show_text(a, "severity"), *summary = show_text(a, "summary");
        bool ignored = false;
        (void)json_get_bool(a, "ignored", &ignored);
        if (ignored || (only && !text_equal(only, show_text(a, "tenant"))))
            continue;
        if (show_text(json_get(a, "silence"), "id")) {
            ret->silenced++;
            continue;
        }
        bool critical = text_equal(severity, "critical");
        ret->critical += critical;
        ret->warning += !critical;
        CLEANUP(free) char *line = text_printf("%s: %s", severity ? severity : "?", summary ? summary : "?");
        if (n++ < LINES_MAX && line)
            add_line(&ret->lines, line);
    }
}

static int grade(const struct tally *t)
{
    if (t->critical)
        return CHECK_CRITICAL;
    if (t->unpolled || t->tenants == 0)
        return CHECK_UNKNOWN;
    return t->warning || t->failing || t->failed || t->problems ? CHECK_WARNING : CHECK_OK;
}

static void print(const struct tally *t, int code)
{
    printf("SEATWATCH %s - %" PRId64 " critical, %" PRId64 " warning", WORDS[code], t->critical, t->warning);
    if (t->silenced)
        printf(", %" PRId64 " silenced", t->silenced);
    printf("; %" PRId64 " of %" PRId64 " tenants fail", t->failing + (t->failing ? 0 : t->unpolled), t->tenants);
    if (t->failed)
        printf("; %" PRId64 " messages failed", t->failed);
    printf(" | critical=%" PRId64 ";;0;0 warning=%" PRId64 ";0;;0 silenced=%" PRId64 ";;;0 tenants=%" PRId64
           ";;;0 tenants_failing=%" PRId64 ";0;;0 deliveries_queued=%" PRId64 ";;;0 deliveries_failed=%" PRId64 ";0;;0\n",
           t->critical, t->warning, t->silenced, t->tenants, t->failing, t->queued, t->failed);
    if (t->lines.data)
        fputs(t->lines.data, stdout);
}

static int ask_all(const struct ctl *c, struct json *ret[static 3])
{
    static const char *const TARGETS[] = {"/v1/status", "/v1/tenants", "/v1/alerts"};
    int code = CTL_OK;
    for (size_t i = 0; i < N_ELEMENTS(TARGETS) && code == CTL_OK; i++)
        code = ask_get_both(c, TARGETS[i], &ret[i]);
    return code;
}

int run_check(const struct ctl *c)
{
    struct json *answer[3] = {NULL};
    CLEANUP(text_free) struct text unused = TEXT_INIT(OUTPUT_MAX);
    struct tally t = {.lines = unused};
    bool wrong = false;
    int code = ask_all(c, answer);
    const struct json *tenants = answer[1] ? json_get(answer[1], "tenants") : NULL;
    const char *only = code == CTL_OK ? find_tenant(c, tenants, &wrong) : NULL;
    if (code != CTL_OK || wrong) {
        printf("SEATWATCH UNKNOWN - %s\n", wrong ? "there is no such tenant" : "the daemon does not answer: systemctl status seatwatchd");
        code = CHECK_UNKNOWN;
    } else {
        const struct json *deliveries = json_get(answer[0], "deliveries"), *problems = json_get(answer[0], "problems");
        t.queued = number_of(deliveries, "pending");
        t.failed = number_of(deliveries, "failed");
        for (const struct json *p = problems ? json_first(problems) : NULL; p; p = json_next(p), t.problems++)
            add_line(&t.lines, json_text(p) ? json_text(p) : "?");
        count_tenants(tenants, only, &t);
        count_alerts(json_get(answer[2], "alerts"), only, &t);
        code = grade(&t);
        print(&t, code);
    }
    text_free(&t.lines);
    for (size_t i = 0; i < N_ELEMENTS(answer); i++)
        json_free(answer[i]);
    return code;
}
