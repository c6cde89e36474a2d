/* SPDX-License-Identifier: MIT */
/* graph/page.c: decodes the lists of the Cloud Licensing API: allotments with their subscriptions
 * and waiting members, waiting lists, assignment errors.
 *
 * What a row must have to be judged is checked here. A row with a good key but bad numbers has
 * unknown units. A row with a bad key spoils its section: it would look as if it were gone, or as
 * if it were another one. The key is the id and what decides which limits apply: SKU, part number,
 * trial. */
#include "graph/envelope.h"

#include "base/array.h"
#include "base/date.h"
#include "base/guid.h"
#include "base/text.h"
#include <errno.h>
#include <string.h>
#include <strings.h>

/* ---- members ---- */

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

/* Members that are read, at any depth. All others must be valid JSON and are not kept; service
 * plans are nine tenths of a row where $select is refused. */
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
/* ---- allotments ---- */

/* 1; 0: not a subscription that can be judged; -ENOMEM. */
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
    bool copied = text_copy(id, &s.id) >= 0 && member_text(row, "state", &s.state_text) >= 0 &&
                  member_text(row, "tags", &s.tags_text) >= 0;
    if (copied)
        *ret = s;
    else
        subscription_clear(&s);
    return copied ? 1 : -ENOMEM;
}

/* All or none: a list with a row that cannot be judged is unknown, and so is one with two different
 * rows of the same id. */
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
    if (array_room(&p->waiting, p->n_waiting, sizeof *p->waiting) < 0)
        return -ENOMEM;
    struct page_waiting *w = &p->waiting[p->n_waiting];
    *w = (struct page_waiting){.allotment_id = strdup(id)};
    if (!w->allotment_id)
        return -ENOMEM;
    if (ids) {
        w->ids = *ids;
        *ids = (struct id_set){0};
    }
    w->next_link = TAKE(owned);
    p->n_waiting++;
    return 0;
}

/* The expanded members. If the list is incomplete or malformed, the page says where to continue, or
 * that it must be read from its start. */
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
    p->n_lacking += row_is_lacking(allotted) || row_is_lacking(consumed);
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

static int take_allotment(const struct json *row, struct snapshot_builder *b, struct page *p)
{
    struct allotment a = {0};
    if (!row_id(row, "id") || !row_has_readable_sku(row))
        return row_spoils(p);
    int r = read_allotment(row, &a, p);
    if (r < 0) {
        page_allotment_drop(&a);
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

/* ---- pages ---- */

int page_allotments(const char *bytes, size_t len, struct snapshot_builder *b, struct page *ret,
                    struct failure *ret_failure)
{
    return envelope_take_rows(bytes, len, ALLOTMENT_NAMES, b, take_allotment, NULL, ret, ret_failure);
}

int page_errors(const char *bytes, size_t len, struct snapshot_builder *b, struct id_set *seen,
                struct page *ret, struct failure *ret_failure)
{
    return envelope_take_rows(bytes, len, ERROR_NAMES, b, take_error, seen, ret, ret_failure);
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
            return envelope_builder_failed(ret_failure, r);
    }
    page.spoiled |= !present;
    *ret = page;
    page = (struct page){0};
    return 0;
}
