/* SPDX-License-Identifier: MIT */
/* The end of a loss of capacity that was notified: whoever was told hears it, with its reason. */
#include "base/cleanup.h"
#include "fixtures/observations.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static int setup(void **state)
{
    static struct engine_fixture d;
    engine_open(&d);
    *state = &d;
    return 0;
}

static int teardown(void **state)
{
    engine_close(*state);
    return 0;
}

static const char *reason_of(const struct engine_fixture *d)
{
    const char *reason = engine_notification(d, 0)->reason;
    return reason ? reason : "";
}

/* 100 units became 80, and 90 % or more of them are in use. */
#define FULL_DROP(...) A_POOL(.allotted = 80, .consumed = 75, .reference = 100, __VA_ARGS__)
#define OVER_DROP(...) A_POOL(.allotted = 80, .consumed = 85, .reference = 100, __VA_ARGS__)

static void end_of_a_drop_is_an_update_while_the_pool_is_nearly_full(void **state)
{
    static const struct {
        const char *why;
        struct pool_spec before, after;
        const char *want, *reason, *title;
    } CASES[] = {
        {"restored",
         {.allotted = 80, .consumed = 75, .reference = 100},
         {.allotted = 100, .consumed = 95},
         "updated warning usage",
         "restored",
         "contoso: capacity restored: Microsoft 365 E5 is 95 % full: 5 of 100 units left"},
        {"new normal",
         {.allotted = 80, .consumed = 75, .reference = 100},
         {.allotted = 80, .consumed = 75, .reference = 100, .normal = true},
         "updated warning usage",
         "new_normal",
         "contoso: 80 units are the new normal: Microsoft 365 E5 is 93.75 % full: 5 of 80 units left"},
        {"critical becomes warning",
         {.allotted = 80, .consumed = 85, .reference = 100},
         {.allotted = 90, .consumed = 85, .reference = 100, .normal = true},
         "updated warning usage",
         "new_normal",
         "contoso: 90 units are the new normal: Microsoft 365 E5 is 94.44 % full: 5 of 90 units left"},
        {"nothing else is wrong",
         {.allotted = 80, .consumed = 40, .reference = 100},
         {.allotted = 80, .consumed = 40, .reference = 100, .normal = true},
         "resolved warning capacity_drop",
         "new_normal",
         "contoso: no longer reported: Microsoft 365 E5: 80 units are the new normal"},
        {"nothing else is wrong, and the units are back",
         {.allotted = 80, .consumed = 40, .reference = 100},
         {.allotted = 100, .consumed = 40},
         "resolved warning capacity_drop",
         "restored",
         "contoso: resolved after 12 h: Microsoft 365 E5 has 60 of 100 units free"},
        {"the pool is listed again",
         {.allotted = 80, .consumed = 75, .gone = true},
         {.allotted = 80, .consumed = 75, .waiting = 1},
         "updated warning waiting",
         "restored",
         "contoso: capacity restored: Microsoft 365 E5: 1 waiting although 5 are free: reprocess the "
         "assignments; do not buy"},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct engine_fixture d;
        engine_open(&d);
        if (CASES[i].before.gone)
            (void)POLL(&d, A_POOL(.allotted = 80, .consumed = 75, .waiting = 1));
        (void)POLL(&d, a_pool(&CASES[i].before));
        engine_pass(&d, HOURS(12));
        const char *said = POLL(&d, a_pool(&CASES[i].after));
        if (strcmp(said, CASES[i].want) != 0)
            fail_msg("%s: \"%s\"", CASES[i].why, said);
        const struct notification *n = engine_notification(&d, 0);
        if (strcmp(reason_of(&d), CASES[i].reason) != 0 || strcmp(n->title, CASES[i].title) != 0)
            fail_msg("%s: %s, \"%s\"", CASES[i].why, reason_of(&d), n->title);
        if (n->type == EVENT_UPDATED && !d.last->event[0].to_notified)
            fail_msg("%s: not to those who were told", CASES[i].why);
        if (*POLL(&d, a_pool(&CASES[i].after)))
            fail_msg("%s: said twice", CASES[i].why);
        engine_close(&d);
    }
}

static void lowered_severity_is_named_in_the_update(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, OVER_DROP());
    assert_string_equal(POLL(d, A_POOL(.allotted = 100, .consumed = 95)), "updated warning usage");
    assert_int_equal(engine_notification(d, 0)->previous, LEVEL_CRITICAL);
    assert_non_null(strstr(engine_notification(d, 0)->description, "The loss of capacity is over"));
}

static void acknowledged_drop_of_a_pool_that_stays_nearly_full_is_an_update(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, FULL_DROP());
    char id[ALERT_ID_TEXT];
    struct silence a = {.author = (char *)"ann",
                        .comment = (char *)"fewer people",
                        .created = d->now,
                        .start_at = d->now.at,
                        .episode = 1,
                        .alert_id = memcpy(id, engine_alert(d, KIND_CAPACITY, "pool-a")->id, sizeof id)};
    (void)engine_acknowledge(d, &a);
    d->silences = (struct silences){&a, 1};
    assert_string_equal(POLL(d, FULL_DROP(.normal = true)), "updated warning usage");
    assert_string_equal(reason_of(d), "acknowledged");
    assert_non_null(strstr(engine_notification(d, 0)->description, "because it was acknowledged"));
}

/* A message that the resolved one follows within minutes says nothing. */
static void end_of_a_drop_waits_while_the_other_findings_recover(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, FULL_DROP());
    struct observation s = A_POOL(.allotted = 100, .consumed = 50);
    for (size_t i = 0; i < s.n_findings; i++)
        if (s.finding[i].rule == RULE_USAGE)
            s.finding[i].keep_firing_for = MINUTES(10);
    assert_string_equal(POLL(d, s), "");
    engine_pass(d, MINUTES(10));
    assert_string_equal(POLL(d, A_POOL(.allotted = 100, .consumed = 50)), "resolved warning usage");
    assert_string_equal(reason_of(d), "restored");
}

static void silence_does_not_withhold_the_end_of_a_drop(void **state)
{
    struct engine_fixture *d = *state;
    struct silence s = {.id = (char *)"s", .start_at = d->now.at + 1, .end_at = d->now.at + HOURS(5),
                        .hold = true};
    (void)POLL(d, FULL_DROP());
    d->silences = (struct silences){&s, 1};
    engine_pass(d, HOURS(1));
    assert_string_equal(POLL(d, A_POOL(.allotted = 100, .consumed = 95)), "updated warning usage");
    assert_true(engine_notification(d, 0)->silenced);
}

/* ... nor does a drop that was never notified have one. */
static void drop_that_nobody_was_told_of_ends_silently(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, A_POOL(.allotted = 100, .consumed = 95));
    (void)POLL(d, FULL_DROP(.silent = true));
    assert_string_equal(POLL(d, A_POOL(.allotted = 100, .consumed = 95)), "");
    (void)POLL(d, FULL_DROP());
    (void)POLL(d, FULL_DROP(.normal = true, .silent = true));
    assert_string_equal(POLL(d, A_POOL(.allotted = 80, .consumed = 75)), "");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(end_of_a_drop_is_an_update_while_the_pool_is_nearly_full),
        TEST(lowered_severity_is_named_in_the_update),
        TEST(acknowledged_drop_of_a_pool_that_stays_nearly_full_is_an_update),
        TEST(end_of_a_drop_waits_while_the_other_findings_recover),
        TEST(silence_does_not_withhold_the_end_of_a_drop),
        TEST(drop_that_nobody_was_told_of_ends_silently),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
