/* SPDX-License-Identifier: MIT */
/* The latch table, cell by cell, and its hold timers. */
#include "alerts/step.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define MIN USEC_PER_MINUTE

static struct instant when(usec_t minutes)
{
    return (struct instant){.at = (1000 + minutes) * MIN, .mono = (10 + minutes) * MIN, .boot = 1};
}

static void every_cell_of_the_step_table_is_tested(void **state)
{
    /* by state and input: with a hold of nothing, and with a hold that is never over */
    static const struct {
        enum alert_state from;
        enum latch_input input;
        enum alert_state at_once, later;
    } CELLS[] = {
        {ALERT_OK, LATCH_UNKNOWN, ALERT_OK, ALERT_OK},
        {ALERT_OK, LATCH_CLEAR, ALERT_OK, ALERT_OK},
        {ALERT_OK, LATCH_BAND, ALERT_OK, ALERT_OK},
        {ALERT_OK, LATCH_BREACH, ALERT_FIRING, ALERT_PENDING},
        {ALERT_OK, LATCH_REMOVED, ALERT_OK, ALERT_OK},
        {ALERT_PENDING, LATCH_UNKNOWN, ALERT_PENDING, ALERT_PENDING},
        {ALERT_PENDING, LATCH_CLEAR, ALERT_OK, ALERT_OK},
        {ALERT_PENDING, LATCH_BAND, ALERT_OK, ALERT_OK},
        {ALERT_PENDING, LATCH_BREACH, ALERT_FIRING, ALERT_PENDING},
        {ALERT_PENDING, LATCH_REMOVED, ALERT_OK, ALERT_OK},
        {ALERT_FIRING, LATCH_UNKNOWN, ALERT_FIRING, ALERT_FIRING},
        {ALERT_FIRING, LATCH_CLEAR, ALERT_OK, ALERT_RECOVERING},
        {ALERT_FIRING, LATCH_BAND, ALERT_FIRING, ALERT_FIRING},
        {ALERT_FIRING, LATCH_BREACH, ALERT_FIRING, ALERT_FIRING},
        {ALERT_FIRING, LATCH_REMOVED, ALERT_OK, ALERT_OK},
        {ALERT_RECOVERING, LATCH_UNKNOWN, ALERT_RECOVERING, ALERT_RECOVERING},
        {ALERT_RECOVERING, LATCH_CLEAR, ALERT_OK, ALERT_RECOVERING},
        {ALERT_RECOVERING, LATCH_BAND, ALERT_FIRING, ALERT_FIRING},
        {ALERT_RECOVERING, LATCH_BREACH, ALERT_FIRING, ALERT_FIRING},
        {ALERT_RECOVERING, LATCH_REMOVED, ALERT_OK, ALERT_OK},
    };
    static const struct hold NOTHING = {.min_samples = 1, .outage_tolerance = 60 * MIN},
                             LONG = {.hold_for = 1000 * MIN, .keep_firing_for = 1000 * MIN, .min_samples = 99,
                                     .outage_tolerance = 60 * MIN};
    (void)state;
    assert_int_equal(sizeof CELLS / sizeof *CELLS, ALERT_STATE_COUNT_ * LATCH_INPUT_COUNT_);
    for (size_t i = 0; i < sizeof CELLS / sizeof *CELLS; i++) {
        struct instant then = when(0), now = when(5);
        struct latch one = {.state = CELLS[i].from, .observations = 1, .last = then}, two = one;
        enum alert_state a = latch_step(&one, CELLS[i].input, &NOTHING, &now);
        enum alert_state b = latch_step(&two, CELLS[i].input, &LONG, &now);
        if (a != CELLS[i].at_once || b != CELLS[i].later || one.state != a || two.state != b)
            fail_msg("from %s on input %d: %s and %s", alert_state_name(CELLS[i].from),
                     (int)CELLS[i].input, alert_state_name(a), alert_state_name(b));
    }
}

struct tick {
    usec_t minute;
    enum latch_input input;
    enum alert_state want;
};

static void run(const char *why, const struct hold *hold, const struct tick *t, size_t n)
{
    struct latch l = {0};
    for (size_t i = 0; i < n; i++) {
        struct instant now = when(t[i].minute);
        enum alert_state got = latch_step(&l, t[i].input, hold, &now);
        if (got != t[i].want)
            fail_msg("%s: at minute %d it is %s", why, (int)t[i].minute, alert_state_name(got));
    }
}
#define RUN(why, hold, ...)                            \
    run(why, hold, (const struct tick[]){__VA_ARGS__}, \
        sizeof((const struct tick[]){__VA_ARGS__}) / sizeof(struct tick))

static const struct hold USUAL = {.hold_for = 15 * MIN,
                                  .keep_firing_for = 10 * MIN,
                                  .min_samples = 2,
                                  .outage_tolerance = 60 * MIN};

static void a_breach_fires_after_its_time_and_its_observations(void **state)
{
    static const struct hold OBSERVATIONS = {.min_samples = 3, .outage_tolerance = 60 * MIN};
    (void)state;
    RUN("time", &USUAL, {0, LATCH_BREACH, ALERT_PENDING}, {5, LATCH_BREACH, ALERT_PENDING},
        {14, LATCH_BREACH, ALERT_PENDING}, {15, LATCH_BREACH, ALERT_FIRING});
    RUN("samples", &OBSERVATIONS, {0, LATCH_BREACH, ALERT_PENDING},
        {30, LATCH_BREACH, ALERT_PENDING}, {31, LATCH_BREACH, ALERT_FIRING});
}

