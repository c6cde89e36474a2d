/* SPDX-License-Identifier: MIT */
/* rules/facts.c: the fields of facts, and what is done with all of them. */
#include "rules/facts.h"

#include "base/text.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* ---- the rows ---- */

#define PLAIN(record, part, name, type, member)                                                    \
    {name, part, type, offsetof(struct record, member), sizeof(((struct record *)0)->member), NULL}
#define FACT(part, name, type, member) PLAIN(facts, FACTS_##part, name, FACT_##type, member)
#define REST(type, member) FACT(REST, #member, type, member)
#define LIST(part, name, type, member, of)                                                         \
    {name, FACTS_##part, type, offsetof(struct facts, member), sizeof(void *) + sizeof(size_t), of}
#define RECORD(record, fields) {fields, N_ELEMENTS(fields), sizeof(struct record)}

_Static_assert(offsetof(struct facts, n_labels) == offsetof(struct facts, label) + sizeof(void *),
               "a list is a pointer and its length");
_Static_assert(offsetof(struct facts, n_subscriptions) ==
                   offsetof(struct facts, subscription) + sizeof(void *),
               "a list is a pointer and its length");

static const struct fact_field LABEL[] = {
    PLAIN(label, FACTS_TENANT, "key", FACT_TEXT, key),
    PLAIN(label, FACTS_TENANT, "value", FACT_TEXT, value),
};
static const struct fact_field SUBSCRIPTION[] = {
    PLAIN(fact_subscription, FACTS_SUBSCRIPTIONS, "id", FACT_ID, id),
    PLAIN(fact_subscription, FACTS_SUBSCRIPTIONS, "state", FACT_TEXT, state),
    PLAIN(fact_subscription, FACTS_SUBSCRIPTIONS, "start_date", FACT_DATE, start_date),
    PLAIN(fact_subscription, FACTS_SUBSCRIPTIONS, "next_lifecycle_date", FACT_DATE,
          next_lifecycle_date),
    PLAIN(fact_subscription, FACTS_SUBSCRIPTIONS, "tags", FACT_TEXT, tags),
};
const struct fact_record FACT_LABEL_RECORD = RECORD(label, LABEL);
const struct fact_record FACT_SUBSCRIPTION_RECORD = RECORD(fact_subscription, SUBSCRIPTION);

static const struct fact_field FACTS[] = {
    FACT(TENANT, "name", TEXT, tenant_name),
    FACT(TENANT, "id", ID, tenant_id),
    LIST(TENANT, "labels", FACT_LABELS, label, &FACT_LABEL_RECORD),
    FACT(ALLOTMENT, "id", ID, allotment_id),
    FACT(ALLOTMENT, "name", TEXT, allotment_name),
    FACT(ALLOTMENT, "allotted_units", NUMBER, allotted),
    FACT(ALLOTMENT, "consumed_units", NUMBER, consumed),
    FACT(ALLOTMENT, "waiting_members", NUMBER, waiting),
    FACT(SKU, "id", ID, sku_id),
    FACT(SKU, "part_number", TEXT, sku_part_number),
    FACT(SKU, "name", TEXT, sku_name),
    LIST(SUBSCRIPTIONS, "subscriptions", FACT_SUBSCRIPTIONS, subscription,
         &FACT_SUBSCRIPTION_RECORD),
    FACT(UNITS, "units_to_unblock", NUMBER, units_to_unblock),
    FACT(UNITS, "units_to_buy", NUMBER, units_to_buy),
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
    REST(INSTANT, expires_at),
    REST(FLAG, expires_by_day),
    FACT(REST, "facts_at", INSTANT, observed_at),
};
const struct fact_record FACTS_RECORD = RECORD(facts, FACTS);

/* ---- records ---- */

static bool is_text(const struct fact_field *f)
{
    return f->type == FACT_TEXT || f->type == FACT_ID;
}

/* The pointer at this field: a text, or the first element of a list. */
static void *pointer(const struct fact_field *f, const void *record)
{
    void *p;
    memcpy(&p, fact_at(record, f), sizeof p);
    return p;
}

static size_t *length(const struct fact_field *list, const void *record)
{
    return (size_t *)((char *)fact_at(record, list) + sizeof(void *));
}

/* Each of these is about an array of `n` records. */
static void records_clear(const struct fact_record *of, char *record, size_t n)
{
    for (; n > 0; n--, record += of->size)
        FACT_FIELDS (f, of) {
            if (f->of)
                records_clear(f->of, pointer(f, record), *length(f, record));
            if (f->of || is_text(f))
                free(pointer(f, record));
        }
}

static bool records_equal(const struct fact_record *of, const char *a, const char *b, size_t n);

static bool field_equal(const struct fact_field *f, const void *a, const void *b)
{
    if (is_text(f))
        return text_equal(pointer(f, a), pointer(f, b));
    if (!f->of)
        return memcmp(fact_at(a, f), fact_at(b, f), f->size) == 0;
    size_t n = *length(f, a);
    return n == *length(f, b) && records_equal(f->of, pointer(f, a), pointer(f, b), n);
}

static bool records_equal(const struct fact_record *of, const char *a, const char *b, size_t n)
{
    for (; n > 0; n--, a += of->size, b += of->size)
        FACT_FIELDS (f, of)
            if (!field_equal(f, a, b))
                return false;
    return true;
}

/* `dst` is all zero, so that what has been copied when memory ends can be cleared. */
static int records_copy(const struct fact_record *of, const char *src, char *dst, size_t n);

static int field_copy(const struct fact_field *f, const void *src, void *dst)
{
    if (is_text(f))
        return text_copy(pointer(f, src), fact_at(dst, f));
    if (!f->of) {
        memcpy(fact_at(dst, f), fact_at(src, f), f->size);
        return 0;
    }
    size_t n = *length(f, src);
    void *first = n ? calloc(n, f->of->size) : NULL;
    if (n && !first)
        return -ENOMEM;
    memcpy(fact_at(dst, f), &first, sizeof first);
    *length(f, dst) = n;
    return records_copy(f->of, pointer(f, src), first, n);
}

static int records_copy(const struct fact_record *of, const char *src, char *dst, size_t n)
{
    for (; n > 0; n--, src += of->size, dst += of->size)
        FACT_FIELDS (f, of)
            if (field_copy(f, src, dst) < 0)
                return -ENOMEM;
    return 0;
}

/* ---- facts ---- */

int facts_new(struct facts **ret)
{
    struct facts *facts = calloc(1, sizeof *facts);
    if (!facts)
        return -ENOMEM;
    facts->holders = 1;
    FACT_FIELDS (f, &FACTS_RECORD)
        if (f->type == FACT_NUMBER)
            *(int64_t *)fact_at(facts, f) = FACT_UNKNOWN;
    *ret = facts;
    return 0;
}

struct facts *facts_share(struct facts *f)
{
    if (f)
        f->holders++;
    return f;
}

void facts_free(struct facts *f)
{
    if (!f || --f->holders > 0)
        return;
    records_clear(&FACTS_RECORD, (char *)f, 1);
    free(f);
}

int facts_copy(const struct facts *src, struct facts **ret)
{
    CLEANUP(facts_free) struct facts *f = NULL;
    int r = facts_new(&f);
    if (r >= 0)
        r = records_copy(&FACTS_RECORD, (const char *)src, (char *)f, 1);
    if (r >= 0)
        *ret = TAKE(f);
    return r;
}

bool facts_equal(const struct facts *a, const struct facts *b)
{
    FACT_FIELDS (f, &FACTS_RECORD)
        if (f->at != offsetof(struct facts, observed_at) && !field_equal(f, a, b))
            return false;
    return true;
}

int facts_set_zone(struct facts *f, const struct zone *zone)
{
    f->utc_offset = zone->offset;
    return zone->name[0] ? text_copy(zone->name, &f->zone) : 0;
}

struct zone facts_zone(const struct facts *f)
{
    struct zone zone = {.offset = f->utc_offset};
    (void)snprintf(zone.name, sizeof zone.name, "%s", f->zone ? f->zone : "");
    return zone;
}

int facts_set_tenant(struct facts *f, const struct tenant_facts *tenant)
{
    const struct facts about = {.tenant_name = tenant->name,
                                .tenant_id = tenant->tenant_id,
                                .label = tenant->label,
                                .n_labels = tenant->n_labels};
    FACT_FIELDS (field, &FACTS_RECORD)
        if (field->part == FACTS_TENANT && field_copy(field, &about, f) < 0)
            return -ENOMEM;
    return 0;
}
