/* SPDX-License-Identifier: MIT */
/* store/schema.c: defines the tables, and migrates older databases.
 *
 * Kinds, rules and levels are stored as text, because enum values change when the enum grows. An instant
 * is three columns: wall time, boot time, boot id. */
#include "store/schema.h"

#include "base/digest.h"
#include "base/text.h"
#include "store/migrate.h"
#include <string.h>

/* Step i migrates version i to i + 1; then its hook below runs in the same transaction. Never edit a
 * released step: schema_check compares the SQL text of existing databases with it. */
static const char *const STEPS[] = {
    "PRAGMA application_id = 0x53656174;"
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "INSERT INTO meta VALUES ('generation', 0);"

    /* Memory of a tenant between polls. */
    "CREATE TABLE tenant (tenant_id TEXT PRIMARY KEY, source TEXT NOT NULL,"
    " emptied INTEGER NOT NULL, mass_absence INTEGER NOT NULL, sum INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE health (tenant_id TEXT PRIMARY KEY,"
    " first_at INTEGER NOT NULL, first_mono INTEGER NOT NULL, first_boot INTEGER NOT NULL,"
    " allotments_at INTEGER NOT NULL, allotments_mono INTEGER NOT NULL,"
    " allotments_boot INTEGER NOT NULL, allotments_missed INTEGER NOT NULL,"
    " waiting_at INTEGER NOT NULL, waiting_mono INTEGER NOT NULL,"
    " waiting_boot INTEGER NOT NULL, waiting_missed INTEGER NOT NULL,"
    " errors_at INTEGER NOT NULL, errors_mono INTEGER NOT NULL,"
    " errors_boot INTEGER NOT NULL, errors_missed INTEGER NOT NULL,"
    " failing INTEGER NOT NULL, kind TEXT NOT NULL, text TEXT NOT NULL,"
    " schema_changed INTEGER NOT NULL, emptied INTEGER NOT NULL, mass_absence INTEGER NOT NULL,"
    " broken_config INTEGER NOT NULL, source TEXT NOT NULL, sum INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE known_pool (tenant_id TEXT NOT NULL, id TEXT NOT NULL, sku_id TEXT,"
    " sku_part_number TEXT, allotted INTEGER NOT NULL, consumed INTEGER NOT NULL,"
    " first_seen_at INTEGER NOT NULL, absent_polls INTEGER NOT NULL, absent_at INTEGER NOT NULL,"
    " absent_mono INTEGER NOT NULL, absent_boot INTEGER NOT NULL, gone INTEGER NOT NULL,"
    " silent INTEGER NOT NULL, sum INTEGER NOT NULL, PRIMARY KEY (tenant_id, id)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE known_subscription (tenant_id TEXT NOT NULL, id TEXT NOT NULL,"
    " state TEXT NOT NULL, seen_active INTEGER NOT NULL, next_lifecycle_date INTEGER NOT NULL,"
    " absent_at INTEGER NOT NULL, absent_mono INTEGER NOT NULL, absent_boot INTEGER NOT NULL,"
    " sum INTEGER NOT NULL, PRIMARY KEY (tenant_id, id)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE known_group (tenant_id TEXT NOT NULL, subject TEXT NOT NULL,"
    " sku_id TEXT, code TEXT, first_seen_at INTEGER NOT NULL, absent_at INTEGER NOT NULL,"
    " absent_mono INTEGER NOT NULL, absent_boot INTEGER NOT NULL, sum INTEGER NOT NULL, PRIMARY "
    "KEY (tenant_id, subject)"
    ") STRICT, WITHOUT ROWID;"

    /* Alert instances. `latches` and `muted` are lines of words; see registry.c. */
    "CREATE TABLE alert (id TEXT PRIMARY KEY, kind TEXT NOT NULL, tenant_id TEXT NOT NULL,"
    " subject TEXT NOT NULL, episode INTEGER NOT NULL, seq INTEGER NOT NULL, state TEXT NOT NULL,"
    " level TEXT NOT NULL, rule TEXT NOT NULL, value INTEGER NOT NULL, threshold INTEGER NOT NULL,"
    " unit TEXT NOT NULL, started_at INTEGER NOT NULL, started_mono INTEGER NOT NULL,"
    " started_boot INTEGER NOT NULL, said TEXT NOT NULL, said_rule TEXT NOT NULL,"
    " said_value INTEGER NOT NULL, said_waiting INTEGER NOT NULL,"
    " said_cause INTEGER NOT NULL, reminder_at INTEGER NOT NULL,"
    " reminders INTEGER NOT NULL, latches TEXT NOT NULL, muted TEXT NOT NULL, facts BLOB,"
    " sum INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE INDEX alert_subject ON alert (tenant_id, kind, subject);"

    /* One row per notification or part of a digest. A notification that was folded into a digest also
     * has its own row, which refers to the part. */
    "CREATE TABLE event (id INTEGER PRIMARY KEY, event_id TEXT NOT NULL, digest_id TEXT,"
    " folded_into INTEGER, alert_id TEXT NOT NULL, episode INTEGER NOT NULL,"
    " seq INTEGER NOT NULL, type TEXT NOT NULL, level TEXT NOT NULL, at INTEGER NOT NULL,"
    " content BLOB NOT NULL, sum INTEGER NOT NULL) STRICT;"
    "CREATE INDEX event_at ON event (at);"
    "CREATE INDEX event_folded ON event (folded_into) WHERE folded_into IS NOT NULL;"

    /* One row per event and receiver. state: 0 queued, 1 in flight, 2 delivered, 3 parked,
     * 4 superseded. `queue` is the id of the alert or digest. `head`: first of the rows in states 0 and 1
     * of its receiver and queue. It is derived, so that the next due row is found in one step however
     * long the queues are, and not part of the sum. */
    "CREATE TABLE outbox (id INTEGER PRIMARY KEY, event INTEGER NOT NULL REFERENCES event (id),"
    " receiver TEXT NOT NULL, queue TEXT NOT NULL, episode INTEGER NOT NULL, type TEXT NOT NULL,"
    " state INTEGER NOT NULL, attempts INTEGER NOT NULL, unknown INTEGER NOT NULL,"
    " combined INTEGER NOT NULL, created_at INTEGER NOT NULL, due_at INTEGER NOT NULL,"
    " set_at INTEGER NOT NULL, set_mono INTEGER NOT NULL, set_boot INTEGER NOT NULL,"
    " finished_at INTEGER, size INTEGER NOT NULL, sum INTEGER NOT NULL,"
    " head INTEGER NOT NULL DEFAULT 0) STRICT;"
    "CREATE INDEX outbox_open ON outbox (receiver, queue, id) WHERE state <= 1;"
    "CREATE INDEX outbox_due ON outbox (receiver, due_at, id) WHERE head = 1 AND state = 0;"
    "CREATE INDEX outbox_owed ON outbox (receiver, state, created_at, size)"
    " WHERE state IN (0, 1, 3);"
    "CREATE INDEX outbox_reminder ON outbox (id) WHERE state = 0 AND type = 'alert.reminder';"
    "CREATE INDEX outbox_episode ON outbox (queue, episode, receiver, attempts);"
    "CREATE INDEX outbox_event ON outbox (event);"
    "CREATE INDEX outbox_finished ON outbox (finished_at) WHERE finished_at IS NOT NULL;"
    /* The bytes of the first attempt; later ones send the same. */
    "CREATE TABLE body (outbox INTEGER PRIMARY KEY REFERENCES outbox (id) ON DELETE CASCADE,"
    " bytes BLOB NOT NULL, sum INTEGER NOT NULL) STRICT;"
    "CREATE TABLE attempt (outbox INTEGER NOT NULL REFERENCES outbox (id) ON DELETE CASCADE,"
    " n INTEGER NOT NULL, begun_at INTEGER NOT NULL, ended_at INTEGER, outcome INTEGER,"
    " status INTEGER, text TEXT, PRIMARY KEY (outbox, n)) STRICT, WITHOUT ROWID;"

    /* Notification state: `episode` is the latest that was queued for this receiver, `tried` whether
     * an attempt of it began; said_* is the last notification that the receiver accepted. */
    "CREATE TABLE told (alert_id TEXT NOT NULL, receiver TEXT NOT NULL, episode INTEGER NOT NULL,"
    " tried INTEGER NOT NULL, said_episode INTEGER NOT NULL, said_seq INTEGER NOT NULL,"
    " said_type TEXT NOT NULL, said_level TEXT NOT NULL, said_at INTEGER NOT NULL,"
    " sum INTEGER NOT NULL, PRIMARY KEY (alert_id, receiver)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE tally (receiver TEXT PRIMARY KEY, delivered INTEGER NOT NULL DEFAULT 0,"
    " dropped INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;"

    /* History: times in seconds, pools by number, because a year has millions of rows. `pool` repeats
     * the last sample, so that a poll without changes is one read and no write. */
    "CREATE TABLE pool (id INTEGER PRIMARY KEY, tenant_id TEXT NOT NULL,"
    " allotment_id TEXT NOT NULL, sku_id TEXT, last_s INTEGER NOT NULL, allotted INTEGER NOT NULL,"
    " consumed INTEGER NOT NULL, waiting INTEGER, oldest_s INTEGER, kept_from_s INTEGER NOT NULL,"
    " hourly_to_s INTEGER NOT NULL, daily_to_s INTEGER NOT NULL,"
    " UNIQUE (tenant_id, allotment_id)) STRICT;"
    "CREATE INDEX pool_kept ON pool (kept_from_s);"
    "CREATE INDEX pool_hourly ON pool (hourly_to_s);"
    "CREATE INDEX pool_daily ON pool (daily_to_s);"
    "CREATE TABLE sample (pool INTEGER NOT NULL, at_s INTEGER NOT NULL, allotted INTEGER NOT NULL,"
    " consumed INTEGER NOT NULL, waiting INTEGER, oldest_s INTEGER, PRIMARY KEY (pool, at_s)"
    ") STRICT, WITHOUT ROWID;"

    "CREATE TABLE quarantine (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, source TEXT NOT NULL,"
    " content TEXT NOT NULL) STRICT;",

    /* Notifications deferred until the hours of a route. */
    "CREATE TABLE held (alert_id TEXT NOT NULL, receiver TEXT NOT NULL, episode INTEGER NOT NULL,"
    " sum INTEGER NOT NULL, PRIMARY KEY (alert_id, receiver)) STRICT, WITHOUT ROWID;",

    "CREATE INDEX outbox_digest ON outbox (receiver, id)"
    " WHERE type = 'alert.digest' AND state <= 1;"
    /* Receivers that answered that they are gone. `address` is a hash that shows whether the address has
     * changed since; the address itself is a secret and is not stored. */
    "CREATE TABLE switched_off (receiver TEXT PRIMARY KEY, address INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;",

    /* Former sizes of pools that shrank; unused peaks are null. */
    "CREATE TABLE known_drop (tenant_id TEXT NOT NULL, id TEXT NOT NULL, reference INTEGER,"
    " since_at INTEGER NOT NULL, since_mono INTEGER NOT NULL, since_boot INTEGER NOT NULL,"
    " peak_1 INTEGER, at_1 INTEGER, mono_1 INTEGER, boot_1 INTEGER,"
    " peak_2 INTEGER, at_2 INTEGER, mono_2 INTEGER, boot_2 INTEGER,"
    " peak_3 INTEGER, at_3 INTEGER, mono_3 INTEGER, boot_3 INTEGER,"
    " peak_4 INTEGER, at_4 INTEGER, mono_4 INTEGER, boot_4 INTEGER,"
    " sum INTEGER NOT NULL, PRIMARY KEY (tenant_id, id)) STRICT, WITHOUT ROWID;",

    /* Retry-After deadlines; `lasts` is in microseconds. `mark` shows whether it is still the same tenant or
     * receiver; the address of a receiver is a secret and is not stored. */
    "CREATE TABLE pause (who TEXT PRIMARY KEY, mark INTEGER NOT NULL, begun_at INTEGER NOT NULL,"
    " begun_mono INTEGER NOT NULL, begun_boot INTEGER NOT NULL, lasts INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;",

    /* `told` without the columns that nothing reads. */
    "ALTER TABLE told RENAME TO told_5;"
    "CREATE TABLE told (alert_id TEXT NOT NULL, receiver TEXT NOT NULL, episode INTEGER NOT NULL,"
    " tried INTEGER NOT NULL, sum INTEGER NOT NULL, PRIMARY KEY (alert_id, receiver)"
    ") STRICT, WITHOUT ROWID;"
    "INSERT OR IGNORE INTO told SELECT alert_id, receiver, episode, tried, sum FROM told_5;"
    /* Ids are lower case from now on. The id of a tenant with a broken configuration is a path. */
    "UPDATE OR IGNORE pool SET tenant_id = lower(tenant_id)"
    " WHERE tenant_id <> lower(tenant_id) AND instr(tenant_id, '/') = 0;"
    "UPDATE pool SET sku_id = lower(sku_id) WHERE length(sku_id) = 36;"
    /* Refusals of the API before its first answer: after two, subscribedSkus is read instead. Stored
     * because each poll may be its own process. */
    "ALTER TABLE health ADD COLUMN api_refusals INTEGER NOT NULL DEFAULT 0;"
    /* When the units of all pools were last usable. */
    "ALTER TABLE health ADD COLUMN units_at INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE health ADD COLUMN units_mono INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE health ADD COLUMN units_boot INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE health ADD COLUMN units_missed INTEGER NOT NULL DEFAULT 0;"
    /* Episode and sequence numbers of removed alerts. */
    "CREATE TABLE past_alert (alert_id TEXT PRIMARY KEY, episode INTEGER NOT NULL, seq INTEGER NOT "
    "NULL,"
    " ended_at INTEGER NOT NULL, sum INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE INDEX past_ended ON past_alert (ended_at);"
    /* Since when a consumption of 0 in all pools is disbelieved; boot 0: it is not. */
    "ALTER TABLE tenant ADD COLUMN zero_at INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE tenant ADD COLUMN zero_mono INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE tenant ADD COLUMN zero_boot INTEGER NOT NULL DEFAULT 0;",

    /* The newest message of a receiver first, and the digests that contain an alert: both in one step,
     * however long the queues are. */
    "CREATE INDEX outbox_newest ON outbox (receiver, created_at DESC, id) WHERE head = 1 AND state = 0;"
    "CREATE INDEX event_member ON event (alert_id, folded_into) WHERE folded_into IS NOT NULL;",

    /* Silences, and acknowledgements: those have an alert_id. The columns from tenant to labels are the
     * match; labels are lines. */
    "CREATE TABLE silence (id TEXT PRIMARY KEY, author TEXT NOT NULL, comment TEXT NOT NULL,"
    " tenant TEXT, sku TEXT, allotment TEXT, rule TEXT, severity TEXT, labels TEXT NOT NULL,"
    " alert_id TEXT, episode INTEGER NOT NULL, created_at INTEGER NOT NULL,"
    " created_mono INTEGER NOT NULL, created_boot INTEGER NOT NULL, start_at INTEGER NOT NULL,"
    " end_at INTEGER NOT NULL, lasts INTEGER NOT NULL, weekly TEXT, zone TEXT,"
    " hold INTEGER NOT NULL, sum INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    /* What an alert was when it was silenced; silenced_at 0: it is not. */
    "ALTER TABLE alert ADD COLUMN silenced_at INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE alert ADD COLUMN silenced_level TEXT NOT NULL DEFAULT 'none';"
    "ALTER TABLE alert ADD COLUMN silenced_rule TEXT NOT NULL DEFAULT 'waiting_age';"
    "ALTER TABLE alert ADD COLUMN silenced_value INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE alert ADD COLUMN silenced_waiting INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE alert ADD COLUMN broken_at INTEGER NOT NULL DEFAULT 0;"
    /* Its last ends, and whether it flaps: lines of words. */
    "ALTER TABLE alert ADD COLUMN flap TEXT NOT NULL DEFAULT '';",

    /* What a receiver calls the message that it shows for an alert, so that it can be changed. */
    "CREATE TABLE message_ref (alert_id TEXT NOT NULL, receiver TEXT NOT NULL,"
    " episode INTEGER NOT NULL, ref TEXT NOT NULL, sum INTEGER NOT NULL,"
    " PRIMARY KEY (alert_id, receiver)) STRICT, WITHOUT ROWID;",

    /* History in hours and days since 1970, one row for each pool. Raw samples are `detail` of their hour
     * (see history_detail.h): as rows of their own they took half of the file. */
    "CREATE TABLE hour (pool INTEGER NOT NULL, hour INTEGER NOT NULL, least INTEGER NOT NULL,"
    " most INTEGER NOT NULL, last INTEGER NOT NULL, allotted INTEGER NOT NULL, waiting INTEGER,"
    " detail BLOB, PRIMARY KEY (pool, hour)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE day (pool INTEGER NOT NULL, day INTEGER NOT NULL, least INTEGER NOT NULL,"
    " most INTEGER NOT NULL, last INTEGER NOT NULL, allotted INTEGER NOT NULL, waiting INTEGER,"
    " PRIMARY KEY (pool, day)) STRICT, WITHOUT ROWID;"
#define ROLL_UP(table, seconds)                                                               \
    "INSERT INTO " table " SELECT pool, at_s / " seconds ", least, most, consumed, allotted," \
    " waited"
#define ROLLED_UP(seconds)                                                                    \
    " FROM (SELECT pool, max(at_s) AS at_s, min(consumed) AS least, max(consumed) AS most,"   \
    " max(waiting) AS waited FROM sample GROUP BY pool, at_s / " seconds ")"                  \
    " JOIN sample USING (pool, at_s);"
    ROLL_UP("hour", "3600") ", NULL" ROLLED_UP("3600")
    ROLL_UP("day", "86400") ROLLED_UP("86400")
#undef ROLL_UP
#undef ROLLED_UP
    "DROP TABLE sample;"
    /* `detail` exists from raw_from_s on, hours from hours_from_s, days from days_from_s. */
    "ALTER TABLE pool RENAME TO pool_9;"
    "CREATE TABLE pool (id INTEGER PRIMARY KEY, tenant_id TEXT NOT NULL,"
    " allotment_id TEXT NOT NULL, sku_id TEXT, last_s INTEGER NOT NULL, allotted INTEGER NOT NULL,"
    " consumed INTEGER NOT NULL, waiting INTEGER, raw_from_s INTEGER NOT NULL,"
    " hours_from_s INTEGER NOT NULL, days_from_s INTEGER NOT NULL,"
    " UNIQUE (tenant_id, allotment_id)) STRICT;"
    "INSERT INTO pool SELECT id, tenant_id, allotment_id, sku_id, last_s, allotted, consumed, waiting,"
    " last_s, kept_from_s, kept_from_s FROM pool_9;"
    "DROP TABLE pool_9;"
    "CREATE INDEX pool_raw ON pool (raw_from_s);"
    "CREATE INDEX pool_hours ON pool (hours_from_s);"
    "CREATE INDEX pool_days ON pool (days_from_s);",
};

