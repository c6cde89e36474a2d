/* SPDX-License-Identifier: MIT */
/* model/builder.c: builds a snapshot from rows, in any order and possibly repeated.
 *
 * Waiting members and errors are folded as they arrive. Those of one pool, and errors of one kind, come
 * in long runs, so the last hit is tried before the hash table. */
#include "base/array.h"
#include "base/digest.h"
#include "base/text.h"
#include "base/index.h"
#include "model/internal.h"
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <string.h>

struct entry {
    struct allotment a;
    bool contradicted; /* came twice, with different contents */
    bool refold;       /* came twice: its waiting list counts only if read again from the start */
    struct subscription *listed; /* from the separate list of subscriptions */
    size_t n_listed;
};

struct snapshot_builder {
    struct snapshot *snapshot; /* snapshot_finish fills its arrays */
    struct entry *entry;
    size_t n_entries, entries_size;
    struct index entries;
    size_t last_hit;
    struct error_group *group;
    size_t n_groups, groups_size;
    struct index groups;
    size_t last_group;
    enum section subscriptions; /* of the separate list */
    size_t n_subscriptions;
    bool allotments_broken, errors_broken, subscriptions_broken; /* a row was lost: never complete */
};

int snapshot_builder_new(const char *tenant, const char *tenant_id, enum source source,
                         struct instant taken, struct snapshot_builder **ret)
{
    CLEANUP(snapshot_builder_free) struct snapshot_builder *b = calloc(1, sizeof *b);
    if (!b)
        return -ENOMEM;
    b->snapshot = calloc(1, sizeof *b->snapshot);
    if (!b->snapshot)
        return -ENOMEM;
    b->subscriptions = SECTION_NOT_OFFERED;
    b->snapshot->source = source;
    b->snapshot->taken = taken;
    int r = text_copy(tenant, &b->snapshot->tenant);
    if (r >= 0)
        r = text_copy(tenant_id, &b->snapshot->tenant_id);
    if (r < 0)
        return r;
    *ret = TAKE(b);
    return 0;
}

void snapshot_builder_free(struct snapshot_builder *b)
{
    if (!b)
        return;
    for (size_t i = 0; i < b->n_entries; i++) {
        allotment_clear(&b->entry[i].a);
        subscriptions_free(b->entry[i].listed, b->entry[i].n_listed);
    }
    for (size_t i = 0; i < b->n_groups; i++)
        error_group_clear(&b->group[i]);
    free(b->entry);
    free(b->group);
    index_free(&b->entries);
    index_free(&b->groups);
    snapshot_free(b->snapshot);
    free(b);
}

/* ---- growing ---- */

static int grow(void **items, size_t *size, size_t n, size_t item_size)
{
    if (n < *size)
        return 0;
    size_t wanted = *size ? *size * 2 : 32;
    void *moved = reallocarray(*items, wanted, item_size);
    if (!moved)
        return -ENOMEM;
    *items = moved;
    *size = wanted;
    return 0;
}

static uint64_t id_hash(const char *id)
{
    return fnv1a(id, strlen(id), FNV1A_SEED);
}

static uint64_t entry_hash(const void *items, size_t at)
{
    return id_hash(((const struct entry *)items)[at].a.id);
}

static bool entry_is(const void *items, size_t at, const void *id)
{
    return strcmp(((const struct entry *)items)[at].a.id, id) == 0;
}

static struct entry *find_entry(struct snapshot_builder *b, const char *id)
{
    if (b->last_hit < b->n_entries && strcmp(b->entry[b->last_hit].a.id, id) == 0)
        return &b->entry[b->last_hit];
    size_t at = index_find(&b->entries, id_hash(id), entry_is, b->entry, id);
    if (at == INDEX_NONE)
        return NULL;
    b->last_hit = at;
    return &b->entry[at];
}

/* ---- allotments ---- */

