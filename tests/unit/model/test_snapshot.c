/* SPDX-License-Identifier: MIT */
/* Sums of a snapshot: what is not known is never a number. */
#include "model/snapshot.h"
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void a_sum_with_something_unknown_in_it_is_unknown(void **state)
{
    static const struct {
        const char *why;
        enum source source;
        enum section errors;
        bool units_known;
        enum section waiting;
        struct snapshot_totals want;
        bool complete;
    } CASES[] = {
        {"all is known",
         SOURCE_CLOUD_LICENSING,
         SECTION_COMPLETE,
         true,
         SECTION_COMPLETE,
         {2, 30, 15, 4, 7, 1, 300},
         true},
        {"one item's units are not",
         SOURCE_CLOUD_LICENSING,
         SECTION_COMPLETE,
         false,
         SECTION_COMPLETE,
         {2, UNITS_UNKNOWN, UNITS_UNKNOWN, 4, 7, 1, 300},
         true},
        {"one waiting list is not",
         SOURCE_CLOUD_LICENSING,
         SECTION_COMPLETE,
         true,
         SECTION_UNKNOWN,
         {2, 30, 15, UNITS_UNKNOWN, 7, 1, 0},
         false},
        {"the errors are not",
         SOURCE_CLOUD_LICENSING,
         SECTION_UNKNOWN,
         true,
         SECTION_COMPLETE,
         {2, 30, 15, 4, UNITS_UNKNOWN, 1, 300},
         false},
        {"the source has no waiting rooms and no errors: complete, and not zero",
         SOURCE_SUBSCRIBED_SKUS,
         SECTION_NOT_OFFERED,
         true,
         SECTION_NOT_OFFERED,
         {2, 30, 15, UNITS_UNKNOWN, UNITS_UNKNOWN, 1, 0},
         true},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct allotment a[2] = {
            {.id = "a",
             .units_known = true,
             .allotted = 10,
             .consumed = 5,
             .waiting = {CASES[i].waiting == SECTION_NOT_OFFERED ? SECTION_NOT_OFFERED
                                                                 : SECTION_COMPLETE,
                         1, 500}},
            {.id = "b",
             .units_known = CASES[i].units_known,
             .allotted = 20,
             .consumed = 10,
             .waiting = {CASES[i].waiting, 3, 300}},
        };
        struct error_group g = {.code = "X", .count = 7};
        struct snapshot s = {.source = CASES[i].source,
                             .allotments = SECTION_COMPLETE,
                             .errors = CASES[i].errors,
                             .allotment = a,
                             .n_allotments = 2,
                             .n_skus = 1,
                             .error_group = &g,
                             .n_error_groups = 1};
        struct snapshot_totals t;
        snapshot_totals(&s, &t);
        if (CASES[i].errors != SECTION_COMPLETE)
            assert_int_equal(t.errors, UNITS_UNKNOWN);
        if (memcmp(&t, &CASES[i].want, sizeof t) != 0)
            fail_msg("%s", CASES[i].why);
        if (snapshot_complete(&s) != CASES[i].complete)
            fail_msg("complete: %s", CASES[i].why);
    }
}

static void a_sum_that_overflows_is_unknown(void **state)
{
    struct allotment a[2] = {
        {.id = "a", .units_known = true, .allotted = INT64_MAX, .consumed = 1},
        {.id = "b", .units_known = true, .allotted = 1, .consumed = 1},
    };
    struct snapshot s = {.source = SOURCE_CLOUD_LICENSING,
                         .allotments = SECTION_COMPLETE,
                         .allotment = a,
                         .n_allotments = 2};
    struct snapshot_totals t;
    (void)state;
    snapshot_totals(&s, &t);
    assert_int_equal(t.allotted, UNITS_UNKNOWN);
    assert_int_equal(t.consumed, 2);
}

static void an_empty_tenant_has_nobody_waiting_only_if_the_source_can_tell(void **state)
{
    struct snapshot s = {.source = SOURCE_CLOUD_LICENSING, .allotments = SECTION_COMPLETE};
    struct snapshot_totals t;
    (void)state;
    snapshot_totals(&s, &t);
    assert_int_equal(t.waiting, 0);
    assert_int_equal(t.allotments, 0);
    s.source = SOURCE_SUBSCRIBED_SKUS;
    snapshot_totals(&s, &t);
    assert_int_equal(t.waiting, UNITS_UNKNOWN);
    assert_int_equal(t.allotments, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sum_with_something_unknown_in_it_is_unknown),
        cmocka_unit_test(a_sum_that_overflows_is_unknown),
        cmocka_unit_test(an_empty_tenant_has_nobody_waiting_only_if_the_source_can_tell),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
