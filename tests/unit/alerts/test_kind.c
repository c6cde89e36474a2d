/* SPDX-License-Identifier: MIT */
/* The table of alert kinds. */
#include "alerts/kind.h"

#include "alerts/texts.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* Names are hashed into alert ids and stand in the database: they never change. */
static void every_kind_has_the_name_that_ids_are_made_of(void **state)
{
    static const char *const NAMES[KIND_COUNT_] = {
        [KIND_CAPACITY] = "capacity", [KIND_SUBSCRIPTION] = "subscription", [KIND_ERRORS] = "errors",
        [KIND_POLL] = "poll",         [KIND_DELIVERY] = "delivery",         [KIND_RIGHT] = "right",
        [KIND_SERVICE] = "service",   [KIND_CREDENTIAL] = "credential",   [KIND_STORM] = "storm",
        [KIND_INVENTORY] = "inventory",
        [KIND_UNUSED] = "unused",
    };
    (void)state;
    for (int k = 0; k < KIND_COUNT_; k++) {
        assert_string_equal(kind_name((enum kind)k), NAMES[k]);
        assert_int_equal(kind_parse(NAMES[k]), k);
    }
    assert_int_equal(kind_parse("Capacity"), -EINVAL);
    assert_int_equal(kind_parse(""), -EINVAL);
}

static void every_kind_has_words_and_a_detail_of_its_context(void **state)
{
    (void)state;
    for (int k = 0; k < KIND_COUNT_; k++) {
        const struct kind_row *row = kind_row((enum kind)k);
        assert_non_null(row->words);
        for (size_t i = 0; i < DETAIL_MAX && row->detail[i].name; i++) {
            const struct detail_field *d = &row->detail[i];
            assert_in_range(d->at, 0,
                            (d->of_subscription ? sizeof(struct context_subscription)
                                                : sizeof(struct alert_context)) -
                                1);
            assert_true(!d->rules || (d->as == DETAIL_NUMBER && !d->of_subscription));
        }
    }
}

/* A rule that a row names must be one that exists. */
static void details_are_bound_to_rules_that_exist(void **state)
{
    (void)state;
    for (int k = 0; k < KIND_COUNT_; k++)
        for (size_t i = 0; i < DETAIL_MAX && kind_row((enum kind)k)->detail[i].name; i++)
            assert_int_equal(kind_row((enum kind)k)->detail[i].rules >> RULE_COUNT_, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_has_the_name_that_ids_are_made_of),
        cmocka_unit_test(every_kind_has_words_and_a_detail_of_its_context),
        cmocka_unit_test(details_are_bound_to_rules_that_exist),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