static bool same_subscriptions(const struct allotment *a, const struct allotment *b)
{
    if (a->subscriptions_known != b->subscriptions_known ||
        a->n_subscriptions != b->n_subscriptions)
        return false;
    for (size_t i = 0; i < a->n_subscriptions; i++)
        if (!subscription_equal(&a->subscriptions[i], &b->subscriptions[i]))
            return false;
    return true;
}

static bool same_waiting(const struct waiting *a, const struct waiting *b)
{
    return a->section == b->section && a->count == b->count && a->oldest_at == b->oldest_at;
}

/* A repeated row. If it differs, it is unknown which of the two is right. */
static void entry_meet_again(struct entry *e, const struct allotment *again)
{
    bool same = text_equal_nocase(e->a.sku_id, again->sku_id) &&
                text_equal(e->a.sku_part_number, again->sku_part_number) &&
                e->a.units_known == again->units_known && e->a.allotted == again->allotted &&
                e->a.consumed == again->consumed && e->a.assignable_to == again->assignable_to;
    if (!same_subscriptions(&e->a, again)) {
        e->a.subscriptions_known = false;
        same = false;
    }
    if (e->a.waiting.section != SECTION_NOT_OFFERED &&
        (e->a.waiting.section != SECTION_COMPLETE ||
         !same_waiting(&e->a.waiting, &again->waiting))) {
        e->a.waiting = (struct waiting){.section = SECTION_UNKNOWN};
        e->refold = true;
    }
    if (!same)
        e->contradicted = true;
}

static int add_entry(struct snapshot_builder *b, struct allotment *a)
{
    struct entry *known = find_entry(b, a->id);
    if (known) {
        entry_meet_again(known, a);
        return 0;
    }
    if (b->n_entries >= SNAPSHOT_ALLOTMENTS_MAX)
        return -E2BIG;
    void *items = b->entry;
    int r = grow(&items, &b->entries_size, b->n_entries, sizeof *b->entry);
    b->entry = items;
    if (r >= 0)
        r = index_reserve(&b->entries, entry_hash, b->entry);
    if (r < 0)
        return r;
    index_put(&b->entries, id_hash(a->id), b->n_entries);
    b->last_hit = b->n_entries;
    b->entry[b->n_entries++] = (struct entry){.a = *a};
    *a = (struct allotment){0};
    return 0;
}

int snapshot_add_allotment(struct snapshot_builder *b, struct allotment *a)
{
    assert(a->id && a->id[0]);
    int r = add_entry(b, a);
    if (r < 0)
        b->allotments_broken = true;
    allotment_clear(a);
    return r;
}

int snapshot_add_waiting(struct snapshot_builder *b, const char *allotment_id, usec_t since_at)
{
    struct entry *e = find_entry(b, allotment_id);
    if (!e)
        return 0;
    struct waiting *w = &e->a.waiting;
    w->count++;
    if (since_at != 0 && (w->oldest_at == 0 || since_at < w->oldest_at))
        w->oldest_at = since_at;
    return 0;
}

void snapshot_reset_waiting(struct snapshot_builder *b, const char *allotment_id)
{
    struct entry *e = find_entry(b, allotment_id);
    if (!e)
        return;
    e->a.waiting = (struct waiting){.section = SECTION_UNKNOWN};
    e->refold = false;
}

void snapshot_set_waiting(struct snapshot_builder *b, const char *allotment_id,
                          enum section section)
{
    struct entry *e = find_entry(b, allotment_id);
    if (!e || (e->refold && section == SECTION_COMPLETE))
        return;
    e->a.waiting.section = section;
}

const char *snapshot_next_unread(const struct snapshot_builder *b, size_t *cursor)
{
    while (*cursor < b->n_entries) {
        const struct entry *e = &b->entry[(*cursor)++];
        if (e->a.waiting.section == SECTION_UNKNOWN)
            return e->a.id;
    }
    return NULL;
}

