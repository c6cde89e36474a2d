/* SPDX-License-Identifier: MIT */
/* store/tenant.c: stores the memory and health of a tenant between polls. */
#include "store/commit.h"
#include "store/write.h"

#include "base/text.h"
#include "store/enum_text.h"
#include "store/row_set.h"
#include <errno.h>

/* ---- rows ---- */

static const char *pool_key(const void *memory, size_t i)
{
    const struct tenant_memory *m = memory;
    return m->pool[i].id;
}

/* The column `silent` of known_pool. */
enum { POOL_SILENT = 1 << 0, POOL_QUIET = 1 << 1 };

static void pool_row(const void *memory, size_t i, struct row *row)
{
    const struct tenant_memory *m = memory;
    const struct known_pool *p = &m->pool[i];
    row_text(row, p->sku_id);
    row_text(row, p->sku_part_number);
    row_int(row, p->allotted);
    row_int(row, p->consumed);
    row_usec(row, p->first_seen_at);
    row_int(row, p->absent_polls);
    row_instant(row, &p->absent_since);
    row_int(row, p->gone);
    row_int(row, (p->silent ? POOL_SILENT : 0) | (p->quiet ? POOL_QUIET : 0));
}

static int pool_read(struct row *row, const char *id, struct known_pool *p)
{
    const char *sku_id = row_get_text_or_null(row), *part_number = row_get_text_or_null(row);
    p->allotted = row_get_int(row, INT64_MIN, INT64_MAX);
    p->consumed = row_get_int(row, INT64_MIN, INT64_MAX);
    p->first_seen_at = row_get_usec(row);
    p->absent_polls = (uint32_t)row_get_int(row, 0, UINT32_MAX);
    p->absent_since = row_get_instant(row);
    p->gone = row_get_bool(row);
    int64_t bits = row_get_int(row, 0, POOL_SILENT | POOL_QUIET);
    p->silent = bits & POOL_SILENT;
    p->quiet = bits & POOL_QUIET;
    bool copied = row->wrong || (text_copy(id, &p->id) >= 0 && text_copy(sku_id, &p->sku_id) >= 0 &&
                                 text_copy(part_number, &p->sku_part_number) >= 0);
    return copied ? 0 : -ENOMEM;
}

/* Bits of the column seen_active; the date of unused_told begins at bit 8. */
enum { SUBSCRIPTION_SEEN = 1, SUBSCRIPTION_RENEWS = 2 };
#define SUBSCRIPTION_TOLD INT64_C(256)

static const char *subscription_key(const void *memory, size_t i)
{
    const struct tenant_memory *m = memory;
    return m->subscription[i].id;
}

static void subscription_row(const void *memory, size_t i, struct row *row)
{
    const struct tenant_memory *m = memory;
    const struct known_subscription *k = &m->subscription[i];
    row_text(row, enum_text_subscription_name(k->state));
    row_int(row, (k->seen_active ? SUBSCRIPTION_SEEN : 0) | (k->renews ? SUBSCRIPTION_RENEWS : 0) |
                     (k->unused_told > 0 ? (int64_t)k->unused_told * SUBSCRIPTION_TOLD : 0));
    row_int(row, k->next_lifecycle_date);
    row_instant(row, &k->absent_since);
}

static int subscription_read(struct row *row, const char *id, struct known_subscription *k)
{
    int state = word_subscription(row_get_text(row));
    row->wrong = row->wrong || state < 0;
    k->state = (enum subscription_state)(state < 0 ? 0 : state);
    int64_t bits = row_get_int(row, 0, INT32_MAX * SUBSCRIPTION_TOLD + SUBSCRIPTION_TOLD - 1);
    k->seen_active = bits & SUBSCRIPTION_SEEN;
    k->renews = bits & SUBSCRIPTION_RENEWS;
    k->unused_told = (int32_t)(bits / SUBSCRIPTION_TOLD);
    k->next_lifecycle_date = (int32_t)row_get_int(row, INT32_MIN, INT32_MAX);
    k->absent_since = row_get_instant(row);
    return row->wrong ? 0 : text_copy(id, &k->id);
}

