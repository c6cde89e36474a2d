/* SPDX-License-Identifier: MIT */
/* store/migrate_6.c: migrates schema 5 to 6: new checksums for `told` (four columns fewer), `health`
 * and `tenant` (more columns); tenant ids in lower case; credentials named by file name, not path. */
#include "store/migrate.h"

#include "base/guid.h"
#include "base/text.h"
#include "store/row.h"
#include <string.h>

/* Where the rows are, the table that their sums cover, and their new table. */
static const struct table TOLD_ROWS = {
    "told_5",
    "alert_id, receiver, episode, tried, said_episode, said_seq, said_type, said_level, said_at", 2,
    false};
static const struct table TOLD_5 = {
    "told",
    "alert_id, receiver, episode, tried, said_episode, said_seq, said_type, said_level, said_at", 2,
    false};
static const struct table TOLD_6 = {"told", "alert_id, receiver, episode, tried", 2, false};

static int sum_told(struct db *d, struct failure *f)
{
    CLEANUP(query_end) struct query q = row_select(d, &TOLD_ROWS, "");
    int r;
    while ((r = query_step(&q, f)) > 0) {
        struct row row;
        int good = row_read(&q, &TOLD_5, &row);
        if (good < 0)
            return failure_oom(f);
        row.n = 4;
        r = good ? row_put(d, &TOLD_6, &row, f) : 0;
        if (r < 0)
            return r;
    }
    return r;
}

#define HEALTH_COLUMNS                                                     \
    "tenant_id, first_at, first_mono, first_boot, "                        \
    "allotments_at, allotments_mono, allotments_boot, allotments_missed, " \
    "waiting_at, waiting_mono, waiting_boot, waiting_missed, "             \
    "errors_at, errors_mono, errors_boot, errors_missed, "                 \
    "failing, kind, text, schema_changed, emptied, mass_absence, broken_config, source"
#define HEALTH_ADDED ", api_refusals, units_at, units_mono, units_boot, units_missed"
#define TENANT_COLUMNS "tenant_id, source, emptied, mass_absence"
#define TENANT_ADDED ", zero_at, zero_mono, zero_boot"

/* Tables with new columns, which start at 0. */
static const struct longer {
    struct table before, after;
    size_t added;
} LONGER[] = {
    {{"health", HEALTH_COLUMNS, 1, false}, {"health", HEALTH_COLUMNS HEALTH_ADDED, 1, false}, 5},
    {{"tenant", TENANT_COLUMNS, 1, false}, {"tenant", TENANT_COLUMNS TENANT_ADDED, 1, false}, 3},
};

/* A row that is read again after it was rewritten has no valid old sum and is skipped. */
static int sum_longer(struct db *d, const struct longer *l, struct failure *f)
{
    CLEANUP(query_end) struct query q = row_select(d, &l->before, "");
    int r;
    while ((r = query_step(&q, f)) > 0) {
        struct row row;
        int good = row_read(&q, &l->before, &row);
        if (good < 0)
            return failure_oom(f);
        for (size_t i = 0; i < l->added; i++)
            row_int(&row, 0);
        r = good ? row_put(d, &l->after, &row, f) : 0;
        if (r < 0)
            return r;
    }
    return r;
}

/* ---- ids in lower case ---- */

/* Rows of a tenant whose id has upper case, unless rows of the lower-case id exist: those are newer and
 * stay. The id of a tenant with a broken configuration is a path and has a '/'. */
#define UPPER_CASE "WHERE tenant_id <> lower(tenant_id) AND instr(tenant_id, '/') = 0"
#define MEMORY(name, columns, n_key)                                                               \
    {                                                                                              \
        {name, columns, n_key, false},                                                             \
            "AS old " UPPER_CASE " AND NOT EXISTS (SELECT 1 FROM " name                            \
            " WHERE tenant_id = lower(old.tenant_id))"                                             \
    }
static const struct {
    struct table table; /* in the columns of schema 6; tenant_id is the first one */
    const char *which;
} MEMORIES[] = {
    MEMORY("tenant", TENANT_COLUMNS TENANT_ADDED, 1), /* after sum_longer */
    MEMORY("health", HEALTH_COLUMNS HEALTH_ADDED, 1),
    MEMORY("known_pool",
           "tenant_id, id, sku_id, sku_part_number, allotted, consumed, first_seen_at, "
           "absent_polls, absent_at, absent_mono, absent_boot, gone, silent",
           2),
    MEMORY("known_subscription",
           "tenant_id, id, state, seen_active, next_lifecycle_date, absent_at, absent_mono, "
           "absent_boot",
           2),
    MEMORY("known_group",
           "tenant_id, subject, sku_id, code, first_seen_at, absent_at, absent_mono, absent_boot",
           2),
    MEMORY("known_drop",
           "tenant_id, id, reference, since_at, since_mono, since_boot, "
           "peak_1, at_1, mono_1, boot_1, peak_2, at_2, mono_2, boot_2, "
           "peak_3, at_3, mono_3, boot_3, peak_4, at_4, mono_4, boot_4",
           2),
};

/* Good rows, collected before any of them is changed. */
struct rows {
    struct row **row;
    size_t n;
};
static void rows_free_at(struct rows *rows)
{
    for (size_t i = 0; i < rows->n; i++)
        free(rows->row[i]);
    free(rows->row);
}

