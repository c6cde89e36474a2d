/* SPDX-License-Identifier: MIT */
/* alerts/registry.c: all alerts in memory, indexed by id, subject and tenant.
 *
 * The chains of the hash tables run through the alerts, so that an insertion cannot fail. Id and
 * subject are separate keys: the id of an open alert that moved to another pool is that of its old
 * subject. The alerts of a tenant share a chain, which may be long; each alert has a pointer back,
 * so that unlinking does not search it. */
#include "alerts/registry.h"

#include <errno.h>
#include <string.h>

#define FIRST_BUCKETS 64
/* A cursor is the bucket; its low bits are the position in the chain. */
#define CURSOR_BITS (sizeof(size_t) * 4)
#define MOST_BUCKETS ((size_t)1 << CURSOR_BITS)

enum { BY_ID, BY_SUBJECT, BY_TENANT, INDEXES };
_Static_assert(INDEXES == sizeof((struct alert *)0)->next / sizeof(struct alert *),
               "a chain for each index");

struct alert_registry {
    struct alert **bucket[INDEXES];
    size_t n_buckets; /* a power of two */
    size_t n;
    struct instant clock;
};

static uint64_t hash_text(const char *s, uint64_t seed)
{
    return fnv1a(s, strlen(s) + 1, seed); /* with its NUL: "a", "bc" is not "ab", "c" */
}

static uint64_t hash_subject(enum kind kind, const char *tenant_id, const char *subject)
{
    unsigned char k = (unsigned char)kind;
    return hash_text(subject, hash_text(tenant_id, fnv1a(&k, 1, FNV1A_SEED)));
}

static uint64_t hash_of(const struct alert *a, int index)
{
    return index == BY_ID       ? hash_text(a->id, FNV1A_SEED)
           : index == BY_TENANT ? hash_text(a->tenant_id, FNV1A_SEED)
                                : hash_subject(a->kind, a->tenant_id, a->subject);
}

static struct alert **bucket_of(const struct alert_registry *b, int index, uint64_t hash)
{
    return &b->bucket[index][hash & (b->n_buckets - 1)];
}

static void link_in(struct alert_registry *b, struct alert *a, int index)
{
    struct alert **first = bucket_of(b, index, hash_of(a, index));
    a->next[index] = *first;
    *first = a;
    if (index != BY_TENANT)
        return;
    a->at = first;
    if (a->next[index])
        a->next[index]->at = &a->next[index];
}

static void link_out(struct alert_registry *b, struct alert *a, int index)
{
    struct alert **p = index == BY_TENANT ? a->at : bucket_of(b, index, hash_of(a, index));
    while (*p != a)
        p = &(*p)->next[index];
    *p = a->next[index];
    if (index == BY_TENANT && *p)
        (*p)->at = p;
}

/* Doubles the tables. Without memory the chains just get longer. */
static void widen(struct alert_registry *b)
{
    size_t n_old = b->n_buckets, n = n_old * 2;
    if (n_old == MOST_BUCKETS / 2)
        return;
    for (int i = 0; i < INDEXES; i++) { /* BY_TENANT last: moving it invalidates a->at until all are relinked */
        struct alert **grown = reallocarray(b->bucket[i], n, sizeof *grown);
        if (!grown)
            return; /* grown tables use their first half */
        b->bucket[i] = grown;
    }
    b->n_buckets = n;
    for (int i = 0; i < INDEXES; i++) {
        struct alert *all = NULL;
        for (size_t k = 0; k < n_old; k++)
            while (b->bucket[i][k]) {
                struct alert *a = b->bucket[i][k];
                b->bucket[i][k] = a->next[i];
                a->next[i] = all;
                all = a;
            }
        memset(b->bucket[i], 0, n * sizeof(struct alert *));
        while (all) {
            struct alert *a = all;
            all = a->next[i];
            link_in(b, a, i);
        }
    }
}

int registry_new(struct alert_registry **ret)
{
    CLEANUP(registry_free) struct alert_registry *b = calloc(1, sizeof *b);
    if (!b)
        return -ENOMEM;
    b->n_buckets = FIRST_BUCKETS;
    for (int i = 0; i < INDEXES; i++) {
        b->bucket[i] = calloc(b->n_buckets, sizeof(struct alert *));
        if (!b->bucket[i])
            return -ENOMEM;
    }
    *ret = TAKE(b);
    return 0;
}

