/* SPDX-License-Identifier: MIT */
#include "world.h"

#define TELLS "SELECT count(*) FROM told WHERE receiver = "

static void told_rows_of_version_5_are_read_after_the_migration(void **state)
{
    load_dump(*state, "schema_5.sql");
    CLEANUP(store_close) struct store *s = open_in(*state);
    assert_int_equal(ask(*state, "PRAGMA user_version"), 6);
    assert_int_equal(store_quarantined(s), 0);
    assert_int_equal(ask(*state, "SELECT count(*) FROM told"), 4);
    assert_int_equal(ask(*state, TELLS "'hook' AND tried = 1"), 2);
    assert_int_equal(ask(*state, "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'told%'"), 1);
    assert_int_equal(ask(*state, "SELECT count(*) FROM pragma_table_info('told')"), 5);
    /* Their sums are good ones: who was told of the third alert hears its end. */
    tell(s, EVENT_RESOLVED, 3, 4, 10, 0, at(20));
    CLEANUP(outbox_entry_free) struct outbox_entry *e = next(s, "journal", T0 + 20);
    assert_non_null(e);
    assert_int_equal(e->notice->type, EVENT_RESOLVED);
}

/* Damaged in a column that stays, and in one that goes. */
static void a_damaged_row_of_version_5_gets_no_valid_sum(void **state)
{
    static const char *const DAMAGE[] = {
        "UPDATE told SET episode = 5 WHERE receiver = 'journal'",
        "UPDATE told SET said_at = said_at + 1 WHERE receiver = 'journal'",
        "UPDATE told SET sum = sum + 1 WHERE receiver = 'journal'",
    };
    for (size_t i = 0; i < N_ELEMENTS(DAMAGE); i++) {
        load_dump(*state, "schema_5.sql");
        (void)ask(*state, DAMAGE[i]);
        CLEANUP(store_close) struct store *s = open_in(*state);
        assert_int_equal(store_quarantined(s), 1);
        assert_int_equal(ask(*state, "SELECT count(*) FROM quarantine WHERE source = 'told'"), 1);
        assert_int_equal(ask(*state, TELLS "'journal'"), 0);
        assert_int_equal(ask(*state, TELLS "'hook'"), 2);
        store_close(TAKE(s));
        assert_int_equal(unlink(file_in(*state, "seatwatchd.db")), 0);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, dir_make, dir_remove)
    const struct CMUnitTest tests[] = {
        TEST(told_rows_of_version_5_are_read_after_the_migration),
        TEST(a_damaged_row_of_version_5_gets_no_valid_sum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