static int collect(struct db *d, const struct table *t, const char *which, struct rows *ret,
                   struct failure *f)
{
    CLEANUP(query_end) struct query q = row_select(d, t, which);
    int r;
    while ((r = query_step(&q, f)) > 0) {
        struct row row;
        int good = row_read(&q, t, &row);
        if (good < 0 || array_room(&ret->row, ret->n, sizeof *ret->row) < 0)
            return failure_oom(f);
        if (good && !(ret->row[ret->n++] = row_copy(&row)))
            return failure_oom(f);
    }
    return r;
}

/* The caller keeps ownership of text. */
static char *replace(struct cell *c, char *text)
{
    if (text)
        *c = (struct cell){.type = CELL_TEXT, .bytes = text, .len = strlen(text)};
    return text;
}

static char *lower_copy(const struct cell *c)
{
    char *text = strndup(c->bytes, c->len);
    ascii_lower(text);
    return text;
}

static int lower_memory(struct db *d, const struct table *t, const char *which, struct failure *f)
{
    CLEANUP(rows_free) struct rows rows = {0};
    int r = collect(d, t, which, &rows, f);
    for (size_t i = 0; r >= 0 && i < rows.n; i++) {
        CLEANUP(free) char *id = lower_copy(&rows.row[i]->cell[0]);
        r = row_delete(d, t, rows.row[i], f);
        if (r >= 0)
            r = replace(&rows.row[i]->cell[0], id) ? row_put(d, t, rows.row[i], f) : failure_oom(f);
    }
    return r;
}

/* ---- alerts: they keep their ids, which receivers know ---- */

static const struct table ALERT_5 = {
    "alert",
    "id, kind, tenant_id, subject, episode, seq, state, level, rule, value, threshold, unit, "
    "started_at, started_mono, started_boot, said, said_rule, said_value, said_waiting, "
    "said_cause, reminder_at, reminders, latches, muted, facts",
    1, false};
enum { KIND = 1, TENANT_ID, SUBJECT }; /* cells of it */

/* "CLIENT ID/PATH" -> "CLIENT ID/NAME". Files in systemd's credential directory may have a prefix. */
static char *credential_name(const struct cell *subject)
{
    static const char SERVICE[] = "/run/credentials/", PREFIX[] = "secrets_";
    CLEANUP(free) char *old = strndup(subject->bytes, subject->len);
    char *path = old ? strchr(old, '/') : NULL;
    if (!path)
        return TAKE(old);
    const char *name = strrchr(path, '/') + 1;
    if (strncmp(path + 1, SERVICE, sizeof SERVICE - 1) == 0 &&
        strncmp(name, PREFIX, sizeof PREFIX - 1) == 0)
        name += sizeof PREFIX - 1;
    return text_printf("%.*s/%s", (int)(path - old), old, name);
}

/* 1: another alert has this subject. */
static int is_taken(struct db *d, const struct row *row, const char *tenant_id, const char *subject,
                    struct failure *f)
{
    CLEANUP(query_end)
    struct query q = query_new(
        d, "SELECT 1 FROM alert WHERE tenant_id = ?1 AND kind = ?2 AND subject = ?3 AND id <> ?4");
    CLEANUP(free) char *kind = strndup(row->cell[KIND].bytes, row->cell[KIND].len);
    CLEANUP(free) char *id = strndup(row->cell[0].bytes, row->cell[0].len);
    if (!kind || !id)
        return failure_oom(f);
    query_text(&q, tenant_id);
    query_text(&q, kind);
    query_text(&q, subject);
    query_text(&q, id);
    return query_step(&q, f);
}

/* An alert whose new subject is taken keeps the old one. No configuration matches that, so it resolves
 * at the start. */
static int rename_alert(struct db *d, struct row *row, struct failure *f)
{
    const struct cell *kind = &row->cell[KIND];
    bool credential = kind->len == strlen("credential") && memcmp(kind->bytes, "credential", kind->len) == 0;
    CLEANUP(free) char *tenant_id = lower_copy(&row->cell[TENANT_ID]);
    CLEANUP(free)
    char *subject = credential ? credential_name(&row->cell[SUBJECT])
                               : strndup(row->cell[SUBJECT].bytes, row->cell[SUBJECT].len);
    if (!tenant_id || !subject)
        return failure_oom(f);
    int r = is_taken(d, row, tenant_id, subject, f);
    if (r != 0)
        return r < 0 ? r : 0;
    (void)replace(&row->cell[TENANT_ID], tenant_id);
    (void)replace(&row->cell[SUBJECT], subject);
    return row_put(d, &ALERT_5, row, f);
}

static int rename_alerts(struct db *d, struct failure *f)
{
    CLEANUP(rows_free) struct rows rows = {0};
    int r = collect(d, &ALERT_5, UPPER_CASE " OR kind = 'credential'", &rows, f);
    for (size_t i = 0; r >= 0 && i < rows.n; i++)
        r = rename_alert(d, rows.row[i], f);
    return r;
}

int migrate_to_6(struct db *d, struct failure *f)
{
    int r = sum_told(d, f);
    for (size_t i = 0; r >= 0 && i < N_ELEMENTS(LONGER); i++)
        r = sum_longer(d, &LONGER[i], f);
    for (size_t i = 0; r >= 0 && i < N_ELEMENTS(MEMORIES); i++)
        r = lower_memory(d, &MEMORIES[i].table, MEMORIES[i].which, f);
    if (r >= 0)
        r = rename_alerts(d, f);
    db_forget_statements(d); /* SQLite cannot drop a table with an open statement */
    return r < 0 ? r : db_exec(d, "DROP TABLE told_5", f);
}
