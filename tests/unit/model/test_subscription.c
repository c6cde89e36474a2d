/* SPDX-License-Identifier: MIT */
/* Words of a subscription. */
#include "base/cleanup.h"
#include "model/subscription.h"
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void a_list_of_states_counts_as_its_worst_member(void **state)
{
    static const struct {
        const char *text;
        enum subscription_state want;
    } CASES[] = {
        {"active", SUBSCRIPTION_ACTIVE},
        {"warning", SUBSCRIPTION_WARNING},
        {"suspended", SUBSCRIPTION_SUSPENDED},
        {"lockedOut", SUBSCRIPTION_LOCKED_OUT},
        {"deleted", SUBSCRIPTION_DELETED},
        {"LOCKEDOUT", SUBSCRIPTION_LOCKED_OUT},
        {"active,warning", SUBSCRIPTION_WARNING},
        {" suspended , active ", SUBSCRIPTION_SUSPENDED},
        {"unknownFutureValue", SUBSCRIPTION_UNKNOWN},
        {"active,paused", SUBSCRIPTION_UNKNOWN},
        {"deleted,paused", SUBSCRIPTION_UNKNOWN},
        {"activeish", SUBSCRIPTION_UNKNOWN},
        {"activ", SUBSCRIPTION_UNKNOWN},
        {"active,", SUBSCRIPTION_UNKNOWN},
        {"", SUBSCRIPTION_UNKNOWN},
        {NULL, SUBSCRIPTION_UNKNOWN},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++)
        if (subscription_state_parse(CASES[i].text) != CASES[i].want)
            fail_msg("\"%s\"", CASES[i].text ? CASES[i].text : "NULL");
}

static void trial_is_found_among_other_tags(void **state)
{
    (void)state;
    assert_true(subscription_tags_trial("trial"));
    assert_true(subscription_tags_trial("unknownFutureValue, Trial"));
    assert_false(subscription_tags_trial("none"));
    assert_false(subscription_tags_trial("trials"));
    assert_false(subscription_tags_trial(""));
    assert_false(subscription_tags_trial(NULL));
}

static void a_copy_owns_its_strings(void **state)
{
    struct subscription a = {.id = "s-1",
                             .state = SUBSCRIPTION_WARNING,
                             .state_text = "warning",
                             .start_date = 100,
                             .next_lifecycle_date = 200};
    struct subscription b;
    (void)state;
    assert_int_equal(subscription_copy(&b, &a), 0);
    assert_string_equal(b.id, "s-1");
    assert_ptr_not_equal(b.id, a.id);
    assert_null(b.tags_text);
    assert_int_equal(b.next_lifecycle_date, 200);
    subscription_clear(&b);
    assert_null(b.id);
    assert_int_equal(b.start_date, DATE_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_of_states_counts_as_its_worst_member),
        cmocka_unit_test(trial_is_found_among_other_tags),
        cmocka_unit_test(a_copy_owns_its_strings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
