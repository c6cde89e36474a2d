/* SPDX-License-Identifier: MIT */
/* ctl/details.c: prints one allotment, user, group or device as Graph shows it now. */
#include "ctl/details.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ctl/ask.h"
#include "ctl/show.h"
#include "ctl/table.h"

#define TARGET_MAX 65536
#define CELL_MAX ((size_t)1 << 20)
#define COLUMNS_MAX 8

/* One column, and which member of a row it shows. */
struct field {
    const char *column, *key;
    enum { TEXT, NUMBER, TIME, WORDS, WHO, SKU, COUNT } form;
};

static const char *or_dash(const char *text)
{
    return text ? text : "-";
}

/* ---- cells ---- */

static void add_words(struct text *t, const struct json *list)
{
    for (const struct json *e = list ? json_first(list) : NULL; e; e = json_next(e))
        if (json_text(e))
            text_addf(t, "%s%s", t->len ? ", " : "", json_text(e));
}

/* "user 1f00... (Ada, ada@contoso.com)", as far as it is known. */
static void add_who(struct text *t, const struct json *who)
{
    const char *name = show_text(who, "name"), *principal = show_text(who, "user_principal_name"), *kind = show_text(who, "kind");
    text_addf(t, "%s %s", kind ? kind : "unknown kind", or_dash(show_text(who, "id")));
    if (name || principal)
        text_addf(t, " (%s%s%s)", name ? name : "", name && principal ? ", " : "", principal ? principal : "");
}

static void add_sku(struct text *t, const struct json *object)
{
    const char *part = show_text(object, "sku_part_number");
    text_addf(t, "%s %s", or_dash(part ? part : show_text(object, "sku_id")), or_dash(show_text(object, "id")));
}

static char *cell_of(const struct json *row, const struct field *f, usec_t now)
{
    CLEANUP(text_free) struct text t = TEXT_INIT(CELL_MAX);
    const struct json *value = json_get(row, f->key);
    char n[SHOW_NUMBER_MAX];
    if (f->form == TIME)
        return show_time(row, f->key, now);
    if (!value || json_is_null(value))
        return NULL;
    switch (f->form) {
    case WORDS:
        add_words(&t, value);
        break;
    case WHO:
        add_who(&t, value);
        break;
    case SKU:
        add_sku(&t, value);
        break;
    case COUNT:
        text_addf(&t, "%zu", json_count(value));
        break;
    case NUMBER:
        text_add(&t, show_number(row, f->key, n));
        break;
    default:
        text_add(&t, or_dash(json_text(value)));
    }
    return text_take(&t);
}

static bool print_rows(const struct json *rows, const struct field *field, size_t n, usec_t now)
{
    struct table_column column[COLUMNS_MAX];
    for (size_t i = 0; i < n; i++)
        column[i] = (struct table_column){field[i].column, i + 1 == n            ? COLUMN_LAST
                                                           : field[i].form == NUMBER || field[i].form == COUNT ? COLUMN_RIGHT
                                                                                                               : COLUMN_LEFT};
    struct table *table = table_new(column, n);
    for (const struct json *row = rows ? json_first(rows) : NULL; row; row = json_next(row)) {
        char *cell[COLUMNS_MAX] = {NULL};
        const char *shown[COLUMNS_MAX];
        for (size_t i = 0; i < n; i++)
            shown[i] = cell[i] = cell_of(row, &field[i], now);
        table_row(table, shown, NULL);
        for (size_t i = 0; i < n; i++)
            free(cell[i]);
    }
    return table_finish(table);
}

/* "waiting      4", then the rows. */
static bool print_section(const struct json *root, const char *key, const char *title, const struct field *field, size_t n,
                          usec_t now)
{
    const struct json *section = json_get(root, key), *rows = json_get(section, "rows");
    const char *state = show_text(section, "state");
    size_t count = rows ? json_count(rows) : 0;
    putchar('\n');
    if (text_equal(state, "not_offered"))
        show_line(title, "not offered by Graph");
    else if (text_equal(state, "complete"))
        show_line(title, "%zu", count);
    else if (text_equal(state, "more"))
        show_line(title, "the first %zu; there are more", count);
    else
        show_line(title, "unknown: %s", or_dash(show_text(section, "error")));
    return count == 0 || print_rows(rows, field, n, now);
}

