/* SPDX-License-Identifier: MIT */
/* Digests: parts, counts and texts. */
#include "alerts/digest.h"
#include "base/alloc.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define AT UINT64_C(1795312800000000)

static void make(struct notification *n, size_t count, const char *tenant)
{
    for (size_t i = 0; i < count; i++) {
        n[i] = (struct notification){.level = i % 3 ? LEVEL_WARNING : LEVEL_CRITICAL,
                                     .rule = i % 2 ? RULE_USAGE : RULE_REMAINING,
                                     .seq = i};
        assert_int_equal(context_new(&n[i].context), 0);
        assert_int_equal(text_copy(tenant, &n[i].context->tenant_name), 0);
        assert_int_equal(text_copy(tenant, &n[i].context->tenant_id), 0);
    }
}

static void parts_free(struct digest **part, size_t n)
{
    for (size_t i = 0; i < n; i++)
        digest_free(part[i]);
    free(part);
}

enum { MANY = 41 };

static int digest_many(struct notification *n, size_t count, struct digest ***ret, size_t *ret_n)
{
    const struct notification *list[MANY];
    for (size_t i = 0; i < count; i++)
        list[i] = &n[i];
    return digest_parts(list, count, DIGEST_LINES, NULL, "first_run", AT, ret, ret_n);
}

static void the_worst_come_first_and_otherwise_the_order_is_kept(void **state)
{
    struct notification n[7];
    struct digest **part;
    size_t n_parts;
    static const uint64_t WANT[] = {0, 3, 6, 1, 2, 4, 5};
    (void)state;
    make(n, 7, "contoso");
    assert_int_equal(digest_many(n, 7, &part, &n_parts), 0);
    assert_int_equal(n_parts, 1);
    for (size_t i = 0; i < 7; i++)
        assert_int_equal(part[0]->notification[i]->seq, WANT[i]);
    parts_free(part, n_parts);
    for (size_t i = 0; i < 7; i++)
        context_free(n[i].context);
}

static void every_part_counts_all_and_says_which_it_is(void **state)
{
    struct notification n[MANY];
    struct digest **part;
    size_t n_parts, total = 0;
    (void)state;
    make(n, MANY, "contoso");
    assert_int_equal(digest_many(n, MANY, &part, &n_parts), 0);
    assert_int_equal(n_parts, 3);
    assert_string_equal(
        part[1]->title,
        "contoso: 41 alerts at the first poll: 14 critical, 27 warning, part 2 of 3");
    for (size_t i = 0; i < n_parts; i++) {
        uint32_t sum = 0;
        assert_true(part[i]->n_notifications <= DIGEST_LINES);
        total += part[i]->n_notifications;
        for (size_t k = 0; k < part[i]->n_counts; k++)
            sum += part[i]->count[k].count;
        assert_int_equal(sum, MANY);
        assert_int_equal(part[i]->n_counts, 4);
        assert_int_equal(part[i]->count[0].level, LEVEL_CRITICAL);
        assert_int_equal(part[i]->worst, LEVEL_CRITICAL);
        assert_string_equal(part[i]->tenant_id, "contoso");
        assert_null(strstr(part[i]->summary, "part")); /* the title says it */
        assert_non_null(strstr(part[i]->summary, "41 alerts for conditions already met"));
    }
    assert_int_equal(total, MANY);
    parts_free(part, n_parts);
    for (size_t i = 0; i < MANY; i++)
        context_free(n[i].context);
}

static void a_digest_over_several_tenants_belongs_to_none(void **state)
{
    struct notification n[2];
    struct digest **part;
    size_t n_parts;
    (void)state;
    make(&n[0], 1, "contoso");
    make(&n[1], 1, "fabrikam");
    assert_int_equal(digest_many(n, 2, &part, &n_parts), 0);
    assert_null(part[0]->tenant_id);
    assert_memory_equal(part[0]->title, "seatwatchd: 2 alerts", 20);
    parts_free(part, n_parts);
    context_free(n[0].context);
    context_free(n[1].context);
}

static void without_memory_nothing_is_left_behind(void **state)
{
    struct notification n[MANY];
    struct digest **part = NULL;
    size_t n_parts = 0, tries = 0;
    int r = -1;
    (void)state;
    make(n, MANY, "contoso");
    for (; r < 0; tries++) {
        (void)alloc_fail_at(tries + 1, false);
        r = digest_many(n, MANY, &part, &n_parts);
        (void)alloc_fail_at(0, false);
        if (r < 0)
            assert_null(part);
    }
    assert_true(tries > 10);
    parts_free(part, n_parts);
    for (size_t i = 0; i < MANY; i++)
        context_free(n[i].context);
}

static void resolved_alerts_come_last_and_are_counted_apart(void **state)
{
    struct notification n[3];
    struct digest **part;
    size_t n_parts;
    (void)state;
    make(n, 3, "contoso");
    n[0].type = EVENT_RESOLVED;
    const struct notification *list[] = {&n[0], &n[1], &n[2]};
    assert_int_equal(digest_parts(list, 3, DIGEST_LINES, NULL, "storm", AT, &part, &n_parts), 0);
    assert_int_equal(part[0]->notification[2]->type, EVENT_RESOLVED);
    assert_int_equal(part[0]->worst, LEVEL_WARNING);
    assert_string_equal(part[0]->title, "contoso: 3 alerts combined: 0 critical, 2 warning, 1 resolved");
    parts_free(part, n_parts);
    assert_int_equal(digest_parts(list, 1, DIGEST_LINES, NULL, "storm", AT, &part, &n_parts), 0);
    assert_int_equal(part[0]->worst, LEVEL_NONE);
    parts_free(part, n_parts);
    n[1].type = EVENT_INFO;
    n[1].level = LEVEL_NONE;
    assert_int_equal(digest_parts(list, 3, DIGEST_LINES, NULL, "storm", AT, &part, &n_parts), 0);
    assert_string_equal(part[0]->title, "contoso: 3 alerts combined: 0 critical, 1 warning, 1 resolved, 1 info");
    parts_free(part, n_parts);
    for (size_t i = 0; i < 3; i++)
        context_free(n[i].context);
}

int main(void)
{
    static const struct CMUnitTest TESTS[] = {
        cmocka_unit_test(the_worst_come_first_and_otherwise_the_order_is_kept),
        cmocka_unit_test(every_part_counts_all_and_says_which_it_is),
        cmocka_unit_test(a_digest_over_several_tenants_belongs_to_none),
        cmocka_unit_test(without_memory_nothing_is_left_behind),
        cmocka_unit_test(resolved_alerts_come_last_and_are_counted_apart),
    };
    return cmocka_run_group_tests(TESTS, NULL, NULL);
}
