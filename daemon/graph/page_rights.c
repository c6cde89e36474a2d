/* SPDX-License-Identifier: MIT */
/* graph/page_rights.c: decodes rows about one user, group or device.
 *
 * A right without a SKU that can be read, or with plans that cannot, must not be left out: what is
 * left out looks as if it were gone. */
#include "graph/page_rights.h"

#include "base/guid.h"
#include "base/text.h"
#include "graph/envelope.h"
#include <errno.h>
#include <string.h>
#include <strings.h>

/* ---- parts that several rows have ---- */

#define SKU_MEMBERS "skuId", "skuPartNumber"
#define ASSIGNMENT_MEMBERS "disabledServicePlanIds", "allotment", "assignedTo", "@odata.type"
static const char *const RIGHT_NAMES[] = {
    ROW_ENVELOPE,       "id",
    SKU_MEMBERS,        "services",
    "planId",           "planName",
    "assignments",      "assignments@odata.nextLink",
    "allotments",       "allotments@odata.nextLink",
    "allottedUnits",    "consumedUnits",
    ASSIGNMENT_MEMBERS, NULL,
};
static const char *const ASSIGNMENT_NAMES[] = {ROW_ENVELOPE, "id", SKU_MEMBERS, ASSIGNMENT_MEMBERS,
                                               NULL};
static const char *const WAIT_NAMES[] = {ROW_ENVELOPE,           "id", SKU_MEMBERS, "allotment",
                                         "waitingSinceDateTime", NULL};
static const char *const ERROR_NAMES[] = {ROW_ENVELOPE,         "code",  "message",
                                          "occurrenceDateTime", "skuId", NULL};
static const char *const DETAIL_NAMES[] = {
    ROW_ENVELOPE,         "id", SKU_MEMBERS, "servicePlans", "servicePlanId", "servicePlanName",
    "provisioningStatus", NULL,
};

static int read_sku(const struct json *row, char **ret_id, char **ret_part_number)
{
    int r = member_guid(row, "skuId", ret_id);
    return r < 0 ? r : member_text(row, "skuPartNumber", ret_part_number);
}

/* ---- assignments ---- */

static int read_disabled(const struct json *row, struct assignment *a)
{
    const struct json *list = NULL;
    if (json_get_array(row, "disabledServicePlanIds", &list) != JSON_OK || json_count(list) == 0)
        return 0;
    if (json_count(list) > RIGHT_PLANS_MAX)
        return -E2BIG;
    a->disabled_plan = calloc(json_count(list), sizeof *a->disabled_plan);
    if (!a->disabled_plan)
        return -ENOMEM;
    for (const struct json *e = json_first(list); e; e = json_next(e)) {
        char clean[ROW_TEXT_MAX];
        const char *id = json_text(e);
        if (!id || !id[0])
            continue;
        a->disabled_plan[a->n_disabled_plans] =
            strdup(text_clean(clean, sizeof clean, id, strlen(id)));
        guid_lower(a->disabled_plan[a->n_disabled_plans]);
        if (!a->disabled_plan[a->n_disabled_plans++])
            return -ENOMEM;
    }
    return 0;
}

/* Types other than user, device and group do not tell how the assignment came about. */
static int read_assignee(const struct json *row, struct assignment *a)
{
    const struct json *to = NULL;
    const char *type = NULL;
    if (json_get_object(row, "assignedTo", &to) != JSON_OK ||
        json_get_string(to, "@odata.type", &type) != JSON_OK)
        return 0;
    type += *type == '#';
    a->assignee_known = strcasecmp(type, "microsoft.graph.user") == 0 ||
                        strcasecmp(type, "microsoft.graph.device") == 0;
    if (strcasecmp(type, "microsoft.graph.group") != 0 || !row_id(to, "id"))
        return 0;
    a->assignee_known = true;
    return member_guid(to, "id", &a->group_id);
}

static int read_assignment(const struct json *row, struct assignment *ret)
{
    struct assignment a = {0};
    const struct json *pool = NULL;
    int r = text_copy(row_id(row, "id"), &a.id);
    if (r >= 0)
        r = read_disabled(row, &a);
    if (r >= 0)
        r = read_assignee(row, &a);
    if (r >= 0 && json_get_object(row, "allotment", &pool) == JSON_OK) {
        r = text_copy(row_id(pool, "id"), &a.allotment_id);
        if (r >= 0)
            r = read_sku(pool, &a.sku_id, &a.sku_part_number);
    }
    if (r < 0)
        assignment_clear(&a);
    else
        *ret = a;
    return r;
}

static int take_assignment(const struct json *row, struct rights *into, struct page *p)
{
    struct assignment a;
    if (!row_id(row, "id"))
        return row_spoils(p);
    int r = read_assignment(row, &a);
    return r < 0 ? r : rights_add_assignment(into, &a);
}