static const char *group_key(const void *memory, size_t i)
{
    const struct tenant_memory *m = memory;
    return m->group[i].subject;
}

static void group_row(const void *memory, size_t i, struct row *row)
{
    const struct tenant_memory *m = memory;
    const struct known_group *g = &m->group[i];
    row_text(row, g->sku_id);
    row_text(row, g->code);
    row_usec(row, g->first_seen_at);
    row_instant(row, &g->absent_since);
}

static int group_read(struct row *row, const char *subject, struct known_group *g)
{
    const char *sku_id = row_get_text_or_null(row), *code = row_get_text_or_null(row);
    g->first_seen_at = row_get_usec(row);
    g->absent_since = row_get_instant(row);
    bool copied = row->wrong || (text_copy(subject, &g->subject) >= 0 &&
                                 text_copy(sku_id, &g->sku_id) >= 0 && text_copy(code, &g->code) >= 0);
    return copied ? 0 : -ENOMEM;
}

static const char *drop_key(const void *memory, size_t i)
{
    const struct tenant_memory *m = memory;
    return m->drop[i].id;
}

static void row_context(struct row *row, int64_t number)
{
    if (number == NUMBER_UNKNOWN)
        row_text(row, NULL);
    else
        row_int(row, number);
}

static void drop_row(const void *memory, size_t i, struct row *row)
{
    const struct tenant_memory *m = memory;
    const struct known_drop *d = &m->drop[i];
    row_context(row, d->reference);
    row_instant(row, &d->since);
    for (size_t k = 0; k < PEAKS_MAX; k++) {
        if (k < d->n_peaks) {
            row_int(row, d->peak[k].allotted);
            row_instant(row, &d->peak[k].left);
        }
        for (size_t cell = 0; k >= d->n_peaks && cell < 4; cell++)
            row_text(row, NULL);
    }
}

static int drop_read(struct row *row, const char *id, struct known_drop *d)
{
    d->reference = row_is_null(row) ? NUMBER_UNKNOWN : row_get_int(row, 0, INT64_MAX);
    d->since = row_get_instant(row);
    for (size_t k = 0; k < PEAKS_MAX && !row_is_null(row); k++) {
        d->peak[k].allotted = row_get_int(row, 0, INT64_MAX);
        d->peak[k].left = row_get_instant(row);
        d->n_peaks = k + 1;
    }
    return row->wrong ? 0 : text_copy(id, &d->id);
}

/* ---- writing: only differences, because most polls change nothing ---- */

int memory_put(struct store *s, const char *tenant_id, const struct tenant_memory *m,
               struct failure *f)
{
    const struct row_set sets[] = {
        {&TABLE_POOL, "SELECT id, sum FROM known_pool WHERE tenant_id = ?1 ORDER BY id", m,
         pool_key, pool_row, m->n_pools},
        {&TABLE_SUBSCRIPTION,
         "SELECT id, sum FROM known_subscription WHERE tenant_id = ?1 ORDER BY id", m,
         subscription_key, subscription_row, m->n_subscriptions},
        {&TABLE_GROUP, "SELECT subject, sum FROM known_group WHERE tenant_id = ?1 ORDER BY subject",
         m, group_key, group_row, m->n_groups},
        {&TABLE_DROP, "SELECT id, sum FROM known_drop WHERE tenant_id = ?1 ORDER BY id", m,
         drop_key, drop_row, m->n_drops},
    };
    struct row row = {0};
    row_text(&row, tenant_id);
    row_text(&row, enum_text_source_name(m->source));
    row_int(&row, m->emptied);
    row_int(&row, m->mass_absence);
    row_instant(&row, &m->zero_since);
    int r = row_put_if_changed(&s->db, &TABLE_TENANT, "SELECT sum FROM tenant WHERE tenant_id = ?1", &row, f);
    for (size_t i = 0; r >= 0 && i < N_ELEMENTS(sets); i++)
        r = row_set_put(&s->db, &sets[i], tenant_id, f);
    return r;
}

