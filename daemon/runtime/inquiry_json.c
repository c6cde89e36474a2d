/* SPDX-License-Identifier: MIT */
/* runtime/inquiry_json.c: one table for each kind of row: Graph's member, ours, and its form. */
#include "runtime/inquiry_json.h"

#include <string.h>

#include "base/date.h"
#include "base/text.h"
#include "graph/rows.h"
#include "model/product.h"

#define UNITS_MAX INT32_MAX /* Graph's Int32 */
#define WORD_MAX 64

struct member {
    const char *from, *to;
    enum form { TEXT, NUMBER, TIME, DATE, WORDS, TEXTS, OBJECT, LIST, PERSON, PRODUCT } form;
    const struct member *inner; /* OBJECT, LIST */
};

/* Pages of the types allotment, subscription, service, assignment, waitingMember, assignmentError, usageRight and
 * servicePlanInfo. */
static const struct member SERVICE[] = {
    {"planId", "id", TEXT, NULL}, {"planName", "name", TEXT, NULL}, {"assignableTo", "assignable_to", WORDS, NULL}, {0}};
static const struct member PLAN[] = {{"servicePlanId", "id", TEXT, NULL},
                                     {"servicePlanName", "name", TEXT, NULL},
                                     {"provisioningStatus", "provisioning_status", TEXT, NULL},
                                     {0}};
static const struct member SUBSCRIPTION[] = {{"subscriptionId", "id", TEXT, NULL},
                                             {"state", "state", WORDS, NULL},
                                             {"startDate", "start_date", DATE, NULL},
                                             {"nextLifecycleDate", "next_lifecycle_date", DATE, NULL},
                                             {"tags", "tags", WORDS, NULL},
                                             {0}};
static const struct member SKU[] = {
    {"id", "id", TEXT, NULL}, {"skuId", "sku_id", TEXT, NULL}, {"skuPartNumber", "sku_part_number", TEXT, NULL}, {0}};

static const struct member ALLOTMENT[] = {{"id", "id", TEXT, NULL},
                                          {"skuId", "sku_id", TEXT, NULL},
                                          {"skuPartNumber", "sku_part_number", TEXT, NULL},
                                          {"", "sku_name", PRODUCT, NULL},
                                          {"allottedUnits", "allotted_units", NUMBER, NULL},
                                          {"consumedUnits", "consumed_units", NUMBER, NULL},
                                          {"assignableTo", "assignable_to", WORDS, NULL},
                                          {"subscriptions", "subscriptions", LIST, SUBSCRIPTION},
                                          {"services", "services", LIST, SERVICE},
                                          {0}};
static const struct member ASSIGNMENT[] = {{"id", "id", TEXT, NULL},
                                           {"assignedTo", "assigned_to", PERSON, NULL},
                                           {"allotment", "allotment", OBJECT, SKU},
                                           {"disabledServicePlanIds", "disabled_services", TEXTS, NULL},
                                           {0}};
static const struct member WAITING[] = {{"id", "id", TEXT, NULL},
                                        {"waitingSinceDateTime", "since", TIME, NULL},
                                        {"assignedTo", "assigned_to", PERSON, NULL},
                                        {"allotment", "allotment", OBJECT, SKU},
                                        {0}};
static const struct member ERROR[] = {{"id", "id", TEXT, NULL},
                                      {"code", "code", TEXT, NULL},
                                      {"message", "message", TEXT, NULL},
                                      {"occurrenceDateTime", "occurred_at", TIME, NULL},
                                      {"skuId", "sku_id", TEXT, NULL},
                                      {"assignedTo", "assigned_to", PERSON, NULL},
                                      {0}};
static const struct member RIGHT[] = {{"id", "id", TEXT, NULL},
                                      {"skuId", "sku_id", TEXT, NULL},
                                      {"skuPartNumber", "sku_part_number", TEXT, NULL},
                                      {"", "sku_name", PRODUCT, NULL},
                                      {"services", "services", LIST, SERVICE},
                                      {0}};
