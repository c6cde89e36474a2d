/* SPDX-License-Identifier: MIT */
/* Damage that lies in wait in the file, or is met in the middle of the work: it is repaired, or a
 * new database takes over all that can be read. (Bits flipped at random: scenarios/flips.py.) */
#include "faults/disk.h"
#include "fixture.h"
#include <dirent.h>

#define TOLD 8   /* alerts whose messages were delivered */
#define QUEUED 8 /* ... wait to be, with a reminder and a digest */
#define MESSAGES (QUEUED + 2)
#define TO_HOOK (1U << HOOK)

static void tell_digest(struct store *s)
{
    CLEANUP(changes_free) struct changes *c = no_changes();
    struct failure f = {0};
    struct digest *d = calloc(1, sizeof *d);
    (void)snprintf(d->event_id, sizeof d->event_id, "dddddddd-0000-7000-8000-000000000001");
    (void)snprintf(d->digest_id, sizeof d->digest_id, "dddddddd-0000-7000-8000-ffffffffffff");
    d->part = d->parts = 1;
    d->worst = LEVEL_CRITICAL;
    d->at = T0;
    d->notification = calloc(1, sizeof *d->notification);
    d->notification[d->n_notifications++] = a_notification(EVENT_FIRING, 0, 1, 1);
    c->event = calloc(1, sizeof *c->event);
    c->event[c->n_events++] = (struct event){.digest = d, .to = TO_HOOK};
    ok(try_commit(s, c, at(0), &f), &f);
}

static void forget_one(struct store *s)
{
    CLEANUP(changes_free) struct changes *c = no_changes();
    CLEANUP(alert_free) struct alert *a = an_alert(TOLD + QUEUED);
    struct failure f = {0};
    c->removed = calloc(1, sizeof *c->removed);
    c->n_removed = 1;
    memcpy(c->removed[0].id, a->id, sizeof a->id);
    c->removed[0].past = (struct past_alert){.episode = 1, .seq = 2};
    ok(try_commit(s, c, at(0), &f), &f);
}

/* Both kinds of alert, a digest, a past alert and a pool, so that each index has entries. */
static void make(const char *dir)
{
    struct store *s = open_in(dir);
    for (unsigned n = 0; n < TOLD; n++) {
        tell(s, EVENT_FIRING, n, 1, 1, TO_HOOK, at(n));
        assert_true(deliver_one(s, "hook", at(n)));
    }
    tell_digest(s);
    forget_one(s);
    for (unsigned n = TOLD; n < TOLD + QUEUED; n++)
        tell(s, EVENT_FIRING, n, 1, 1, TO_HOOK, at(n));
    tell(s, EVENT_REMINDER, TOLD, 1, 2, TO_HOOK, at(TOLD));
    store_close(s);
    (void)ask(dir, "INSERT INTO pool VALUES (1, '" TENANT "', 'pool-1', NULL, 1, 10, 5, 0, 0, 0, 0)");
    (void)ask(dir, "PRAGMA wal_checkpoint(TRUNCATE)");
}

static void write_at(const char *dir, off_t where, const void *bytes, size_t len)
{
    CLEANUP(close) int fd = open(file_in(dir, "seatwatchd.db"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes, len, where), len);
}

/* The same file each time; made once. */
static void fill(const char *dir)
{
    static char *image;
    static size_t len;
    if (!image) {
        struct stat st;
        make(dir);
        CLEANUP(close) int fd = open(file_in(dir, "seatwatchd.db"), O_RDONLY | O_CLOEXEC);
        assert_int_equal(fstat(fd, &st), 0);
        len = (size_t)st.st_size;
        image = malloc(len);
        assert_int_equal(pread(fd, image, len, 0), len);
    }
    write_at(dir, 0, image, len);
}

static size_t count_registry(struct store *s)
{
    CLEANUP(registry_free) struct alert_registry *b = NULL;
    struct failure f = {0};
    size_t cursor = 0, n = 0;
    ok(store_load_registry(s, &b, &f), &f);
    while (registry_next(b, &cursor))
        n++;
    return n;
}

static unsigned damage_of(struct store *s)
{
    struct store_damage d;
    struct failure f = {0};
    ok(store_damage(s, &d, &f), &f);
    return d.what;
}

static size_t deliver_all(struct store *s)
{
    size_t n = 0;
    while (deliver_one(s, "hook", at(USEC_PER_HOUR)))
        n++;
    return n;
}

static void all_is_there(const char *why, struct store *s)
{
    size_t alerts = count_registry(s), messages = deliver_all(s);
    if (alerts != TOLD + QUEUED || messages != MESSAGES)
        fail_msg("%s: %zu alerts, %zu messages", why, alerts, messages);
    tell(s, EVENT_FIRING, 99, 1, 1, TO_HOOK, at(USEC_PER_HOUR)); /* and it works */
    assert_int_equal(deliver_all(s), 1);
}

