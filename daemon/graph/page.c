/* SPDX-License-Identifier: MIT */
/* graph/page.c: rows of the Cloud Licensing API and of the older lists.
 *
 * What a row must have to be judged is checked here and nowhere else. A row with a good key but bad
 * numbers goes on with unknown units. A row whose key is bad spoils its section: without the key the
 * row would look as if it were gone, or as if it were another one. The key is the id, and whatever
 * decides which limits apply: SKU, part number, trial. */
#include "graph/rows.h"

#include "base/date.h"
#include "base/guid.h"
#include "base/text.h"
#include <assert.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

void page_clear(struct page *p)
{
    free(p->next_link);
    for (size_t i = 0; i < p->n_waiting; i++) {
        free(p->waiting[i].allotment_id);
        free(p->waiting[i].next_link);
        id_set_free(&p->waiting[i].ids);
    }
    free(p->waiting);
    *p = (struct page){0};
}

/* ---- members ---- */

static bool is_lacking(enum json_is is)
{
    return is == JSON_MISSING || is == JSON_NULL || is == JSON_WRONG_TYPE;
}

/* False where there is something that is no date; nothing at all is DATE_UNKNOWN. */
static bool row_date(const struct json *row, const char *key, int32_t *ret)
{
    const char *s = NULL;
    enum json_is is = json_get_string(row, key, &s);
    *ret = DATE_UNKNOWN;
    return is == JSON_MISSING || is == JSON_NULL || (is == JSON_OK && date_parse(s, ret) >= 0);
}

static unsigned assignable_to(const struct json *row)
{
    static const struct {
        const char *word;
        unsigned flag;
    } WORDS[] = {
        {"user", ASSIGNABLE_USER}, {"group", ASSIGNABLE_GROUP}, {"device", ASSIGNABLE_DEVICE}};
    const char *s = NULL;
    unsigned flags = 0;
    if (json_get_string(row, "assignableTo", &s) != JSON_OK)
        return 0;
    while (*s) {
        s += strspn(s, ", \t");
        size_t len = strcspn(s, ", \t");
        for (size_t i = 0; i < N_ELEMENTS(WORDS); i++)
            if (len == strlen(WORDS[i].word) && strncasecmp(s, WORDS[i].word, len) == 0)
                flags |= WORDS[i].flag;
        s += len;
    }
    return flags;
}

/* ---- envelopes ---- */

/* What is read of each kind of page, at whatever depth. All else (the service plans of a pool above
 * all, nine tenths of its row where $select is refused) must be good JSON and is not kept. */
static const char *const ALLOTMENT_NAMES[] = {
    ROW_ENVELOPE,
    "id",
    "skuId",
    "skuPartNumber",
    "allottedUnits",
    "consumedUnits",
    "assignableTo",
    "subscriptions",
    "subscriptionId",
    "startDate",
    "nextLifecycleDate",
    "state",
    "tags",
    "waitingMembers",
    "waitingMembers@odata.nextLink",
    "waitingSinceDateTime",
    NULL,
};
static const char *const WAITING_NAMES[] = {ROW_ENVELOPE, "id", "waitingSinceDateTime", NULL};
static const char *const ERROR_NAMES[] = {ROW_ENVELOPE, "id", "code", "skuId", NULL};
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

static int feeding_failed(struct failure *f, int r)
{
    if (r == -E2BIG)
        return failure_set(f, FAILURE_LOCAL, E2BIG,
                           "the tenant has more than %d pools", SNAPSHOT_ALLOTMENTS_MAX);
    return failure_oom(f);
}

/* ---- allotments ---- */

/* 0: this is no subscription that can be judged; 1; -ENOMEM. */
static int read_subscription(const struct json *row, struct subscription *ret)
{
    const char *id = row_id(row, "subscriptionId"), *state = NULL, *tags = NULL;
    struct subscription s = {0};
    if (!id || json_get_string(row, "state", &state) != JSON_OK || !*state ||
        json_get_string(row, "tags", &tags) != JSON_OK || !*tags ||
        !row_date(row, "startDate", &s.start_date) ||
        !row_date(row, "nextLifecycleDate", &s.next_lifecycle_date))
        return 0;
    s.state = subscription_state_parse(state);
    s.trial = subscription_tags_trial(tags);
    int r = text_copy(id, &s.id);
    if (r >= 0)
        r = member_text(row, "state", &s.state_text);
    if (r >= 0)
        r = member_text(row, "tags", &s.tags_text);
    if (r < 0) {
        subscription_clear(&s);
        return r;
    }
    *ret = s;
    return 1;
}

/* All of them or none: a list with one that cannot be judged is unknown, and so is one in which two
 * rows differ under one id. */