static const struct member LICENSE[] = {{"id", "id", TEXT, NULL},
                                        {"skuId", "sku_id", TEXT, NULL},
                                        {"skuPartNumber", "sku_part_number", TEXT, NULL},
                                        {"", "sku_name", PRODUCT, NULL},
                                        {"servicePlans", "services", LIST, PLAN},
                                        {0}};
static const struct member POOL[] = {{"id", "id", TEXT, NULL},
                                     {"allottedUnits", "allotted_units", NUMBER, NULL},
                                     {"consumedUnits", "consumed_units", NUMBER, NULL},
                                     {"subscriptions", "subscriptions", LIST, SUBSCRIPTION},
                                     {0}};
static const struct member *const KINDS[] = {
    [ROW_ALLOTMENT] = ALLOTMENT, [ROW_ASSIGNMENT] = ASSIGNMENT, [ROW_WAITING] = WAITING, [ROW_ERROR] = ERROR,
    [ROW_RIGHT] = RIGHT,         [ROW_LICENSE] = LICENSE,       [ROW_POOL] = POOL};

static void put_object(struct json_writer *w, const char *key, const struct member *m, const struct json *row,
                       const struct row_context *ctx);

static const char *text_of(const struct json *row, const char *key)
{
    const char *text = NULL;
    return json_get_string(row, key, &text) == JSON_OK ? text : NULL;
}

/* ---- forms ---- */

static void put_number(struct json_writer *w, const char *key, const struct json *row, const char *from)
{
    int64_t n = 0;
    if (json_get_int(row, from, 0, UNITS_MAX, &n) == JSON_OK)
        json_put_int(w, key, n);
    else
        json_put_null(w, key);
}

static void put_time(struct json_writer *w, const char *key, const struct json *row, const char *from)
{
    char buf[RFC3339_MAX];
    usec_t at = row_time(row, from);
    json_put_string(w, key, at ? rfc3339_print(at, buf) : NULL);
}

static void put_date(struct json_writer *w, const char *key, const struct json *row, const char *from)
{
    char buf[RFC3339_MAX];
    int32_t day = DATE_UNKNOWN;
    bool known = row_date(row, from, &day) && day != DATE_UNKNOWN;
    json_put_string(w, key, known ? date_print(day, buf) : NULL);
}

/* "user,group": flags are one string, with or without blanks. */
static void put_words(struct json_writer *w, const char *key, const char *list)
{
    if (!list) {
        json_put_null(w, key);
        return;
    }
    json_open_array(w, key);
    for (const char *at = list; *at;) {
        char word[WORD_MAX];
        size_t len = strcspn(at, ", ");
        if (len > 0) {
            (void)snprintf(word, sizeof word, "%.*s", (int)(len < sizeof word ? len : sizeof word - 1), at);
            json_put_string(w, NULL, word);
        }
        at += len + (at[len] != '\0');
    }
    json_close_array(w);
}

static void put_texts(struct json_writer *w, const char *key, const struct json *list)
{
    if (!json_is_array(list)) {
        json_put_null(w, key);
        return;
    }
    json_open_array(w, key);
    for (const struct json *e = json_first(list); e; e = json_next(e))
        if (json_text(e))
            json_put_string(w, NULL, json_text(e));
    json_close_array(w);
}

static const char *kind_of(const struct json *who)
{
    static const char *const TYPES[][2] = {{"microsoft.graph.user", "user"},
                                           {"microsoft.graph.group", "group"},
                                           {"microsoft.graph.device", "device"}};
    const char *type = text_of(who, "@odata.type");
    for (size_t i = 0; type && i < N_ELEMENTS(TYPES); i++)
        if (text_equal_nocase(type + (*type == '#'), TYPES[i][0]))
            return TYPES[i][1];
    return NULL;
}

