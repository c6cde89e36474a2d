/* SPDX-License-Identifier: MIT */
/* graph/page_skus.c: decodes the lists of the fallback, /subscribedSkus and
 * /directory/subscriptions. */
#include "graph/envelope.h"

#include "base/date.h"
#include "base/guid.h"
#include "base/text.h"
#include <errno.h>
#include <string.h>
#include <strings.h>

static const char *const SKU_NAMES[] = {
    ROW_ENVELOPE,   "skuId",   "skuPartNumber", "consumedUnits",    "appliesTo",
    "prepaidUnits", "enabled", "warning",       "capabilityStatus", NULL,
};

static const char *const SUBSCRIPTION_NAMES[] = {
    ROW_ENVELOPE,
    "commerceSubscriptionId",
    "skuId",
    "status",
    "totalLicenses",
    "isTrial",
    "createdDateTime",
    "nextLifecycleDateTime",
    NULL,
};

/* ---- /subscribedSkus ---- */

static char *sku_pool_id(const char *sku_id)
{
    char *id = text_printf("sku:%s", sku_id);
    ascii_lower(id);
    return id;
}

/* "Enabled" is renamed "active"; an unknown word is kept. */
static int read_state(const struct json *row, const char *name, struct subscription *s)
{
    const char *status = NULL;
    if (json_get_string(row, name, &status) != JSON_OK)
        return 0;
    s->state = subscription_state_parse(status);
    const char *word = subscription_state_word(s->state);
    return word ? text_copy(word, &s->state_text) : member_text(row, name, &s->state_text);
}

/* The row has the state of its best subscription; units in grace show that another one has ended. */
static int read_capability(const struct json *row, int64_t in_grace, struct allotment *a)
{
    const char *status = NULL;
    bool present = json_get_string(row, "capabilityStatus", &status) == JSON_OK && status[0];
    if (!present && in_grace == 0)
        return 0;
    a->subscriptions = calloc(1, sizeof *a->subscriptions);
    if (!a->subscriptions)
        return -ENOMEM;
    struct subscription *s = &a->subscriptions[0];
    *s = (struct subscription){.start_date = DATE_UNKNOWN, .next_lifecycle_date = DATE_UNKNOWN};
    a->n_subscriptions = 1;
    a->subscriptions_known = true;
    int r = text_copy(a->id, &s->id);
    if (r >= 0)
        r = read_state(row, "capabilityStatus", s);
    if (r < 0 || in_grace == 0 || s->state > SUBSCRIPTION_ACTIVE)
        return r;
    free(s->state_text);
    s->state = SUBSCRIPTION_WARNING;
    s->state_text = NULL;
    return text_copy(subscription_state_word(s->state), &s->state_text);
}

static int read_sku(const struct json *row, const char *sku_id, struct allotment *a, struct page *p)
{
    const struct json *units = NULL;
    int64_t enabled = 0, in_grace = 0;
    enum json_is consumed = json_get_int(row, "consumedUnits", 0, INT32_MAX, &a->consumed);
    enum json_is prepaid = json_get_object(row, "prepaidUnits", &units);
    p->n_lacking += row_is_lacking(consumed) || row_is_lacking(prepaid);
    a->unusable = consumed != JSON_OK  ? "consumedUnits"
                  : prepaid != JSON_OK ? "prepaidUnits"
                  : json_get_int(units, "enabled", 0, INT32_MAX, &enabled) != JSON_OK
                      ? "prepaidUnits.enabled"
                  : json_get_int(units, "warning", 0, INT32_MAX, &in_grace) != JSON_OK
                      ? "prepaidUnits.warning"
                      : NULL;
    a->units_known = !a->unusable;
    a->allotted = enabled + in_grace;
    a->assignable_to = ASSIGNABLE_USER;
    a->waiting.section = SECTION_NOT_OFFERED;
    a->id = sku_pool_id(sku_id);
    int r = a->id ? text_copy(sku_id, &a->sku_id) : -ENOMEM;
    guid_lower(a->sku_id);
    if (r >= 0)
        r = member_text(row, "skuPartNumber", &a->sku_part_number);
    return r < 0 ? r : read_capability(row, in_grace, a);
}

static int take_sku(const struct json *row, struct snapshot_builder *b, struct page *p)
{
    const char *sku_id = row_id(row, "skuId"), *applies_to = NULL;
    struct allotment a = {0};
    if (!sku_id || !row_has_readable_sku(row) ||
        json_get_string(row, "appliesTo", &applies_to) != JSON_OK || !*applies_to)
        return row_spoils(p);
    if (strcasecmp(applies_to, "User") != 0)
        return 0; /* not assignable to anybody */
    int r = read_sku(row, sku_id, &a, p);
    if (r < 0) {
        page_allotment_drop(&a);
        return r;
    }
    return snapshot_add_allotment(b, &a);
}

/* ---- /directory/subscriptions ---- */

/* Members that every row has by documentation. The id is commerceSubscriptionId, most likely the
 * one of the Cloud Licensing API too, so that subscriptions keep their identity when that API
 * appears. */
struct company {
    const char *id, *sku_id, *status;
    int32_t start_date, next_date;
    bool trial;
};

static bool company_key(const struct json *row, struct company *ret)
{
    ret->id = row_id(row, "commerceSubscriptionId");
    ret->sku_id = row_id(row, "skuId");
    return ret->id && ret->sku_id && json_get_string(row, "status", &ret->status) == JSON_OK &&
           ret->status[0] && json_get_bool(row, "isTrial", &ret->trial) == JSON_OK &&
           row_date(row, "createdDateTime", &ret->start_date) &&
           row_date(row, "nextLifecycleDateTime", &ret->next_date);
}

static int read_company(const struct json *row, const struct company *c, struct subscription *s)
{
    *s = (struct subscription){.start_date = c->start_date,
                               .next_lifecycle_date = c->next_date,
                               .trial = c->trial};
    if (json_get_int(row, "totalLicenses", 0, INT32_MAX, &s->licenses) != JSON_OK)
        s->licenses = 0;
    int r = text_copy(c->id, &s->id);
    if (r >= 0)
        r = read_state(row, "status", s);
    return r < 0 ? r : text_copy(c->trial ? "trial" : "none", &s->tags_text);
}

static int take_company(const struct json *row, struct snapshot_builder *b, struct page *p)
{
    struct company c;
    struct subscription s = {0};
    if (!company_key(row, &c))
        return row_spoils(p);
    CLEANUP(free) char *pool = sku_pool_id(c.sku_id);
    int r = pool ? read_company(row, &c, &s) : -ENOMEM;
    if (r >= 0)
        return snapshot_add_subscription(b, pool, &s);
    subscription_clear(&s);
    return r;
}

/* ---- pages ---- */

int page_subscribed_skus(const char *bytes, size_t len, struct snapshot_builder *b,
                         struct page *ret, struct failure *ret_failure)
{
    return envelope_take_rows(bytes, len, SKU_NAMES, b, take_sku, NULL, ret, ret_failure);
}

int page_subscriptions(const char *bytes, size_t len, struct snapshot_builder *b, struct page *ret,
                       struct failure *ret_failure)
{
    return envelope_take_rows(bytes, len, SUBSCRIPTION_NAMES, b, take_company, NULL, ret, ret_failure);
}
