/* SPDX-License-Identifier: MIT */
/* Silences: when they are in force, what they suppress, what breaks them, and what follows them. */
#include "alerts/kind.h"
#include "base/date.h"
#include "fixtures/observations.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* ---- time ---- */

static usec_t at(const char *text)
{
    usec_t t = 0;
    assert_int_equal(rfc3339_parse(text, &t), 0);
    return t;
}

/* Minutes of the 30 hours after `from` in which the window is open. */
static unsigned minutes_open(const char *weekly, const char *zone, const char *from)
{
    struct silence s = {0};
    unsigned n = 0;
    assert_int_equal(hours_parse(weekly, &s.weekly, NULL), 0);
    for (usec_t t = at(from), end = t + HOURS(30); t < end; t += USEC_PER_MINUTE) {
        struct zone z;
        assert_int_equal(clock_zone(zone, t, &z), 0);
        s.utc_offset = z.offset;
        n += silence_is_active(&s, &(struct instant){.at = t});
    }
    return n;
}

static void weekly_window_follows_the_clock_of_its_zone(void **state)
{
    static const struct {
        const char *weekly, *zone, *from;
        unsigned minutes;
    } CASES[] = {
        {"Sun 01:00-04:00", "Europe/Berlin", "2026-10-24T22:00:00Z", 240}, /* 02:00 comes twice */
        {"Sun 01:00-04:00", "Europe/Berlin", "2027-03-27T23:00:00Z", 120}, /* 02:00 is skipped */
        {"Sun 01:00-04:00", "Europe/Berlin", "2026-11-21T23:00:00Z", 180},
        {"Sun 01:00-04:00", "UTC", "2026-10-24T22:00:00Z", 180},
        {"Mon-Fri 22:00-06:00", "Europe/Berlin", "2026-11-27T12:00:00Z", 480}, /* Friday into Saturday */
        {"Mon-Fri 22:00-06:00", "Europe/Berlin", "2026-11-28T12:00:00Z", 0},   /* Saturday */
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        unsigned n = minutes_open(CASES[i].weekly, CASES[i].zone, CASES[i].from);
        if (n != CASES[i].minutes)
            fail_msg("%s %s after %s: %u minutes, not %u", CASES[i].weekly, CASES[i].zone, CASES[i].from, n,
                     CASES[i].minutes);
    }
}

static void window_over_midnight_ends_in_the_morning_after(void **state)
{
    static const struct {
        const char *at;
        bool open;
    } CASES[] = {
        {"2026-11-23T21:59:59Z", false}, {"2026-11-23T22:00:00Z", true}, /* Monday */
        {"2026-11-24T05:59:59Z", true},  {"2026-11-24T06:00:00Z", false},
        {"2026-11-28T05:59:59Z", true},  {"2026-11-28T22:00:00Z", false}, /* Saturday */
        {"2026-11-23T05:00:00Z", false},                                  /* Monday: Sunday has none */
    };
    struct silence s = {0};
    (void)state;
    assert_int_equal(hours_parse("Mon-Fri 22:00-06:00", &s.weekly, NULL), 0);
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++)
        if (silence_is_active(&s, &(struct instant){.at = at(CASES[i].at)}) != CASES[i].open)
            fail_msg("%s", CASES[i].at);
}

