/* SPDX-License-Identifier: MIT */
/* store/store.h: the only SQL. Alert states, events, outbox, told, tenant memory, history.
 *
 * One SQLite file, WAL, synchronous=FULL. There is one moment of truth, store_commit: states,
 * events and outbox rows become durable in one transaction, and only then may anything leave the
 * process. Rows that matter carry a checksum over their meaning; a bad row is moved to
 * `quarantine`, never guessed. Only SQLite opens its files; the instance lock is another file
 * (security rules 22-29). */
#pragma once
#include "alerts/alerts.h"

struct store;

/* SQLite gets our allocator. store_open does it too; call it first if SQLite is used earlier. */
void store_global_init(void);

/* How context, notifications and digests become bytes and back; JSON in practice
 * (deliver/context_json.h). The store does not look inside. Buffers are for the caller to free().
 */
struct store_codec {
    int (*pack_context)(const struct alert_context *f, char **ret, size_t *ret_len);
    int (*unpack_context)(const char *bytes, size_t len, struct alert_context **ret);
    int (*pack_notification)(const struct notification *n, char **ret, size_t *ret_len);
    int (*unpack_notification)(const char *bytes, size_t len, struct notification **ret);
    int (*pack_digest)(const struct digest *d, char **ret, size_t *ret_len);
    int (*unpack_digest)(const char *bytes, size_t len, struct digest **ret);
};
struct store_options {
    const char *directory;                      /* the state directory */
    usec_t history_keep;                        /* history.keep */
    uint64_t outbox_max_rows, outbox_max_bytes; /* 10,000 and 64 MiB by default */
};
enum store_mode {
    STORE_NORMAL,   /* lock, open or create, migrate, check */
    STORE_READ_ONLY /* --dry-run: no lock, nothing is written; -ENOENT if there is no database */
};
/* What the opening found, for the shell to say loudly. */
struct store_report {
    bool created; /* there was no database: a new one */
    bool rebuilt; /* it was damaged: moved aside to `moved_to`, a new one begun; see store_damage */
    char moved_to[256];
    uint32_t quarantined; /* bad rows found while loading */
    char holder[128];     /* -EBUSY: who holds the lock ("pid 812 on host since ...") */
};
/* -EBUSY: another instance holds the lock (report->holder). -EPROTO: a newer schema, left
 * unchanged. Other failures: the directory is missing, not ours, too open, on a network file
 * system, full or read-only: kind LOCAL with path, owner, mode and fix. A missing directory is
 * created 0700 if its parent exists (not in READ_ONLY). $STATE_DIRECTORY may be a symlink: it is
 * resolved first. */
int store_open(const struct store_options *o, const struct store_codec *codec, enum store_mode mode,
               struct instant now, struct store **ret, struct store_report *report,
               struct failure *ret_failure);
/* What store_open would refuse about the directory itself; changes nothing. A missing one is right if it
 * could be made. kind LOCAL. */
int store_check_directory(const char *directory, struct failure *ret_failure);
/* The process that holds this directory, as store_open wrote it down. -ENOENT: none does. kind LOCAL. */
int store_holder(const char *directory, pid_t *ret, struct failure *ret_failure);
/* Bytes that store_open will have to check there; 0 if it cannot be seen. */
uint64_t store_size(const char *directory);
void store_close(struct store *s);
DEFINE_CLEANUP(struct store *, store_close)

/* Everything that a start reads back. */
int store_load_registry(struct store *s, struct alert_registry **ret, struct failure *ret_failure);
/* How far an alert that went away had counted; zeros: nothing is known of it, or no longer. */
int store_past_alert(struct store *s, const char *alert_id, struct past_alert *ret, struct failure *ret_failure);
/* -ENOENT: never heard of this tenant (then its next complete poll is its first run). A tenant that
 * was never read completely has health, and a memory whose source is SOURCE_NONE. */
int store_load_tenant(struct store *s, const char *tenant_id, struct tenant_memory **ret_memory,
                      struct tenant_health *ret_health, struct failure *ret_failure);