int health_put(struct store *s, const char *tenant_id, const struct tenant_health *h,
               struct failure *f)
{
    struct row row = {0};
    row_text(&row, tenant_id);
    row_instant(&row, &h->first_poll);
    for (size_t i = 0; i < HEALTH_UNITS; i++) {
        row_instant(&row, &h->section[i].last_complete);
        row_int(&row, h->section[i].incomplete_polls);
    }
    row_int(&row, h->failing);
    row_text(&row, failure_kind_name(h->kind));
    row_text(&row, h->text);
    row_int(&row, h->schema_changed);
    row_int(&row, h->emptied);
    row_int(&row, h->mass_absence);
    row_int(&row, h->broken_config);
    row_text(&row, enum_text_source_name(h->source));
    row_int(&row, h->api_refusals);
    row_instant(&row, &h->section[HEALTH_UNITS].last_complete);
    row_int(&row, h->section[HEALTH_UNITS].incomplete_polls);
    return row_put_if_changed(&s->db, &TABLE_HEALTH, "SELECT sum FROM health WHERE tenant_id = ?1", &row, f);
}

/* ---- reading ---- */

struct found {
    struct tenant_memory *memory;
    struct tenant_health health;
    bool tenant, any_health;
};

static int take_tenant(struct row *row, void *into)
{
    struct found *found = into;
    struct tenant_memory *m = found->memory;
    int source = enum_text_source(row_get_text(row));
    m->emptied = row_get_bool(row);
    m->mass_absence = row_get_bool(row);
    m->zero_since = row_get_instant(row);
    row->wrong = row->wrong || source < 0;
    m->source = row->wrong ? SOURCE_NONE : (enum source)source;
    found->tenant = !row->wrong;
    return 0;
}

/* `read` allocates nothing for a wrong row. A row that is read in part, for want of memory, counts: it is
 * freed with the others. */
#define TAKER(name, array, count, read)                                      \
    static int name(struct row *row, void *into)                             \
    {                                                                        \
        struct tenant_memory *m = ((struct found *)into)->memory;            \
        if (array_room(&m->array, m->count, sizeof *m->array) < 0)           \
            return -ENOMEM;                                                  \
        m->array[m->count] = (__typeof__(*m->array)){0};                     \
        int r = read(row, row_get_text(row), &m->array[m->count]);           \
        m->count += !row->wrong;                                             \
        return r;                                                            \
    }

TAKER(take_drop, drop, n_drops, drop_read)
TAKER(take_pool, pool, n_pools, pool_read)
TAKER(take_subscription, subscription, n_subscriptions, subscription_read)
TAKER(take_group, group, n_groups, group_read)

static int take_health(struct row *row, void *into)
{
    struct found *found = into;
    struct tenant_health *h = &found->health;
    h->first_poll = row_get_instant(row);
    for (size_t i = 0; i < HEALTH_UNITS; i++) {
        h->section[i].last_complete = row_get_instant(row);
        h->section[i].incomplete_polls = (uint32_t)row_get_int(row, 0, UINT32_MAX);
    }
    h->failing = row_get_bool(row);
    int kind = enum_text_failure(row_get_text(row));
    row_get_buffer(row, h->text, sizeof h->text);
    h->schema_changed = row_get_bool(row);
    h->emptied = row_get_bool(row);
    h->mass_absence = row_get_bool(row);
    h->broken_config = row_get_bool(row);
    int source = enum_text_source(row_get_text(row));
    h->api_refusals = (uint32_t)row_get_int(row, 0, UINT32_MAX);
    h->section[HEALTH_UNITS].last_complete = row_get_instant(row);
    h->section[HEALTH_UNITS].incomplete_polls = (uint32_t)row_get_int(row, 0, UINT32_MAX);
    row->wrong = row->wrong || kind < 0 || source < 0;
    found->any_health = !row->wrong;
    if (row->wrong) {
        *h = (struct tenant_health){0};
        return 0;
    }
    h->kind = (enum failure_kind)kind;
    h->source = (enum source)source;
    return 0;
}

