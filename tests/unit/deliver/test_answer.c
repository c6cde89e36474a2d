/* SPDX-License-Identifier: MIT */
/* tests/unit/deliver/test_answer.c: classes of answers, backoff, circuit and budget. */
#include "deliver/answer.h"
#include "some.h"

#define DICE (UINT32_MAX / 2) /* no jitter */
#define MONO (1000 * USEC_PER_HOUR)

static struct instant at(usec_t after)
{
    return (struct instant){some_time(SOME_AT) + after, MONO + after, 7};
}

static struct outbox_entry entry(int64_t id, uint32_t attempts)
{
    return (struct outbox_entry){.id = id, .attempts = attempts, .created_at = at(0).at};
}

static struct attempt_result settle(enum answer_class class, usec_t retry_after,
                                    const struct outbox_entry *e, usec_t after, struct health *h)
{
    struct answer a = {.retry_after = retry_after, .status = 503};
    struct attempt_result result;
    answer_set(&a, class, "HTTP 503 from https://hooks.example");
    answer_settle(&a, e, at(after), DICE, h, &result);
    return result;
}

static void every_status_has_a_class(void **state)
{
    static const struct {
        int status;
        enum answer_class plain, with_retry_after;
    } CASES[] = {
        {200, ANSWER_OK, ANSWER_OK},           {202, ANSWER_OK, ANSWER_OK},
        {204, ANSWER_OK, ANSWER_OK},           {299, ANSWER_OK, ANSWER_OK},
        {301, ANSWER_RETRY, ANSWER_RETRY},     {302, ANSWER_RETRY, ANSWER_RETRY},
        {308, ANSWER_RETRY, ANSWER_RETRY},     {400, ANSWER_RETRY, ANSWER_THROTTLED},
        {401, ANSWER_RETRY, ANSWER_THROTTLED}, {404, ANSWER_RETRY, ANSWER_THROTTLED},
        {408, ANSWER_RETRY, ANSWER_THROTTLED}, {410, ANSWER_GONE, ANSWER_GONE},
        {425, ANSWER_RETRY, ANSWER_THROTTLED}, {429, ANSWER_THROTTLED, ANSWER_THROTTLED},
        {500, ANSWER_RETRY, ANSWER_THROTTLED}, {502, ANSWER_RETRY, ANSWER_THROTTLED},
        {503, ANSWER_RETRY, ANSWER_THROTTLED}, {504, ANSWER_RETRY, ANSWER_THROTTLED},
        {100, ANSWER_RETRY, ANSWER_THROTTLED},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++)
        if (answer_class_of(CASES[i].status, false) != CASES[i].plain ||
            answer_class_of(CASES[i].status, true) != CASES[i].with_retry_after)
            fail_msg("%d", CASES[i].status);
    for (int s = -1; s <= 1000; s++)
        if (answer_class_of(s, false) == ANSWER_OK && (s < 200 || s > 299))
            fail_msg("%d counts as delivered", s);
}

static void waits_grow_from_5_seconds_to_15_minutes(void **state)
{
    static const usec_t WANT[] = {5, 30, 120, 300, 900, 900, 900};
    (void)state;
    for (uint32_t i = 0; i < N_ELEMENTS(WANT); i++) {
        struct health h = {0};
        const struct outbox_entry e = entry(1, i);
        struct attempt_result r = settle(ANSWER_RETRY, 0, &e, 0, &h);
        assert_int_equal(r.state, OUTBOX_QUEUED);
        assert_in_range(r.due_at - at(0).at, WANT[i] * USEC_PER_SEC * 99 / 100,
                        WANT[i] * USEC_PER_SEC * 101 / 100);
        assert_int_equal(r.status, 503);
        assert_string_equal(r.text, "HTTP 503 from https://hooks.example");
    }
}

static void retry_after_holds_for_the_whole_receiver_and_never_shortens(void **state)
{
    (void)state;
    struct health h = {0};
    const struct outbox_entry e = entry(1, 0), old = entry(2, 9);
    struct attempt_result r = settle(ANSWER_THROTTLED, USEC_PER_HOUR, &e, 0, &h);
    assert_int_equal(r.due_at, at(USEC_PER_HOUR).at);
    assert_int_equal(h.quiet_until_mono, MONO + USEC_PER_HOUR);
    r = settle(ANSWER_THROTTLED, USEC_PER_SEC, &old, 0, &h);
    assert_true(r.due_at > at(10 * USEC_PER_MINUTE).at);
}

static void a_success_forgets_the_failures(void **state)
{
    (void)state;
    struct health h = {0};
    for (int64_t id = 1; id <= CIRCUIT_ROWS; id++) {
        const struct outbox_entry e = entry(id, 0);
        (void)settle(ANSWER_RETRY, 0, &e, 0, &h);
    }
    assert_true(circuit_open(&h));
    const struct outbox_entry e = entry(1, 1);
    assert_int_equal(settle(ANSWER_OK, 0, &e, 0, &h).state, OUTBOX_DELIVERED);
    assert_false(circuit_open(&h));
    assert_true(h.quiet_until_mono == 0 && h.down_since_mono == 0 && h.failures == 0);
}

