/* SPDX-License-Identifier: MIT */
/* Words of a subscription. */
#include "base/cleanup.h"
#include "model/subscription.h"
#include <ctype.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
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

static void equal_ones_are_one_and_two_of_one_id_contradict_each_other(void **state)
{
    static const struct {
        const char *ids; /* a letter each; in upper case it says something else */
        int want;
        const char *left;
    } CASES[] = {{"", 0, ""},          {"a", 0, "a"},         {"cab", 0, "cab"},
                 {"cacbca", 0, "cab"}, {"abA", -EEXIST, NULL}, {"Aa", -EEXIST, NULL}};
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        size_t n = strlen(CASES[i].ids), all = n;
        struct subscription *list = calloc(n + 1, sizeof *list);
        for (size_t k = 0; k < n; k++) {
            char id[2] = {(char)tolower(CASES[i].ids[k]), '\0'};
            list[k] = (struct subscription){.id = strdup(id), .trial = CASES[i].ids[k] < 'a'};
        }
        assert_int_equal(subscriptions_unify(list, &n), CASES[i].want);
        if (CASES[i].left)
            assert_int_equal(n, strlen(CASES[i].left));
        for (size_t k = 0; CASES[i].left && k < n; k++)
            assert_int_equal(list[k].id[0], CASES[i].left[k]);
        subscriptions_free(list, CASES[i].left ? n : all);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_of_states_counts_as_its_worst_member),
        cmocka_unit_test(trial_is_found_among_other_tags),
        cmocka_unit_test(equal_ones_are_one_and_two_of_one_id_contradict_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
