/* SPDX-License-Identifier: MIT */
#include "fixture.h"
#include "store/schema.h"

#include "store/row.h"
#include "store/schema.h"

#define UPPER "ABCDEF12-3456-7890-ABCD-EF1234567890"
#define LOWER "abcdef12-3456-7890-abcd-ef1234567890"
#define OLD_ID "a73a7c9272bde605"
#define TELLS "SELECT count(*) FROM told WHERE receiver = "

static void told_rows_of_version_5_are_read_after_the_migration(void **state)
{
    load_dump(*state, "schema_5.sql");
    CLEANUP(store_close) struct store *s = open_in(*state);
    assert_int_equal(ask(*state, "PRAGMA user_version"), schema_version());
    assert_int_equal(store_quarantined(s), 0);
    assert_int_equal(ask(*state, "SELECT count(*) FROM told"), 4);
    assert_int_equal(ask(*state, TELLS "'hook' AND tried = 1"), 2);
    assert_int_equal(ask(*state, "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'told%'"), 1);
    assert_int_equal(ask(*state, "SELECT count(*) FROM pragma_table_info('told')"), 5);
    /* Their sums are good ones: who was told of the third alert hears its end. */
    tell(s, EVENT_RESOLVED, 3, 4, 10, 0, at(20));
    CLEANUP(outbox_entry_free) struct outbox_entry *e = next(s, "journal", T0 + 20);
    assert_non_null(e);
    assert_int_equal(e->notification->type, EVENT_RESOLVED);
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

/* As an older version wrote it: a tenant in upper case, a credential with its path. */
static void be_upper_case(const char *dir)
{
    load_dump(dir, "schema_5_upper.sql");
}

static void a_tenant_in_upper_case_keeps_its_memory_and_its_open_alert(void **state)
{
    struct failure f = {0};
    CLEANUP(registry_free) struct alert_registry *b = NULL;
    CLEANUP(tenant_memory_free) struct tenant_memory *m = NULL;
    struct tenant_health h;
    be_upper_case(*state);
    CLEANUP(store_close) struct store *s = open_in(*state);
    assert_int_equal(store_quarantined(s), 0);
    ok(store_load_tenant(s, LOWER, &m, &h, &f), &f);
    assert_int_equal(m->n_pools, 2);
    ok(store_load_registry(s, &b, &f), &f);
    const struct alert *a = registry_find(b, KIND_CAPACITY, LOWER, "pool-1");
    assert_non_null(a);
    assert_string_equal(a->id, OLD_ID);
    assert_int_equal(a->notified, LEVEL_CRITICAL);
    assert_int_equal(ask(*state, "SELECT count(*) FROM pool WHERE tenant_id = '" LOWER "'"), 1);
}

static void a_credential_is_called_by_its_file_s_name_alone(void **state)
{
    struct failure f = {0};
    CLEANUP(registry_free) struct alert_registry *b = NULL;
    be_upper_case(*state);
    CLEANUP(store_close) struct store *s = open_in(*state);
    ok(store_load_registry(s, &b, &f), &f);
    assert_non_null(registry_find(b, KIND_CREDENTIAL, "", "client/app.secret"));
    assert_non_null(registry_find(b, KIND_CREDENTIAL, "", "client/other.secret"));
}

/* Both were open: the newer one goes on, the older one keeps its subject, and the start ends it. */
static void two_open_alerts_in_different_case_are_both_kept(void **state)
{
    struct failure f = {0};
    CLEANUP(registry_free) struct alert_registry *b = NULL;
    be_upper_case(*state);
    CLEANUP(store_close) struct store *s = open_in(*state);
    ok(store_load_registry(s, &b, &f), &f);
    assert_non_null(registry_find(b, KIND_CAPACITY, LOWER, "pool-2"));
    assert_non_null(registry_find(b, KIND_CAPACITY, UPPER, "pool-2"));
}

/* As version 5 wrote it. */
static void put_health_5(void **state)
{
    static const struct table HEALTH = {
        "health",
        "tenant_id, first_at, first_mono, first_boot, allotments_at, allotments_mono, "
        "allotments_boot, allotments_missed, waiting_at, waiting_mono, waiting_boot, "
        "waiting_missed, errors_at, errors_mono, errors_boot, errors_missed, failing, kind, text, "
        "schema_changed, emptied, mass_absence, broken_config, source",
        1, false};
    struct row row = {0};
    row_text(&row, "t");
    for (int i = 0; i < 15; i++)
        row_int(&row, i);
    row_int(&row, 1);
    row_text(&row, "throttled");
    row_text(&row, "asked to wait");
    for (int i = 0; i < 4; i++)
        row_int(&row, 0);
    row_text(&row, "subscribed_skus");
    CLEANUP(free)
    char *sql = text_printf("INSERT INTO health VALUES ('t',0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,1,"
                            "'throttled','asked to wait',0,0,0,0,'subscribed_skus',%lld)",
                            (long long)row_sum(&HEALTH, &row));
    (void)ask(*state, sql);
}

static void health_of_version_5_gets_its_new_column_and_a_valid_sum(void **state)
{
    load_dump(*state, "schema_5.sql");
    put_health_5(state);
    CLEANUP(store_close) struct store *s = open_in(*state);
    assert_int_equal(store_quarantined(s), 0);
    assert_int_equal(ask(*state, "SELECT count(*) FROM health WHERE api_refusals = 0"), 1);
}

static void damaged_health_of_version_5_gets_no_valid_sum(void **state)
{
    load_dump(*state, "schema_5.sql");
    put_health_5(state);
    (void)ask(*state, "UPDATE health SET errors_missed = 3");
    CLEANUP(store_close) struct store *s = open_in(*state);
    CLEANUP(tenant_memory_free) struct tenant_memory *memory = NULL;
    struct tenant_health health = {0};
    (void)store_load_tenant(s, "t", &memory, &health, NULL);
    assert_int_equal(health.section[HEALTH_ERRORS].incomplete_polls, 0);
    assert_int_equal(store_quarantined(s), 1);
}

static void alert_of_version_5_is_not_silenced(void **state)
{
    struct failure f = {0};
    CLEANUP(registry_free) struct alert_registry *b = NULL;
    load_dump(*state, "schema_5_upper.sql");
    CLEANUP(store_close) struct store *s = open_in(*state);
    ok(store_load_registry(s, &b, &f), &f);
    const struct alert *a = registry_by_id(b, OLD_ID);
    assert_non_null(a);
    assert_int_equal(a->silenced.at, 0);
    assert_int_equal(a->silenced.broken_at, 0);
    assert_int_equal(store_quarantined(s), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, dir_make, dir_remove)
    const struct CMUnitTest tests[] = {
        TEST(told_rows_of_version_5_are_read_after_the_migration),
        TEST(a_damaged_row_of_version_5_gets_no_valid_sum),
        TEST(a_tenant_in_upper_case_keeps_its_memory_and_its_open_alert),
        TEST(a_credential_is_called_by_its_file_s_name_alone),
        TEST(two_open_alerts_in_different_case_are_both_kept),
        TEST(health_of_version_5_gets_its_new_column_and_a_valid_sum),
        TEST(damaged_health_of_version_5_gets_no_valid_sum),
        TEST(alert_of_version_5_is_not_silenced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