void registry_free(struct alert_registry *b)
{
    if (!b)
        return;
    for (size_t i = 0; b->bucket[BY_ID] && i < b->n_buckets; i++)
        while (b->bucket[BY_ID][i]) {
            struct alert *a = b->bucket[BY_ID][i];
            b->bucket[BY_ID][i] = a->next[BY_ID];
            alert_free(a);
        }
    for (int i = 0; i < INDEXES; i++)
        free(b->bucket[i]);
    free(b);
}

static struct alert *find_id(const struct alert_registry *b, const char *id)
{
    struct alert *a = *bucket_of(b, BY_ID, hash_text(id, FNV1A_SEED));
    while (a && strcmp(a->id, id) != 0)
        a = a->next[BY_ID];
    return a;
}

static struct alert *find_subject(const struct alert_registry *b, enum kind kind,
                                  const char *tenant_id, const char *subject)
{
    struct alert *a = *bucket_of(b, BY_SUBJECT, hash_subject(kind, tenant_id, subject));
    while (a && (a->kind != kind || strcmp(a->tenant_id, tenant_id) != 0 ||
                 strcmp(a->subject, subject) != 0))
        a = a->next[BY_SUBJECT];
    return a;
}

static void drop(struct alert_registry *b, struct alert *a)
{
    if (!a)
        return;
    for (int i = 0; i < INDEXES; i++)
        link_out(b, a, i);
    b->n--;
    alert_free(a);
}

int registry_put(struct alert_registry *b, struct alert *a)
{
    /* Two rows with one subject come only from a damaged database: the later one wins. */
    drop(b, find_id(b, a->id));
    drop(b, find_subject(b, a->kind, a->tenant_id, a->subject));
    if (b->n >= b->n_buckets)
        widen(b);
    for (int i = 0; i < INDEXES; i++)
        link_in(b, a, i);
    b->n++;
    return 0;
}

const struct alert *registry_find(const struct alert_registry *b, enum kind kind,
                                  const char *tenant_id, const char *subject)
{
    return find_subject(b, kind, tenant_id ? tenant_id : "", subject);
}

const struct alert *registry_by_id(const struct alert_registry *b, const char *id)
{
    return find_id(b, id);
}

const struct alert *registry_next(const struct alert_registry *b, size_t *cursor)
{
    size_t bucket = *cursor >> CURSOR_BITS, skip = *cursor & (MOST_BUCKETS - 1);
    for (; bucket < b->n_buckets; bucket++, skip = 0) {
        const struct alert *a = b->bucket[BY_ID][bucket];
        for (size_t i = 0; a && i < skip; i++)
            a = a->next[BY_ID];
        if (a) {
            *cursor = bucket << CURSOR_BITS | (skip + 1);
            return a;
        }
    }
    *cursor = bucket << CURSOR_BITS;
    return NULL;
}

const struct alert *registry_next_of(const struct alert_registry *b, const char *tenant_id,
                                     const struct alert *after)
{
    const struct alert *a = after ? after->next[BY_TENANT]
                                  : *bucket_of(b, BY_TENANT, hash_text(tenant_id, FNV1A_SEED));
    while (a && strcmp(a->tenant_id, tenant_id) != 0)
        a = a->next[BY_TENANT];
    return a;
}

size_t registry_count_tenant(const struct alert_registry *b, const char *tenant_id)
{
    size_t n = 0;
    for (const struct alert *a = NULL; (a = registry_next_of(b, tenant_id, a));)
        n++;
    return n;
}

const struct instant *registry_clock(const struct alert_registry *b)
{
    return &b->clock;
}

void alerts_apply(struct alert_registry *b, struct changes *c)
{
    for (size_t i = 0; i < c->n_removed; i++)
        drop(b, find_id(b, c->removed[i].id));
    for (size_t i = 0; i < c->n_alerts; i++)
        (void)registry_put(b, c->alert[i]); /* cannot fail */
    c->n_alerts = 0;
    b->clock = c->now;
}
