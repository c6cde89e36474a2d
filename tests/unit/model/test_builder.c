/* SPDX-License-Identifier: MIT */
/* Pages in, snapshot out. */
#include "base/text.h"
#include "model/snapshot.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct instant TAKEN = {.at = 1790000000 * USEC_PER_SEC, .mono = 5, .boot = 1};

static struct snapshot_builder *a_builder(void)
{
    struct snapshot_builder *b = NULL;
    assert_int_equal(snapshot_builder_new("contoso", "t-1", SOURCE_CLOUD_LICENSING, TAKEN, &b), 0);
    return b;
}

static struct allotment an_allotment(const char *id, const char *sku, int64_t allotted,
                                     int64_t consumed)
{
    return (struct allotment){.id = strdup(id),
                              .sku_id = sku ? strdup(sku) : NULL,
                              .units_known = true,
                              .allotted = allotted,
                              .consumed = consumed,
                              .assignable_to = ASSIGNABLE_USER,
                              .subscriptions_known = true,
                              .waiting = {.section = SECTION_COMPLETE}};
}

static void add(struct snapshot_builder *b, struct allotment a)
{
    assert_int_equal(snapshot_add_allotment(b, &a), 0);
    assert_null(a.id);
}

static struct snapshot *finish(struct snapshot_builder *b)
{
    struct snapshot *s = NULL;
    assert_int_equal(snapshot_finish(b, &s), 0);
    snapshot_builder_free(b);
    return s;
}

static void a_finished_snapshot_is_sorted_and_found_by_id(void **state)
{
    struct snapshot_builder *b = a_builder();
    (void)state;
    add(b, an_allotment("c", "SKU-1", 10, 1));
    add(b, an_allotment("a", "sku-1", 20, 2));
    add(b, an_allotment("b", "sku-2", 30, 3));
    snapshot_set_allotments(b, SECTION_COMPLETE);
    snapshot_set_errors(b, SECTION_COMPLETE);
    CLEANUP(snapshot_free) struct snapshot *s = finish(b);
    assert_string_equal(s->tenant, "contoso");
    assert_int_equal(s->taken.at, TAKEN.at);
    assert_int_equal(s->n_allotments, 3);
    assert_int_equal(s->n_skus, 2); /* GUIDs compare without case */
    assert_string_equal(s->allotment[0].id, "a");
    assert_int_equal(snapshot_find(s, "b")->consumed, 3);
    assert_null(snapshot_find(s, "B"));
    assert_null(snapshot_find(s, ""));
    assert_true(snapshot_complete(s));
}

static void waiting_members_are_folded_into_count_and_oldest(void **state)
{
    struct snapshot_builder *b = a_builder();
    (void)state;
    struct allotment a = an_allotment("a", "s", 1, 1);
    a.waiting = (struct waiting){.section = SECTION_UNKNOWN, .count = 2, .oldest_at = 500};
    add(b, a);
    add(b, an_allotment("b", "s", 1, 1));
    assert_int_equal(snapshot_add_waiting(b, "a", 900), 0);
    assert_int_equal(snapshot_add_waiting(b, "a", 0), 0);
    assert_int_equal(snapshot_add_waiting(b, "b", 0), 0);
    assert_int_equal(snapshot_add_waiting(b, "a", 400), 0);
    assert_int_equal(snapshot_add_waiting(b, "vanished", 1), 0);
    snapshot_set_waiting(b, "a", SECTION_COMPLETE);
    snapshot_set_allotments(b, SECTION_COMPLETE);
    CLEANUP(snapshot_free) struct snapshot *s = finish(b);
    assert_int_equal(snapshot_find(s, "a")->waiting.count, 5);
    assert_int_equal(snapshot_find(s, "a")->waiting.oldest_at, 400);
    assert_int_equal(snapshot_find(s, "b")->waiting.count, 1);
    assert_int_equal(snapshot_find(s, "b")->waiting.oldest_at, 0);
}

static void a_list_read_again_from_its_start_counts_nobody_twice(void **state)
{
    struct snapshot_builder *b = a_builder();
    size_t cursor = 0;
    (void)state;
    struct allotment a = an_allotment("a", "s", 1, 1);
    a.waiting = (struct waiting){.section = SECTION_UNKNOWN, .count = 20, .oldest_at = 500};
    add(b, a);
    add(b, an_allotment("b", "s", 1, 1));
    assert_string_equal(snapshot_next_unread(b, &cursor), "a");
    assert_null(snapshot_next_unread(b, &cursor));
    snapshot_reset_waiting(b, "a");
    for (int i = 0; i < 20; i++)
        assert_int_equal(snapshot_add_waiting(b, "a", 700), 0);
    snapshot_set_waiting(b, "a", SECTION_COMPLETE);
    snapshot_set_allotments(b, SECTION_COMPLETE);
    CLEANUP(snapshot_free) struct snapshot *s = finish(b);
    assert_int_equal(snapshot_find(s, "a")->waiting.count, 20);
    assert_int_equal(snapshot_find(s, "a")->waiting.oldest_at, 700);
}