/* The moment of truth. Any of the parts may be NULL. `route` gives names to receiver sets. In the
 * same transaction: history samples of the snapshot (on change and at least hourly), tenant memory
 * and health, alert states, event rows, outbox rows. For RESOLVED the outbox rows go to every
 * receiver that has or had rows of that episode; where no row of the episode was ever attempted,
 * the old ones are superseded and the resolved row is marked `combined`. A reminder replaces an
 * older unattempted one. A receiver that is told of an alert no longer waits for its hours to hear
 * of it; once it resolves, nobody does. At the outbox bound: reminders go first (counted in
 * store_stats.dropped); firing and resolved rows never.
 * A failed commit changes nothing; on a failed fsync or I/O error the database is closed,
 * reopened and verified before the next try (rule 27). If a
 * failed one turns out to be on disk then, it is taken back. The caller commits again what is still
 * so: its registry has not moved. */
struct commit {
    const struct snapshot *snapshot;
    const struct tenant_memory *memory;
    const struct tenant_health *health;
    const char *tenant_id;
    const struct changes *changes;
    const struct route_options *routes;
    struct instant now;
    const struct alert_registry
        *registry;           /* not NULL: every alert of it is written, whether it changed or not */
    bool settles;            /* the damage that store_damage tells of; the changes say what is left of it */
    enum { STORE_KEEP, STORE_LOST, STORE_FOUND } lost; /* see store_tenant_lost; of tenant_id */
};
int store_commit(struct store *s, const struct commit *c, struct failure *ret_failure);
/* Several in one transaction, which waits for the disk once: all of them, or none. Planned for
 * different tenants at the same `now`. */
int store_commit_all(struct store *s, const struct commit *c, size_t n, struct failure *ret_failure);
/* Everything that waits for the hours of a route, those of one alert together. *ret is for free(). */
int store_deferred(struct store *s, struct deferred **ret, size_t *ret_n,
                   struct failure *ret_failure);
/* Forgets memory and health, so that the next complete poll is the tenant's first run. Its alerts
 * are the alert engine's to end; its history stays. */
int store_forget_tenant(struct store *s, const char *tenant_id, struct failure *ret_failure);

/* The outbox. */
enum outbox_state {
    OUTBOX_QUEUED,
    OUTBOX_IN_FLIGHT,
    OUTBOX_DELIVERED,
    OUTBOX_PARKED,
    OUTBOX_SUPERSEDED
};
struct outbox_entry {
    int64_t id;
    char event_id[UUID_TEXT];
    char receiver[64];
    enum outbox_state state;
    uint32_t attempts;
    bool unknown_outcome; /* an attempt began and nobody knows how it ended */
    bool combined;        /* fired and resolved before anything could be told */
    usec_t created_at, due_at;
    struct notification *notification; /* one of the two */
    struct digest *digest;
    char *body; /* rendered bytes of the first attempt; NULL before it */
    size_t body_len;
};
void outbox_entry_free(struct outbox_entry *e);
DEFINE_CLEANUP(struct outbox_entry *, outbox_entry_free)
/* The next entry of this receiver that is due at now_at and the head of its alert's queue (FIFO per
 * receiver and alert; a head that waits blocks only its own alert). -ENOENT: none is due; then
 * *ret_next_at is when the earliest one will be (0: none at all). Entries in flight are skipped. */
int store_outbox_next(struct store *s, const char *receiver, usec_t now_at,
                      struct outbox_entry **ret, usec_t *ret_next_at, struct failure *ret_failure);
/* Transaction A: an attempt begins. Stores the body on the first one (later: NULL). Neither this
 * nor its end waits for the disk: both outlive the process at once, and a loss of power from the
 * next store_sync, or commit, on. Until then it means that the same id goes again. */
int store_attempt_begin(struct store *s, int64_t id, const char *body, size_t len,
                        struct instant now, struct failure *ret_failure);
/* Transaction B: how it ended. */
struct attempt_result {
    enum outbox_state state; /* DELIVERED, QUEUED (again at due_at) or PARKED */
    usec_t due_at;
    int status;     /* HTTP status, 0 if none */
    char text[200]; /* cleaned, no secret */
};
int store_attempt_end(struct store *s, int64_t id, const struct attempt_result *r,
                      struct instant now, struct failure *ret_failure);
/* Waits until the disk has every attempt so far; does nothing if it has. */
int store_sync(struct store *s, struct failure *ret_failure);
/* At start: attempts that began and never ended become unknown outcomes, due now; so does what was
 * due before this boot, for its attempt may not have come to the disk. At a reload or on demand: parked entries of this receiver (NULL: all) are due again; with known == false the queued
 * entries of a removed receiver are parked. */
