/* SPDX-License-Identifier: MIT */
/* tests/unit/deliver/test_repeated.c: which alerts are due in a round, and as what. */
#include "deliver/repeated.h"
#include "http_type.h"

#define MINUTE USEC_PER_MINUTE
#define SINCE (100 * MINUTE)

struct list {
    struct receiver_options options;
    struct repeated repeated;
    struct alert alert;
};

static void list_open(struct list *l)
{
    *l = (struct list){.options = some_receiver("am", &alertmanager_class)};
    l->repeated =
        (struct repeated){.options = &l->options, .interval = MINUTE, .since_mono = SINCE};
    l->alert = (struct alert){.kind = KIND_CAPACITY,
                              .state = ALERT_FIRING,
                              .level = LEVEL_WARNING,
                              .rule = RULE_WAITING,
                              .value = 26,
                              .threshold = 25,
                              .context = some_context(),
                              .started = {some_time(SOME_AT), 1, 1}};
    memcpy(l->alert.id, "5f0c2a9e41d7b836", ALERT_ID_TEXT);
}

static void list_close(struct list *l)
{
    context_free(l->alert.context);
    repeated_clear(&l->repeated);
}

enum { ABSENT, LISTED, DEFERRED };
static usec_t ahead; /* of the wall clock */
/* One round at this minute; what is due is accepted. "" or the due alerts, "fires" or "ended". */
static const char *turn(struct list *l, int how, usec_t confirmed, usec_t minute)
{
    static char due[64];
    struct repeated *r = &l->repeated;
    const struct instant now = {some_time(SOME_AT) + ahead + minute * MINUTE, minute * MINUTE, 1};
    const struct open_alert a = {.alert = &l->alert,
                                 .rule = RULE_WAITING,
                                 .level = LEVEL_WARNING,
                                 .confirmed_mono = confirmed * MINUTE,
                                 .deferred = how == DEFERRED};
    due[0] = '\0';
    if (how != ABSENT)
        assert_int_equal(repeated_add(r, &a), 0);
    assert_int_equal(repeated_round(r, now), 0);
    assert_int_equal(r->n_found, 0);
    for (size_t i = 0; i < r->n; i++)
        if (r->alert[i].due) {
            assert_true(!r->alert[i].alert.about || strstr(r->alert[i].alert.about, "is full"));
            (void)strncat(due, r->alert[i].alert.ends_at ? "ended" : "fires", 10);
            r->alert[i].sent_mono = now.mono;
        }
    return due;
}

static void an_alert_is_due_after_each_poll_that_confirms_it(void **state)
{
    (void)state;
    struct list l;
    list_open(&l);
    assert_string_equal(turn(&l, LISTED, 100, 101),
                        ""); /* from before: another daemon may know more */
    assert_string_equal(turn(&l, LISTED, 102, 102), "fires");
    assert_string_equal(turn(&l, LISTED, 102, 110), ""); /* no poll since then */
    assert_string_equal(turn(&l, LISTED, 111, 111), "fires");
    l.repeated.alert[0].sent_mono += MINUTE / 2;
    assert_string_equal(turn(&l, LISTED, 112, 112), ""); /* sooner than the interval */
    assert_string_equal(turn(&l, LISTED, 112, 113), "fires");
    list_close(&l);
}

static void the_end_of_an_alert_is_due_for_fifteen_minutes(void **state)
{
    (void)state;
    struct list l;
    list_open(&l);
    assert_string_equal(turn(&l, LISTED, 101, 101), "fires");
    usec_t ended_at = some_time(SOME_AT) + 102 * MINUTE;
    for (usec_t minute = 102; minute < 117; minute++) {
        assert_string_equal(turn(&l, ABSENT, 0, minute), "ended");
        assert_int_equal(l.repeated.alert[0].alert.ends_at, ended_at);
    }
    assert_string_equal(turn(&l, ABSENT, 0, 117), "");
    assert_string_equal(turn(&l, ABSENT, 0, 102 + 24 * 60 - 1), "");
    assert_int_equal(l.repeated.n, 1);
    assert_null(l.repeated.alert[0].alert.about);
    assert_string_equal(turn(&l, ABSENT, 0, 102 + 24 * 60), "");
    assert_int_equal(l.repeated.n, 0);
    list_close(&l);
}