static const struct field SUBSCRIPTION[] = {{"SUBSCRIPTION", "id", TEXT}, {"STATE", "state", WORDS}, {"STARTED", "start_date", TEXT},
                                            {"NEXT STATE ON", "next_lifecycle_date", TEXT}, {"TAGS", "tags", WORDS}},
                          SERVICE[] = {{"SERVICE", "name", TEXT}, {"ID", "id", TEXT}, {"ASSIGNABLE TO", "assignable_to", WORDS}},
                          PLAN[] = {{"SERVICE", "name", TEXT}, {"ID", "id", TEXT}, {"STATUS", "provisioning_status", TEXT}},
                          TO[] = {{"ASSIGNMENT", "id", TEXT}, {"SERVICES OFF", "disabled_services", COUNT},
                                  {"ASSIGNED TO", "assigned_to", WHO}},
                          WAITS[] = {{"SINCE", "since", TIME}, {"WAITS", "assigned_to", WHO}},
                          WAITS_FOR[] = {{"SINCE", "since", TIME}, {"WAITS FOR", "allotment", SKU}},
                          FROM[] = {{"SKU AND ALLOTMENT", "allotment", SKU}, {"SERVICES OFF", "disabled_services", COUNT},
                                    {"ASSIGNED TO", "assigned_to", WHO}},
                          ERROR[] = {{"ERROR", "code", TEXT}, {"LAST", "occurred_at", TIME}, {"CONCERNS", "assigned_to", WHO},
                                     {"MESSAGE", "message", TEXT}},
                          OWN_ERROR[] = {{"ERROR", "code", TEXT}, {"LAST", "occurred_at", TIME}, {"SKU", "sku_id", TEXT},
                                         {"MESSAGE", "message", TEXT}};
#define FIELDS(f) (f), N_ELEMENTS(f)

/* The name of a SKU, as far as it is known. */
static void print_sku(const char *title, const struct json *o, const char *id)
{
    const char *part = show_text(o, "sku_part_number"), *name = show_text(o, "sku_name");
    show_line(title, "%s  %s%s%s", or_dash(id), or_dash(part ? part : show_text(o, "sku_id")), name ? "  " : "", name ? name : "");
}

/* ---- an allotment ---- */

static bool print_allotment(const struct json *root, usec_t now)
{
    const struct json *a = json_get(root, "allotment");
    CLEANUP(text_free) struct text to = TEXT_INIT(CELL_MAX);
    char consumed[SHOW_NUMBER_MAX], allotted[SHOW_NUMBER_MAX];
    add_words(&to, json_get(a, "assignable_to"));
    print_sku("allotment", a, show_text(a, "id"));
    show_line("tenant", "%s", or_dash(show_text(root, "tenant")));
    show_line("units", "%s of %s consumed; assignable to %s", show_number(a, "consumed_units", consumed),
              show_number(a, "allotted_units", allotted), to.len ? to.data : "-");
    putchar('\n');
    bool ok = print_rows(json_get(a, "subscriptions"), FIELDS(SUBSCRIPTION), now);
    putchar('\n');
    ok = print_rows(json_get(a, "services"), FIELDS(SERVICE), now) && ok;
    ok = print_section(root, "assignments", "assignments", FIELDS(TO), now) && ok;
    ok = print_section(root, "waiting", "waiting", FIELDS(WAITS), now) && ok;
    return print_section(root, "sku_errors", "SKU errors", FIELDS(ERROR), now) && ok;
}

/* ---- a user, group or device ---- */

static bool print_right(const struct json *right, usec_t now)
{
    const struct json *services = json_get(right, "services"), *first = services ? json_first(services) : NULL;
    const struct json *pools = json_get(right, "allotments"), *rows = json_get(pools, "rows");
    bool ok;
    putchar('\n');
    print_sku("right", right, show_text(right, "id"));
    if (first && json_get(first, "provisioning_status"))
        ok = print_rows(services, FIELDS(PLAN), now);
    else
        ok = !first || print_rows(services, FIELDS(SERVICE), now);
    if (show_text(pools, "error"))
        show_line("allotments", "unknown: %s", show_text(pools, "error"));
    for (const struct json *p = rows ? json_first(rows) : NULL; p; p = json_next(p)) {
        char consumed[SHOW_NUMBER_MAX], allotted[SHOW_NUMBER_MAX];
        const struct json *subscriptions = json_get(p, "subscriptions");
        show_line("from", "allotment %s: %s of %s units consumed", or_dash(show_text(p, "id")),
                  show_number(p, "consumed_units", consumed), show_number(p, "allotted_units", allotted));
        if (subscriptions && json_first(subscriptions))
            ok = print_rows(subscriptions, FIELDS(SUBSCRIPTION), now) && ok;
    }
    return ok;
}

