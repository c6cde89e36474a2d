/* SPDX-License-Identifier: MIT */
/* status/status.h: what the program knows about itself, as plain values, and the texts made of
 * them.
 *
 * app_status() in runtime/ fills the struct. Its arrays and the strings marked "owned" are freed by
 * status_clear(). The other strings are borrowed from the options, the last snapshots and the
 * registry: they are valid until the event loop runs again. Unknown numbers are NUMBER_UNKNOWN,
 * unknown times 0 and unknown strings NULL; in JSON all of them are null. Times are microseconds
 * since 1970. Pure. */
#pragma once
#include "base/text.h"
#include "model/snapshot.h"
#include "rules/context.h"

struct status_tenant {
    const char *name;
    bool enabled;
    bool failing; /* its last poll, perhaps before a restart, was incomplete or not plausible */
    bool complete, recorded; /* the last poll of this process; it is in the database */
    enum source source;      /* of that poll; NONE: it got no list */
    enum source last_source; /* of the last poll that had one, perhaps before a restart */
    char *error;             /* owned; one line; NULL: complete and recorded */
    struct snapshot_totals totals;
    int64_t requests, bytes; /* of that poll */
    usec_t took, last_complete_at;
    int64_t polls_total, failures_total, requests_total, throttled_total; /* by this process */
    usec_t credential_ends_at;
};
struct status_pool {
    const char *tenant, *id, *name, *sku_id, *sku_part_number, *sku_name;
    int64_t allotted, consumed, free, waiting;
    usec_t oldest_at;
    const char *level; /* "ok", "warning", "critical" */
    int64_t warning_bp, critical_bp; /* limits of the rule usage; 0: none */
};
struct status_errors { /* assignment errors of one SKU with one code */
    const char *tenant, *sku_id, *code; /* sku_id NULL: errors without a SKU; code "(other kinds)": beyond SNAPSHOT_ERROR_GROUPS_MAX */
    int64_t count;
};
struct status_subscription {
    const char *tenant, *id, *sku_id, *sku_part_number;
    int32_t next_lifecycle_date; /* DATE_UNKNOWN */
};
struct status_silence {
    const char *kind, *author, *comment;
    char *what; /* owned; what it matches */
    bool active;
    usec_t end_at; /* 0: none */
};
/* How attempts to deliver end. RETRIED: another one follows. */
enum status_outcome { STATUS_DELIVERED, STATUS_RETRIED, STATUS_PARKED, STATUS_SUPERSEDED, STATUS_OUTCOMES_ };
struct status_receiver {
    const char *name;
    int64_t pending, parked;                /* its entries in the outbox */
    usec_t oldest_at;                       /* of the pending ones; 0: none */
    int64_t total[STATUS_OUTCOMES_];        /* by this process */
};
/* RESOLVED: by this run of --once */
enum status_alert_state { STATUS_PENDING, STATUS_FIRING, STATUS_RESOLVED };
struct status_alert {
    const char *id, *tenant, *sku_part_number, *allotment_id;
    enum status_alert_state state;
    uint32_t episode;
    enum level level;
    enum rule rule;
    int64_t value, threshold; /* in `unit`; percent in basis points */
    enum unit unit;
    usec_t since_at;
    bool notified;                     /* some receiver gets it */
    bool ignored;                      /* ignore = "alerts", or a free SKU; for the control sockets */
    struct {
        const char *id, *kind, *author, *comment;
    } silence;                         /* the one in force, for the control sockets; id NULL: none */
    char *title, *summary, *next_step; /* owned */
};
/* A notification of this run of --once. type NULL: a line of the digest before it. */
struct status_event {
    const char *type, *title;
};

/* Arrays that are filled on demand only: the status line needs none of them. */
enum {
    STATUS_POOLS = 1, /* with errors and subscriptions */
    STATUS_ALERTS = 2,
    STATUS_EVENTS = 4,
    STATUS_RECEIVERS = 8,
    STATUS_SILENCES = 16,
};
struct status {
    const char *version;
    usec_t started_at, at, running;
    struct status_tenant *tenant;
    size_t n_tenants;
    usec_t credential_ends_at;     /* the earliest expiry */
    size_t n_firing[LEVEL_COUNT_]; /* alerts by severity; NONE: they do not fire */
    int64_t delivered;             /* by this process */
    int64_t pending, parked;       /* in the outbox */
    struct failure outbox_failure; /* why these two are unknown */
    bool config_refused, store_failing, clock_unset, dry_run;
    struct status_pool *pool; /* without those with ignore = "all" */
    struct status_alert *alert;
    struct status_event *event; /* NULL: this run changed no alert */
    struct status_errors *errors;
    struct status_subscription *subscription; /* each once, in the order of tenants and ids */
    struct status_receiver *receiver;
    struct status_silence *silence;
    size_t n_pools, n_alerts, n_events, n_errors, n_subscriptions, n_receivers, n_silences;
};
void status_clear(struct status *s);
/* Removes the other tenants and their alerts, and alerts that belong to no tenant. */
void status_keep_tenant(struct status *s, const char *name);
static inline void status_clear_at(struct status *s) { status_clear(s); } /* CLEANUP(status_clear) */

/* What is wrong with the daemon itself, as sentences; borrowed. Returns their number. */
#define STATUS_PROBLEMS_MAX 4
size_t status_problems(const struct status *s, const char *ret[static STATUS_PROBLEMS_MAX]);

/* STATUS= of sd_notify(3), one line. */
void status_line(const struct status *s, struct text *t);
/* The report of --once. Check ferror(out). */
void status_text(const struct status *s, FILE *out);
/* The object of --once --json, for the caller to free(). -ENOMEM, or -E2BIG beyond 64 MiB. */
int status_json(const struct status *s, char **ret);
/* The bodies of GET /v1/status, /v1/tenants and /v1/alerts (with STATUS_ALERTS; `all`: also those that do not
 * fire yet). As status_json(). */
int status_json_daemon(const struct status *s, char **ret);
int status_json_tenants(const struct status *s, char **ret);
int status_json_alerts(const struct status *s, bool all, char **ret);
/* The body of GET /v1/allotments (with STATUS_POOLS). `tenant` NULL: all. `sku` NULL: all; else the begin of a part number,
 * id or name, or of the id of a pool. */
int status_json_allotments(const struct status *s, const char *tenant, const char *sku, char **ret);
/* The body of GET /readyz, and whether it says so. As status_json(). */
int status_json_ready(const struct status *s, bool *ret_ready, char **ret);
/* Everything that is known as metrics (with STATUS_POOLS, STATUS_ALERTS and STATUS_RECEIVERS): Prometheus's text
 * format 0.0.4, or OpenMetrics 1.0. Unknown numbers have no sample. As status_json(). */
int status_metrics(const struct status *s, bool openmetrics, char **ret);
/* Whether a client with this header Accept (NULL: it sent none) prefers OpenMetrics. */
bool status_metrics_preferred(const char *accept);