static void an_end_is_due_again_when_the_clock_is_set_to_before_it(void **state)
{
    (void)state;
    struct list l;
    list_open(&l);
    ahead = 3 * 60 * MINUTE;
    assert_string_equal(turn(&l, LISTED, 101, 101), "fires");
    assert_string_equal(turn(&l, ABSENT, 0, 102), "ended");
    assert_string_equal(turn(&l, ABSENT, 0, 130), "");
    ahead = 0;
    for (usec_t minute = 131; minute < 146; minute++) {
        assert_string_equal(turn(&l, ABSENT, 0, minute), "ended");
        assert_int_equal(l.repeated.alert[0].alert.ends_at, some_time(SOME_AT) + 131 * MINUTE);
    }
    assert_string_equal(turn(&l, ABSENT, 0, 146), "");
    list_close(&l);
}

static void an_alert_that_was_never_repeated_needs_no_end(void **state)
{
    (void)state;
    struct list l;
    list_open(&l);
    assert_string_equal(turn(&l, LISTED, 0, 101), "");
    assert_string_equal(turn(&l, ABSENT, 0, 102), "");
    assert_int_equal(l.repeated.n, 0);
    list_close(&l);
}

static void an_alert_that_fires_again_ends_no_more(void **state)
{
    (void)state;
    struct list l;
    list_open(&l);
    assert_string_equal(turn(&l, LISTED, 101, 101), "fires");
    assert_string_equal(turn(&l, ABSENT, 0, 102), "ended");
    assert_string_equal(turn(&l, LISTED, 103, 103), "fires");
    assert_string_equal(turn(&l, LISTED, 103, 104), "");
    list_close(&l);
}

static void outside_the_hours_of_a_route_nothing_begins(void **state)
{
    (void)state;
    struct list l;
    list_open(&l);
    assert_string_equal(turn(&l, DEFERRED, 101, 101), "");
    assert_string_equal(turn(&l, LISTED, 102, 102), "fires");
    assert_string_equal(turn(&l, DEFERRED, 103, 103), "fires");
    assert_string_equal(turn(&l, ABSENT, 0, 104), "ended");
    assert_string_equal(turn(&l, DEFERRED, 105, 105), "ended");
    list_close(&l);
}

/* At each allocation in turn: nothing leaks, nothing is lost, and a later round makes up for it. */
static void a_round_without_memory_is_made_up_for(void **state)
{
    (void)state;
    for (size_t nth = 1;; nth++) {
        struct list l;
        list_open(&l);
        const struct open_alert a = {
            .alert = &l.alert, .rule = RULE_WAITING, .confirmed_mono = 101 * MINUTE};
        const struct instant now = {some_time(SOME_AT), 101 * MINUTE, 1};
        (void)alloc_fail_at(nth, false);
        int r = repeated_add(&l.repeated, &a);
        if (r >= 0)
            r = repeated_round(&l.repeated, now);
        size_t n = alloc_fail_at(0, false);
        repeated_drop(&l.repeated);
        assert_string_equal(turn(&l, LISTED, 102, 103), "fires");
        list_close(&l);
        if (r >= 0 && n < nth)
            break;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_alert_is_due_after_each_poll_that_confirms_it),
        cmocka_unit_test(the_end_of_an_alert_is_due_for_fifteen_minutes),
        cmocka_unit_test(an_end_is_due_again_when_the_clock_is_set_to_before_it),
        cmocka_unit_test(an_alert_that_was_never_repeated_needs_no_end),
        cmocka_unit_test(an_alert_that_fires_again_ends_no_more),
        cmocka_unit_test(outside_the_hours_of_a_route_nothing_begins),
        cmocka_unit_test(a_round_without_memory_is_made_up_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
