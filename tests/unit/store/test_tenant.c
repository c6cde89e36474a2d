/* SPDX-License-Identifier: MIT */
#include "store/internal.h"
#include "fixture.h"

static struct tenant_memory *a_memory(unsigned n_pools)
{
    struct tenant_memory *m = calloc(1, sizeof *m);
    m->source = SOURCE_CLOUD_LICENSING;
    m->pool = calloc(n_pools ? n_pools : 1, sizeof *m->pool);
    for (; m->n_pools < n_pools; m->n_pools++) {
        struct known_pool *p = &m->pool[m->n_pools];
        p->id = text_printf("pool-%06zu", m->n_pools);
        p->sku_id = m->n_pools % 3 ? text_printf("sku-%zu", m->n_pools % 7) : NULL;
        p->sku_part_number = m->n_pools % 2 ? text_printf("SPE_E%zu", m->n_pools % 5) : NULL;
        p->allotted = m->n_pools % 11 ? (int64_t)m->n_pools : NUMBER_UNKNOWN;
        p->consumed = (int64_t)m->n_pools / 2;
        p->first_seen_at = T0 + m->n_pools;
        p->absent_polls = (uint32_t)m->n_pools % 4;
        p->absent_since = m->n_pools % 4 ? at(m->n_pools) : (struct instant){0};
        p->gone = m->n_pools % 5 == 0;
        p->silent = m->n_pools % 6 == 0;
        p->quiet = m->n_pools % 4 == 0;
    }
    m->subscription = calloc(6, sizeof *m->subscription);
    for (; m->n_subscriptions < 6; m->n_subscriptions++)
        m->subscription[m->n_subscriptions] = (struct known_subscription){
            .id = text_printf("sub-%zu", m->n_subscriptions),
            .state = (enum subscription_state)m->n_subscriptions,
            .seen_active = m->n_subscriptions % 2 != 0,
            .renews = m->n_subscriptions % 3 == 0,
            .unused_told = m->n_subscriptions % 2 ? 20000 + (int32_t)m->n_subscriptions : 0,
            .next_lifecycle_date = m->n_subscriptions ? 20000 : DATE_UNKNOWN,
            .absent_since = {T0, 5, UINT64_MAX}};
    m->group = calloc(2, sizeof *m->group);
    m->group[m->n_groups++] = (struct known_group){.subject = strdup("-/mutuallyexclusive"),
                                                   .code = strdup("Mutually"),
                                                   .first_seen_at = T0 - 7,
                                                   .absent_since = at(3)};
    m->group[m->n_groups++] = (struct known_group){
        .subject = strdup("sku/countviolation"), .sku_id = strdup("sku"), .code = strdup("Count")};
    m->drop = calloc(PEAKS_MAX + 1, sizeof *m->drop);
    for (; m->n_drops <= PEAKS_MAX; m->n_drops++) {
        struct known_drop *d = &m->drop[m->n_drops];
        *d = (struct known_drop){.id = text_printf("pool-%06zu", m->n_drops),
                                 .reference = m->n_drops % 2 ? 100 : NUMBER_UNKNOWN,
                                 .since = at(m->n_drops)};
        for (; d->n_peaks < m->n_drops; d->n_peaks++)
            d->peak[d->n_peaks] =
                (struct peak){.allotted = 90 - (int64_t)d->n_peaks, .left = {T0, 5, UINT64_MAX}};
    }
    return m;
}

static struct tenant_health a_health(void)
{
    struct tenant_health h = {.first_poll = at(1), .failing = true, .kind = FAILURE_THROTTLED};
    for (unsigned i = 0; i < HEALTH_STORED_; i++)
        h.section[i] = (struct section_health){at(i + 2), i * 5};
    (void)snprintf(h.text, sizeof h.text, "asked to wait");
    h.schema_changed = h.mass_absence = true;
    h.api_refusals = 2;
    h.source = SOURCE_SUBSCRIBED_SKUS;
    return h;
}

static void put(struct store *s, const char *tenant_id, const struct tenant_memory *m,
                const struct tenant_health *h)
{
    struct failure f = {0};
    struct commit c = {.tenant_id = tenant_id, .memory = m, .health = h, .now = at(0)};
    ok(store_commit(s, &c, 1, &f), &f);
}

static void instants_equal(struct instant a, struct instant b)
{
    assert_true(a.at == b.at && a.mono == b.mono && a.boot == b.boot);
}