/* Changes that need C, above all new checksums. */
static int (*const HOOKS[N_ELEMENTS(STEPS)])(struct db *d, struct failure *f) = {
    [5] = migrate_to_6,
    [7] = migrate_to_8,
};

int64_t schema_version(void)
{
    return (int64_t)N_ELEMENTS(STEPS);
}

static int migrate(struct db *d, int64_t v, struct failure *f)
{
    CLEANUP(free)
    char *up = text_printf("INSERT OR REPLACE INTO meta VALUES ('schema', %lld);"
                           " PRAGMA user_version = %lld; COMMIT",
                           (long long)v + 1, (long long)v + 1);
    if (!up)
        return failure_oom(f);
    int r = db_exec(d, "BEGIN IMMEDIATE", f);
    if (r >= 0)
        r = db_exec(d, STEPS[v], f);
    if (r >= 0 && HOOKS[v])
        r = HOOKS[v](d, f);
    db_forget_statements(d); /* those of a hook refer to the old tables */
    return r < 0 ? r : db_exec(d, up, f);
}

int schema_migrate(struct db *d, int64_t from, int64_t to, struct failure *f)
{
    int r = 0;
    for (int64_t v = from; r >= 0 && v < to; v++) {
        r = migrate(d, v, f);
        if (r < 0)
            db_rollback(d);
    }
    return r;
}