/* Hours since the silence was made at T0 + 0 h, by the boot-time clock and by the wall clock. */
static void given_end_is_absolute_and_a_duration_is_not(void **state)
{
    static const struct {
        const char *why;
        bool lasts, rebooted;
        int64_t mono, wall;
        bool over, past;
    } CASES[] = {
        {"for 2h, after 1 h", true, false, 1, 1, false, false},
        {"for 2h, after 2 h", true, false, 2, 2, true, true},
        {"for 2h, clock set ten years ahead", true, false, 1, 87600, false, false},
        {"for 2h, clock set an hour back", true, false, 2, 1, true, true},
        {"for 2h, after a reboot only the wall clock is known", true, true, 0, 2, true, true},
        {"until, after 2 h", false, false, 2, 2, true, true},
        {"until, clock set ten years ahead, and perhaps back again", false, false, 1, 87600, true, false},
        {"until, clock set an hour back", false, false, 2, 1, false, false},
        {"until, both have passed", false, false, 3, 2, true, true},
        {"until, after a reboot only the wall clock is known", false, true, 0, 2, true, true},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        const struct silence s = {.created = {T0, HOURS(1), 7},
                                  .end_at = T0 + HOURS(2),
                                  .lasts = CASES[i].lasts};
        const struct instant now = {T0 + HOURS((usec_t)CASES[i].wall), HOURS(1 + (usec_t)CASES[i].mono),
                                    CASES[i].rebooted ? 8 : 7};
        if (silence_is_over(&s, &now) != CASES[i].over || silence_is_past(&s, &now) != CASES[i].past)
            fail_msg("%s", CASES[i].why);
    }
}

/* The same; the begin is an hour after T0. */
static void given_begin_is_absolute_and_without_one_it_is_in_force_at_once(void **state)
{
    static const struct {
        const char *why;
        bool given;
        int64_t mono, wall;
        bool active;
    } CASES[] = {
        {"at once", false, 0, 0, true},
        {"the clock was a day ahead when it was made", false, 0, -24, true},
        {"the clock was a day late when it was made", false, 0, 24, true},
        {"not yet", true, 0, 0, false},
        {"the wall clock is set behind the begin", true, 0, 1, true},
        {"an hour later, and the clock is set an hour back", true, 1, 0, false},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        const struct silence s = {.created = {T0, HOURS(1), 7},
                                  .start_at = CASES[i].given ? T0 + HOURS(1) : 0,
                                  .end_at = T0 + HOURS(48)};
        const struct instant now = {T0 + HOURS((usec_t)CASES[i].wall), HOURS(1 + (usec_t)CASES[i].mono), 7};
        if (silence_is_active(&s, &now) != CASES[i].active)
            fail_msg("%s", CASES[i].why);
        if (!CASES[i].given)
            assert_true(silence_begin_at(&s, &now) == now.at);
    }
}

static void times_are_shown_by_the_clock_as_it_is_now(void **state)
{
    const struct instant now = {T0, HOURS(2), 7}; /* an hour later; the clock was a day ahead */
    const struct silence s = {.created = {T0 + HOURS(23), HOURS(1), 7}, .end_at = T0 + HOURS(25), .lasts = true};
    (void)state;
    assert_true(silence_begin_at(&s, &now) == T0 - HOURS(1));
    assert_true(silence_end_at(&s, &now) == T0 + HOURS(1));
}

/* ---- alerts ---- */

static struct receiver_traits CHAT = {.name = (char *)"chat", .wants_reminders = true};

static int setup(void **state)
{
    static struct engine_fixture d;
    engine_open(&d);
    d.routes.receiver = &CHAT;
    d.routes.n_receivers = 1;
    d.options.repeat.every[LEVEL_CRITICAL] = HOURS(4);
    d.options.repeat.growth = 2;
    d.options.repeat.cap = 7 * USEC_PER_DAY;
    *state = &d;
    return 0;
}
static int teardown(void **state)
{
    engine_close(*state);
    return 0;
}

static struct observation pool(int64_t consumed, int64_t waiting)
{
    return A_POOL(.allotted = 100, .consumed = consumed, .waiting = waiting);
}
#define CLEAR pool(1, 0)
#define WARNING pool(95, 0)
#define CRITICAL pool(101, 0)

/* One silence of this tenant from now on. */
static void silence_for(struct engine_fixture *d, struct silence *s, usec_t lasts, bool hold)
{
    *s = (struct silence){.id = (char *)"s",
                          .match = {.tenant = (char *)"contoso"},
                          .created = d->now,
                          .end_at = d->now.at + lasts,
                          .lasts = true,
                          .hold = hold};
    d->silences = (struct silences){s, 1};
}

