/* SPDX-License-Identifier: MIT */
/* Silences and acknowledgements are stored whole, in the transaction of what they change. */
#include "fixture.h"

static struct label GOLD[] = {{(char *)"group", (char *)"g=o ld*"}, {(char *)"customer", (char *)"c"}};

static struct silence a_silence(const char *id)
{
    struct silence s = {.id = (char *)(uintptr_t)id,
                        .author = (char *)"ann",
                        .comment = (char *)"tenant moves; \"quotes\"",
                        .match = {.tenant = (char *)"con*",
                                  .rule = (char *)"usage",
                                  .label = GOLD,
                                  .n_labels = 2},
                        .created = at(1),
                        .start_at = T0,
                        .end_at = T0 + USEC_PER_HOUR,
                        .zone = (char *)"Europe/Berlin",
                        .hold = true};
    assert_int_equal(hours_parse("Mon-Fri 22:00-06:00", &s.weekly, NULL), 0);
    return s;
}

static void commit(struct store *s, const struct commit *c)
{
    struct failure f = {0};
    ok(store_commit(s, c, 1, &f), &f);
}

struct list {
    struct silence *silence;
    size_t n;
};
static void list_free_at(struct list *l)
{
    for (size_t i = 0; i < l->n; i++)
        silence_clear(&l->silence[i]);
    free(l->silence);
}
static struct list load(struct store *s)
{
    struct list l = {0};
    struct failure f = {0};
    ok(store_silences(s, &l.silence, &l.n, &f), &f);
    return l;
}

static void silence_is_whole_after_a_restart(void **state)
{
    struct store *s = open_in(*state);
    const struct silence one = a_silence("019ab5d1-1a2b-7c3d-8e4f-5a6b7c8d9e01");
    const struct silence ack = {.id = (char *)"019ab5d1-1a2b-7c3d-8e4f-5a6b7c8d9e02",
                                .author = (char *)"bob",
                                .comment = (char *)"ordered",
                                .alert_id = (char *)"5f0c2a9e41d7b836",
                                .episode = 7,
                                .created = at(2),
                                .start_at = T0 + 2,
                                .lasts = true};
    commit(s, &(struct commit){.silence = &ack, .now = at(2)});
    commit(s, &(struct commit){.silence = &one, .now = at(2)});
    store_close(s);
    s = open_in(*state);
    CLEANUP(list_free) struct list l = load(s);
    assert_int_equal(l.n, 2);
    const struct silence *got = &l.silence[0];
    assert_string_equal(got->id, one.id);
    assert_string_equal(got->author, one.author);
    assert_string_equal(got->comment, one.comment);
    assert_string_equal(got->match.tenant, "con*");
    assert_string_equal(got->match.rule, "usage");
    assert_null(got->match.sku);
    assert_null(got->match.severity);
    assert_int_equal(got->match.n_labels, 2);
    assert_string_equal(got->match.label[0].key, "group");
    assert_string_equal(got->match.label[0].value, "g=o ld*");
    assert_null(got->alert_id);
    assert_int_equal(got->created.mono, one.created.mono);
    assert_int_equal(got->start_at, one.start_at);
    assert_int_equal(got->end_at, one.end_at);
    assert_memory_equal(&got->weekly, &one.weekly, sizeof one.weekly);
    assert_string_equal(got->zone, "Europe/Berlin");
    assert_true(got->hold);
    assert_false(got->lasts);
    assert_string_equal(l.silence[1].alert_id, ack.alert_id);
    assert_int_equal(l.silence[1].episode, 7);
    assert_true(l.silence[1].lasts);
    assert_null(l.silence[1].zone);
    store_close(s);
}

static void begin_that_was_stored_though_none_was_given_is_none(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    struct silence old = a_silence("019ab5d1-1a2b-7c3d-8e4f-5a6b7c8d9e01");
    old.start_at = old.created.at;
    commit(s, &(struct commit){.silence = &old, .now = at(2)});
    CLEANUP(list_free) struct list l = load(s);
    assert_int_equal(l.n, 1);
    assert_true(l.silence[0].start_at == 0);
}

static void silence_is_removed_by_its_id(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    const struct silence a = a_silence("a"), b = a_silence("b");
    commit(s, &(struct commit){.silence = &a, .now = at(1)});
    commit(s, &(struct commit){.silence = &b, .unsilence = "a", .now = at(2)});
    CLEANUP(list_free) struct list l = load(s);
    assert_int_equal(l.n, 1);
    assert_string_equal(l.silence[0].id, "b");
}

static void damaged_silence_is_quarantined(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    static const char *const DAMAGE[] = {"UPDATE silence SET end_at = end_at + 1 WHERE id = 'a'",
                                         "UPDATE silence SET labels = 'group' WHERE id = 'b'"};
    const struct silence a = a_silence("a"), b = a_silence("b"), c = a_silence("c");
    commit(s, &(struct commit){.silence = &a, .now = at(1)});
    commit(s, &(struct commit){.silence = &b, .now = at(1)});
    commit(s, &(struct commit){.silence = &c, .now = at(1)});
    for (size_t i = 0; i < N_ELEMENTS(DAMAGE); i++)
        (void)ask(*state, DAMAGE[i]);
    CLEANUP(list_free) struct list l = load(s);
    assert_int_equal(l.n, 1);
    assert_string_equal(l.silence[0].id, "c");
    assert_int_equal(store_quarantined(s), 2);
}

static void silence_is_stored_with_its_event_or_not_at_all(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    CLEANUP(changes_free) struct changes *c = no_changes();
    struct failure f = {0};
    struct silence a = a_silence("a");
    add_alert(c, an_alert(1));
    add_event(c, a_notification(EVENT_UPDATED, 1, 1, 2), 1);
    a.author = NULL; /* refused by the table */
    const struct commit bad = {.silence = &a, .changes = c, .routes = routes(), .now = at(1)};
    assert_true(store_commit(s, &bad, 1, &f) < 0);
    assert_int_equal(ask(*state, "SELECT count(*) FROM event"), 0);
    a.author = (char *)"ann";
    commit(s, &bad);
    assert_int_equal(ask(*state, "SELECT count(*) FROM event"), 1);
    assert_int_equal(ask(*state, "SELECT count(*) FROM silence"), 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, dir_make, dir_remove)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(silence_is_whole_after_a_restart),
        TEST(begin_that_was_stored_though_none_was_given_is_none),
        TEST(silence_is_removed_by_its_id),
        TEST(damaged_silence_is_quarantined),
        TEST(silence_is_stored_with_its_event_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