static void five_different_entries_open_the_circuit_and_one_alone_does_not(void **state)
{
    (void)state;
    struct health h = {0};
    const struct outbox_entry same = entry(1, 0);
    for (int i = 0; i < 50; i++)
        (void)settle(ANSWER_RETRY, 0, &same, 0, &h);
    assert_false(circuit_open(&h));
    assert_int_equal(h.quiet_until_mono, 0);
    for (int64_t id = 2; id <= CIRCUIT_ROWS; id++) {
        const struct outbox_entry e = entry(id, 0);
        (void)settle(ANSWER_RETRY, 0, &e, 0, &h);
    }
    assert_true(circuit_open(&h));
    usec_t first = h.quiet_until_mono - MONO;
    assert_in_range(first, 25 * USEC_PER_SEC, 35 * USEC_PER_SEC);
    for (int i = 0; i < 5; i++)
        (void)settle(ANSWER_RETRY, 0, &same, 0, &h);
    assert_in_range(h.quiet_until_mono - MONO, 14 * USEC_PER_MINUTE, 16 * USEC_PER_MINUTE);
}

static void an_entry_is_parked_by_age_only_if_the_receiver_was_seen_failing(void **state)
{
    static const struct {
        const char *why;
        enum answer_class class;
        usec_t down_for, age;
        enum outbox_state want;
    } CASES[] = {
        {"young", ANSWER_RETRY, 2 * USEC_PER_HOUR, 75 * USEC_PER_HOUR, OUTBOX_QUEUED},
        {"old, and down for long", ANSWER_RETRY, 76 * USEC_PER_HOUR, 76 * USEC_PER_HOUR,
         OUTBOX_PARKED},
        {"throttled for ever", ANSWER_THROTTLED, 70 * USEC_PER_HOUR, 77 * USEC_PER_HOUR,
         OUTBOX_PARKED},
        {"a frozen journald", ANSWER_BUSY, 70 * USEC_PER_HOUR, 77 * USEC_PER_HOUR, OUTBOX_PARKED},
        {"the machine was off for a week", ANSWER_RETRY, 0, 200 * USEC_PER_HOUR, OUTBOX_QUEUED},
        {"the wall clock jumped ten years", ANSWER_RETRY, 60 * USEC_PER_SEC, 90000 * USEC_PER_HOUR,
         OUTBOX_QUEUED},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct health h = {0};
        struct outbox_entry e = entry(1, 300);
        struct instant now = at(200000 * USEC_PER_HOUR);
        struct answer a = {.class = CASES[i].class};
        struct attempt_result r;
        e.created_at = now.at - CASES[i].age;
        h.down_since_mono = CASES[i].down_for ? now.mono - CASES[i].down_for : 0;
        answer_settle(&a, &e, now, DICE, &h, &r);
        if (r.state != CASES[i].want)
            fail_msg("%s", CASES[i].why);
    }
}

static void gone_disables_the_receiver_and_a_bad_message_only_parks_itself(void **state)
{
    (void)state;
    struct health h = {0};
    const struct outbox_entry e = entry(1, 0);
    assert_int_equal(settle(ANSWER_PERMANENT, 0, &e, 0, &h).state, OUTBOX_PARKED);
    assert_false(h.disabled);
    assert_int_equal(settle(ANSWER_GONE, 0, &e, 0, &h).state, OUTBOX_PARKED);
    assert_true(h.disabled);
}

static void a_full_local_sink_is_asked_again_soon_and_never_rarely(void **state)
{
    static const usec_t WANT[] = {1, 2, 4, 8, 16, 32, 60, 60};
    (void)state;
    struct health h = {0};
    const struct outbox_entry e = entry(1, 0);
    for (size_t i = 0; i < N_ELEMENTS(WANT); i++) {
        struct attempt_result r = settle(ANSWER_BUSY, 0, &e, 0, &h);
        assert_int_equal(r.due_at - at(0).at, WANT[i] * USEC_PER_SEC);
        assert_int_equal(h.quiet_until_mono - MONO, WANT[i] * USEC_PER_SEC);
    }
    assert_false(circuit_open(&h));
}

static void the_text_of_an_answer_is_one_clean_line(void **state)
{
    (void)state;
    struct answer a = {0};
    CLEANUP(free) char *flood = some_flood("\xe2\x82\xac", 500);
    answer_set(&a, ANSWER_RETRY, "two\nlines \x1b[31m%s", flood);
    assert_null(strchr(a.text, '\n'));
    assert_null(strchr(a.text, '\x1b'));
    assert_true(text_is_utf8(a.text, strlen(a.text)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_a_class),
        cmocka_unit_test(waits_grow_from_5_seconds_to_15_minutes),
        cmocka_unit_test(retry_after_holds_for_the_whole_receiver_and_never_shortens),
        cmocka_unit_test(a_success_forgets_the_failures),
        cmocka_unit_test(five_different_entries_open_the_circuit_and_one_alone_does_not),
        cmocka_unit_test(an_entry_is_parked_by_age_only_if_the_receiver_was_seen_failing),
        cmocka_unit_test(gone_disables_the_receiver_and_a_bad_message_only_parks_itself),
        cmocka_unit_test(a_full_local_sink_is_asked_again_soon_and_never_rarely),
        cmocka_unit_test(the_text_of_an_answer_is_one_clean_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