static const struct alert *it(const struct engine_fixture *d)
{
    return engine_alert(d, KIND_CAPACITY, "pool-a");
}

/* A poll five minutes later. */
static const char *poll(struct engine_fixture *d, struct observation s)
{
    engine_pass(d, MINUTES(5));
    return POLL(d, s);
}

static void silenced_alert_is_notified_after_the_silence(void **state)
{
    struct engine_fixture *d = *state;
    struct silence s;
    silence_for(d, &s, HOURS(1), false);
    assert_string_equal(poll(d, WARNING), "");
    assert_int_equal(it(d)->state, ALERT_FIRING);
    assert_string_equal(engine_unsilenced(d), "");
    engine_pass(d, HOURS(1));
    assert_string_equal(POLL(d, WARNING), ""); /* left to the next call */
    assert_string_equal(engine_unsilenced(d), "firing warning usage");
    assert_string_equal(engine_notification(d, 0)->reason, "unsilenced");
    assert_non_null(strstr(engine_notification(d, 0)->description, "This alert was silenced until now."));
    assert_string_equal(engine_unsilenced(d), "");
    assert_string_equal(poll(d, WARNING), "");
}

static void end_of_a_silence_during_a_restart_is_not_missed(void **state)
{
    struct engine_fixture *d = *state;
    struct silence s;
    silence_for(d, &s, HOURS(1), false);
    (void)poll(d, WARNING);
    d->silences.n = 0; /* expired and removed meanwhile */
    engine_restart(d, HOURS(2), true);
    assert_string_equal(engine_unsilenced(d), "firing warning usage");
}

static void unchanged_alert_says_nothing_after_the_silence(void **state)
{
    struct engine_fixture *d = *state;
    struct silence s;
    assert_string_equal(poll(d, CRITICAL), "firing critical remaining");
    silence_for(d, &s, HOURS(6), false);
    assert_string_equal(poll(d, CRITICAL), "");
    engine_pass(d, HOURS(5));
    assert_string_equal(engine_remind(d), ""); /* due after 4 h */
    engine_pass(d, HOURS(1));
    assert_string_equal(engine_unsilenced(d), "");
    assert_string_equal(engine_remind(d), "reminder critical remaining");
}

static void end_of_an_alert_is_notified_at_once_in_a_silence(void **state)
{
    struct engine_fixture *d = *state;
    struct silence s;
    (void)poll(d, WARNING);
    silence_for(d, &s, HOURS(1), true);
    assert_string_equal(poll(d, CLEAR), "resolved warning usage");
    /* One that was never notified ends in silence. */
    assert_string_equal(poll(d, WARNING), "");
    assert_string_equal(poll(d, CLEAR), "");
    assert_int_equal(it(d)->silenced.at, 0);
}

static void silence_breaks_when_the_alert_gets_worse(void **state)
{
    static const struct {
        const char *why;
        int64_t consumed[2], waiting[2]; /* when it is silenced, and later */
        const char *said;
    } CASES[] = {
        {"the same", {95, 95}, {0, 0}, ""},
        {"more in use at the same level", {95, 99}, {0, 0}, ""},
        {"level up", {95, 101}, {0, 0}, "escalated critical remaining"},
        {"first waiting member", {95, 95}, {0, 1}, "updated warning waiting"},
        {"waiting members doubled", {100, 100}, {3, 6}, "updated warning waiting"},
        {"not quite doubled", {100, 100}, {3, 5}, ""},
        {"fewer", {100, 100}, {3, 1}, ""},
    };
    for (int hold = 0; hold < 2; hold++)
        for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
            struct engine_fixture *d = *state;
            struct silence s;
            (void)poll(d, pool(CASES[i].consumed[0], CASES[i].waiting[0]));
            silence_for(d, &s, HOURS(9), hold);
            const char *said = poll(d, pool(CASES[i].consumed[1], CASES[i].waiting[1]));
            if (strcmp(said, hold ? "" : CASES[i].said) != 0)
                fail_msg("%s%s: \"%s\"", CASES[i].why, hold ? ", hold" : "", said);
            (void)teardown(state);
            (void)setup(state);
        }
}