static bool print_principal(const struct json *root, usec_t now)
{
    const struct json *rights = json_get(root, "usage_rights"), *rows = json_get(rights, "rows");
    const char *source = show_text(root, "source"), *error = show_text(rights, "error");
    bool ok = true;
    show_line(or_dash(show_text(root, "kind")), "%s", or_dash(show_text(root, "id")));
    show_line("tenant", "%s", or_dash(show_text(root, "tenant")));
    if (error)
        show_line("usage rights", "unknown: %s", error);
    else
        show_line("usage rights", "%zu%s", rows ? json_count(rows) : 0,
                  text_equal(show_text(rights, "state"), "more") ? "; there are more" : "");
    for (const struct json *r = rows ? json_first(rows) : NULL; r; r = json_next(r))
        ok = print_right(r, now) && ok;
    if (text_equal(source, "subscribedSkus"))
        return ok; /* which has no more */
    ok = print_section(root, "assignments", "assignments", FIELDS(FROM), now) && ok;
    ok = print_section(root, "waiting", "waiting", FIELDS(WAITS_FOR), now) && ok;
    return print_section(root, "errors", "errors", FIELDS(OWN_ERROR), now) && ok;
}

/* ---- commands ---- */

static int ask_and_print(const struct ctl *c, const char *path, bool (*print)(const struct json *root, usec_t now))
{
    CLEANUP(text_free) struct text target = TEXT_INIT(TARGET_MAX);
    CLEANUP(json_free) struct json *root = NULL;
    text_add(&target, path);
    text_add_encoded(&target, c->arg[0]);
    if (c->option[OPTION_NAMES])
        text_add(&target, "?names");
    if (c->option[OPTION_TENANT]) {
        text_add(&target, c->option[OPTION_NAMES] ? "&tenant=" : "?tenant=");
        text_add_encoded(&target, c->option[OPTION_TENANT]);
    }
    int code = target.error ? CTL_INTERNAL : ask_change(c, "GET", target.data, NULL, &root, NULL);
    return code == CTL_OK && root && !print(root, clock_now().at) ? CTL_INTERNAL : code;
}

int run_allotment(const struct ctl *c)
{
    return ask_and_print(c, "/v1/allotments/", print_allotment);
}

int run_user(const struct ctl *c)
{
    return ask_and_print(c, "/v1/users/", print_principal);
}

int run_group(const struct ctl *c)
{
    return ask_and_print(c, "/v1/groups/", print_principal);
}

int run_device(const struct ctl *c)
{
    return ask_and_print(c, "/v1/devices/", print_principal);
}

/* The answer is JSON in any case. */
int run_get(const struct ctl *c)
{
    CLEANUP(text_free) struct text target = TEXT_INIT(TARGET_MAX);
    CLEANUP(json_free) struct json *none = NULL;
    struct ctl json = *c;
    json.option[OPTION_JSON] = "";
    text_addf(&target, "/v1/graph?%spath=", c->option[OPTION_ALL] ? "all&" : "");
    text_add_encoded(&target, c->arg[0]);
    if (c->option[OPTION_TENANT]) {
        text_add(&target, "&tenant=");
        text_add_encoded(&target, c->option[OPTION_TENANT]);
    }
    return target.error ? CTL_INTERNAL : ask_change(&json, "GET", target.data, NULL, &none, NULL);
}

static bool print_comparison(const struct json *root)
{
    static const struct table_column COLUMNS[] = {{"STATE", COLUMN_LEFT}, {"ALLOTTED", COLUMN_RIGHT}, {"ENABLED", COLUMN_RIGHT},
                                                  {"IN GRACE", COLUMN_RIGHT}, {"CONSUMED", COLUMN_RIGHT},
                                                  {"CONSUMED BY SKU", COLUMN_RIGHT}, {"SKU", COLUMN_LEFT}, {"NAME", COLUMN_LAST}};
    const struct json *list = json_get(root, "skus");
    struct table *table = table_new(COLUMNS, N_ELEMENTS(COLUMNS));
    for (const struct json *s = list ? json_first(list) : NULL; s; s = json_next(s)) {
        const struct json *pools = json_get(s, "cloud_licensing"), *sku = json_get(s, "subscribed_skus");
        char number[5][SHOW_NUMBER_MAX];
        const char *part = show_text(s, "sku_part_number"), *state = show_text(s, "state");
        const char *const CELLS[] = {state, show_number(pools, "allotted_units", number[0]), show_number(sku, "enabled", number[1]),
                                     show_number(sku, "warning", number[2]), show_number(pools, "consumed_units", number[3]),
                                     show_number(sku, "consumed_units", number[4]), part ? part : show_text(s, "sku_id"),
                                     show_text(s, "sku_name")};
        table_row(table, CELLS, text_equal(state, "different") ? "yellow" : NULL);
    }
    if (table_is_empty(table))
        puts("no SKUs");
    return table_finish(table);
}

int run_compare(const struct ctl *c)
{
    CLEANUP(json_free) struct json *root = NULL;
    const char *tenant = c->n_args ? c->arg[0] : c->option[OPTION_TENANT];
    CLEANUP(free) char *target = tenant ? ask_target("/v1/comparison", "tenant", tenant) : NULL;
    int code = ask_change(c, "GET", target ? target : "/v1/comparison", NULL, &root, NULL);
    return code == CTL_OK && root && !print_comparison(root) ? CTL_INTERNAL : code;
}
