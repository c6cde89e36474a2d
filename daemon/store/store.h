/* SPDX-License-Identifier: MIT */
/* store/store.h: the state database: alerts, events, outbox, notification state, tenant memory,
 * history. All SQL is in store/.
 *
 * One SQLite file, WAL, synchronous=FULL. store_commit writes states, events and outbox rows in one
 * transaction; nothing is sent before it has returned. Rows have checksums; a bad row goes to the table
 * quarantine and is never used. Only SQLite opens the database files, because closing a descriptor
 * would drop SQLite's POSIX locks; the instance lock is a separate file. */
#pragma once
#include "alerts/alerts.h"

struct store;

/* Gives SQLite our allocator. store_open does it, too; call this first if SQLite is used earlier. */
void store_global_init(void);

/* Serialises context, notifications and digests, as JSON in practice (deliver/context_json.h). The
 * store treats them as opaque bytes. The caller frees the buffers. */
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
/* What store_open found, for the log. */
struct store_report {
    bool created; /* there was no database */
    bool rebuilt; /* the database was damaged, moved to `moved_to` and rebuilt; see store_damage */
    char moved_to[256];
    uint32_t quarantined; /* bad rows found while loading */
    char holder[128];     /* -EBUSY: the process with the lock ("pid 812 on host since ...") */
};
/* -EBUSY: another instance holds the lock (report->holder). -EPROTO: newer schema, not changed. Other
 * failures: the directory is missing, not ours, accessible to others, on a network file system, full or
 * read-only: kind LOCAL with path, owner, mode and fix. A missing directory is
 * created 0700 if its parent exists (not in READ_ONLY). $STATE_DIRECTORY may be a symlink: it is
 * resolved first. */
int store_open(const struct store_options *o, const struct store_codec *codec, enum store_mode mode,
               struct instant now, struct store **ret, struct store_report *report,
               struct failure *ret_failure);
/* Checks the directory as store_open would; changes nothing. A missing one passes if it could be created.
 * kind LOCAL. */
int store_check_directory(const char *directory, struct failure *ret_failure);
/* Bytes that store_open will have to check; 0 if unknown. */
uint64_t store_size(const char *directory);
void store_close(struct store *s);
DEFINE_CLEANUP(struct store *, store_close)

/* Loading at the start. */
int store_load_registry(struct store *s, struct alert_registry **ret, struct failure *ret_failure);
/* Episode and sequence number of a removed alert; zeros if unknown. */
int store_past_alert(struct store *s, const char *alert_id, struct past_alert *ret, struct failure *ret_failure);
/* -ENOENT: unknown tenant; its next complete poll is its first run. A tenant without a complete poll has
 * health, and a memory with SOURCE_NONE. */
int store_load_tenant(struct store *s, const char *tenant_id, struct tenant_memory **ret_memory,
                      struct tenant_health *ret_health, struct failure *ret_failure);

/* Writes in one transaction: history samples of the snapshot (on change and at least hourly), tenant
 * memory and health, alert states, event rows, outbox rows. Any part may be NULL. `routes` gives names
 * to receiver sets.
 *
 * RESOLVED and ACKNOWLEDGED go to every receiver with rows of that episode. For RESOLVED: If none of its rows was attempted, they are
 * superseded and the resolved row is marked `combined`. A reminder supersedes an older one that was not
 * attempted. Queuing a notification for a receiver drops its deferred ones of that alert; RESOLVED drops
 * those of all receivers. At the outbox bound reminders are dropped (counted in store_stats.dropped);
 * firing and resolved rows never are.
 *
 * A failed commit changes nothing. After an I/O error the database is closed, reopened and verified
 * before the next try; a failed commit that turns out to be on disk is undone. The caller's registry has
 * not changed either: it commits again what still holds. */
struct commit {
    const struct snapshot *snapshot;
    const struct tenant_memory *memory;
    const struct tenant_health *health;
    const char *tenant_id;
    const struct changes *changes;
    const struct route_options *routes;
    struct instant now;
    const struct alert_registry
        *registry;           /* not NULL: all its alerts are written, changed or not */
    const struct silence *silence; /* is added */
    const char *unsilence;         /* id of a silence that is removed */
    bool settles;            /* clears the damage of store_damage, which `changes` handle */
    enum { STORE_KEEP, STORE_LOST, STORE_FOUND } lost; /* see store_tenant_lost; of tenant_id */
};
/* `n` commits in one transaction: all or none, one sync. For different tenants, planned with the same
 * `now`. */
int store_commit(struct store *s, const struct commit *c, size_t n, struct failure *ret_failure);
/* All silences and acknowledgements, oldest first. The caller clears each, and frees *ret. */
int store_silences(struct store *s, struct silence **ret, size_t *ret_n, struct failure *ret_failure);
/* All deferred notifications, grouped by alert. The caller frees *ret. */
int store_deferred(struct store *s, struct deferred **ret, size_t *ret_n,
                   struct failure *ret_failure);
/* Deletes memory and health, so that the next complete poll is the tenant's first run. Does not touch its
 * alerts and history. */