static void an_equal_duplicate_is_kept_once_and_a_differing_one_is_not_known(void **state)
{
    static const struct {
        const char *why;
        int64_t allotted, consumed;
        const char *sku;
        bool subscription;
        bool want_units, want_subscriptions;
    } CASES[] = {
        {"equal", 10, 5, "sku", false, true, true},
        {"equal but for the case of a GUID", 10, 5, "SKU", false, true, true},
        {"other allotted", 11, 5, "sku", false, false, true},
        {"other consumed", 10, 6, "sku", false, false, true},
        {"other SKU", 10, 5, "other", false, false, true},
        {"other subscriptions", 10, 5, "sku", true, false, false},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct snapshot_builder *b = a_builder();
        add(b, an_allotment("a", "sku", 10, 5));
        struct allotment again =
            an_allotment("a", CASES[i].sku, CASES[i].allotted, CASES[i].consumed);
        if (CASES[i].subscription) {
            again.subscriptions = calloc(1, sizeof *again.subscriptions);
            again.subscriptions[0].id = strdup("s");
            again.n_subscriptions = 1;
        }
        add(b, again);
        snapshot_set_allotments(b, SECTION_COMPLETE);
        CLEANUP(snapshot_free) struct snapshot *s = finish(b);
        if (s->n_allotments != 1 || s->allotment[0].units_known != CASES[i].want_units ||
            s->allotment[0].subscriptions_known != CASES[i].want_subscriptions ||
            s->allotment[0].waiting.section != SECTION_COMPLETE)
            fail_msg("%s", CASES[i].why);
    }
}

static void a_pool_listed_twice_needs_its_waiting_list_read_from_the_start(void **state)
{
    static const struct {
        const char *why;
        bool reset;
        enum section want;
        int64_t count;
    } CASES[] = {
        {"two chains folded into one pool prove nothing", false, SECTION_UNKNOWN, 0},
        {"read from the start it counts", true, SECTION_COMPLETE, 1},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct snapshot_builder *b = a_builder();
        for (int twice = 0; twice < 2; twice++) {
            struct allotment a = an_allotment("a", "s", 1, 1);
            a.waiting = (struct waiting){.section = SECTION_UNKNOWN, .count = 3};
            add(b, a);
        }
        if (CASES[i].reset)
            snapshot_reset_waiting(b, "a");
        assert_int_equal(snapshot_add_waiting(b, "a", 1), 0);
        snapshot_set_waiting(b, "a", SECTION_COMPLETE);
        snapshot_set_allotments(b, SECTION_COMPLETE);
        CLEANUP(snapshot_free) struct snapshot *s = finish(b);
        if (s->allotment[0].waiting.section != CASES[i].want ||
            s->allotment[0].waiting.count != CASES[i].count)
            fail_msg("%s", CASES[i].why);
    }
}

static void errors_are_grouped_by_sku_and_code_without_case(void **state)
{
    struct snapshot_builder *b = a_builder();
    (void)state;
    assert_int_equal(snapshot_add_error(b, "sku-b", "MissingDependency"), 0);
    assert_int_equal(snapshot_add_error(b, "SKU-B", "missingdependency"), 0);
    assert_int_equal(snapshot_add_error(b, NULL, "MissingDependency"), 0);
    assert_int_equal(snapshot_add_error(b, "sku-a", "Other"), 0);
    assert_int_equal(snapshot_add_error(b, "sku-b", "MissingDependency"), 0);
    snapshot_set_errors(b, SECTION_COMPLETE);
    snapshot_set_allotments(b, SECTION_COMPLETE);
    CLEANUP(snapshot_free) struct snapshot *s = finish(b);
    assert_int_equal(s->n_error_groups, 3);
    assert_null(s->error_group[0].sku_id);
    assert_string_equal(s->error_group[1].sku_id, "sku-a");
    assert_string_equal(s->error_group[2].code, "MissingDependency");
    assert_int_equal(s->error_group[2].count, 3);
}