const char *snapshot_next_long(const struct snapshot_builder *b, size_t *cursor, int64_t count,
                               int64_t *ret_count)
{
    while (*cursor < b->n_entries) {
        const struct allotment *a = &b->entry[(*cursor)++].a;
        if (a->waiting.section == SECTION_COMPLETE && a->waiting.count >= count) {
            *ret_count = a->waiting.count;
            return a->id;
        }
    }
    return NULL;
}

void snapshot_set_allotments(struct snapshot_builder *b, enum section section)
{
    b->snapshot->allotments = section;
}

/* ---- the separate list of subscriptions ---- */

static int add_listed(struct snapshot_builder *b, struct entry *e, struct subscription *s)
{
    if (b->n_subscriptions >= SNAPSHOT_SUBSCRIPTIONS_MAX)
        return -E2BIG;
    if (array_room(&e->listed, e->n_listed, sizeof *e->listed) < 0)
        return -ENOMEM;
    e->listed[e->n_listed++] = *s;
    b->n_subscriptions++;
    *s = (struct subscription){0};
    return 0;
}

int snapshot_add_subscription(struct snapshot_builder *b, const char *allotment_id,
                              struct subscription *s)
{
    assert(s->id && s->id[0]);
    struct entry *e = find_entry(b, allotment_id);
    int r = e ? add_listed(b, e, s) : 0;
    if (r < 0)
        b->subscriptions_broken = true;
    subscription_clear(s);
    return r;
}

void snapshot_set_subscriptions(struct snapshot_builder *b, enum section section)
{
    b->subscriptions = section;
}

/* ---- assignment errors ---- */

static uint64_t hash_nocase(uint64_t seed, const char *s)
{
    char low[64];
    size_t n = 0;
    for (; *s; s++) {
        if (n == sizeof low) {
            seed = fnv1a(low, n, seed);
            n = 0;
        }
        low[n++] = (char)tolower((unsigned char)*s);
    }
    seed = fnv1a(low, n, seed);
    return fnv1a("", 1, seed); /* a separator, so that ("a", "bc") differs from ("ab", "c") */
}

static uint64_t group_key_hash(const char *sku_id, const char *code)
{
    return hash_nocase(hash_nocase(FNV1A_SEED, sku_id ? sku_id : ""), code);
}

static uint64_t group_hash(const void *items, size_t at)
{
    const struct error_group *g = &((const struct error_group *)items)[at];
    return group_key_hash(g->sku_id, g->code);
}

static bool group_is(const void *items, size_t at, const void *key)
{
    const struct error_group *g = &((const struct error_group *)items)[at], *want = key;
    return text_equal_nocase(g->sku_id, want->sku_id) && text_equal_nocase(g->code, want->code);
}

static int add_group(struct snapshot_builder *b, const char *sku_id, const char *code)
{
    void *items = b->group;
    int r = grow(&items, &b->groups_size, b->n_groups, sizeof *b->group);
    b->group = items;
    if (r >= 0)
        r = index_reserve(&b->groups, group_hash, b->group);
    struct error_group g = {.count = 1};
    if (r >= 0)
        r = text_copy(sku_id, &g.sku_id);
    if (r >= 0)
        r = text_copy(code, &g.code);
    if (r < 0) {
        error_group_clear(&g);
        return r;
    }
    index_put(&b->groups, group_key_hash(sku_id, code), b->n_groups);
    b->last_group = b->n_groups;
    b->group[b->n_groups++] = g;
    return 0;
}

int snapshot_add_error(struct snapshot_builder *b, const char *sku_id, const char *code)
{
    const struct error_group key = {.sku_id = (char *)sku_id, .code = (char *)code};
    size_t at = b->last_group;
    if (at >= b->n_groups || !group_is(b->group, at, &key))
        at = index_find(&b->groups, group_key_hash(sku_id, code), group_is, b->group, &key);
    if (at != INDEX_NONE) {
        b->group[at].count++;
        b->last_group = at;
        return 0;
    }
    if (b->n_groups >= SNAPSHOT_ERROR_GROUPS_MAX) {
        b->snapshot->other_errors++;
        return 0;
    }
    int r = add_group(b, sku_id, code);
    if (r < 0)
        b->errors_broken = true;
    return r;
}