/* The damaged file is gone again, for the next case. */
static void clear(const char *dir)
{
    DIR *d = opendir(dir);
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d));)
        if (e->d_name[0] != '.')
            (void)unlink(file_in(dir, e->d_name));
    (void)closedir(d);
}

static size_t count_aside(const char *dir)
{
    size_t n = 0;
    DIR *d = opendir(dir);
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d));)
        n += strstr(e->d_name, ".damaged-") && !strstr(e->d_name, "-wal") && !strstr(e->d_name, "-shm");
    (void)closedir(d);
    return n;
}

/* Names of all objects of one type, for free(). */
static char **names(const char *dir, const char *type, size_t *ret_n)
{
    sqlite3 *db = NULL;
    char **result = NULL, **name = NULL;
    int rows = 0;
    CLEANUP(free) char *sql = text_printf("SELECT name FROM sqlite_schema WHERE type = '%s'", type);
    assert_int_equal(sqlite3_open(file_in(dir, "seatwatchd.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_get_table(db, sql, &result, &rows, NULL, NULL), SQLITE_OK);
    name = calloc((size_t)rows, sizeof *name);
    for (int i = 0; i < rows; i++)
        name[i] = strdup(result[i + 1]);
    sqlite3_free_table(result);
    (void)sqlite3_close(db);
    *ret_n = (size_t)rows;
    return name;
}

static void free_names(char **name, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(name[i]);
    free(name);
}

/* An index page without a single entry; what was below it belongs to nobody then. */
static void empty_index(const char *dir, const char *name)
{
    static const unsigned char EMPTY[] = {10, 0, 0, 0, 0, 16, 0, 0};
    CLEANUP(free) char *sql = text_printf("SELECT rootpage FROM sqlite_schema WHERE name = '%s'", name);
    int64_t root = ask(dir, sql);
    assert_true(root > 1);
    write_at(dir, (root - 1) * 4096, EMPTY, sizeof EMPTY);
}

static void empty_index_is_rebuilt(void **state)
{
    size_t n = 0;
    fill(*state);
    char **name = names(*state, "index", &n);
    assert_true(n >= 15);
    for (size_t i = 0; i < n; i++) {
        struct store_report report;
        struct failure f = {0};
        struct store *s = NULL;
        clear(*state);
        fill(*state);
        empty_index(*state, name[i]);
        ok(try_open(*state, at(0), &s, &report, &f), &f);
        unsigned what = damage_of(s);
        if (what != STORE_DAMAGE_INDEXES && what != STORE_DAMAGE_REBUILT)
            fail_msg("%s: damage %u", name[i], what);
        assert_int_equal(report.rebuilt, what == STORE_DAMAGE_REBUILT);
        all_is_there(name[i], s);
        store_close(s);
        assert_int_equal(ask(*state, "PRAGMA integrity_check"), 0); /* "ok" is no number */
    }
    free_names(name, n);
}

/* Without leaving a page over: the index matches its table no more, and all pages are sound. */
static void unfill_index(const char *dir, const char *name)
{
    sqlite3 *db = NULL;
    char *sql = sqlite3_mprintf("PRAGMA writable_schema = ON;"
                                "CREATE TEMP TABLE keep AS SELECT sql FROM sqlite_schema WHERE name = %Q;"
                                "UPDATE sqlite_schema SET sql = sql || CASE WHEN sql LIKE '%% WHERE %%' THEN ' AND 0'"
                                " ELSE ' WHERE 0' END WHERE name = %Q;"
                                "PRAGMA writable_schema = RESET; REINDEX %s; PRAGMA writable_schema = ON;"
                                "UPDATE sqlite_schema SET sql = (SELECT sql FROM keep) WHERE name = %Q;",
                                name, name, name, name);
    assert_int_equal(sqlite3_open(file_in(dir, "seatwatchd.db"), &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", name, sqlite3_errmsg(db));
    sqlite3_free(sql);
    (void)sqlite3_close(db);
}

static void indexes_are_built_anew_and_the_file_stays(void **state)
{
    static const char *const INDEX[] = {"outbox_open", "outbox_episode", "outbox_event", "alert_subject",
                                        "outbox_due",  "outbox_owed",    "event_folded"};
    for (size_t i = 0; i < N_ELEMENTS(INDEX); i++) {
        clear(*state);
        fill(*state);
        unfill_index(*state, INDEX[i]);
        struct store *s = open_in(*state);
        if (damage_of(s) != STORE_DAMAGE_INDEXES)
            fail_msg("%s: damage %u", INDEX[i], damage_of(s));
        all_is_there(INDEX[i], s);
        store_close(s);
        assert_int_equal(count_aside(*state), 0);
    }
}

/* One letter of each table's and index's own text, and each number that the header has fixed. */
static void any_damaged_schema_word_is_repaired(void **state)
{
    size_t n = 0;
    fill(*state);
    char **name = names(*state, "table", &n);
    for (size_t i = 0; i < n; i++) {
        clear(*state);
        fill(*state);
        CLEANUP(free)
        char *sql = text_printf("PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql,"
                                " ' INTEGER NOT NULL', '_ INTEGER NOT NULL') WHERE name = '%s'",
                                name[i]);
        sqlite3 *db = NULL;
        assert_int_equal(sqlite3_open(file_in(*state, "seatwatchd.db"), &db), SQLITE_OK);
        assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
        bool changed = sqlite3_changes(db) > 0;
        (void)sqlite3_close(db);
        struct store *s = open_in(*state);
        if (changed && damage_of(s) != STORE_DAMAGE_REBUILT)
            fail_msg("%s: damage %u", name[i], damage_of(s));
        all_is_there(name[i], s);
        store_close(s);
    }
    free_names(name, n);
}

static void any_flipped_header_bit_is_repaired(void **state)
{
    for (int bit = 0; bit < 800; bit += 17) {
        unsigned char byte;
        struct store_report report;
        struct failure f = {0};
        struct store *s = NULL;
        clear(*state);
        fill(*state);
        {
            CLEANUP(close) int fd = open(file_in(*state, "seatwatchd.db"), O_RDONLY | O_CLOEXEC);
            assert_int_equal(pread(fd, &byte, 1, bit / 8), 1);
        }
        byte ^= (unsigned char)(1 << bit % 8);
        write_at(*state, bit / 8, &byte, 1);
        int r = try_open(*state, at(0), &s, &report, &f);
        if (r < 0)
            fail_msg("bit %d: %s", bit, f.text);
        CLEANUP(free) char *why = text_printf("bit %d", bit);
        all_is_there(why, s);
        store_close(s);
    }
}

/* A page that cannot be read takes its rows with it and no others. */
static void readable_rows_are_carried_over(void **state)
{
    static unsigned char garbage[4096];
    memset(garbage, 0xa5, sizeof garbage);
    fill(*state);
    int64_t pages = ask(*state, "PRAGMA page_count"), above = 0;
    for (int64_t page = 1; page < pages; page++) {
        clear(*state);
        fill(*state);
        write_at(*state, page * 4096, garbage, sizeof garbage);
        struct store *s = open_in(*state);
        assert_int_equal(damage_of(s) & STORE_DAMAGE_REBUILT, STORE_DAMAGE_REBUILT);
        size_t n = count_registry(s);
        above += n + 12 < TOLD + QUEUED; /* an alert takes 350 bytes; below this page there are others */
        store_close(s);
        assert_int_equal(ask(*state, "SELECT count(*) FROM quarantine WHERE source = 'database'"), 1);
    }
    assert_true(above <= 1);
}

static void damage_is_repaired_while_the_store_is_open(void **state)
{
    static const char *const INDEX[] = {"outbox_due", "outbox_open", "outbox_owed", "outbox_episode", "alert_subject"};
    for (size_t i = 0; i < N_ELEMENTS(INDEX); i++) {
        clear(*state);
        fill(*state);
        struct failure f = {0};
        struct store *s = open_in(*state);
        assert_int_equal(damage_of(s), 0);
        unfill_index(*state, INDEX[i]);
        disk_fail_at(DISK_WRITE, 1, false, SQLITE_CORRUPT); /* the first hint */
        struct commit c = {.routes = routes(), .now = at(USEC_PER_HOUR)};
        CLEANUP(changes_free) struct changes *changes = no_changes();
        add_alert(changes, an_alert(50));
        c.changes = changes;
        ok(store_commit(s, &c, 1, &f), &f);
        disk_works();
        assert_int_equal(damage_of(s), STORE_DAMAGE_INDEXES);
        assert_int_equal(deliver_all(s), MESSAGES);
        assert_int_equal(count_registry(s), TOLD + QUEUED + 1);
        store_close(s);
    }
}

/* The file is written over behind our back: whatever notifications it, the next call works. */
static void a_file_that_is_destroyed_meanwhile_is_begun_anew(void **state)
{
    static unsigned char garbage[40 * 4096];
    memset(garbage, 0xa5, sizeof garbage);
    struct failure f = {0};
    fill(*state);
    struct store *s = open_in(*state);
    tell(s, EVENT_FIRING, 60, 1, 1, TO_HOOK, at(1));
    (void)ask(*state, "PRAGMA wal_checkpoint(TRUNCATE)");
    (void)ask(*state, "UPDATE meta SET value = value + 0 WHERE key = 'generation'"); /* the cache ends */
    write_at(*state, 4096, garbage, sizeof garbage);
    (void)deliver_all(s);
    tell(s, EVENT_FIRING, 61, 1, 1, TO_HOOK, at(USEC_PER_HOUR));
    assert_int_equal(deliver_all(s), 1);
    if (count_aside(*state) == 0) { /* every page was in the cache: the next start finds it */
        store_close(s);
        s = open_at(*state, at(USEC_PER_HOUR));
    }
    assert_int_equal(count_aside(*state), 1);
    ok(store_housekeeping(s, at(USEC_PER_HOUR), &f), &f);
    store_close(s);
}

static void damage_is_reported_until_it_is_settled(void **state)
{
    struct failure f = {0};
    struct store_damage d;
    fill(*state);
    unfill_index(*state, "outbox_due");
    struct store *s = open_in(*state);
    store_close(s);
    s = open_in(*state);
    assert_int_equal(store_damage(s, &d, &f), 1);
    assert_int_equal(d.what, STORE_DAMAGE_INDEXES);
    assert_non_null(strstr(d.text, "no rows were lost"));
    const struct commit c[] = {{.tenant_id = TENANT, .lost = STORE_LOST, .now = at(0)},
                               {.settles = true, .now = at(0)}};
    ok(store_commit(s, c, 2, &f), &f);
    assert_int_equal(store_damage(s, &d, &f), 0);
    assert_int_equal(store_tenant_lost(s, TENANT, &f), 1);
    assert_int_equal(store_tenant_lost(s, "another", &f), 0);
    store_close(s);
    s = open_in(*state);
    assert_int_equal(store_damage(s, &d, &f), 0);
    assert_int_equal(store_tenant_lost(s, TENANT, &f), 1);
    const struct commit found = {.tenant_id = TENANT, .lost = STORE_FOUND, .now = at(0)};
    ok(store_commit(s, &found, 1, &f), &f);
    assert_int_equal(store_tenant_lost(s, TENANT, &f), 0);
    store_close(s);
}

static void only_the_last_damaged_files_are_kept(void **state)
{
    for (unsigned n = 0; n < 9; n++) {
        struct store *s = open_at(*state, at(n * USEC_PER_SEC));
        tell(s, EVENT_FIRING, n, 1, 1, TO_HOOK, at(n * USEC_PER_SEC));
        store_close(s);
        write_at(*state, 68, "xxxx", 4);
    }
    assert_int_equal(count_aside(*state), 5);
}

/* A crash in the middle of the exchange: the new one is complete, the old one in place or not. */
static void an_exchange_that_was_cut_off_is_finished(void **state)
{
    for (int old = 0; old < 2; old++) {
        struct store_report report;
        struct failure f = {0};
        struct store *s = NULL;
        char from[300];
        clear(*state);
        fill(*state);
        (void)snprintf(from, sizeof from, "%s", file_in(*state, "seatwatchd.db"));
        assert_int_equal(rename(from, file_in(*state, "seatwatchd.db.new")), 0);
        if (old) {
            s = open_in(*state); /* would take it over at once */
            store_close(s);
            (void)snprintf(from, sizeof from, "%s", file_in(*state, "seatwatchd.db"));
            assert_int_equal(rename(from, file_in(*state, "seatwatchd.db.new")), 0);
            CLEANUP(close) int fd = open(from, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
            assert_true(fd >= 0);
        }
        CLEANUP(close) int part = open(file_in(*state, "seatwatchd.db.part"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        assert_true(part >= 0);
        ok(try_open(*state, at(0), &s, &report, &f), &f);
        assert_false(report.created);
        all_is_there("exchange", s);
        store_close(s);
        assert_int_equal(access(file_in(*state, "seatwatchd.db.new"), F_OK), -1);
        assert_int_equal(access(file_in(*state, "seatwatchd.db.part"), F_OK), -1);
    }
}

static int install(void **state)
{
    (void)state;
    store_global_init();
    disk_install();
    return 0;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, dir_make, dir_remove)
    const struct CMUnitTest tests[] = {
        TEST(empty_index_is_rebuilt),
        TEST(indexes_are_built_anew_and_the_file_stays),
        TEST(any_damaged_schema_word_is_repaired),
        TEST(any_flipped_header_bit_is_repaired),
        TEST(readable_rows_are_carried_over),
        TEST(damage_is_repaired_while_the_store_is_open),
        TEST(a_file_that_is_destroyed_meanwhile_is_begun_anew),
        TEST(damage_is_reported_until_it_is_settled),
        TEST(only_the_last_damaged_files_are_kept),
        TEST(an_exchange_that_was_cut_off_is_finished),
    };
    return cmocka_run_group_tests(tests, install, NULL);
}