/* ---- rights ---- */

static int add_plan(struct right *right, const struct json *row, const char *id, const char *name,
                    enum plan_state state)
{
    struct right_plan *plan = &right->plan[right->n_plans++];
    plan->state = state;
    int r = member_guid(row, id, &plan->id);
    return r < 0 ? r : member_text(row, name, &plan->name);
}

/* All plans or none: a list with a malformed plan is unknown. */
static int read_plans(const struct json *row, const char *key, const char *id, const char *name,
                      enum plan_state (*state_of)(const struct json *), struct right *right)
{
    const struct json *list = NULL;
    if (json_get_array(row, key, &list) != JSON_OK)
        return 0;
    if (json_count(list) > RIGHT_PLANS_MAX)
        return -E2BIG;
    for (const struct json *e = json_first(list); e; e = json_next(e))
        if (!row_id(e, id) && !row_id(e, name))
            return 0;
    right->plans_known = true;
    if (json_count(list) == 0)
        return 0;
    right->plan = calloc(json_count(list), sizeof *right->plan);
    if (!right->plan)
        return -ENOMEM;
    int r = 0;
    for (const struct json *e = json_first(list); e && r >= 0; e = json_next(e))
        r = add_plan(right, e, id, name, state_of(e));
    return r;
}

static enum plan_state service_state(const struct json *row)
{
    (void)row;
    return PLAN_ON; /* a right lists what can be used */
}

/* The words of page "servicePlanInfo". A pending plan becomes usable by itself. */
static enum plan_state detail_state(const struct json *row)
{
    static const struct {
        const char *word;
        enum plan_state state;
    } WORDS[] = {
        {"Success", PLAN_ON},
        {"Disabled", PLAN_OFF},
        {"Error", PLAN_OFF},
        {"PendingInput", PLAN_PENDING},
        {"PendingActivation", PLAN_PENDING},
        {"PendingProvisioning", PLAN_PENDING},
    };
    const char *s = NULL;
    if (json_get_string(row, "provisioningStatus", &s) != JSON_OK)
        return PLAN_UNCLEAR;
    for (size_t i = 0; i < N_ELEMENTS(WORDS); i++)
        if (strcasecmp(s, WORDS[i].word) == 0)
            return WORDS[i].state;
    return PLAN_UNCLEAR;
}

/* *ret NULL: it was not asked for, or goes on elsewhere. */
static const struct json *expanded(const struct json *row, const char *key, const char *next)
{
    const struct json *list = NULL;
    bool whole = json_get_array(row, key, &list) == JSON_OK && !json_get(row, next);
    return whole && json_count(list) <= RIGHTS_ROWS_MAX ? list : NULL;
}

static int read_expanded_assignments(const struct json *row, struct right *right)
{
    const struct json *list = expanded(row, "assignments", "assignments@odata.nextLink");
    right->assignments_known = list != NULL;
    if (json_count(list) == 0)
        return 0;
    right->assignment = calloc(json_count(list), sizeof *right->assignment);
    int r = right->assignment ? 0 : -ENOMEM;
    for (const struct json *e = json_first(list); e && r >= 0; e = json_next(e)) {
        r = read_assignment(e, &right->assignment[right->n_assignments]);
        right->n_assignments += r >= 0;
    }
    return r;
}

static int read_expanded_pools(const struct json *row, struct right *right)
{
    const struct json *list = expanded(row, "allotments", "allotments@odata.nextLink");
    right->pools_known = list != NULL;
    if (json_count(list) == 0)
        return 0;
    right->pool = calloc(json_count(list), sizeof *right->pool);
    int r = right->pool ? 0 : -ENOMEM;
    for (const struct json *e = json_first(list); e && r >= 0; e = json_next(e)) {
        struct right_pool *pool = &right->pool[right->n_pools++];
        pool->units_known =
            json_get_int(e, "allottedUnits", 0, INT32_MAX, &pool->allotted) == JSON_OK &&
            json_get_int(e, "consumedUnits", 0, INT32_MAX, &pool->consumed) == JSON_OK;
        r = text_copy(row_id(e, "id"), &pool->id);
    }
    return r;
}

static int read_right(const struct json *row, struct right *ret)
{
    struct right right = {0};
    int r = text_copy(row_id(row, "id"), &right.id);
    if (r >= 0)
        r = read_sku(row, &right.sku_id, &right.sku_part_number);
    if (r >= 0)
        r = read_plans(row, "services", "planId", "planName", service_state, &right);
    if (r >= 0)
        r = read_plans(row, "servicePlans", "servicePlanId", "servicePlanName", detail_state,
                       &right);
    if (r >= 0)
        r = read_expanded_assignments(row, &right);
    if (r >= 0)
        r = read_expanded_pools(row, &right);
    if (r < 0)
        right_clear(&right);
    else
        *ret = right;
    return r;
}