static int load(struct store *s, const char *tenant_id, struct found *found, struct bad_rows *bad,
                struct failure *f)
{
    static const struct {
        const struct table *table;
        const char *rest;
        int (*take)(struct row *row, void *into);
    } PARTS[] = {
        {&TABLE_HEALTH, "WHERE tenant_id = ?1", take_health},
        {&TABLE_TENANT, "WHERE tenant_id = ?1", take_tenant},
        {&TABLE_POOL, "WHERE tenant_id = ?1 ORDER BY id", take_pool},
        {&TABLE_SUBSCRIPTION, "WHERE tenant_id = ?1 ORDER BY id", take_subscription},
        {&TABLE_GROUP, "WHERE tenant_id = ?1 ORDER BY subject", take_group},
        {&TABLE_DROP, "WHERE tenant_id = ?1 ORDER BY id", take_drop},
    };
    for (size_t i = 0; i < N_ELEMENTS(PARTS); i++) {
        CLEANUP(query_end) struct query q = row_select(&s->db, PARTS[i].table, PARTS[i].rest);
        query_text(&q, tenant_id);
        int r = rows_each(&q, PARTS[i].table, 1, PARTS[i].take, found, bad, f);
        if (r < 0)
            return r;
        if (PARTS[i].table == &TABLE_TENANT && !found->tenant)
            break; /* without this row the others are meaningless */
    }
    return 0;
}

static int load_tenant(struct store *s, const char *tenant_id, struct tenant_memory **ret_memory,
                      struct tenant_health *ret_health, struct failure *ret_failure)
{
    CLEANUP(tenant_memory_free) struct tenant_memory *m = calloc(1, sizeof *m);
    CLEANUP(bad_rows_free) struct bad_rows bad = {0};
    struct found found = {.memory = m};
    if (!m)
        return failure_oom(ret_failure);
    int r = store_ready(s, ret_failure);
    if (r >= 0)
        r = load(s, tenant_id, &found, &bad, ret_failure);
    if (r >= 0)
        r = store_quarantine(s, &bad, ret_failure);
    if (r < 0)
        return r;
    if (!found.tenant && !found.any_health)
        return failure_set(ret_failure, FAILURE_LOCAL, ENOENT, "tenant %s is new", tenant_id);
    found.health.zero_consumption = m->zero_since.boot != 0;
    *ret_memory = TAKE(m);
    *ret_health = found.health;
    return 0;
}

int store_load_tenant(struct store *s, const char *tenant_id, struct tenant_memory **ret_memory,
                      struct tenant_health *ret_health, struct failure *ret_failure)
{
    return MENDING(s, ret_failure, load_tenant(s, tenant_id, ret_memory, ret_health, ret_failure));
}

/* ---- forgetting ---- */

static int forget(struct store *s, const char *tenant_id, struct failure *f)
{
    static const char *const DELETES[] = {
        "DELETE FROM tenant WHERE tenant_id = ?1",
        "DELETE FROM health WHERE tenant_id = ?1",
        "DELETE FROM known_pool WHERE tenant_id = ?1",
        "DELETE FROM known_subscription WHERE tenant_id = ?1",
        "DELETE FROM known_group WHERE tenant_id = ?1",
        "DELETE FROM known_drop WHERE tenant_id = ?1",
    };
    int r = 0;
    for (size_t i = 0; r >= 0 && i < N_ELEMENTS(DELETES); i++) {
        CLEANUP(query_end) struct query q = query_new(&s->db, DELETES[i]);
        query_text(&q, tenant_id);
        r = query_run(&q, f);
    }
    return r;
}

static int forget_tenant(struct store *s, const char *tenant_id, struct failure *ret_failure)
{
    int r = store_begin(s, NULL, ret_failure);
    return r < 0 ? r : store_end(s, forget(s, tenant_id, ret_failure), ret_failure);
}

int store_forget_tenant(struct store *s, const char *tenant_id, struct failure *ret_failure)
{
    return MENDING(s, ret_failure, forget_tenant(s, tenant_id, ret_failure));
}