static void alert_that_begins_in_a_silence_breaks_it_when_it_gets_worse(void **state)
{
    struct engine_fixture *d = *state;
    struct silence s;
    silence_for(d, &s, HOURS(1), false);
    assert_string_equal(poll(d, WARNING), "");
    assert_string_equal(poll(d, CRITICAL), "firing critical remaining");
    assert_null(engine_notification(d, 0)->reason);
}

static void comparison_is_with_the_state_when_the_silence_began(void **state)
{
    struct engine_fixture *d = *state;
    struct silence s;
    (void)poll(d, WARNING);
    silence_for(d, &s, HOURS(1), false); /* no poll between this and the escalation */
    assert_string_equal(poll(d, CRITICAL), "escalated critical remaining");
}

static void broken_silence_stays_broken_until_the_alert_is_clear_once(void **state)
{
    struct engine_fixture *d = *state;
    struct silence s;
    silence_for(d, &s, HOURS(9), false);
    (void)poll(d, WARNING);
    (void)poll(d, CRITICAL);
    assert_string_equal(poll(d, pool(101, 1)), "updated critical remaining");
    engine_restart(d, MINUTES(1), false);
    engine_pass(d, HOURS(4));
    assert_string_equal(engine_remind(d), "reminder critical remaining");
    assert_string_equal(poll(d, CLEAR), "resolved critical remaining");
    assert_string_equal(poll(d, CRITICAL), "");
}

static void new_silence_covers_an_alert_that_broke_an_older_one(void **state)
{
    struct engine_fixture *d = *state;
    struct silence s[2];
    silence_for(d, &s[0], HOURS(9), false);
    (void)poll(d, WARNING);
    (void)poll(d, CRITICAL);
    engine_pass(d, MINUTES(1));
    silence_for(d, &s[1], HOURS(9), false);
    d->silences = (struct silences){s, 2};
    assert_string_equal(poll(d, pool(101, 0)), "");
    assert_string_equal(poll(d, pool(101, 1)), "updated critical remaining");
}

/* The clock was a day ahead when the first one broke, and is corrected before the second one. */
static void new_silence_covers_after_a_correction_of_the_clock(void **state)
{
    struct engine_fixture *d = *state;
    struct silence s[2];
    engine_jump(d, 24 * (int64_t)USEC_PER_HOUR);
    silence_for(d, &s[0], HOURS(9), false);
    (void)poll(d, WARNING);
    assert_string_equal(poll(d, CRITICAL), "firing critical remaining");
    engine_jump(d, -24 * (int64_t)USEC_PER_HOUR);
    assert_string_equal(poll(d, CRITICAL), "");
    assert_int_equal(it(d)->silenced.at, 0); /* broken still */
    engine_pass(d, MINUTES(1));
    silence_for(d, &s[1], HOURS(9), false);
    d->silences = (struct silences){s, 2};
    assert_string_equal(poll(d, CRITICAL), "");
    assert_true(it(d)->silenced.at != 0);
    assert_string_equal(poll(d, pool(101, 1)), "updated critical remaining");
}

static void many_alerts_after_a_silence_share_a_digest(void **state)
{
    struct engine_fixture *d = *state;
    struct silence s;
    static const char *const IDS[] = {"p1", "p2", "p3", "p4"};
    silence_for(d, &s, HOURS(1), false);
    engine_pass(d, MINUTES(5));
    struct observation all[4];
    for (size_t i = 0; i < 4; i++)
        all[i] = A_POOL(.id = IDS[i], .allotted = 100, .consumed = 95);
    assert_string_equal(engine_poll(d, all, 4), "");
    engine_pass(d, HOURS(1));
    assert_string_equal(engine_unsilenced(d), "digest 4");
    assert_string_equal(d->last->event[0].digest->reason, "unsilenced");
    assert_string_equal(engine_unsilenced(d), "");
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(engine_alert(d, KIND_CAPACITY, IDS[i])->notified, LEVEL_WARNING);
}

