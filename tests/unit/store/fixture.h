/* SPDX-License-Identifier: MIT */
/* store/fixture.h: a directory that goes away again, a plain codec, and builders of what is stored.
 */
#pragma once
#include "base/text.h"
#include "store/store.h"
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>
#include <sqlite3.h>

#define UNUSED __attribute__((unused))
#define TENANT "11111111-2222-3333-4444-555555555555"

/* ---- time: a clock that only the tests move ---- */

#define T0 (UINT64_C(1795309323) * USEC_PER_SEC)
static UNUSED struct instant at(usec_t since_start)
{
    return (struct instant){T0 + since_start, USEC_PER_DAY * 3 + since_start, 7};
}

/* ---- a directory ---- */

static UNUSED int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    (void)st, (void)kind, (void)where;
    return remove(path);
}

static UNUSED int dir_make(void **state)
{
    char *dir = strdup("/tmp/seatwatch-store-XXXXXX");
    assert_non_null(mkdtemp(dir));
    *state = dir;
    return 0;
}

static UNUSED int dir_remove(void **state)
{
    (void)nftw(*state, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(*state);
    return 0;
}

static UNUSED const char *file_in(const char *dir, const char *name)
{
    static char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

/* ---- a codec: fields between bars; anything else is refused ---- */

struct reader {
    const char *at, *end;
    bool bad;
};

static UNUSED char *take_field(struct reader *r)
{
    const char *bar = r->at < r->end ? memchr(r->at, '|', (size_t)(r->end - r->at)) : NULL;
    if (!bar) {
        r->bad = true;
        return strdup("");
    }
    char *field = strndup(r->at, (size_t)(bar - r->at));
    r->at = bar + 1;
    return field;
}

static UNUSED int64_t take_number(struct reader *r)
{
    CLEANUP(free) char *field = take_field(r);
    char *end;
    long long value = strtoll(field, &end, 10);
    r->bad = r->bad || !*field || *end;
    return value;
}

static UNUSED void take_fixed(struct reader *r, char *dst, size_t size)
{
    CLEANUP(free) char *field = take_field(r);
    (void)snprintf(dst, size, "%s", field);
}

static UNUSED void put_context(struct text *t, const struct alert_context *f)
{
    text_addf(t, "F|%s|%lld|%lld|%lld|", f->tenant_name ? f->tenant_name : "",
              (long long)f->allotted, (long long)f->consumed, (long long)f->waiting);
}

static UNUSED int take_context(struct reader *r, struct alert_context **ret)
{
    CLEANUP(context_free) struct alert_context *f = NULL;
    if (context_new(&f) < 0)
        return -ENOMEM;
    CLEANUP(free) char *kind = take_field(r);
    f->tenant_name = take_field(r);
    f->tenant_id = strdup(f->tenant_name);
    f->allotted = take_number(r);
    f->consumed = take_number(r);
    f->waiting = take_number(r);
    if (r->bad || strcmp(kind, "F") != 0)
        return -EBADMSG;
    *ret = TAKE(f);
    return 0;
}

static UNUSED void put_notification(struct text *t, const struct notification *n)
{
    text_addf(t, "N|%d|%s|%s|%u|%llu|%d|%d|%d|%llu|%s|", n->type, n->event_id, n->alert_id,
              n->episode, (unsigned long long)n->seq, n->state, n->level, n->rule,
              (unsigned long long)n->at, n->title ? n->title : "");
    if (n->context)
        put_context(t, n->context);
    else
        text_add(t, "F||0|0|0|");
}

static UNUSED int take_notification(struct reader *r, struct notification **ret)
{
    CLEANUP(notification_free) struct notification *n = calloc(1, sizeof *n);
    if (!n)
        return -ENOMEM;
    CLEANUP(free) char *kind = take_field(r);
    n->type = (enum event_type)take_number(r);
    take_fixed(r, n->event_id, sizeof n->event_id);
    take_fixed(r, n->alert_id, sizeof n->alert_id);
    n->episode = (uint32_t)take_number(r);
    n->seq = (uint64_t)take_number(r);
    n->state = (enum alert_state)take_number(r);
    n->level = (enum level)take_number(r);
    n->rule = (enum rule)take_number(r);
    n->at = (usec_t)take_number(r);
    n->title = take_field(r);
    int bad = take_context(r, &n->context);
    if (bad < 0 || strcmp(kind, "N") != 0)
        return bad < 0 ? bad : -EBADMSG;
    *ret = TAKE(n);
    return 0;
}

static UNUSED int finish(struct text *t, char **ret, size_t *ret_len)
{
    *ret_len = t->len;
    *ret = text_take(t);
    return *ret ? 0 : -ENOMEM;
}

static UNUSED int pack_context(const struct alert_context *f, char **ret, size_t *ret_len)
{
    struct text t = TEXT_INIT(1 << 16);
    put_context(&t, f);
    return finish(&t, ret, ret_len);
}

static UNUSED int unpack_context(const char *bytes, size_t len, struct alert_context **ret)
{
    struct reader r = {bytes, bytes + len, false};
    return take_context(&r, ret);
}

static UNUSED int pack_notification(const struct notification *n, char **ret, size_t *ret_len)
{
    struct text t = TEXT_INIT(1 << 16);
    put_notification(&t, n);
    return finish(&t, ret, ret_len);
}

static UNUSED int unpack_notification(const char *bytes, size_t len, struct notification **ret)
{
    struct reader r = {bytes, bytes + len, false};
    return take_notification(&r, ret);
}

static UNUSED int pack_digest(const struct digest *d, char **ret, size_t *ret_len)
{
    struct text t = TEXT_INIT(1 << 20);
    text_addf(&t, "D|%s|%s|%u|%u|%d|%llu|%zu|", d->event_id, d->digest_id, d->part, d->parts,
              d->worst, (unsigned long long)d->at, d->n_notifications);
    for (size_t i = 0; i < d->n_notifications; i++)
        put_notification(&t, d->notification[i]);
    return finish(&t, ret, ret_len);
}

static UNUSED int unpack_digest(const char *bytes, size_t len, struct digest **ret)
{
    struct reader r = {bytes, bytes + len, false};
    CLEANUP(digest_free) struct digest *d = calloc(1, sizeof *d);
    CLEANUP(free) char *kind = take_field(&r);
    take_fixed(&r, d->event_id, sizeof d->event_id);
    take_fixed(&r, d->digest_id, sizeof d->digest_id);
    d->part = (uint32_t)take_number(&r);
    d->parts = (uint32_t)take_number(&r);
    d->worst = (enum level)take_number(&r);
    d->at = (usec_t)take_number(&r);
    size_t n = (size_t)take_number(&r);
    if (r.bad || strcmp(kind, "D") != 0)
        return -EBADMSG;
    d->notification = calloc(n ? n : 1, sizeof *d->notification);
    while (d->n_notifications < n &&
           take_notification(&r, &d->notification[d->n_notifications]) >= 0)
        d->n_notifications++;
    if (d->n_notifications < n)
        return -EBADMSG;
    *ret = TAKE(d);
    return 0;
}

static const struct store_codec CODEC UNUSED = {pack_context,      unpack_context,
                                                pack_notification, unpack_notification,
                                                pack_digest,       unpack_digest};

/* ---- opening ---- */

static UNUSED int try_open(const char *dir, struct instant now, struct store **ret,
                           struct store_report *report, struct failure *f)
{
    struct store_options o = {.directory = dir};
    return store_open(&o, &CODEC, STORE_NORMAL, now, ret, report, f);
}

static UNUSED struct store *open_at(const char *dir, struct instant now)
{
    struct store *s = NULL;
    struct store_report report;
    struct failure f = {0};
    if (try_open(dir, now, &s, &report, &f) < 0)
        fail_msg("%s", f.text);
    return s;
}

static UNUSED struct store *open_in(const char *dir)
{
    return open_at(dir, at(0));
}

static UNUSED void ok(int r, const struct failure *f)
{
    if (r < 0)
        fail_msg("%d: %s", r, f->text);
}

/* One number from the file itself, with a connection of our own. */
static UNUSED int64_t ask(const char *dir, const char *sql)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    store_global_init();
    assert_int_equal(
        sqlite3_open_v2(file_in(dir, "seatwatchd.db"), &db, SQLITE_OPEN_READWRITE, NULL),
        SQLITE_OK);
    if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    int rc = sqlite3_step(stmt);
    int64_t value = rc == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    (void)sqlite3_finalize(stmt);
    (void)sqlite3_close(db);
    return value;
}

/* A database as an older version left it: a dump in fixtures/. */
static UNUSED void load_dump(const char *dir, const char *name)
{
    CLEANUP(free) char *path = text_printf(FIXTURES "/%s", name);
    CLEANUP(fclose) FILE *in = fopen(path, "re");
    char *sql = NULL;
    size_t room = 0;
    sqlite3 *db = NULL;
    assert_non_null(in);
    assert_true(getdelim(&sql, &room, '\0', in) > 0);
    assert_int_equal(sqlite3_open(file_in(dir, "seatwatchd.db"), &db), SQLITE_OK);
    assert_int_equal(chmod(file_in(dir, "seatwatchd.db"), 0600), 0);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", name, sqlite3_errmsg(db));
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    free(sql);
}

/* ---- receivers ---- */

enum { CHAT, HOOK, JOURNAL };
static char *const NAMES[] UNUSED = {(char[]){"chat"}, (char[]){"hook"}, (char[]){"journal"}};
static struct receiver_traits RECEIVERS[3] UNUSED;
static UNUSED const struct route_options *routes(void)
{
    static struct route_options o = {.receiver = RECEIVERS, .n_receivers = 3};
    for (size_t i = 0; i < 3; i++)
        RECEIVERS[i].name = NAMES[i];
    return &o;
}

/* ---- what is stored ---- */

/* The n-th alert of the tests: a pool that is full. */
static UNUSED struct alert *an_alert(unsigned n)
{
    struct alert *a = calloc(1, sizeof *a);
    a->kind = KIND_CAPACITY;
    a->tenant_id = strdup(TENANT);
    a->subject = text_printf("pool-%u", n);
    assert_int_equal(alert_id(a->kind, a->tenant_id, a->subject, a->id), 0);
    a->episode = 1;
    a->seq = 1;
    a->state = ALERT_FIRING;
    a->level = LEVEL_CRITICAL;
    a->rule = RULE_WAITING;
    a->value = 26 + n;
    a->threshold = 25;
    a->unit = UNIT_MEMBERS;
    a->started = at(0);
    a->notified = LEVEL_CRITICAL;
    a->notified_rule = RULE_WAITING;
    a->notified_value = 26;
    a->notified_waiting = 26;
    a->notified_cause = CAUSE_MASS_DISAPPEARANCE;
    a->reminder_at = T0 + USEC_PER_HOUR;
    a->reminders = 3;
    a->latch[RULE_WAITING][LEVEL_CRITICAL - 1] =
        (struct latch){ALERT_FIRING, 5 * USEC_PER_MINUTE, 2, at(n)};
    a->latch[RULE_USAGE][LEVEL_WARNING - 1] =
        (struct latch){ALERT_PENDING, USEC_PER_SEC, 1, {T0, 1, UINT64_MAX}};
    a->muted[RULE_USAGE] = LEVEL_WARNING;
    a->flap = (struct flap){.end_at = {T0 - 2, T0 - 1}, .n_ends = 2, .on = n % 2, .changed = at(n)};
    a->silenced = (struct silenced){T0 + n, T0 + 1, LEVEL_WARNING, RULE_WAITING, 25, NUMBER_UNKNOWN};
    assert_int_equal(context_new(&a->context), 0);
    a->context->tenant_name = strdup("contoso");
    a->context->allotted = 1000;
    a->context->consumed = 1000;
    a->context->waiting = 26;
    return a;
}

static UNUSED struct notification *a_notification(enum event_type type, unsigned n,
                                                  uint32_t episode, uint64_t seq)
{
    static unsigned made;
    struct notification *e = calloc(1, sizeof *e);
    CLEANUP(free) char *subject = text_printf("pool-%u", n);
    e->type = type;
    (void)snprintf(e->event_id, sizeof e->event_id, "%08x-0000-7000-8000-%012x", n, ++made);
    assert_int_equal(alert_id(KIND_CAPACITY, TENANT, subject, e->alert_id), 0);
    e->episode = episode;
    e->seq = seq;
    e->state = type == EVENT_RESOLVED ? ALERT_OK : ALERT_FIRING;
    e->level = LEVEL_CRITICAL;
    e->rule = RULE_WAITING;
    e->at = T0;
    e->title = strdup("contoso: full");
    assert_int_equal(context_new(&e->context), 0);
    return e;
}

static UNUSED struct changes *no_changes(void)
{
    return calloc(1, sizeof(struct changes));
}

static UNUSED void add_alert(struct changes *c, struct alert *a)
{
    c->alert = reallocarray(c->alert, c->n_alerts + 1, sizeof *c->alert);
    c->alert[c->n_alerts++] = a;
}

static UNUSED void add_event(struct changes *c, struct notification *n, receiver_set to)
{
    c->event = reallocarray(c->event, c->n_events + 1, sizeof *c->event);
    c->event[c->n_events++] = (struct event){.notification = n, .to = to};
}

static UNUSED int try_commit(struct store *s, const struct changes *c, struct instant now,
                             struct failure *f)
{
    struct commit commit = {.changes = c, .routes = routes(), .now = now};
    return store_commit(s, &commit, 1, f);
}

/* Tells of alert n, and keeps the alert. */
static UNUSED void tell(struct store *s, enum event_type type, unsigned n, uint32_t episode,
                        uint64_t seq, receiver_set to, struct instant now)
{
    CLEANUP(changes_free) struct changes *c = no_changes();
    struct failure f = {0};
    add_alert(c, an_alert(n));
    add_event(c, a_notification(type, n, episode, seq), to);
    ok(try_commit(s, c, now, &f), &f);
}

static UNUSED struct outbox_entry *next(struct store *s, const char *receiver, usec_t now_at)
{
    struct outbox_entry *e = NULL;
    struct failure f = {0};
    usec_t next_at = 0;
    int r = store_outbox_next(s, receiver, now_at, &e, &next_at, &f);
    if (r < 0 && r != -ENOENT)
        fail_msg("%s", f.text);
    return e;
}

static UNUSED void begin(struct store *s, int64_t id, const char *body, struct instant now)
{
    struct failure f = {0};
    ok(store_attempt_begin(s, id, body, body ? strlen(body) : 0, now, &f), &f);
}

static UNUSED void end(struct store *s, int64_t id, enum outbox_state state, usec_t due_at,
                       struct instant now)
{
    struct failure f = {0};
    struct attempt_result r = {.state = state, .due_at = due_at, .status = 200, .text = "ok"};
    ok(store_attempt_end(s, id, &r, now, &f), &f);
}

/* Delivers whatever is next for this receiver; false if nothing is. */
static UNUSED bool deliver_one(struct store *s, const char *receiver, struct instant now)
{
    CLEANUP(outbox_entry_free) struct outbox_entry *e = next(s, receiver, now.at);
    if (!e)
        return false;
    begin(s, e->id, e->body ? NULL : "body", now);
    end(s, e->id, OUTBOX_DELIVERED, 0, now);
    return true;
}

static UNUSED struct store_stats stats_of(struct store *s, const char *receiver)
{
    struct store_stats stats = {0};
    struct failure f = {0};
    ok(store_stats(s, receiver, &stats, &f), &f);
    return stats;
}

/* ---- equality ---- */

/* A copy without the padding of its structs, which assignments need not keep. */
static UNUSED void plain_alert(const struct alert *a, struct alert *ret)
{
    memcpy(ret, a, sizeof *ret);
    memset(ret->latch, 0, sizeof ret->latch);
    memset(&ret->flap, 0, sizeof ret->flap);
    for (int rule = 0; rule < RULE_COUNT_; rule++)
        for (int i = 0; i < LEVELS; i++) {
            ret->latch[rule][i].state = a->latch[rule][i].state;
            ret->latch[rule][i].elapsed = a->latch[rule][i].elapsed;
            ret->latch[rule][i].observations = a->latch[rule][i].observations;
            ret->latch[rule][i].last = a->latch[rule][i].last;
        }
    memcpy(ret->flap.end_at, a->flap.end_at, sizeof ret->flap.end_at);
    ret->flap.n_ends = a->flap.n_ends;
    ret->flap.on = a->flap.on;
    ret->flap.changed = a->flap.changed;
}

static UNUSED void alerts_equal(const struct alert *a, const struct alert *b)
{
    struct alert x, y;
    plain_alert(a, &x);
    plain_alert(b, &y);
    assert_string_equal(a->tenant_id, b->tenant_id);
    assert_string_equal(a->subject, b->subject);
    assert_int_equal(!a->context, !b->context);
    if (a->context) {
        assert_true(text_equal(a->context->tenant_name, b->context->tenant_name));
        assert_int_equal(a->context->allotted, b->context->allotted);
        assert_int_equal(a->context->waiting, b->context->waiting);
    }
    x.tenant_id = x.subject = y.tenant_id = y.subject = NULL;
    x.context = y.context = NULL;
    memset(x.next, 0, sizeof x.next);
    memset(y.next, 0, sizeof y.next);
    x.at = y.at = NULL;
    assert_memory_equal(&x, &y, sizeof x);
}

static UNUSED void registries_equal(const struct alert_registry *a, const struct alert_registry *b)
{
    size_t cursor = 0, n = 0, m = 0;
    const struct alert *alert;
    while ((alert = registry_next(a, &cursor))) {
        const struct alert *other = registry_by_id(b, alert->id);
        assert_non_null(other);
        alerts_equal(alert, other);
        n++;
    }
    for (cursor = 0; registry_next(b, &cursor);)
        m++;
    assert_int_equal(n, m);
}