static void memories_equal(const struct tenant_memory *a, const struct tenant_memory *b)
{
    assert_int_equal(a->source, b->source);
    assert_int_equal(a->emptied, b->emptied);
    assert_int_equal(a->mass_absence, b->mass_absence);
    instants_equal(a->zero_since, b->zero_since);
    assert_int_equal(a->n_pools, b->n_pools);
    for (size_t i = 0; i < a->n_pools; i++) {
        const struct known_pool *p = &a->pool[i], *q = &b->pool[i];
        assert_string_equal(p->id, q->id);
        assert_true(text_equal(p->sku_id, q->sku_id));
        assert_true(text_equal(p->sku_part_number, q->sku_part_number));
        assert_true(p->allotted == q->allotted && p->consumed == q->consumed);
        assert_int_equal(p->first_seen_at, q->first_seen_at);
        assert_int_equal(p->absent_polls, q->absent_polls);
        instants_equal(p->absent_since, q->absent_since);
        assert_true(p->gone == q->gone && p->silent == q->silent && p->quiet == q->quiet);
    }
    assert_int_equal(a->n_subscriptions, b->n_subscriptions);
    for (size_t i = 0; i < a->n_subscriptions; i++) {
        assert_string_equal(a->subscription[i].id, b->subscription[i].id);
        assert_int_equal(a->subscription[i].state, b->subscription[i].state);
        assert_int_equal(a->subscription[i].seen_active, b->subscription[i].seen_active);
        assert_int_equal(a->subscription[i].renews, b->subscription[i].renews);
        assert_int_equal(a->subscription[i].unused_told, b->subscription[i].unused_told);
        assert_int_equal(a->subscription[i].next_lifecycle_date,
                         b->subscription[i].next_lifecycle_date);
        instants_equal(a->subscription[i].absent_since, b->subscription[i].absent_since);
    }
    assert_int_equal(a->n_groups, b->n_groups);
    for (size_t i = 0; i < a->n_groups; i++) {
        assert_string_equal(a->group[i].subject, b->group[i].subject);
        assert_true(text_equal(a->group[i].sku_id, b->group[i].sku_id));
        assert_true(text_equal(a->group[i].code, b->group[i].code));
        assert_true(a->group[i].first_seen_at == b->group[i].first_seen_at);
        instants_equal(a->group[i].absent_since, b->group[i].absent_since);
    }
    assert_int_equal(a->n_drops, b->n_drops);
    for (size_t i = 0; i < a->n_drops; i++) {
        const struct known_drop *d = &a->drop[i], *e = &b->drop[i];
        assert_string_equal(d->id, e->id);
        assert_true(d->reference == e->reference && d->n_peaks == e->n_peaks);
        instants_equal(d->since, e->since);
        for (size_t k = 0; k < d->n_peaks; k++) {
            assert_true(d->peak[k].allotted == e->peak[k].allotted);
            instants_equal(d->peak[k].left, e->peak[k].left);
        }
    }
}

static void remembers(struct store *s, const char *tenant_id, const struct tenant_memory *want)
{
    CLEANUP(tenant_memory_free) struct tenant_memory *m = NULL;
    struct tenant_health h;
    struct failure f = {0};
    ok(store_load_tenant(s, tenant_id, &m, &h, &f), &f);
    memories_equal(want, m);
}

static void a_restart_finds_an_equal_memory(void **state)
{
    CLEANUP(tenant_memory_free) struct tenant_memory *m = a_memory(40);
    CLEANUP(tenant_memory_free) struct tenant_memory *other = a_memory(3);
    struct tenant_health h = a_health(), found;
    struct store *s = open_in(*state);
    m->emptied = true;
    m->zero_since = at(4);
    put(s, TENANT, m, &h);
    put(s, "other", other, NULL);
    store_close(s);
    s = open_in(*state);
    remembers(s, TENANT, m);
    remembers(s, "other", other);
    CLEANUP(tenant_memory_free) struct tenant_memory *loaded = NULL;
    assert_int_equal(store_load_tenant(s, TENANT, &loaded, &found, NULL), 0);
    assert_string_equal(found.text, h.text);
    assert_true(found.failing && found.schema_changed && found.mass_absence && !found.emptied);
    assert_true(found.zero_consumption); /* as the memory has it */
    assert_int_equal(found.kind, FAILURE_THROTTLED);
    assert_int_equal(found.source, SOURCE_SUBSCRIBED_SKUS);
    assert_int_equal(found.api_refusals, 2);
    instants_equal(found.first_poll, h.first_poll);
    for (size_t i = 0; i < HEALTH_STORED_; i++) {
        instants_equal(found.section[i].last_complete, h.section[i].last_complete);
        assert_int_equal(found.section[i].incomplete_polls, h.section[i].incomplete_polls);
    }
    store_close(s);
}

static void unknown_tenant_is_new(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    CLEANUP(tenant_memory_free) struct tenant_memory *m = NULL;
    struct tenant_health h = a_health();
    assert_int_equal(store_load_tenant(s, TENANT, &m, &h, NULL), -ENOENT);
    assert_null(m);
}

static void an_outage_before_the_first_reading_is_remembered(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    CLEANUP(tenant_memory_free) struct tenant_memory *m = NULL;
    struct tenant_health h = a_health(), found;
    put(s, TENANT, NULL, &h);
    assert_int_equal(store_load_tenant(s, TENANT, &m, &found, NULL), 0);
    assert_int_equal(m->source, SOURCE_NONE);
    assert_int_equal(m->n_pools, 0);
    assert_true(found.failing);
}

