/* SPDX-License-Identifier: MIT */
/* Names of events and states, and copies of notifications. */
#include "alerts/notification.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void names_are_those_of_the_manual_and_are_read_back(void **state)
{
    static const char *const NAMES[] = {"alert.firing",  "alert.escalated", "alert.deescalated",
                                        "alert.updated", "alert.reminder",  "alert.resolved",
                                        "alert.acknowledged", "alert.digest", "receiver.test",
                                        "alert.info"};
    (void)state;
    assert_int_equal(sizeof NAMES / sizeof *NAMES, EVENT_TYPE_COUNT_);
    for (int i = 0; i < EVENT_TYPE_COUNT_; i++) {
        assert_string_equal(event_type_name((enum event_type)i), NAMES[i]);
        assert_int_equal(event_type_parse(NAMES[i]), i);
    }
    assert_int_equal(event_type_parse("alert.on_fire"), -EINVAL);
    assert_string_equal(alert_state_name(ALERT_OK), "ok");
    assert_string_equal(alert_state_name(ALERT_PENDING), "pending");
    assert_string_equal(alert_state_name(ALERT_FIRING), "firing");
    assert_string_equal(alert_state_name(ALERT_RECOVERING), "recovering");
}

static void a_copy_has_everything_and_stands_alone(void **state)
{
    struct notification *n = calloc(1, sizeof *n), *copy = NULL;
    (void)state;
    n->title = strdup("title");
    n->summary = strdup("summary");
    n->description = strdup("description");
    n->next_step = strdup("next");
    n->seq = 41;
    n->finding[RULE_USAGE] = true;
    n->reason = "rule_removed";
    assert_int_equal(context_new(&n->context), 0);
    n->context->receiver = strdup("hook");
    assert_int_equal(notification_copy(n, &copy), 0);
    notification_free(n);
    assert_string_equal(copy->title, "title");
    assert_string_equal(copy->summary, "summary");
    assert_string_equal(copy->description, "description");
    assert_string_equal(copy->next_step, "next");
    assert_string_equal(copy->context->receiver, "hook");
    assert_string_equal(copy->reason, "rule_removed");
    assert_int_equal(copy->seq, 41);
    assert_true(copy->finding[RULE_USAGE]);
    notification_free(copy);
    notification_free(NULL);
}

static void a_bare_notification_can_be_copied(void **state)
{
    struct notification n = {.type = EVENT_TEST}, *copy = NULL;
    (void)state;
    assert_int_equal(notification_copy(&n, &copy), 0);
    assert_null(copy->context);
    assert_null(copy->title);
    notification_free(copy);
}

int main(void)
{
    static const struct CMUnitTest TESTS[] = {
        cmocka_unit_test(names_are_those_of_the_manual_and_are_read_back),
        cmocka_unit_test(a_copy_has_everything_and_stands_alone),
        cmocka_unit_test(a_bare_notification_can_be_copied),
    };
    return cmocka_run_group_tests(TESTS, NULL, NULL);
}