static bool names_a_sku(const struct json *row)
{
    return row_has_readable_sku(row) && (row_id(row, "skuId") || row_id(row, "skuPartNumber"));
}

static int take_right(const struct json *row, struct rights *into, struct page *p)
{
    struct right right;
    if (!names_a_sku(row))
        return row_spoils(p);
    int r = read_right(row, &right);
    return r < 0 ? r : rights_add(into, &right);
}

/* ---- waiting lists and errors ---- */

static int take_wait(const struct json *row, struct rights *into, struct page *p)
{
    struct principal_wait w = {.since_at = row_time(row, "waitingSinceDateTime")};
    const struct json *pool = NULL;
    if (!row_id(row, "id"))
        return row_spoils(p);
    int r = 0;
    if (json_get_object(row, "allotment", &pool) == JSON_OK) {
        r = text_copy(row_id(pool, "id"), &w.allotment_id);
        if (r >= 0)
            r = read_sku(pool, &w.sku_id, &w.sku_part_number);
    }
    if (r >= 0)
        return rights_add_wait(into, &w);
    free(w.allotment_id);
    free(w.sku_id);
    return r;
}

static int take_error(const struct json *row, struct rights *into, struct page *p)
{
    struct principal_error e = {.occurred_at = row_time(row, "occurrenceDateTime")};
    char clean[ROW_TEXT_MAX];
    if (!row_clean(row, "code", clean))
        return row_spoils(p);
    int r = text_copy(clean, &e.code);
    if (r >= 0)
        r = member_text(row, "message", &e.message);
    if (r >= 0)
        r = member_guid(row, "skuId", &e.sku_id);
    if (r >= 0)
        return rights_add_error(into, &e);
    free(e.code);
    free(e.message);
    return r;
}

/* ---- pages ---- */

typedef int take_row(const struct json *row, struct rights *into, struct page *p);

static int too_much(struct failure *f, int r)
{
    if (r != -E2BIG)
        return failure_oom(f);
    return failure_set(f, FAILURE_PROTOCOL, E2BIG, "more than %d rows", RIGHTS_ROWS_MAX);
}

static int take_rows(const char *bytes, size_t len, const char *const *names, take_row *take,
                     struct rights *into, struct page *ret, struct failure *f)
{
    CLEANUP(json_free) struct json *root = NULL;
    CLEANUP(page_clear) struct page page = {0};
    const struct json *rows = NULL;
    int r = row_open_page(bytes, len, names, &root, &rows, &page, f);
    if (r < 0)
        return r;
    for (const struct json *row = json_first(rows); row; row = json_next(row)) {
        r = take(row, into, &page);
        if (r < 0)
            return too_much(f, r);
    }
    *ret = page;
    page = (struct page){0};
    return 0;
}

int page_usage_rights(const char *bytes, size_t len, struct rights *into, struct page *ret,
                      struct failure *ret_failure)
{
    return take_rows(bytes, len, RIGHT_NAMES, take_right, into, ret, ret_failure);
}

int page_assignments(const char *bytes, size_t len, struct rights *into, struct page *ret,
                     struct failure *ret_failure)
{
    return take_rows(bytes, len, ASSIGNMENT_NAMES, take_assignment, into, ret, ret_failure);
}

int page_principal_waits(const char *bytes, size_t len, struct rights *into, struct page *ret,
                         struct failure *ret_failure)
{
    return take_rows(bytes, len, WAIT_NAMES, take_wait, into, ret, ret_failure);
}

int page_principal_errors(const char *bytes, size_t len, struct rights *into, struct page *ret,
                          struct failure *ret_failure)
{
    return take_rows(bytes, len, ERROR_NAMES, take_error, into, ret, ret_failure);
}

int page_license_details(const char *bytes, size_t len, struct rights *into, struct page *ret,
                         struct failure *ret_failure)
{
    return take_rows(bytes, len, DETAIL_NAMES, take_right, into, ret, ret_failure);
}

int page_usage_right_single(const char *bytes, size_t len, struct rights *into, struct page *ret,
                            struct failure *ret_failure)
{
    CLEANUP(json_free) struct json *root = NULL;
    struct page page = {.n_rows = 1};
    const struct json *entity = NULL;
    int r = row_open_entity(bytes, len, RIGHT_NAMES, &root, &entity, ret_failure);
    if (r < 0)
        return r;
    if (!names_a_sku(entity))
        return row_not_a_page(ret_failure, "the right names no SKU");
    r = take_right(entity, into, &page);
    if (r < 0)
        return too_much(ret_failure, r);
    *ret = page;
    return 0;
}