static void first_digest_leaves_out_what_is_silenced(void **state)
{
    struct engine_fixture *d = *state;
    struct silence s;
    silence_for(d, &s, HOURS(1), false);
    d->first_run = true;
    assert_string_equal(poll(d, WARNING), "");
    d->first_run = false;
    engine_pass(d, HOURS(1));
    assert_string_equal(engine_unsilenced(d), "firing warning usage");
}

static void match_decides_which_alerts_are_silenced(void **state)
{
    static const struct {
        struct match match;
        const char *said;
    } CASES[] = {
        {{.tenant = (char *)"con*"}, ""},
        {{.tenant = (char *)TENANT}, ""},
        {{.tenant = (char *)"fabrikam"}, "firing warning usage"},
        {{.rule = (char *)"usage"}, ""},
        {{.rule = (char *)"waiting"}, "firing warning usage"},
        {{.severity = (char *)"warning"}, ""},
        {{.severity = (char *)"critical"}, "firing warning usage"},
        {{.allotment = (char *)"pool-*"}, ""},
        {{.sku = (char *)"SPE_E3"}, "firing warning usage"},
    };
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct engine_fixture *d = *state;
        struct silence s;
        silence_for(d, &s, HOURS(1), false);
        s.match = CASES[i].match;
        const char *said = poll(d, WARNING);
        if (strcmp(said, CASES[i].said) != 0)
            fail_msg("case %zu: \"%s\"", i, said);
        (void)teardown(state);
        (void)setup(state);
    }
}

static void ignored_pool_is_not_notified_after_a_silence(void **state)
{
    struct engine_fixture *d = *state;
    struct silence s;
    silence_for(d, &s, HOURS(1), false);
    assert_string_equal(poll(d, A_POOL(.allotted = 100, .consumed = 95, .silent = true)), "");
    engine_pass(d, HOURS(1));
    assert_string_equal(engine_unsilenced(d), "");
}

/* ---- acknowledgements ---- */

static struct silence acknowledgement(const struct engine_fixture *d)
{
    return (struct silence){.id = (char *)"a",
                            .alert_id = (char *)(uintptr_t)it(d)->id,
                            .episode = it(d)->episode,
                            .created = d->now};
}

static void acknowledgement_lasts_for_its_episode(void **state)
{
    struct engine_fixture *d = *state;
    (void)poll(d, WARNING);
    char id[ALERT_ID_TEXT];
    struct silence a = acknowledgement(d);
    a.alert_id = memcpy(id, it(d)->id, sizeof id);
    a.author = (char *)"ann";
    a.comment = (char *)"ordered";
    assert_string_equal(engine_acknowledge(d, &a), "acknowledged warning usage");
    const struct notification *n = engine_notification(d, 0);
    assert_string_equal(n->acknowledged.author, "ann");
    assert_string_equal(n->acknowledged.comment, "ordered");
    assert_true(n->silenced);
    assert_non_null(strstr(n->title, "acknowledged by ann: "));
    assert_non_null(strstr(n->description, "Acknowledged by ann: ordered\nYou hear of this alert again"));
    d->silences = (struct silences){&a, 1};
    assert_string_equal(poll(d, WARNING), "");
    assert_false(silence_is_spent(&a, it(d), &d->now));
    assert_string_equal(poll(d, CLEAR), "resolved warning usage");
    assert_string_equal(engine_notification(d, 0)->acknowledged.author, "ann");
    assert_true(silence_is_spent(&a, it(d), &d->now));
    assert_true(silence_is_spent(&a, NULL, &d->now));
    assert_string_equal(poll(d, WARNING), "firing warning usage");
}

