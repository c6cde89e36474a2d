/* SPDX-License-Identifier: MIT */
/* rules/context.c: the table of context fields; copies, compares and frees contexts by it. */
#include "rules/context.h"

#include "base/text.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* ---- the rows ---- */

#define PLAIN(record, part, name, type, member)                                                  \
    {                                                                                            \
        name, part, type, offsetof(struct record, member), sizeof(((struct record *)0)->member), \
            NULL                                                                                 \
    }
#define CONTEXT_ROW(part, name, type, member) \
    PLAIN(alert_context, CONTEXT_PART_##part, name, CONTEXT_##type, member)
#define REST(type, member) CONTEXT_ROW(REST, #member, type, member)
#define LIST(part, name, type, member, of)                                       \
    {                                                                            \
        name, CONTEXT_PART_##part, type, offsetof(struct alert_context, member), \
            sizeof(void *) + sizeof(size_t), of                                  \
    }
#define RECORD(record, fields)                            \
    {                                                     \
        fields, N_ELEMENTS(fields), sizeof(struct record) \
    }

_Static_assert(offsetof(struct alert_context, n_labels) ==
                   offsetof(struct alert_context, label) + sizeof(void *),
               "a list is a pointer and its length");
_Static_assert(offsetof(struct alert_context, n_subscriptions) ==
                   offsetof(struct alert_context, subscription) + sizeof(void *),
               "a list is a pointer and its length");

static const struct context_field LABEL[] = {
    PLAIN(label, CONTEXT_PART_TENANT, "key", CONTEXT_TEXT, key),
    PLAIN(label, CONTEXT_PART_TENANT, "value", CONTEXT_TEXT, value),
};
static const struct context_field SUBSCRIPTION[] = {
    PLAIN(context_subscription, CONTEXT_PART_SUBSCRIPTIONS, "id", CONTEXT_ID, id),
    PLAIN(context_subscription, CONTEXT_PART_SUBSCRIPTIONS, "state", CONTEXT_TEXT, state),
    PLAIN(context_subscription, CONTEXT_PART_SUBSCRIPTIONS, "start_date", CONTEXT_DATE, start_date),
    PLAIN(context_subscription, CONTEXT_PART_SUBSCRIPTIONS, "next_lifecycle_date", CONTEXT_DATE,
          next_lifecycle_date),
    PLAIN(context_subscription, CONTEXT_PART_SUBSCRIPTIONS, "tags", CONTEXT_TEXT, tags),
};
const struct context_record CONTEXT_LABEL_RECORD = RECORD(label, LABEL);
const struct context_record CONTEXT_SUBSCRIPTION_RECORD =
    RECORD(context_subscription, SUBSCRIPTION);

static const struct context_field CONTEXT_ROWS[] = {
    CONTEXT_ROW(TENANT, "name", TEXT, tenant_name),
    CONTEXT_ROW(TENANT, "id", ID, tenant_id),
    LIST(TENANT, "labels", CONTEXT_LABELS, label, &CONTEXT_LABEL_RECORD),
    CONTEXT_ROW(ALLOTMENT, "id", ID, allotment_id),
    CONTEXT_ROW(ALLOTMENT, "name", TEXT, allotment_name),
    CONTEXT_ROW(ALLOTMENT, "allotted_units", NUMBER, allotted),
    CONTEXT_ROW(ALLOTMENT, "consumed_units", NUMBER, consumed),
    CONTEXT_ROW(ALLOTMENT, "waiting_members", NUMBER, waiting),
    CONTEXT_ROW(SKU, "id", ID, sku_id),
    CONTEXT_ROW(SKU, "part_number", TEXT, sku_part_number),
    CONTEXT_ROW(SKU, "name", TEXT, sku_name),
    LIST(SUBSCRIPTIONS, "subscriptions", CONTEXT_SUBSCRIPTIONS, subscription,
         &CONTEXT_SUBSCRIPTION_RECORD),
    CONTEXT_ROW(UNITS, "units_to_unblock", NUMBER, units_to_unblock),
    CONTEXT_ROW(UNITS, "units_to_buy", NUMBER, units_to_buy),
    REST(NUMBER, forecast_early),
    REST(NUMBER, forecast_likely),
    REST(NUMBER, forecast_late),
    REST(NUMBER, ends_below_bp),
    REST(OFFSET, utc_offset),
    REST(TEXT, zone),
    REST(INSTANT, oldest_at),
    REST(NUMBER, reference),
    REST(TEXT, sibling_name),
    REST(NUMBER, sibling_free),
    REST(NUMBER, siblings_free),
    REST(TEXT, error_code),
    REST(NUMBER, error_count),
    REST(INSTANT, errors_since_at),
    REST(CAUSE, cause),
    REST(TEXT, hint),
    REST(TEXT, section),
    REST(TEXT, receiver),
    REST(NUMBER, parked),
    REST(TEXT, principal),
    REST(TEXT, missing_plans),
    REST(TEXT, source),
    REST(TEXT, host),
    REST(NUMBER, tenants),
    REST(NUMBER, tenants_failing),
    REST(NUMBER, tenants_read),
    REST(INSTANT, failing_since_at),
    REST(TEXT, credential),
    REST(TEXT, client_id),
    REST(TEXT, file),
    REST(TEXT, used_by),
    REST(NUMBER, n_used_by),
    REST(TEXT, receivers),
    REST(INSTANT, expires_at),
    REST(FLAG, expires_by_day),
    REST(INSTANT, unused_since_at),
    CONTEXT_ROW(REST, "facts_at", INSTANT, observed_at),
};
const struct context_record CONTEXT_RECORD = RECORD(alert_context, CONTEXT_ROWS);

/* ---- records ---- */

static bool is_text(const struct context_field *f)
{
    return f->type == CONTEXT_TEXT || f->type == CONTEXT_ID;
}

/* The value of a pointer field: a string, or the first element of a list. */
static void *pointer(const struct context_field *f, const void *record)
{
    void *p;
    memcpy(&p, context_at(record, f), sizeof p);
    return p;
}

static size_t *length(const struct context_field *list, const void *record)
{
    return (size_t *)((char *)context_at(record, list) + sizeof(void *));
}

/* The following functions work on arrays of `n` records. */
static void records_clear(const struct context_record *of, char *record, size_t n)
{
    for (; n > 0; n--, record += of->size)
        CONTEXT_FIELDS (f, of) {
            if (f->of)
                records_clear(f->of, pointer(f, record), *length(f, record));
            if (f->of || is_text(f))
                free(pointer(f, record));
        }
}

static bool records_equal(const struct context_record *of, const char *a, const char *b, size_t n);

static bool field_equal(const struct context_field *f, const void *a, const void *b)
{
    if (is_text(f))
        return text_equal(pointer(f, a), pointer(f, b));
    if (!f->of)
        return memcmp(context_at(a, f), context_at(b, f), f->size) == 0;
    size_t n = *length(f, a);
    return n == *length(f, b) && records_equal(f->of, pointer(f, a), pointer(f, b), n);
}

static bool records_equal(const struct context_record *of, const char *a, const char *b, size_t n)
{
    for (; n > 0; n--, a += of->size, b += of->size)
        CONTEXT_FIELDS (f, of)
            if (!field_equal(f, a, b))
                return false;
    return true;
}

/* `dst` must be zeroed, so that the caller can clear a partial copy after -ENOMEM. */
static int records_copy(const struct context_record *of, const char *src, char *dst, size_t n);

static int field_copy(const struct context_field *f, const void *src, void *dst)
{
    if (is_text(f))
        return text_copy(pointer(f, src), context_at(dst, f));
    if (!f->of) {
        memcpy(context_at(dst, f), context_at(src, f), f->size);
        return 0;
    }
    size_t n = *length(f, src);
    void *first = n ? calloc(n, f->of->size) : NULL;
    if (n && !first)
        return -ENOMEM;
    memcpy(context_at(dst, f), &first, sizeof first);
    *length(f, dst) = n;
    return records_copy(f->of, pointer(f, src), first, n);
}

static int records_copy(const struct context_record *of, const char *src, char *dst, size_t n)
{
    for (; n > 0; n--, src += of->size, dst += of->size)
        CONTEXT_FIELDS (f, of)
            if (field_copy(f, src, dst) < 0)
                return -ENOMEM;
    return 0;
}

/* ---- context ---- */

int context_new(struct alert_context **ret)
{
    struct alert_context *context = calloc(1, sizeof *context);
    if (!context)
        return -ENOMEM;
    context->holders = 1;
    CONTEXT_FIELDS (f, &CONTEXT_RECORD)
        if (f->type == CONTEXT_NUMBER)
            *(int64_t *)context_at(context, f) = NUMBER_UNKNOWN;
    *ret = context;
    return 0;
}

struct alert_context *context_share(struct alert_context *f)
{
    if (f)
        f->holders++;
    return f;
}

void context_free(struct alert_context *f)
{
    if (!f || --f->holders > 0)
        return;
    records_clear(&CONTEXT_RECORD, (char *)f, 1);
    free(f);
}

int context_copy(const struct alert_context *src, struct alert_context **ret)
{
    CLEANUP(context_free) struct alert_context *f = NULL;
    int r = context_new(&f);
    if (r >= 0)
        r = records_copy(&CONTEXT_RECORD, (const char *)src, (char *)f, 1);
    if (r >= 0)
        *ret = TAKE(f);
    return r;
}

bool context_equal(const struct alert_context *a, const struct alert_context *b)
{
    CONTEXT_FIELDS (f, &CONTEXT_RECORD)
        if (f->at != offsetof(struct alert_context, observed_at) && !field_equal(f, a, b))
            return false;
    return true;
}

int context_set_zone(struct alert_context *f, const struct zone *zone)
{
    f->utc_offset = zone->offset;
    return zone->name[0] ? text_copy(zone->name, &f->zone) : 0;
}

struct zone context_zone(const struct alert_context *f)
{
    struct zone zone = {.offset = f->utc_offset};
    (void)snprintf(zone.name, sizeof zone.name, "%s", f->zone ? f->zone : "");
    return zone;
}

int context_set_tenant(struct alert_context *f, const struct tenant_identity *tenant)
{
    const struct alert_context about = {.tenant_name = tenant->name,
                                        .tenant_id = tenant->tenant_id,
                                        .label = tenant->label,
                                        .n_labels = tenant->n_labels};
    CONTEXT_FIELDS (field, &CONTEXT_RECORD)
        if (field->part == CONTEXT_PART_TENANT && field_copy(field, &about, f) < 0)
            return -ENOMEM;
    return 0;
}