int store_forget_tenant(struct store *s, const char *tenant_id, struct failure *ret_failure);

/* The outbox. */
#define MESSAGE_REF_MAX 128 /* what a receiver calls a message of ours, with its NUL */
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
    bool unknown_outcome; /* an attempt began; its outcome is unknown */
    bool combined;        /* fired and resolved before anything was sent */
    usec_t created_at, due_at;
    struct notification *notification; /* or digest */
    struct digest *digest;
    char *body; /* rendered by the first attempt; NULL before it */
    size_t body_len;
    char ref[MESSAGE_REF_MAX]; /* of the message that the receiver shows for this episode; "": none */
};
void outbox_entry_free(struct outbox_entry *e);
DEFINE_CLEANUP(struct outbox_entry *, outbox_entry_free)
/* The newest entry of this receiver that is due at now_at and the head of its queue (FIFO per receiver and
 * alert; a waiting head blocks only its own alert). -ENOENT: none is due; *ret_next_at is when the
 * earliest one will be (0: none queued). Skips entries in flight. `ret` NULL: only whether there is one,
 * without reading its content. */
int store_outbox_next(struct store *s, const char *receiver, usec_t now_at,
                      struct outbox_entry **ret, usec_t *ret_next_at, struct failure *ret_failure);
/* The same for a pager, critical ones first. `full`: it may get no new incident now; entries that would open
 * one are held, but for that of the alert `storm_id`. */
struct incident_limit {
    bool full;
    const char *storm_id;
};
int store_outbox_next_page(struct store *s, const char *receiver, usec_t now_at,
                           const struct incident_limit *limit, struct outbox_entry **ret,
                           usec_t *ret_next_at, struct failure *ret_failure);
/* How many entries would open a new incident. */
int store_outbox_count_new(struct store *s, const char *receiver, const char *storm_id, int64_t *ret,
                           struct failure *ret_failure);
/* The ages of the incidents that were opened `within` this time, oldest first; at most the newest `max`.
 * Returns their number. */
int store_outbox_incidents(struct store *s, const char *receiver, usec_t within, struct instant now,
                           usec_t *ret, size_t max, struct failure *ret_failure);
/* An attempt begins. Stores the body on the first one (later: NULL). Neither this nor its end waits for
 * the disk: both survive the process, but a loss of power only after the next store_sync or commit.
 * Before that, a loss of power means that the same id is sent again. */
int store_attempt_begin(struct store *s, int64_t id, const char *body, size_t len,
                        struct instant now, struct failure *ret_failure);
/* An attempt ended. */
struct attempt_result {
    enum outbox_state state; /* DELIVERED, QUEUED (again at due_at), PARKED, or SUPERSEDED: not needed */
    usec_t due_at;
    int status;     /* HTTP status, 0 if none */
    char text[200]; /* cleaned, no secret */
    char ref[MESSAGE_REF_MAX]; /* the message has been created: kept for this episode; "": no news */
};
int store_attempt_end(struct store *s, int64_t id, const struct attempt_result *r,
                      struct instant now, struct failure *ret_failure);
/* Syncs the attempts so far, if needed. */
int store_sync(struct store *s, struct failure *ret_failure);
/* At the start: attempts without an end become unknown outcomes, due now; so do entries that were due
 * before this boot, because the record of their attempt may be lost. */
int store_outbox_recover(struct store *s, struct instant now, struct failure *ret_failure);
/* At a reload or on demand: parked entries of this receiver (NULL: all) are due again. */
int store_outbox_retry(struct store *s, const char *receiver, struct instant now,
                       struct failure *ret_failure);
/* Combines entries of this receiver that are due, and of which no attempt was made, into digests (reason
 * "storm"), with all that waits behind them, in one transaction. Each combined event has a row that
 * refers to its part. Leaves alone `keep` alerts, the worst and newest; at the outbox bound none. Fewer
 * than two are not combined. 1: combined; there may be more. 0: nothing to combine. */
struct fold {
    const char *receiver;
    usec_t due_at; /* due until then; the digests are, too */
    uint32_t keep; /* UINT32_MAX: all, but for the bound */
    uint32_t lines; /* of a part, at most DIGEST_LINES */
    bool by_tenant; /* a digest has alerts of one tenant */
};
int store_outbox_fold(struct store *s, const struct fold *fold, struct instant now,
                      struct failure *ret_failure);
/* The receiver works again after `failures` failed attempts in a row: entries that wait for their next
 * attempt are due now. Not those with more attempts than that: they failed before, while others were
 * accepted, and keep their backoff. */
int store_outbox_release(struct store *s, const char *receiver, uint64_t failures,
                         struct instant now, struct failure *ret_failure);
