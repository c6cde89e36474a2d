/* SPDX-License-Identifier: MIT */
/* ctl/history.c: prints what pools were, as a line of bars and a table or as CSV, and when they run out. */
#include "ctl/history.h"

#include <stdio.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "ctl/ask.h"
#include "ctl/show.h"
#include "ctl/table.h"

#define TARGET_MAX 65536
#define BARS_MAX 60

/* ---- history ---- */

static const char *const MEMBERS[] = {"consumed_units_min", "consumed_units_max", "consumed_units", "allotted_units",
                                      "waiting_members"};

static void read_cells(const struct json *point, char buf[N_ELEMENTS(MEMBERS)][SHOW_NUMBER_MAX],
                       const char *ret[N_ELEMENTS(MEMBERS) + 1])
{
    ret[0] = show_text(point, "at");
    for (size_t i = 0; i < N_ELEMENTS(MEMBERS); i++)
        ret[i + 1] = show_number(point, MEMBERS[i], buf[i]);
}

/* Times and numbers have no commas or quotes; an unknown number is empty. */
static bool print_csv(const struct json *points)
{
    puts("at,consumed_min,consumed_max,consumed,allotted,waiting");
    for (const struct json *p = points ? json_first(points) : NULL; p; p = json_next(p)) {
        char buf[N_ELEMENTS(MEMBERS)][SHOW_NUMBER_MAX];
        const char *cell[N_ELEMENTS(MEMBERS) + 1];
        read_cells(p, buf, cell);
        for (size_t i = 0; i < N_ELEMENTS(cell); i++)
            printf("%s%s", i ? "," : "", !cell[i] || cell[i][0] == '?' ? "" : cell[i]);
        putchar('\n');
    }
    return fflush(stdout) == 0;
}

static int64_t most_consumed(const struct json *point)
{
    int64_t n = 0;
    return json_get_int(point, "consumed_units_max", 0, INT32_MAX, &n) == JSON_OK ? n : 0;
}

/* One bar for each run of points, as high as their peak, between the lowest and the highest point of all. */
static void print_bars(const struct json *points, size_t n)
{
    static const char *const BARS[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    int64_t low = INT32_MAX, high = 0, peak = 0;
    size_t bars = n < BARS_MAX ? n : BARS_MAX, i = 0;
    for (const struct json *p = json_first(points); p; p = json_next(p)) {
        int64_t value = most_consumed(p);
        low = value < low ? value : low;
        high = value > high ? value : high;
    }
    for (const struct json *p = json_first(points); p; p = json_next(p), i++) {
        int64_t value = most_consumed(p);
        peak = value > peak ? value : peak;
        if ((i + 1) * bars / n == i * bars / n)
            continue;
        fputs(BARS[high > low ? (size_t)((peak - low) * 7 / (high - low)) : 0], stdout);
        peak = 0;
    }
    printf("  %lld to %lld consumed\n", (long long)low, (long long)high);
}

static bool print_points(const struct json *points)
{
    static const struct table_column COLUMNS[] = {{"TIME", COLUMN_LEFT}, {"MIN", COLUMN_RIGHT}, {"MAX", COLUMN_RIGHT},
                                                  {"LAST", COLUMN_RIGHT}, {"ALLOTTED", COLUMN_RIGHT}, {"WAITING", COLUMN_RIGHT}};
    struct table *table = table_new(COLUMNS, N_ELEMENTS(COLUMNS));
    for (const struct json *p = json_first(points); p; p = json_next(p)) {
        char buf[N_ELEMENTS(MEMBERS)][SHOW_NUMBER_MAX];
        const char *cell[N_ELEMENTS(MEMBERS) + 1];
        read_cells(p, buf, cell);
        table_row(table, cell, NULL);
    }
    return table_finish(table);
}

int run_history(const struct ctl *c)
{
    CLEANUP(json_free) struct json *root = NULL;
    CLEANUP(text_free) struct text target = TEXT_INIT(TARGET_MAX);
    text_add(&target, "/v1/history?allotment=");
    text_add_encoded(&target, c->arg[0]);
    if (c->option[OPTION_DAYS]) {
        text_add(&target, "&days=");
        text_add_encoded(&target, c->option[OPTION_DAYS]);
    }
    if (target.error)
        return CTL_INTERNAL;
    int code = ask_get(c, target.data, &root);
    if (code != CTL_OK || !root)
        return code;
    const struct json *points = json_get(root, "points");
    const char *sku = show_text(root, "sku_part_number");
    size_t n = points ? json_count(points) : 0;
    if (c->option[OPTION_CSV])
        return print_csv(points) ? CTL_OK : CTL_INTERNAL;
    show_line("allotment", "%s%s%s", show_text(root, "allotment_id"), sku ? ", " : "", sku ? sku : "");
    if (n == 0) {
        puts("no history in this time");
        return CTL_OK;
    }
    print_bars(points, n);
    return print_points(points) ? CTL_OK : CTL_INTERNAL;
}

/* ---- forecast ---- */

static const char *range_of(const struct json *f, char buf[static 64])
{
    char early[SHOW_NUMBER_MAX], late[SHOW_NUMBER_MAX];
    const char *to = show_number(f, "late_days", late);
    (void)snprintf(buf, 64, "%s to %s", show_number(f, "early_days", early), to[0] == '?' ? "never" : to);
    return buf;
}

static const char *remark_of(const struct json *f, const char *trend)
{
    bool before = false;
    if (trend && trend[0] == 'u')
        return "too little history";
    return json_get_bool(f, "before_renewal", &before) == JSON_OK && before ? "runs out before renewal" : NULL;
}

int run_forecast(const struct ctl *c)
{
    static const struct table_column COLUMNS[] = {{"TENANT", COLUMN_LEFT},     {"SKU", COLUMN_LEFT},       {"POOL", COLUMN_ID},
                                                  {"ALLOTTED", COLUMN_RIGHT},  {"CONSUMED", COLUMN_RIGHT}, {"TREND", COLUMN_LEFT},
                                                  {"RUNS OUT", COLUMN_LEFT},   {"DAYS", COLUMN_LEFT},      {"REMARK", COLUMN_LAST}};
    CLEANUP(json_free) struct json *root = NULL;
    CLEANUP(free) char *target = c->option[OPTION_TENANT] ? ask_target("/v1/forecast", "tenant", c->option[OPTION_TENANT]) : NULL;
    int code = ask_get(c, target ? target : "/v1/forecast", &root);
    if (code != CTL_OK || !root)
        return code;
    const struct json *list = json_get(root, "forecasts");
    struct table *table = table_new(COLUMNS, N_ELEMENTS(COLUMNS));
    for (const struct json *f = list ? json_first(list) : NULL; f; f = json_next(f)) {
        char allotted[SHOW_NUMBER_MAX], consumed[SHOW_NUMBER_MAX], range[64];
        const char *trend = show_text(f, "trend"), *date = show_text(f, "runs_out_on");
        const char *const CELLS[] = {show_text(f, "tenant"), show_text(f, "sku_part_number"), show_text(f, "allotment_id"),
                                     show_number(f, "allotted_units", allotted), show_number(f, "consumed_units", consumed),
                                     trend, date, date ? range_of(f, range) : NULL, remark_of(f, trend)};
        table_row(table, CELLS, NULL);
    }
    return table_finish(table) ? CTL_OK : CTL_INTERNAL;
}