static void acknowledged_alert_that_gets_worse_is_notified(void **state)
{
    struct engine_fixture *d = *state;
    (void)poll(d, WARNING);
    char id[ALERT_ID_TEXT];
    struct silence a = acknowledgement(d);
    a.alert_id = memcpy(id, it(d)->id, sizeof id);
    (void)engine_acknowledge(d, &a);
    d->silences = (struct silences){&a, 1};
    assert_string_equal(poll(d, CRITICAL), "escalated critical remaining");
    assert_null(engine_notification(d, 0)->acknowledged.author);
    assert_false(engine_notification(d, 0)->silenced);
    assert_true(silence_is_spent(&a, it(d), &d->now));
}

/* Its first message was the acknowledgement. */
static void end_of_an_acknowledged_alert_of_the_baseline_is_notified(void **state)
{
    struct engine_fixture *d = *state;
    d->first_run = true;
    (void)poll(d, WARNING);
    d->first_run = false;
    char id[ALERT_ID_TEXT];
    struct silence a = acknowledgement(d);
    a.alert_id = memcpy(id, it(d)->id, sizeof id);
    (void)engine_acknowledge(d, &a);
    d->silences = (struct silences){&a, 1};
    assert_string_equal(poll(d, CLEAR), "resolved warning usage");
}

static void acknowledged_drop_ends_as_acknowledged(void **state)
{
    struct engine_fixture *d = *state;
    (void)poll(d, A_POOL(.allotted = 80, .consumed = 40, .reference = 100));
    char id[ALERT_ID_TEXT];
    struct silence a = acknowledgement(d);
    a.alert_id = memcpy(id, it(d)->id, sizeof id);
    (void)engine_acknowledge(d, &a);
    d->silences = (struct silences){&a, 1};
    assert_string_equal(poll(d, A_POOL(.allotted = 80, .consumed = 40, .reference = 100, .normal = true)),
                        "resolved warning capacity_drop");
    assert_string_equal(engine_notification(d, 0)->reason, "acknowledged");
    assert_non_null(strstr(engine_notification(d, 0)->title, "80 units are the new normal"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weekly_window_follows_the_clock_of_its_zone),
        cmocka_unit_test(window_over_midnight_ends_in_the_morning_after),
        cmocka_unit_test(given_end_is_absolute_and_a_duration_is_not),
        cmocka_unit_test(given_begin_is_absolute_and_without_one_it_is_in_force_at_once),
        cmocka_unit_test(times_are_shown_by_the_clock_as_it_is_now),
        TEST(silenced_alert_is_notified_after_the_silence),
        TEST(end_of_a_silence_during_a_restart_is_not_missed),
        TEST(unchanged_alert_says_nothing_after_the_silence),
        TEST(end_of_an_alert_is_notified_at_once_in_a_silence),
        TEST(silence_breaks_when_the_alert_gets_worse),
        TEST(alert_that_begins_in_a_silence_breaks_it_when_it_gets_worse),
        TEST(comparison_is_with_the_state_when_the_silence_began),
        TEST(broken_silence_stays_broken_until_the_alert_is_clear_once),
        TEST(new_silence_covers_an_alert_that_broke_an_older_one),
        TEST(new_silence_covers_after_a_correction_of_the_clock),
        TEST(many_alerts_after_a_silence_share_a_digest),
        TEST(first_digest_leaves_out_what_is_silenced),
        TEST(match_decides_which_alerts_are_silenced),
        TEST(ignored_pool_is_not_notified_after_a_silence),
        TEST(acknowledgement_lasts_for_its_episode),
        TEST(acknowledged_alert_that_gets_worse_is_notified),
        TEST(end_of_an_acknowledged_alert_of_the_baseline_is_notified),
        TEST(acknowledged_drop_ends_as_acknowledged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