/* An entry for people. */
struct delivery {
    int64_t id;
    char receiver[64], event_id[UUID_TEXT], queue[UUID_TEXT]; /* queue: id of the alert or digest */
    enum event_type type;
    enum outbox_state state;
    uint32_t attempts;
    usec_t created_at, due_at;
    usec_t attempted_at; /* the last attempt; 0: none */
    int status;          /* of its answer; 0: none */
    char text[200];      /* of its answer; "": none */
};
/* Oldest first, at most `max`; `parked`: only those. The caller frees *ret. */
int store_deliveries(struct store *s, bool parked, size_t max, struct delivery **ret, size_t *ret_n,
                     struct failure *ret_failure);
/* The messages of an episode, in any state, with the digests that contain it; newest first, at most `max`. The caller
 * frees *ret. */
int store_deliveries_of(struct store *s, const char *alert_id, uint32_t episode, size_t max, struct delivery **ret,
                        size_t *ret_n, struct failure *ret_failure);
/* A parked or queued entry is due now, and its receiver is enabled. Superseded if a later message of the alert was
 * delivered. -ENOENT: no such entry. -EBUSY: an attempt is under way. */
int store_delivery_retry(struct store *s, int64_t id, struct instant now, char ret_receiver[static 64],
                         struct failure *ret_failure);
/* A parked or queued entry is not sent. -ENOENT: no such entry. -EBUSY: an attempt is under way. */
int store_delivery_drop(struct store *s, int64_t id, struct instant now, struct failure *ret_failure);
/* Parks the queued entries of a receiver that was removed. */
int store_outbox_park_receiver(struct store *s, const char *receiver, struct failure *ret_failure);
/* Persists the Retry-After of `who` ("tenant ID", "receiver NAME") over restarts. `mark` identifies its
 * configuration: a deadline with another mark does not count. store_backoff_left: the remaining time, at
 * most STORE_BACKOFF_MAX; 0 if none or unreadable: the next request then learns it again. */
#define STORE_BACKOFF_MAX USEC_PER_HOUR
int store_backoff_until(struct store *s, const char *who, int64_t mark, struct instant now,
                        usec_t lasts, struct failure *ret_failure);
usec_t store_backoff_left(struct store *s, const char *who, int64_t mark, struct instant now);
/* Disables a receiver that is gone, over restarts, until store_outbox_retry or store_switch_on (NULL:
 * all). `address`: a hash of its address. store_receiver_disabled: 1 and *ret_address, or 0. */
int store_disable_receiver(struct store *s, const char *receiver, int64_t address,
                           struct failure *ret_failure);
int store_switch_on(struct store *s, const char *receiver, struct failure *ret_failure);
int store_receiver_disabled(struct store *s, const char *receiver, int64_t *ret_address,
                            struct failure *ret_failure);
/* Names of receivers with unfinished entries. Returns their number, at most `max`. */
int store_outbox_receivers(struct store *s, char (*ret)[64], size_t max,
                           struct failure *ret_failure);

struct store_stats {
    uint64_t queued, in_flight, parked, delivered, dropped;
    usec_t oldest_queued_at; /* 0: none */
};
int store_stats(struct store *s, const char *receiver /* NULL: all */, struct store_stats *ret,
                struct failure *ret_failure);
/* Removes a bounded number of old history and finished outbox rows; called every minute. Returns 1 if more
 * rows are due, 0 if not. */
int store_housekeeping(struct store *s, struct instant now, struct failure *ret_failure);
/* The error of the last write; NULL if it succeeded. */
const char *store_trouble(const struct store *s);
/* Damage is repaired at once, without a restart. The indexes are rebuilt. If that does not help, the file is
 * renamed (name.damaged-TIME.N, the newest five are kept), and all readable rows with a valid checksum are
 * copied to a new one; rows with a wrong checksum go to the table quarantine. Then the failed call is
 * repeated. store_damage reports it, over restarts, until a commit `settles` it. */
enum {
    STORE_DAMAGE_INDEXES = 1,  /* rebuilt; nothing is lost */
    STORE_DAMAGE_REBUILT = 2,  /* new database; any row may be missing */
    STORE_DAMAGE_MESSAGES = 4, /* quarantined rows of event, outbox, told or held */
    STORE_DAMAGE_STATE = 8,    /* quarantined rows of alerts or tenant memory */
};
struct store_damage {
    unsigned what;
    char text[768]; /* what happened, in sentences; "": rows were quarantined */
};
/* 1: unsettled damage. 0: none. */
int store_damage(struct store *s, struct store_damage *ret, struct failure *ret_failure);
/* Receivers that were, or will be, notified of the current episodes of all alerts, ordered by alert. The
 * caller frees *ret. */
int store_delivery_records(struct store *s, struct delivery_record **ret, size_t *ret_n,
                           struct failure *ret_failure);
/* 1: this tenant lost state and has had no complete poll since: its next one is not a first run. */
int store_tenant_lost(struct store *s, const char *tenant_id, struct failure *ret_failure);
/* Bad rows quarantined since, and by, store_open. */
uint64_t store_quarantined(const struct store *s);
/* The wall clock was set: due times move with it. store_open, commits and attempts detect a jump
 * themselves; a caller that sees one first may report it. */
int store_rebase(struct store *s, struct instant now, struct failure *ret_failure);
