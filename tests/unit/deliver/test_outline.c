/* SPDX-License-Identifier: MIT */
/* tests/unit/deliver/test_outline.c: what a message says to people, in parts. */
#include "deliver/outline.h"
#include "some.h"

static struct outline *outline(const struct notification *n, const struct digest *d, usec_t now_at)
{
    static const struct links LINKS = {.runbook_url = (char *)"https://wiki.example/{rule}",
                                       .status_url = (char *)"https://status.example/"};
    const struct message m = {.notification = n, .digest = d, .now_at = now_at};
    struct outline *o = NULL;
    assert_int_equal(outline_new(&m, &LINKS, &o), 0);
    return o;
}

static void assert_fact(const struct outline *o, const char *name, const char *want)
{
    for (size_t i = 0; i < o->n_facts; i++)
        if (strcmp(o->fact[i].name, name) == 0) {
            if (!want || strcmp(o->fact[i].value, want) != 0)
                fail_msg("%s: %s", name, o->fact[i].value);
            return;
        }
    if (want)
        fail_msg("no fact %s", name);
}

static void a_firing_alert_says_what_how_much_since_when_and_what_to_order(void **state)
{
    (void)state;
    CLEANUP(notification_free) struct notification *n = some_notification();
    CLEANUP(outline_free) struct outline *o = outline(n, NULL, n->at);
    assert_int_equal(o->tone, TONE_CRITICAL);
    assert_string_equal(o->state, "CRITICAL");
    assert_string_equal(o->title, n->title);
    assert_string_equal(o->what, n->description);
    assert_string_equal(o->next, n->next_step);
    assert_string_equal(o->alert_id, "5f0c2a9e41d7b836");
    assert_fact(o, "Tenant", "contoso");
    assert_fact(o, "Product", "Microsoft 365 E5");
    assert_fact(o, "Pool", "CSP pool");
    assert_fact(o, "In use", "1000 of 1000 units (100.0 %)");
    assert_fact(o, "Waiting", "26, the first since 02:00 CET");
    assert_fact(o, "To order", "26 units now, 166 in all");
    assert_fact(o, "Since", "01:31 CET");
    assert_int_equal(o->n_links, 2);
    assert_string_equal(o->link[1].name, "Runbook");
    assert_string_equal(o->link[1].url, "https://wiki.example/waiting");
}

static void each_event_has_its_state_and_tone(void **state)
{
    static const struct {
        enum event_type type;
        enum level level, previous;
        const char *state;
        enum tone tone;
    } CASES[] = {
        {EVENT_FIRING, LEVEL_WARNING, LEVEL_NONE, "WARNING", TONE_WARNING},
        {EVENT_ESCALATED, LEVEL_CRITICAL, LEVEL_WARNING, "CRITICAL, was warning", TONE_CRITICAL},
        {EVENT_DEESCALATED, LEVEL_WARNING, LEVEL_CRITICAL, "WARNING, was critical", TONE_WARNING},
        {EVENT_UPDATED, LEVEL_WARNING, LEVEL_NONE, "WARNING, update", TONE_WARNING},
        {EVENT_REMINDER, LEVEL_CRITICAL, LEVEL_NONE, "CRITICAL, still firing", TONE_CRITICAL},
        {EVENT_RESOLVED, LEVEL_CRITICAL, LEVEL_NONE, "RESOLVED", TONE_RESOLVED},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(notification_free) struct notification *n = some_notification();
        n->type = CASES[i].type;
        n->level = CASES[i].level;
        n->previous = CASES[i].previous;
        CLEANUP(outline_free) struct outline *o = outline(n, NULL, n->at);
        assert_string_equal(o->state, CASES[i].state);
        assert_int_equal(o->tone, CASES[i].tone);
        assert_fact(o, "Since", n->type == EVENT_RESOLVED ? NULL : "01:31 CET");
        assert_fact(o, "To order", n->type == EVENT_RESOLVED ? NULL : "26 units now, 166 in all");
    }
}

static void an_event_of_severity_info_has_neither_start_nor_alert_nor_order(void **state)
{
    (void)state;
    CLEANUP(notification_free) struct notification *n = some_info();
    CLEANUP(outline_free) struct outline *o = outline(n, NULL, n->at);
    assert_int_equal(o->tone, TONE_INFO);
    assert_string_equal(o->state, "INFO");
    assert_string_equal(o->alert_id, "");
    assert_fact(o, "In use", "870 of 1000 units (87.0 %)");
    assert_fact(o, "Since", NULL);
    assert_fact(o, "To order", NULL);
}

