/* SPDX-License-Identifier: MIT */
#include "fixture.h"

struct pool {
    const char *id;
    int64_t consumed, waiting; /* waiting -1: not read; consumed -1: not known */
};

static struct snapshot *a_snapshot(const struct pool *pools, size_t n, usec_t since_start)
{
    struct snapshot *s = calloc(1, sizeof *s);
    s->tenant = strdup("contoso");
    s->tenant_id = strdup(TENANT);
    s->taken = at(since_start);
    s->allotments = SECTION_COMPLETE;
    s->allotment = calloc(n ? n : 1, sizeof *s->allotment);
    for (; s->n_allotments < n; s->n_allotments++) {
        const struct pool *p = &pools[s->n_allotments];
        struct allotment *a = &s->allotment[s->n_allotments];
        a->id = strdup(p->id);
        a->sku_id = strdup("sku");
        a->units_known = p->consumed >= 0;
        a->allotted = 100;
        a->consumed = p->consumed;
        a->waiting.section = p->waiting < 0 ? SECTION_UNKNOWN : SECTION_COMPLETE;
        a->waiting.count = p->waiting < 0 ? 0 : p->waiting;
        a->waiting.oldest_at = p->waiting > 0 ? T0 - USEC_PER_HOUR : 0;
    }
    return s;
}

static void commit_snapshot(struct store *s, const struct snapshot *snapshot)
{
    struct failure f = {0};
    struct commit c = {.snapshot = snapshot, .tenant_id = TENANT, .now = snapshot->taken};
    ok(store_commit(s, &c, 1, &f), &f);
}

static void poll(struct store *s, const struct pool *pools, size_t n, usec_t since_start)
{
    CLEANUP(snapshot_free) struct snapshot *snapshot = a_snapshot(pools, n, since_start);
    commit_snapshot(s, snapshot);
}

static int64_t observations(const char *dir, const char *id)
{
    /* A sample of these tests takes five bytes, or four if it is of the first 127 seconds of its hour. */
    CLEANUP(free)
    char *sql = text_printf("SELECT (coalesce(sum(length(detail)), 0) + 4) / 5 FROM hour JOIN pool ON pool.id = pool"
                            " WHERE allotment_id = '%s'",
                            id);
    return ask(dir, sql);
}

#define MINUTE USEC_PER_MINUTE /* T0 is two minutes past the hour */

static void a_change_is_a_sample_and_so_is_an_hour(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    poll(s, (struct pool[]){{"a", 90, 0}, {"b", 10, 0}}, 2, 0);
    poll(s, (struct pool[]){{"a", 90, 0}, {"b", 10, 0}}, 2, 5 * MINUTE);
    poll(s, (struct pool[]){{"a", 91, 0}, {"b", 10, 0}}, 2, 10 * MINUTE);
    poll(s, (struct pool[]){{"a", 91, 0}, {"b", 10, 2}}, 2, 15 * MINUTE);
    poll(s, (struct pool[]){{"a", 91, 0}, {"b", 10, 2}}, 2, 20 * MINUTE);
    assert_int_equal(observations(*state, "a"), 2);
    assert_int_equal(observations(*state, "b"), 2);
    poll(s, (struct pool[]){{"a", 91, 0}, {"b", 10, 2}}, 2, 60 * MINUTE);
    poll(s, (struct pool[]){{"a", 91, 0}, {"b", 10, 2}}, 2, 65 * MINUTE);
    assert_int_equal(observations(*state, "a"), 3);
    assert_int_equal(observations(*state, "b"), 3);
    assert_int_equal(ask(*state, "SELECT last FROM hour ORDER BY pool, hour DESC LIMIT 1"), 91);
    assert_int_equal(ask(*state, "SELECT max(waiting) FROM hour"), 2);
}

static void unknown_values_make_no_sample_and_no_change(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    poll(s, (struct pool[]){{"a", 90, 3}, {"b", -1, 0}}, 2, 0);
    poll(s, (struct pool[]){{"a", 90, -1}, {"b", -1, 0}}, 2, 5 * MINUTE);
    poll(s, (struct pool[]){{"a", -1, 3}}, 1, 10 * MINUTE);
    assert_int_equal(observations(*state, "a"), 1);
    assert_int_equal(observations(*state, "b"), 0);
    poll(s, (struct pool[]){{"a", 95, -1}}, 1, 15 * MINUTE);
    assert_int_equal(ask(*state, "SELECT waiting IS NULL FROM pool WHERE allotment_id = 'a'"), 1);
    assert_int_equal(ask(*state, "SELECT waiting FROM hour"), 3);
    poll(s, (struct pool[]){{"a", 95, 0}}, 1, 20 * MINUTE);
    assert_int_equal(observations(*state, "a"), 3);
}

static void a_list_that_was_not_read_leaves_no_sample(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    CLEANUP(snapshot_free) struct snapshot *half = a_snapshot((struct pool[]){{"a", 1, 0}}, 1, 0);
    half->allotments = SECTION_UNKNOWN;
    commit_snapshot(s, half);
    poll(s, NULL, 0, MINUTE);
    assert_int_equal(ask(*state, "SELECT count(*) FROM pool"), 0);
}

static void pools_come_and_go_between_the_others(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    poll(s, (struct pool[]){{"b", 1, 0}, {"d", 1, 0}}, 2, 0);
    poll(s, (struct pool[]){{"a", 1, 0}, {"c", 1, 0}, {"d", 2, 0}, {"e", 1, 0}}, 4, MINUTE);
    poll(s, (struct pool[]){{"a", 1, 0}, {"b", 2, 0}, {"e", 1, 0}}, 3, 2 * MINUTE);
    assert_int_equal(observations(*state, "a"), 1);
    assert_int_equal(observations(*state, "b"), 2);
    assert_int_equal(observations(*state, "c"), 1);
    assert_int_equal(observations(*state, "d"), 2);
    assert_int_equal(observations(*state, "e"), 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, dir_make, dir_remove)
    const struct CMUnitTest tests[] = {
        TEST(a_change_is_a_sample_and_so_is_an_hour),
        TEST(unknown_values_make_no_sample_and_no_change),
        TEST(a_list_that_was_not_read_leaves_no_sample),
        TEST(pools_come_and_go_between_the_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