static void what_was_half_read_is_not_there_at_all(void **state)
{
    struct snapshot_builder *b = a_builder();
    (void)state;
    add(b, an_allotment("a", "s", 10, 5));
    assert_int_equal(snapshot_add_error(b, "s", "X"), 0);
    snapshot_set_allotments(b, SECTION_UNKNOWN);
    snapshot_set_errors(b, SECTION_UNKNOWN);
    CLEANUP(snapshot_free) struct snapshot *s = finish(b);
    struct snapshot_totals t;
    assert_int_equal(s->n_allotments, 0);
    assert_int_equal(s->n_error_groups, 0);
    assert_false(snapshot_complete(s));
    snapshot_totals(s, &t);
    assert_int_equal(t.allotments, UNITS_UNKNOWN);
    assert_int_equal(t.allotted, UNITS_UNKNOWN);
    assert_int_equal(t.waiting, UNITS_UNKNOWN);
    assert_int_equal(t.errors, UNITS_UNKNOWN);
    assert_int_equal(t.skus, UNITS_UNKNOWN);
}

static void kinds_of_error_beyond_their_bound_are_counted_together(void **state)
{
    struct snapshot_builder *b = a_builder();
    (void)state;
    for (int i = 0; i < SNAPSHOT_ERROR_GROUPS_MAX; i++) {
        char code[32];
        (void)snprintf(code, sizeof code, "Code%d", i);
        assert_int_equal(snapshot_add_error(b, NULL, code), 0);
    }
    assert_int_equal(snapshot_add_error(b, NULL, "Code1"), 0); /* known ones are still counted */
    assert_int_equal(snapshot_add_error(b, NULL, "OneTooMany"), 0);
    assert_int_equal(snapshot_add_error(b, NULL, "Another"), 0);
    snapshot_set_errors(b, SECTION_COMPLETE);
    snapshot_set_allotments(b, SECTION_COMPLETE);
    CLEANUP(snapshot_free) struct snapshot *s = finish(b);
    struct snapshot_totals t;
    snapshot_totals(s, &t);
    assert_int_equal(s->errors, SECTION_COMPLETE);
    assert_int_equal(s->n_error_groups, SNAPSHOT_ERROR_GROUPS_MAX);
    assert_int_equal(s->other_errors, 2);
    assert_int_equal(t.errors, SNAPSHOT_ERROR_GROUPS_MAX + 1 + 2);
}

static void a_big_tenant_is_built_without_searching_it_again_and_again(void **state)
{
    enum { POOLS = 10000, MEMBERS = 30 };
    struct snapshot_builder *b = a_builder();
    (void)state;
    for (int i = 0; i < POOLS; i++) {
        char id[32];
        (void)snprintf(id, sizeof id, "allotment-%05d", i);
        struct allotment a = an_allotment(id, "s", 10, 5);
        a.waiting = (struct waiting){.section = SECTION_UNKNOWN};
        add(b, a);
    }
    size_t cursor = 0;
    for (const char *id; (id = snapshot_next_unread(b, &cursor));) {
        for (int m = 0; m < MEMBERS; m++)
            assert_int_equal(snapshot_add_waiting(b, id, (usec_t)(1000 + m)), 0);
        snapshot_set_waiting(b, id, SECTION_COMPLETE);
    }
    snapshot_set_allotments(b, SECTION_COMPLETE);
    snapshot_set_errors(b, SECTION_NOT_OFFERED);
    CLEANUP(snapshot_free) struct snapshot *s = finish(b);
    struct snapshot_totals t;
    snapshot_totals(s, &t);
    assert_int_equal(t.waiting, POOLS * MEMBERS);
    assert_int_equal(t.oldest_at, 1000);
    assert_true(snapshot_complete(s));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_finished_snapshot_is_sorted_and_found_by_id),
        cmocka_unit_test(waiting_members_are_folded_into_count_and_oldest),
        cmocka_unit_test(a_list_read_again_from_its_start_counts_nobody_twice),
        cmocka_unit_test(an_equal_duplicate_is_kept_once_and_a_differing_one_is_not_known),
        cmocka_unit_test(a_pool_listed_twice_needs_its_waiting_list_read_from_the_start),
        cmocka_unit_test(errors_are_grouped_by_sku_and_code_without_case),
        cmocka_unit_test(what_was_half_read_is_not_there_at_all),
        cmocka_unit_test(kinds_of_error_beyond_their_bound_are_counted_together),
        cmocka_unit_test(a_big_tenant_is_built_without_searching_it_again_and_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