int64_t snapshot_other_errors(const struct snapshot_builder *b)
{
    return b->snapshot->other_errors;
}

void snapshot_set_errors(struct snapshot_builder *b, enum section section)
{
    b->snapshot->errors = section;
}

void snapshot_set_schema_changed(struct snapshot_builder *b)
{
    b->snapshot->schema_changed = true;
}

/* ---- finishing ---- */

static int compare_ids(const void *a, const void *b)
{
    return strcmp(((const struct allotment *)a)->id, ((const struct allotment *)b)->id);
}

static int compare_groups(const void *a, const void *b)
{
    const struct error_group *x = a, *y = b;
    int r = strcasecmp(x->sku_id ? x->sku_id : "", y->sku_id ? y->sku_id : "");
    return r ? r : strcasecmp(x->code, y->code);
}

/* A pool that is not in the list keeps the subscriptions of its row. */
static int finish_subscriptions(struct entry *e, enum section section)
{
    int r = subscriptions_unify(e->listed, &e->n_listed);
    bool unknown = section == SECTION_UNKNOWN || (section == SECTION_COMPLETE && r == -EEXIST);
    if (r == -ENOMEM)
        return r;
    if (!unknown && (section != SECTION_COMPLETE || e->n_listed == 0))
        return 0;
    subscriptions_free(e->a.subscriptions, e->a.n_subscriptions);
    e->a.subscriptions = unknown ? NULL : TAKE(e->listed);
    e->a.n_subscriptions = unknown ? 0 : e->n_listed;
    e->a.subscriptions_known = !unknown;
    e->n_listed = unknown ? e->n_listed : 0;
    return 0;
}

static int finish_allotment(struct entry *e, enum section subscriptions, struct allotment *ret)
{
    int r = finish_subscriptions(e, subscriptions);
    if (r < 0)
        return r;
    if (e->contradicted) {
        e->a.units_known = false;
        e->a.unusable = "rows that contradict each other";
    }
    if (!e->a.units_known)
        e->a.allotted = e->a.consumed = 0;
    if (e->a.waiting.section != SECTION_COMPLETE)
        e->a.waiting = (struct waiting){.section = e->a.waiting.section};
    *ret = e->a;
    e->a = (struct allotment){0};
    return 0;
}

int snapshot_finish(struct snapshot_builder *b, struct snapshot **ret)
{
    struct snapshot *s = b->snapshot;
    assert(s);
    if (b->allotments_broken && s->allotments == SECTION_COMPLETE)
        s->allotments = SECTION_UNKNOWN;
    if (b->errors_broken && s->errors == SECTION_COMPLETE)
        s->errors = SECTION_UNKNOWN;
    if (b->subscriptions_broken)
        b->subscriptions = SECTION_UNKNOWN;
    if (s->allotments == SECTION_COMPLETE && b->n_entries > 0) {
        s->allotment = calloc(b->n_entries, sizeof *s->allotment);
        if (!s->allotment)
            return -ENOMEM;
        for (; s->n_allotments < b->n_entries; s->n_allotments++) {
            size_t i = s->n_allotments;
            int r = finish_allotment(&b->entry[i], b->subscriptions, &s->allotment[i]);
            if (r < 0)
                return r;
        }
        qsort(s->allotment, s->n_allotments, sizeof *s->allotment, compare_ids);
        int r = snapshot_count_skus(s);
        if (r < 0)
            return r;
    }
    if (s->errors == SECTION_COMPLETE && b->n_groups > 0) {
        qsort(b->group, b->n_groups, sizeof *b->group, compare_groups);
        s->error_group = TAKE(b->group);
        s->n_error_groups = b->n_groups;
        b->n_groups = b->groups_size = 0;
    }
    if (s->errors != SECTION_COMPLETE)
        s->other_errors = 0;
    *ret = TAKE(b->snapshot);
    return 0;
}