/* ---- comparing a schema with the expected one ---- */

int schema_model(int64_t version, struct db *ret, struct failure *f)
{
    int r = db_open(ret, ":memory:", DB_CREATE, f);
    if (r >= 0)
        r = schema_migrate(ret, 0, version, f);
    if (r < 0)
        db_close(ret);
    return r;
}

/* Hash of type, name, table and SQL text of an object. */
static uint64_t hash_object(const struct query *q)
{
    uint64_t hash = FNV1A_SEED;
    for (int i = 0; i < 4; i++) {
        const char *text = query_get_text(q, i);
        hash = fnv1a(text ? text : "", text ? strlen(text) + 1 : 0, hash);
    }
    return hash;
}

#define OBJECTS "SELECT type, name, tbl_name, sql FROM sqlite_schema"
#define OBJECTS_MAX 128
struct objects {
    int64_t version; /* 0: empty */
    uint64_t hash[OBJECTS_MAX];
    size_t n;
};

static int read_objects(struct db *d, struct objects *ret, struct failure *f)
{
    CLEANUP(query_end) struct query q = query_new(d, OBJECTS);
    int r;
    ret->n = 0;
    while ((r = query_step(&q, f)) > 0 && ret->n < OBJECTS_MAX)
        ret->hash[ret->n++] = hash_object(&q);
    return r < 0 ? r : 0;
}

/* Cached, because every open needs those of the current version. */
static int expected_objects(int64_t version, const struct objects **ret, struct failure *f)
{
    static struct objects kept;
    struct db model = {0};
    *ret = &kept;
    if (kept.version == version)
        return 0;
    kept.version = 0;
    int r = schema_model(version, &model, f);
    if (r < 0)
        return r;
    r = read_objects(&model, &kept, f);
    db_close(&model);
    if (r >= 0)
        kept.version = version;
    return r;
}

/* Additional objects are allowed. */
int schema_check(struct db *d, int64_t version, struct failure *f)
{
    const struct objects *expected;
    struct objects found;
    int r = expected_objects(version, &expected, f);
    if (r >= 0)
        r = read_objects(d, &found, f);
    for (size_t i = 0, k; r >= 0 && i < expected->n; i++) {
        for (k = 0; k < found.n && found.hash[k] != expected->hash[i]; k++)
            ;
        if (k == found.n)
            r = db_fail(d, SQLITE_SCHEMA, f);
    }
    return r;
}