static void a_digest_of_infos_is_not_resolved(void **state)
{
    (void)state;
    CLEANUP(digest_free) struct digest *d = some_digest(1);
    d->worst = LEVEL_NONE;
    notification_free(d->notification[0]);
    d->notification[0] = some_info();
    CLEANUP(outline_free) struct outline *o = outline(NULL, d, d->at);
    assert_string_equal(o->state, "INFO");
    assert_int_equal(o->tone, TONE_INFO);
    assert_int_equal(o->line[0].tone, TONE_INFO);
}

static void unknown_numbers_are_left_out_and_never_zero(void **state)
{
    (void)state;
    CLEANUP(notification_free) struct notification *n = some_notification();
    n->context->consumed = n->context->waiting = NUMBER_UNKNOWN;
    n->context->units_to_buy = n->context->units_to_unblock = NUMBER_UNKNOWN;
    CLEANUP(outline_free) struct outline *o = outline(n, NULL, n->at);
    assert_fact(o, "In use", NULL);
    assert_fact(o, "Waiting", NULL);
    assert_fact(o, "To order", NULL);
}

static void hostile_names_are_cleaned_and_line_breaks_of_ours_stay(void **state)
{
    (void)state;
    CLEANUP(notification_free) struct notification *n = some_notification();
    some_replace(&n->context->allotment_name, "a\nb\xe2\x80\xae" "c\x1b[31m");
    some_replace(&n->description, "one\ntwo\xff");
    CLEANUP(outline_free) struct outline *o = outline(n, NULL, n->at);
    assert_fact(o, "Pool", "a\\u{a}b\\u{202e}c\\u{1b}[31m");
    assert_string_equal(o->what, "one\ntwo\xef\xbf\xbd");
}

static void a_late_message_says_so_first(void **state)
{
    (void)state;
    CLEANUP(notification_free) struct notification *n = some_notification();
    CLEANUP(outline_free) struct outline *o = outline(n, NULL, n->at + 13 * USEC_PER_HOUR);
    assert_ptr_equal(strstr(o->title, "(13 h late) "), o->title);
    CLEANUP(digest_free) struct digest *d = some_digest(2);
    CLEANUP(outline_free) struct outline *late = outline(NULL, d, d->at + 13 * USEC_PER_HOUR);
    assert_ptr_equal(strstr(late->title, "(13 h late) "), late->title);
}

static void a_digest_names_each_of_its_alerts(void **state)
{
    (void)state;
    CLEANUP(digest_free) struct digest *d = some_digest(20);
    d->notification[3]->level = LEVEL_WARNING;
    d->notification[4]->type = EVENT_RESOLVED;
    CLEANUP(outline_free) struct outline *o = outline(NULL, d, d->at);
    assert_string_equal(o->state, "CRITICAL");
    assert_int_equal(o->n_lines, 20);
    assert_string_equal(o->line[19].title, d->notification[19]->title);
    assert_int_equal(o->line[3].tone, TONE_WARNING);
    assert_int_equal(o->line[4].tone, TONE_RESOLVED);
    assert_string_equal(o->alert_id, SOME_DIGEST);
    assert_int_equal(o->n_links, 1); /* the other one names a rule */
    assert_ptr_equal(strstr(o->next, "Begin with \"contoso: Microsoft 365 E5"), o->next);
    assert_non_null(strstr(o->next, "\": Order 26 units now; 166 end this alert."));
}

static void a_text_is_cut_between_code_points(void **state)
{
    (void)state;
    CLEANUP(free) char *same = outline_shorten("\xc3\xa4\xc3\xb6\xf0\x9f\x94\xb4z", 4);
    CLEANUP(free) char *cut = outline_shorten("\xc3\xa4\xc3\xb6\xf0\x9f\x94\xb4zz", 4);
    assert_string_equal(same, "\xc3\xa4\xc3\xb6\xf0\x9f\x94\xb4z");
    assert_string_equal(cut, "\xc3\xa4...");
    assert_int_equal(outline_cut("abc", 10), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_firing_alert_says_what_how_much_since_when_and_what_to_order),
        cmocka_unit_test(each_event_has_its_state_and_tone),
        cmocka_unit_test(an_event_of_severity_info_has_neither_start_nor_alert_nor_order),
        cmocka_unit_test(a_digest_of_infos_is_not_resolved),
        cmocka_unit_test(unknown_numbers_are_left_out_and_never_zero),
        cmocka_unit_test(hostile_names_are_cleaned_and_line_breaks_of_ours_stay),
        cmocka_unit_test(a_late_message_says_so_first),
        cmocka_unit_test(a_digest_names_each_of_its_alerts),
        cmocka_unit_test(a_text_is_cut_between_code_points),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