int store_outbox_recover(struct store *s, struct instant now, struct failure *ret_failure);
int store_outbox_retry(struct store *s, const char *receiver, struct instant now,
                       struct failure *ret_failure);
int store_outbox_park_receiver(struct store *s, const char *receiver, struct failure *ret_failure);
/* Who has asked to be left alone ("tenant ID", "receiver NAME") is, also by the next process.
 * `mark`: any number that is another one for whom the pause does not concern. What is left of it;
 * 0: none, or it cannot be read: then they are asked, and say so again. Longer ones are cut to
 * STORE_BACKOFF_MAX. */
#define STORE_BACKOFF_MAX USEC_PER_HOUR
int store_backoff_until(struct store *s, const char *who, int64_t mark, struct instant now,
                        usec_t lasts, struct failure *ret_failure);
usec_t store_backoff_left(struct store *s, const char *who, int64_t mark, struct instant now);
/* A receiver that is gone is switched off, over restarts too, until store_outbox_retry or
 * store_switch_on (NULL: all). `address`: any number that is another one for another address.
 * switched_off: 1 and *ret_address, or 0. */
int store_disable_receiver(struct store *s, const char *receiver, int64_t address,
                           struct failure *ret_failure);
int store_switch_on(struct store *s, const char *receiver, struct failure *ret_failure);
int store_receiver_disabled(struct store *s, const char *receiver, int64_t *ret_address,
                            struct failure *ret_failure);
/* Names of receivers that have entries which are not finished; n at most `max`. */
int store_outbox_receivers(struct store *s, char (*ret)[64], size_t max,
                           struct failure *ret_failure);

struct store_stats {
    uint64_t queued, in_flight, parked, delivered, dropped;
    usec_t oldest_queued_at; /* 0: none */
};
int store_stats(struct store *s, const char *receiver /* NULL: all */, struct store_stats *ret,
                struct failure *ret_failure);
/* Old history and finished outbox rows go in small slices; call it now and then. Returns 1 if more
 * is left to remove, 0 if not, or -E. */
int store_housekeeping(struct store *s, struct instant now, struct failure *ret_failure);
/* A write that fails shows here until one works again: NULL if the disk is fine. */
const char *store_trouble(const struct store *s);
/* Damage, whoever finds it, goes one way, at once and without a restart: the indexes are built anew;
 * if that does not help, the file is put aside (name.damaged-TIME.N, the last five are kept), a new one
 * is begun, and every row that SQLite can still read and whose checksum holds is carried over. Rows
 * whose checksum does not hold go to `quarantine`. The call that met it is then repeated. What is left
 * to do stands here until a commit says that it `settles` it, over restarts too. */
enum {
    STORE_DAMAGE_INDEXES = 1,  /* built anew, nothing is lost */
    STORE_DAMAGE_REBUILT = 2,  /* a new database: any row may be missing */
    STORE_DAMAGE_MESSAGES = 4, /* rows of event, outbox, told or held are in quarantine */
    STORE_DAMAGE_STATE = 8,    /* ... of alerts or of what is remembered of tenants */
};
struct store_damage {
    unsigned what;
    char text[768]; /* what happened, in sentences; "": only rows went to quarantine */
};
/* 1: there is some. 0: none, or it is settled. */
int store_damage(struct store *s, struct store_damage *ret, struct failure *ret_failure);
/* What is known of who has heard, or will hear, of the present episodes of all alerts, ordered by
 * alert. *ret is for free(). */
int store_heard(struct store *s, struct heard **ret, size_t *ret_n, struct failure *ret_failure);
/* 1: this tenant lost state and was not read completely since: what is beyond a limit is no news of a
 * first run. */
int store_tenant_lost(struct store *s, const char *tenant_id, struct failure *ret_failure);
/* Bad rows that were put into quarantine since the store was opened (those of the opening too). */
uint64_t store_quarantined(const struct store *s);
/* The wall clock was set: waits that are under way keep their length. Opening, commits and attempts
 * notification a jump by themselves; whoever sees one first may say so. */
int store_rebase(struct store *s, struct instant now, struct failure *ret_failure);
