/* SPDX-License-Identifier: MIT */
#include "store/row.h"
#include "store/schema.h"
#include "fixture.h"

static int64_t sum_of(void (*fill)(struct row *row))
{
    struct row row = {0};
    fill(&row);
    return row_sum(&TABLE_BODY, &row);
}

static void null_(struct row *r)
{
    row_text(r, NULL);
}
static void empty_text(struct row *r)
{
    row_text(r, "");
}
static void empty_blob(struct row *r)
{
    row_blob(r, "", 0);
}
static void zero(struct row *r)
{
    row_int(r, 0);
}
static void ab_c(struct row *r)
{
    row_text(r, "ab"), row_text(r, "c");
}
static void a_bc(struct row *r)
{
    row_text(r, "a"), row_text(r, "bc");
}
static void abc(struct row *r)
{
    row_text(r, "abc");
}
static void one(struct row *r)
{
    row_int(r, 1);
}
static void one_text(struct row *r)
{
    row_text(r, "1");
}
static void minus(struct row *r)
{
    row_int(r, -1);
}

static void different_rows_have_different_sums(void **state)
{
    static void (*const ROWS[])(struct row * row) = {
        null_, empty_text, empty_blob, zero, ab_c, a_bc, abc, one, one_text, minus};
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(ROWS); i++)
        for (size_t k = 0; k < i; k++)
            if (sum_of(ROWS[i]) == sum_of(ROWS[k]))
                fail_msg("%zu and %zu", i, k);
    struct row row = {0};
    row_int(&row, 1);
    assert_true(row_sum(&TABLE_BODY, &row) != row_sum(&TABLE_TOLD, &row));
}

static void a_cell_of_the_wrong_kind_makes_the_row_wrong(void **state)
{
    char small[4];
    size_t len;
    (void)state;
    for (int i = 0; i < 8; i++) {
        struct row row = {0};
        row_int(&row, 5);
        row_text(&row, "text");
        row.at = i % 2 ? 0 : 1;
        switch (i) {
        case 0:
            (void)row_get_int(&row, INT64_MIN, INT64_MAX);
            break;
        case 1:
            (void)row_get_int(&row, 6, 9);
            break;
        case 2:
            row_get_buffer(&row, small, sizeof small);
            break;
        case 3:
            (void)row_get_text(&row);
            break;
        case 4:
            (void)row_get_usec(&row);
            break;
        case 5:
            (void)row_get_bool(&row);
            break;
        case 6:
            (void)row_get_blob(&row, &len);
            break;
        default:
            (void)row_get_text_or_null(&row);
            break;
        }
        if (!row.wrong)
            fail_msg("%d", i);
    }
}

static void a_copy_owns_its_bytes(void **state)
{
    char text[] = "abc";
    struct row row = {0};
    (void)state;
    row_int(&row, 7);
    row_text(&row, text);
    row_text(&row, NULL);
    row_blob(&row, "x\0y", 3);
    CLEANUP(free) struct row *copy = row_copy(&row);
    int64_t sum = row_sum(&TABLE_BODY, &row);
    memset(text, 'z', 3);
    assert_true(row_sum(&TABLE_BODY, copy) == sum);
}

static struct db *open_db(const char *dir)
{
    struct db *d = calloc(1, sizeof *d);
    struct failure f = {0};
    store_global_init();
    ok(db_open(d, file_in(dir, "test.db"), DB_CREATE, &f), &f);
    ok(schema_migrate(d, 0, schema_version(), &f), &f);
    return d;
}

static void close_db(struct db *d)
{
    db_close(d);
    undo_clear(&d->undo);
    free(d);
}

static void tell_row(struct row *row, const char *receiver, int64_t episode)
{
    *row = (struct row){0};
    row_text(row, "alert");
    row_text(row, receiver);
    row_int(row, episode);
    row_int(row, 0);
}

static int64_t number(struct db *d, const char *sql)
{
    int64_t n = -1;
    struct failure f = {0};
    ok(db_number(d, sql, &n, &f), &f);
    return n;
}

static void a_row_is_put_changed_and_deleted_by_its_key(void **state)
{
    struct db *d = open_db(*state);
    struct row row;
    struct failure f = {0};
    tell_row(&row, "a", 1);
    ok(row_put(d, &TABLE_TOLD, &row, &f), &f);
    tell_row(&row, "b", 2);
    ok(row_put(d, &TABLE_TOLD, &row, &f), &f);
    tell_row(&row, "a", 3);
    ok(row_put(d, &TABLE_TOLD, &row, &f), &f);
    assert_int_equal(number(d, "SELECT sum(episode) FROM told"), 5);
    ok(row_delete(d, &TABLE_TOLD, &row, &f), &f);
    assert_int_equal(number(d, "SELECT sum(episode) FROM told"), 2);
    close_db(d);
}

static void changes_can_be_undone(void **state)
{
    struct db *d = open_db(*state);
    struct row row;
    struct failure f = {0};
    tell_row(&row, "changed", 1);
    ok(row_put(d, &TABLE_TOLD, &row, &f), &f);
    tell_row(&row, "deleted", 2);
    ok(row_put(d, &TABLE_TOLD, &row, &f), &f);
    undo_clear(&d->undo);
    int64_t before = number(d, "SELECT sum(sum & 0xffffff) FROM told");
    tell_row(&row, "changed", 8);
    ok(row_put(d, &TABLE_TOLD, &row, &f), &f);
    tell_row(&row, "changed", 9);
    ok(row_put(d, &TABLE_TOLD, &row, &f), &f);
    tell_row(&row, "new", 4);
    ok(row_put(d, &TABLE_TOLD, &row, &f), &f);
    tell_row(&row, "deleted", 0);
    ok(row_delete(d, &TABLE_TOLD, &row, &f), &f);
    ok(undo_apply(d, &d->undo, &f), &f);
    assert_int_equal(number(d, "SELECT count(*) FROM told"), 2);
    assert_int_equal(number(d, "SELECT sum(sum & 0xffffff) FROM told"), before);
    close_db(d);
}

/* A hostile file must not make SQLite do more than read rows (rule 28 of daemon/README.md). */
static void connection_refuses_dangerous_features(void **state)
{
    static const char *const REFUSED[] = {
        "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'x'",
        "SELECT load_extension('x')",
        "ATTACH 'other.db' AS other",
        "SELECT \"no such column\" FROM told",
        "CREATE VIEW v AS SELECT 1; SELECT * FROM v",
        "SELECT zeroblob(20000000)",
    };
    struct db *d = open_db(*state);
    for (size_t i = 0; i < N_ELEMENTS(REFUSED); i++)
        if (db_exec(d, REFUSED[i], NULL) >= 0)
            fail_msg("%s", REFUSED[i]);
    assert_int_equal(number(d, "PRAGMA synchronous"), 2);
    assert_int_equal(number(d, "PRAGMA foreign_keys"), 1);
    assert_int_equal(number(d, "PRAGMA trusted_schema"), 0);
    close_db(d);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, dir_make, dir_remove)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(different_rows_have_different_sums),
        cmocka_unit_test(a_cell_of_the_wrong_kind_makes_the_row_wrong),
        cmocka_unit_test(a_copy_owns_its_bytes),
        TEST(a_row_is_put_changed_and_deleted_by_its_key),
        TEST(changes_can_be_undone),
        TEST(connection_refuses_dangerous_features),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