static void only_differences_are_written(void **state)
{
    CLEANUP(tenant_memory_free) struct tenant_memory *m = a_memory(300);
    struct store *s = open_in(*state);
    put(s, TENANT, m, NULL);
    int64_t sum = ask(*state, "SELECT sum FROM known_pool WHERE id = 'pool-000100'");
    m->pool[100].consumed++;
    m->pool[7].gone = !m->pool[7].gone;
    free(m->pool[200].id);
    m->pool[200].id = strdup("pool-000199-b");
    free(m->pool[0].id);
    m->pool[0].id = strdup("a-pool");
    free(m->pool[299].id);
    m->pool[299].id = strdup("z-pool");
    put(s, TENANT, m, NULL);
    remembers(s, TENANT, m);
    assert_int_equal(ask(*state, "SELECT count(*) FROM known_pool"), 300);
    assert_true(sum != ask(*state, "SELECT sum FROM known_pool WHERE id = 'pool-000100'"));
    store_close(s);
}

static void the_order_of_the_memory_does_not_matter(void **state)
{
    CLEANUP(tenant_memory_free) struct tenant_memory *m = a_memory(5);
    CLEANUP(store_close) struct store *s = open_in(*state);
    struct known_pool first = m->pool[0];
    m->pool[0] = m->pool[4];
    m->pool[4] = first;
    put(s, TENANT, m, NULL);
    put(s, TENANT, m, NULL);
    first = m->pool[0];
    m->pool[0] = m->pool[4];
    m->pool[4] = first;
    remembers(s, TENANT, m);
}

static int64_t generation(const char *dir)
{
    return ask(dir, "SELECT value FROM meta WHERE key = 'generation'");
}

static void a_poll_that_changes_nothing_writes_nothing(void **state)
{
    CLEANUP(tenant_memory_free) struct tenant_memory *m = a_memory(30);
    CLEANUP(store_close) struct store *s = open_in(*state);
    struct tenant_health h = a_health();
    put(s, TENANT, m, &h);
    int64_t before = generation(*state);
    put(s, TENANT, m, &h);
    assert_int_equal(generation(*state), before);
    h.section[0].incomplete_polls++;
    put(s, TENANT, m, &h);
    assert_int_equal(generation(*state), before + 1);
}

static void of_ten_thousand_pools_only_the_changed_one_is_written(void **state)
{
    CLEANUP(tenant_memory_free) struct tenant_memory *m = a_memory(10000);
    CLEANUP(store_close) struct store *s = open_in(*state);
    put(s, TENANT, m, NULL);
    m->pool[5000].consumed++;
    int64_t before = sqlite3_total_changes64(s->db.handle);
    put(s, TENANT, m, NULL);
    /* The pool and the generation; a row of the tenant's own at most. */
    assert_in_range(sqlite3_total_changes64(s->db.handle) - before, 1, 4);
}

static void a_forgotten_tenant_is_new_again_and_no_other_is(void **state)
{
    CLEANUP(tenant_memory_free) struct tenant_memory *m = a_memory(4);
    CLEANUP(tenant_memory_free) struct tenant_memory *none = NULL;
    CLEANUP(store_close) struct store *s = open_in(*state);
    struct tenant_health h = a_health();
    struct failure f = {0};
    put(s, TENANT, m, &h);
    put(s, "other", m, &h);
    ok(store_forget_tenant(s, TENANT, &f), &f);
    assert_int_equal(store_load_tenant(s, TENANT, &none, &h, &f), -ENOENT);
    assert_int_equal(ask(*state, "SELECT count(*) FROM known_pool"), 4);
    remembers(s, "other", m);
}

static void bad_row_affects_no_other_row(void **state)
{
    CLEANUP(tenant_memory_free) struct tenant_memory *m = a_memory(9);
    CLEANUP(tenant_memory_free) struct tenant_memory *loaded = NULL;
    CLEANUP(store_close) struct store *s = open_in(*state);
    struct tenant_health h;
    struct failure f = {0};
    put(s, TENANT, m, NULL);
    (void)ask(*state, "UPDATE known_pool SET consumed = 1 WHERE id = 'pool-000004'");
    (void)ask(*state, "UPDATE known_subscription SET state = 'nice' WHERE id = 'sub-3'");
    ok(store_load_tenant(s, TENANT, &loaded, &h, &f), &f);
    assert_int_equal(loaded->n_pools, 8);
    assert_string_equal(loaded->pool[4].id, "pool-000005");
    assert_int_equal(loaded->n_subscriptions, 5);
    assert_int_equal(store_quarantined(s), 2);
    put(s, TENANT, m, NULL);
    remembers(s, TENANT, m);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, dir_make, dir_remove)
    const struct CMUnitTest tests[] = {
        TEST(a_restart_finds_an_equal_memory),
        TEST(unknown_tenant_is_new),
        TEST(an_outage_before_the_first_reading_is_remembered),
        TEST(only_differences_are_written),
        TEST(the_order_of_the_memory_does_not_matter),
        TEST(a_poll_that_changes_nothing_writes_nothing),
        TEST(of_ten_thousand_pools_only_the_changed_one_is_written),
        TEST(a_forgotten_tenant_is_new_again_and_no_other_is),
        TEST(bad_row_affects_no_other_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