static int read_subscriptions(const struct json *row, struct allotment *a)
{
    const struct json *list;
    if (json_get_array(row, "subscriptions", &list) != JSON_OK)
        return 0;
    size_t n = json_count(list);
    a->subscriptions = n > 0 ? calloc(n, sizeof *a->subscriptions) : NULL;
    int r = n > 0 && !a->subscriptions ? -ENOMEM : 1;
    for (const struct json *s = json_first(list); s && r > 0; s = json_next(s)) {
        r = read_subscription(s, &a->subscriptions[a->n_subscriptions]);
        a->n_subscriptions += r > 0;
    }
    if (r > 0) {
        r = subscriptions_unify(a->subscriptions, &a->n_subscriptions);
        a->subscriptions_known = r >= 0;
        if (r >= 0 || r == -ENOMEM)
            return r;
    }
    subscriptions_free(TAKE(a->subscriptions), a->n_subscriptions);
    a->n_subscriptions = 0;
    return r == -ENOMEM ? r : 0;
}

static bool says_since(const struct json *row)
{
    return json_get(row, "waitingSinceDateTime") != NULL;
}


/* Takes over `link` and `ids` (NULL: none). */
static int page_add_waiting(struct page *p, const char *id, char *link, struct id_set *ids)
{
    CLEANUP(free) char *owned = link;
    void *moved = reallocarray(p->waiting, p->n_waiting + 1, sizeof *p->waiting);
    if (!moved)
        return -ENOMEM;
    p->waiting = moved;
    p->waiting[p->n_waiting] = (struct page_waiting){.allotment_id = strdup(id)};
    if (!p->waiting[p->n_waiting].allotment_id)
        return -ENOMEM;
    if (ids) {
        p->waiting[p->n_waiting].ids = *ids;
        *ids = (struct id_set){0};
    }
    p->waiting[p->n_waiting++].next_link = TAKE(owned);
    return 0;
}

/* The members that came along. Where that list is not whole, or not one, the page says where to
 * read on, or that it must be read from its start. */
static int read_waiting(const struct json *row, struct allotment *a, struct page *p)
{
    CLEANUP(free) char *link = NULL;
    CLEANUP(id_set_free) struct id_set ids = {0};
    const struct json *list;
    a->waiting = (struct waiting){.section = SECTION_UNKNOWN};
    if (json_get_array(row, "waitingMembers", &list) != JSON_OK)
        return page_add_waiting(p, a->id, NULL, NULL);
    int r = row_link(row, "waitingMembers@odata.nextLink", &link);
    if (r == -ENOMEM)
        return r;
    bool readable = r >= 0, present = !json_first(list);
    for (const struct json *m = json_first(list); m && readable; m = json_next(m)) {
        usec_t since = row_time(m, "waitingSinceDateTime");
        const char *id = row_id(m, "id");
        readable = id != NULL;
        present = present || says_since(m);
        r = id ? id_set_add(&ids, id) : 0;
        if (r < 0)
            return r;
        if (r > 0)
            continue;
        a->waiting.count++;
        if (since && (!a->waiting.oldest_at || since < a->waiting.oldest_at))
            a->waiting.oldest_at = since;
    }
    if (!readable || !present) {
        a->waiting = (struct waiting){.section = SECTION_UNKNOWN};
        return page_add_waiting(p, a->id, NULL, NULL);
    }
    if (link)
        return page_add_waiting(p, a->id, TAKE(link), &ids);
    a->waiting.section = SECTION_COMPLETE;
    return 0;
}

static int read_allotment(const struct json *row, struct allotment *a, struct page *p)
{
    enum json_is allotted = json_get_int(row, "allottedUnits", 0, INT32_MAX, &a->allotted);
    enum json_is consumed = json_get_int(row, "consumedUnits", 0, INT32_MAX, &a->consumed);
    p->n_lacking += is_lacking(allotted) || is_lacking(consumed);
    a->unusable = allotted != JSON_OK   ? "allottedUnits"
                  : consumed != JSON_OK ? "consumedUnits"
                                        : NULL;
    a->units_known = !a->unusable;
    a->assignable_to = assignable_to(row);
    int r = text_copy(row_id(row, "id"), &a->id);
    if (r >= 0)
        r = text_copy(row_id(row, "skuId"), &a->sku_id);
    guid_lower(a->sku_id);
    if (r >= 0)
        r = member_text(row, "skuPartNumber", &a->sku_part_number);
    if (r >= 0)
        r = read_subscriptions(row, a);
    if (r >= 0)
        r = read_waiting(row, a, p);
    return r;
}

/* snapshot_add_allotment takes over what is inside, so this is only for a row that was not read. */
static void allotment_drop(struct allotment *a)
{
    free(a->id);
    free(a->sku_id);
    free(a->sku_part_number);
    subscriptions_free(a->subscriptions, a->n_subscriptions);
}

static int take_allotment(const struct json *row, struct snapshot_builder *b, struct page *p)
{
    struct allotment a = {0};
    if (!row_id(row, "id") || !row_has_readable_sku(row))
        return row_spoils(p);
    int r = read_allotment(row, &a, p);
    if (r < 0) {
        allotment_drop(&a);
        return r;
    }
    return snapshot_add_allotment(b, &a);
}

