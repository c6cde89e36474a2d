/* SPDX-License-Identifier: MIT */
/* runtime/tenant.h: the state of one tenant while the daemon runs. */
#pragma once
#include <systemd/sd-event.h>

#include "config/config.h"

struct app;
struct command_inquiry;
struct lookup_run;

struct tenant {
    struct app *app;
    const struct tenant_options *options; /* borrowed from app->options */
    struct graph *graph;                  /* NULL: broken or disabled */
    struct tenant_memory *memory;         /* NULL: never polled */
    struct tenant_health health;
    sd_event_source *timer;           /* of the next poll; NULL with --once */
    struct instant due;               /* when the next poll begins; for the watchdog */
    usec_t asleep_begun, asleep_read; /* clock_asleep() when the last poll began, and when the last that ended began */
    bool queued;                      /* due, waiting for one of poll.concurrency */
    bool gathered;                    /* the poll has ended, its result is not taken yet */
    usec_t slot_until_mono;           /* its poll occupies a slot until then; 0: it occupies none */
    bool slow;                        /* its last poll outlasted its slot */
    bool again;                       /* another poll was requested while one was under way */
    uint64_t skipped;          /* polls that came due during a poll, since the start or a change of its options */
    bool overran;              /* the last poll took longer than the interval */
    unsigned refused;          /* sign-ins refused in a row */
    uint64_t files;            /* stamp of its credential files when the last poll began */
    sd_event_source *look;     /* watches these files after a refusal; NULL */
    void (*look_changed)(struct tenant *t); /* called when they change */
    struct lookup_run *lookup_run;         /* look-ups of usage_rights under way; NULL */
    size_t rights_first;                   /* the entry that the next run begins with */
    usec_t rights_not_before_mono;         /* backoff of the look-ups, and of operators' inquiries */
    struct command_inquiry *inquiry;       /* of operators: the one under way, and those that wait; NULL */
    struct poll_state reading;             /* of its last poll, for the rule service */
    usec_t asked_mono;                     /* when its last poll ended; 0: not since the start */
    usec_t began_mono;                     /* since when it fails with the same failure group; 0: not since the start */
    bool at_sign_in;                       /* the last failure was one of the sign-in */
    size_t nth;                            /* index in the tally of outage.c */
    bool lost;                             /* state was lost, and no complete poll has followed */
    int64_t clock_ahead;                   /* seconds by which our clock is ahead of its, as last known; 0: negligible */
    bool read_logged;                      /* its first complete poll was logged */
    struct {
        struct snapshot *snapshot; /* of the last poll, for a reload; NULL: its list was not complete */
        int64_t clock_ahead;
    } judged;
    struct {
        int64_t polls, failures, requests, throttled; /* by this process; kept over reloads */
    } totals;
    struct { /* the last poll, for --once and the status line */
        bool known, committed;
        struct snapshot_totals totals;
        enum source source;
        struct graph_report report;
        uint32_t right_requests;   /* of its look-ups of usage_rights */
        struct snapshot *snapshot; /* --once only */
    } last;
};

/* Loads what the store knows and makes its connection to Graph. `app` and `options` are set. -errno with a
 * failure: the daemon cannot run; a broken configuration of this tenant alone is no failure. */
int tenant_load(struct tenant *t, struct failure *ret_failure);
void tenant_clear(struct tenant *t);
/* NULL: not among these. */
struct tenant *tenant_find(struct tenant *tenant, size_t n, const char *tenant_id);
/* The machine slept since its last poll began: its data is stale. */
bool tenant_is_stale(const struct tenant *t);
struct judge_context tenant_judge_context(const struct tenant *t, usec_t at);
/* NULL: the zone of this machine. */
struct zone tenant_zone(const struct tenant_options *t, usec_t at);
int32_t tenant_utc_offset(const void *options, usec_t at); /* of that zone, for a struct calendar */
/* The zone of this machine, for alerts that belong to no tenant. -ENOMEM. */
int tenant_set_machine_zone(struct alert_context *f, usec_t at);