static void a_dip_below_the_raising_limit_starts_the_hold_over(void **state)
{
    (void)state;
    RUN("band", &USUAL, {0, LATCH_BREACH, ALERT_PENDING}, {10, LATCH_BREACH, ALERT_PENDING},
        {12, LATCH_BAND, ALERT_OK}, {14, LATCH_BREACH, ALERT_PENDING},
        {20, LATCH_BREACH, ALERT_PENDING}, {29, LATCH_BREACH, ALERT_FIRING});
}

static void recovery_takes_unbroken_clear_observations(void **state)
{
    (void)state;
    RUN("wobble", &USUAL, {0, LATCH_BREACH, ALERT_PENDING}, {15, LATCH_BREACH, ALERT_FIRING},
        {20, LATCH_CLEAR, ALERT_RECOVERING}, {25, LATCH_CLEAR, ALERT_RECOVERING},
        {27, LATCH_BAND, ALERT_FIRING}, {30, LATCH_CLEAR, ALERT_RECOVERING},
        {39, LATCH_CLEAR, ALERT_RECOVERING}, {40, LATCH_CLEAR, ALERT_OK});
}

static void unknown_stops_the_clock_and_keeps_what_was_counted(void **state)
{
    (void)state;
    RUN("pending", &USUAL, {0, LATCH_BREACH, ALERT_PENDING}, {10, LATCH_BREACH, ALERT_PENDING},
        {15, LATCH_UNKNOWN, ALERT_PENDING}, {20, LATCH_UNKNOWN, ALERT_PENDING},
        {25, LATCH_BREACH, ALERT_PENDING} /* adds nothing */, {29, LATCH_BREACH, ALERT_PENDING},
        {30, LATCH_BREACH, ALERT_FIRING});
    RUN("recovering", &USUAL, {0, LATCH_BREACH, ALERT_PENDING}, {15, LATCH_BREACH, ALERT_FIRING},
        {20, LATCH_CLEAR, ALERT_RECOVERING}, {29, LATCH_UNKNOWN, ALERT_RECOVERING},
        {500, LATCH_CLEAR, ALERT_RECOVERING}, {509, LATCH_CLEAR, ALERT_RECOVERING},
        {510, LATCH_CLEAR, ALERT_OK});
    RUN("ok", &USUAL, {0, LATCH_UNKNOWN, ALERT_OK}, {5, LATCH_UNKNOWN, ALERT_OK});
}

static void gap_without_polls_is_no_evidence(void **state)
{
    (void)state;
    RUN("pending", &USUAL, {0, LATCH_BREACH, ALERT_PENDING}, {61, LATCH_BREACH, ALERT_PENDING},
        {70, LATCH_BREACH, ALERT_PENDING}, {76, LATCH_BREACH, ALERT_FIRING});
    RUN("short enough", &USUAL, {0, LATCH_BREACH, ALERT_PENDING}, {60, LATCH_BREACH, ALERT_FIRING});
    RUN("recovering", &USUAL, {0, LATCH_BREACH, ALERT_PENDING}, {15, LATCH_BREACH, ALERT_FIRING},
        {20, LATCH_CLEAR, ALERT_RECOVERING}, {90, LATCH_CLEAR, ALERT_RECOVERING},
        {99, LATCH_CLEAR, ALERT_RECOVERING}, {100, LATCH_CLEAR, ALERT_OK});
}

static void a_jump_of_the_wall_clock_moves_no_timer(void **state)
{
    struct latch l = {0};
    struct instant now = when(0);
    (void)state;
    assert_int_equal(latch_step(&l, LATCH_BREACH, &USUAL, &now), ALERT_PENDING);
    now = when(5);
    now.at += 10 * 365 * USEC_PER_DAY;
    assert_int_equal(latch_step(&l, LATCH_BREACH, &USUAL, &now), ALERT_PENDING);
    now = when(14);
    now.at = 0;
    assert_int_equal(latch_step(&l, LATCH_BREACH, &USUAL, &now), ALERT_PENDING);
    now = when(15);
    assert_int_equal(latch_step(&l, LATCH_BREACH, &USUAL, &now), ALERT_FIRING);
}

static void after_a_reboot_the_wall_clock_measures(void **state)
{
    struct latch l = {0};
    struct instant now = when(0);
    (void)state;
    (void)latch_step(&l, LATCH_BREACH, &USUAL, &now);
    now = (struct instant){.at = now.at + 20 * MIN, .mono = MIN, .boot = 2};
    assert_int_equal(latch_step(&l, LATCH_BREACH, &USUAL, &now), ALERT_FIRING);
}

int main(void)
{
    static const struct CMUnitTest TESTS[] = {
        cmocka_unit_test(every_cell_of_the_step_table_is_tested),
        cmocka_unit_test(a_breach_fires_after_its_time_and_its_observations),
        cmocka_unit_test(a_dip_below_the_raising_limit_starts_the_hold_over),
        cmocka_unit_test(recovery_takes_unbroken_clear_observations),
        cmocka_unit_test(unknown_stops_the_clock_and_keeps_what_was_counted),
        cmocka_unit_test(gap_without_polls_is_no_evidence),
        cmocka_unit_test(a_jump_of_the_wall_clock_moves_no_timer),
        cmocka_unit_test(after_a_reboot_the_wall_clock_measures),
    };
    return cmocka_run_group_tests(TESTS, NULL, NULL);
}