static int take_error(const struct json *row, struct snapshot_builder *b, struct page *p)
{
    char clean_code[ROW_TEXT_MAX], clean_sku[ROW_TEXT_MAX] = "";
    const char *code = row_clean(row, "code", clean_code);
    if (!code || !row_has_readable_sku(row))
        return row_spoils(p);
    const char *sku = row_clean(row, "skuId", clean_sku);
    guid_lower(clean_sku);
    return snapshot_add_error(b, sku, code);
}

/* ---- /subscribedSkus (digest 9.1, 9.2) ---- */

static char *sku_pool_id(const char *sku_id)
{
    char *id = text_printf("sku:%s", sku_id);
    ascii_lower(id);
    return id;
}

/* "Enabled" is called "active" from here on; a word that nobody knows stays as it came. */
static int read_state(const struct json *row, const char *name, struct subscription *s)
{
    const char *status = NULL;
    if (json_get_string(row, name, &status) != JSON_OK)
        return 0;
    s->state = subscription_state_parse(status);
    const char *word = subscription_state_word(s->state);
    return word ? text_copy(word, &s->state_text) : member_text(row, name, &s->state_text);
}

/* The row's one state is that of its best subscription: units in grace tell that another one has ended. */
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
    p->n_lacking += is_lacking(consumed) || is_lacking(prepaid);
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
        allotment_drop(&a);
        return r;
    }
    return snapshot_add_allotment(b, &a);
}

/* ---- /directory/subscriptions (digest 9.4) ---- */

/* What every row has by documentation. The id is the one of commerce: most likely the Cloud
 * Licensing API means it, too, so that the same subscription is known again when that API appears. */
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

static int
take_rows(const char *bytes, size_t len, const char *const *names, struct snapshot_builder *b,
          int (*take)(const struct json *row, struct snapshot_builder *b, struct page *p),
          struct id_set *seen /* NULL: repeats are the builder's to find */, struct page *ret,
          struct failure *f)
{
    CLEANUP(json_free) struct json *root = NULL;
    CLEANUP(page_clear) struct page page = {0};
    const struct json *rows = NULL;
    int r = row_open_page(bytes, len, names, &root, &rows, &page, f);
    if (r < 0)
        return r;
    for (const struct json *row = json_first(rows); row; row = json_next(row)) {
        const char *id = seen ? row_id(row, "id") : NULL;
        r = id ? id_set_add(seen, id) : 0;
        if (r == 0)
            r = seen && !id ? row_spoils(&page) : take(row, b, &page);
        if (r < 0)
            return feeding_failed(f, r);
    }
    *ret = page;
    page = (struct page){0};
    return 0;
}

int page_allotments(const char *bytes, size_t len, struct snapshot_builder *b, struct page *ret,
                    struct failure *ret_failure)
{
    return take_rows(bytes, len, ALLOTMENT_NAMES, b, take_allotment, NULL, ret, ret_failure);
}

int page_errors(const char *bytes, size_t len, struct snapshot_builder *b, struct id_set *seen,
                struct page *ret, struct failure *ret_failure)
{
    return take_rows(bytes, len, ERROR_NAMES, b, take_error, seen, ret, ret_failure);
}

int page_subscribed_skus(const char *bytes, size_t len, struct snapshot_builder *b,
                         struct page *ret, struct failure *ret_failure)
{
    return take_rows(bytes, len, SKU_NAMES, b, take_sku, NULL, ret, ret_failure);
}

int page_subscriptions(const char *bytes, size_t len, struct snapshot_builder *b, struct page *ret,
                       struct failure *ret_failure)
{
    return take_rows(bytes, len, SUBSCRIPTION_NAMES, b, take_company, NULL, ret, ret_failure);
}

int page_waiting(const char *bytes, size_t len, struct snapshot_builder *b,
                 const char *allotment_id, struct id_set *seen, struct page *ret,
                 struct failure *ret_failure)
{
    CLEANUP(json_free) struct json *root = NULL;
    CLEANUP(page_clear) struct page page = {0};
    const struct json *rows = NULL;
    int r = row_open_page(bytes, len, WAITING_NAMES, &root, &rows, &page, ret_failure);
    if (r < 0)
        return r;
    bool present = page.n_rows == 0;
    for (const struct json *row = json_first(rows); row; row = json_next(row)) {
        usec_t since = row_time(row, "waitingSinceDateTime");
        const char *id = row_id(row, "id");
        page.spoiled |= !id;
        present = present || says_since(row);
        page.n_lacking += since == 0;
        r = id ? id_set_add(seen, id) : 0;
        if (r == 0)
            r = snapshot_add_waiting(b, allotment_id, since);
        if (r < 0)
            return feeding_failed(ret_failure, r);
    }
    page.spoiled |= !present;
    *ret = page;
    page = (struct page){0};
    return 0;
}