static void put_person(struct json_writer *w, const char *key, const struct json *who, const struct row_context *ctx)
{
    if (!json_is_object(who)) {
        json_put_null(w, key);
        return;
    }
    const char *kind = kind_of(who);
    bool names = ctx->names || text_equal(kind, "group");
    json_open_object(w, key);
    json_put_string(w, "kind", kind);
    json_put_string(w, "id", text_of(who, "id"));
    json_put_string(w, "name", names ? text_of(who, "displayName") : NULL);
    json_put_string(w, "user_principal_name", names ? text_of(who, "userPrincipalName") : NULL);
    json_close_object(w);
}

static void put_list(struct json_writer *w, const struct member *m, const struct json *list, const struct row_context *ctx)
{
    if (!json_is_array(list)) {
        json_put_null(w, m->to);
        return;
    }
    json_open_array(w, m->to);
    for (const struct json *e = json_first(list); e; e = json_next(e))
        put_object(w, NULL, m->inner, e, ctx);
    json_close_array(w);
}

static void put_member(struct json_writer *w, const struct member *m, const struct json *row, const struct row_context *ctx)
{
    const struct json *value = json_get(row, m->from);
    switch (m->form) {
    case TEXT:
        json_put_string(w, m->to, text_of(row, m->from));
        break;
    case NUMBER:
        put_number(w, m->to, row, m->from);
        break;
    case TIME:
        put_time(w, m->to, row, m->from);
        break;
    case DATE:
        put_date(w, m->to, row, m->from);
        break;
    case WORDS:
        put_words(w, m->to, text_of(row, m->from));
        break;
    case TEXTS:
        put_texts(w, m->to, value);
        break;
    case OBJECT:
        put_object(w, m->to, m->inner, value, ctx);
        break;
    case LIST:
        put_list(w, m, value, ctx);
        break;
    case PERSON:
        put_person(w, m->to, value, ctx);
        break;
    case PRODUCT:
        json_put_string(w, m->to, product_name(ctx->products, text_of(row, "skuId"), text_of(row, "skuPartNumber")));
        break;
    }
}

static void put_object(struct json_writer *w, const char *key, const struct member *m, const struct json *row,
                       const struct row_context *ctx)
{
    if (!json_is_object(row)) {
        json_put_null(w, key);
        return;
    }
    json_open_object(w, key);
    for (; m->to; m++)
        put_member(w, m, row, ctx);
    json_close_object(w);
}

void inquiry_put_row(struct json_writer *w, const char *key, enum row_kind kind, const struct json *row,
                     const struct row_context *ctx)
{
    put_object(w, key, KINDS[kind], row, ctx);
}

void inquiry_put_members(struct json_writer *w, enum row_kind kind, const struct json *row, const struct row_context *ctx)
{
    for (const struct member *m = KINDS[kind]; m->to; m++)
        put_member(w, m, row, ctx);
}

/* ---- sections ---- */

void inquiry_open_section(struct json_writer *w, const char *key, const struct inquiry_part *part)
{
    const struct inquiry_answer *a = part ? &part->answer : NULL;
    bool failed = !part || (part->offered && (a->failure.text[0] || a->n_pages == 0));
    json_open_object(w, key);
    json_put_string(w, "state", failed ? "unknown" : !part->offered ? "not_offered" : a->more ? "more" : "complete");
    json_put_string(w, "error", !failed ? NULL : a && a->failure.text[0] ? a->failure.text : "it was not asked for");
    json_open_array(w, "rows");
}

void inquiry_close_section(struct json_writer *w)
{
    json_close_array(w);
    json_close_object(w);
}

void inquiry_put_section(struct json_writer *w, const char *key, const struct inquiry_part *part, enum row_kind kind,
                         const struct row_context *ctx)
{
    inquiry_open_section(w, key, part);
    for (size_t i = 0; part && i < part->answer.n_pages; i++) {
        const struct json *rows = json_get(part->answer.page[i], "value");
        for (const struct json *row = rows ? json_first(rows) : NULL; row; row = json_next(row))
            if (json_is_object(row))
                inquiry_put_row(w, NULL, kind, row, ctx);
    }
    inquiry_close_section(w);
}
