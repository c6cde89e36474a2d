/* SPDX-License-Identifier: MIT */
/* runtime/app.h: everything that runs, in one place; private to this room.
 *
 * app_open checks and opens, in the order that leaves nothing changed if a start is refused; the
 * other files are verbs on the same struct: poller (when to read), take (what a snapshot changes),
 * tick (what time alone changes), reload, once. */
#pragma once
#include <systemd/sd-event.h>

#include "base/text.h"
#include "config/config.h"
#include "runtime/cli.h"

struct app;

/* What a tenant signs in with. Of those that share it the first one keeps what is known of it. */
struct credential_state {
    size_t owner;  /* index of that tenant; NO_OWNER: the platform renews it, or nothing is read */
    bool asking;   /* Graph, for the application's entry */
    bool asked;    /* ... and it did not say, since the file last changed */
    uint64_t asked_files; /* `files` of the owner, as it was asked */
    usec_t ask_again_mono;
    /* of the owner */
    bool apart;         /* another file has the same name and client: the tenant tells them apart */
    bool dated;         /* its end is known to somebody, or may be */
    uint64_t files;     /* what they looked like, */
    usec_t since_mono;  /* and since when; 0: since before the start */
    usec_t ends_at;     /* by the certificate or the configuration; 0: unknown */
    usec_t entry_at;    /* by the application's entry; 0: unknown */
    size_t home;        /* the tenant that has the entry; NO_OWNER: not known */
    bool blamed;        /* the alert about a tenant that uses it has been told */
    struct failure why; /* it is unknown */
    uint64_t logged;    /* hash of its words as they were said; 0: they were not */
};
#define NO_OWNER SIZE_MAX

struct tenant { /* one tenant */
    struct app *app;
    const struct tenant_options *options; /* borrowed from app->options */
    struct graph *graph;                  /* NULL: broken or disabled */
    struct tenant_memory *memory;         /* NULL: never polled */
    struct tenant_health health;
    sd_event_source *timer;
    struct instant due;       /* when the next poll begins; for the watchdog */
    usec_t asleep_begun, asleep_read; /* clock_asleep() as the last poll began, and the last that has ended */
    bool queued;              /* due, waiting for one of poll.concurrency */
    bool gathered;            /* read; what it says is taken with others in a moment */
    usec_t slot_until_mono;   /* its poll holds one of these until then; 0: it holds none */
    bool slow;                /* its last poll was still under way when it had to give its place back */
    bool again;               /* asked for while a poll was under way */
    uint64_t skipped; /* polls that came due while one was under way, since the start, or since its
                         options were changed */
    bool overran;             /* the last poll took longer than the interval */
    unsigned refused;         /* sign-ins refused in a row */
    uint64_t files;           /* what its credential files looked like as the last poll began */
    sd_event_source *look;    /* at these files, after a refusal; NULL */
    struct lookup_run *lookup_run; /* look-ups of usage_rights under way; NULL */
    size_t rights_first;           /* the entry that the next run begins with */
    usec_t rights_not_before_mono; /* Graph wants no look-up before */
    struct poll_state reading;     /* how that goes; and for the rule service: */
    usec_t asked_mono, began_mono; /* when its last poll ended, and that from which on it fails alike; 0: not since the start */
    bool at_sign_in;               /* where the last one failed */
    size_t nth;                    /* of outage.tenant */
    struct credential_state credential;
    bool lost;                /* state was lost, and it was not read completely since */
    bool skewed;              /* its clock and ours disagree, which was said */
    bool read_logged;         /* its first complete reading was */
    struct {                  /* what the last poll read, for a reload; NULL: its list was not complete */
        struct snapshot *snapshot;
        int64_t clock_ahead;
    } judged;
    struct {                  /* the last poll, for --once and the status line */
        bool known, committed;
        struct snapshot_totals totals;
        enum source source;
        struct graph_report report;
        uint32_t right_requests;   /* of its look-ups of usage_rights */
        struct snapshot *snapshot; /* --once keeps it for its report */
    } last;
};

struct outage { /* what the rule service goes by */
    struct service_tenant *tenant; /* as they were when last judged */
    size_t n;
    struct service_tally tally;
    struct service_alert alert;
    receiver_set notified; /* who knows that it is up */
    struct reach reach; /* receivers of the poll alerts that keep still, or would */
};

#define UNRECORDED_MAX 256 /* lines in the log of one outage of the store */
#define TAKE_TOGETHER 8 /* polls that one commit waits for */

struct ended { /* a poll */
    struct tenant *tenant;
    struct snapshot *snapshot; /* owned; NULL: it could not even begin */
    struct graph_report report;
};

struct app {
    const struct cli *cli;
    sd_event *event;
    struct options *options;
    struct http *http;
    struct store *store; /* NULL: --dry-run without a database */
    struct alert_registry *registry;
    struct dispatcher *dispatcher; /* NULL: --dry-run */
    struct tenant *tenant;
    size_t n_tenants;
    size_t polling;            /* polls under way */
    size_t looking;            /* tenants whose usage rights are being looked up */
    struct ended ended[TAKE_TOGETHER]; /* polls that ended just now */
    size_t n_ended;
    sd_event_source *gather; /* takes them; NULL */
    sd_event_source *tick, *watchdog;
    sd_event_source *slots_timer; /* somebody waits for a place, and one will be given back; NULL */
    struct instant last_tick;
    struct outage outage;
    struct instant graph_clock; /* at this `mono` Graph's clock said `at`; boot 0: not known */
    bool settling;             /* loss_settle is under way */
    bool reloading, stopping;
    bool reload_again;            /* asked for while a reload was under way */
    bool config_refused;          /* by the last reload */
    pid_t asker, answer_to;       /* who sent the last SIGHUP; the one that the reload under way is for */
    bool clock_unset;             /* said once */
    bool matches_looked_at;       /* those that match no pool were said */
    uint64_t status;              /* hash of the status line that was told; 0: none */
    struct options *next_options; /* while a reload waits for deliveries to end */
    struct changes **history; /* --once: what this run changed, for its report */
    size_t n_history;
    void (*polled)(struct app *app); /* called when no poll is under way or queued any more */
    struct instant started;
    usec_t asleep;           /* clock_asleep() when that was last looked at */
    usec_t woke_mono;        /* when the machine was last found to have slept; 0: never */
    uint64_t delivered;      /* by this run */
    bool store_failing;      /* said once */
    uint64_t unrecorded[UNRECORDED_MAX]; /* hashes of the messages that were said to be not recorded since then */
    size_t n_unrecorded;     /* one more than that: some were left out */
    uint64_t quarantined;    /* damaged rows that were spoken about */
    int exit_code;
};

#define APP_USER_AGENT "NONISV|seatwatchd|seatwatchd/" SEATWATCH_VERSION /* the form that Microsoft asks for */

/* app.c */
int app_proxy_password(const struct options *o, struct secret **ret, struct failure *ret_failure); /* NULL: none */
/* Reads and checks the configuration, opens the store unless dry_run, loads what it remembers,
 * makes the receivers and the tenants. EXIT_OK, or the exit code; everything has been said. */
int app_open(const struct cli *cli, struct app *app);
void app_close(struct app *app);
int app_load_options(const struct cli *cli, struct options **ret); /* exit code; problems on stderr or in the log */
/* The parts that a reload makes anew from app->options. */
int app_wire(struct app *app, struct failure *ret_failure);
void app_unwire(struct app *app);
struct zone app_zone(const struct tenant_options *t, usec_t at); /* NULL: of this machine */
int app_set_zone(struct alert_context *f,
                 usec_t at); /* of this machine, for what belongs to no tenant; -ENOMEM */

/* removed.c */
/* What is configured no more, at a start or after a reload: alerts end ("rule_removed"), entries queued
 * for receivers that are gone are parked. */
void reconcile(struct app *app);
/* Parked messages of the receivers that are configured are due again. `disabled_too`: also of one that has said that it
 * is gone for good, which is used again then. */
void reconcile_retry_parked(struct app *app, bool disabled_too);

/* poller.c */
/* Arms every tenant's timer, spread by poll.jitter; a tenant that was watched before (a reload) keeps
 * its place in the interval. */
void poller_start(struct app *app, const struct tenant *before, size_t n_before);
void poller_start_once(struct app *app); /* every tenant once, now; then app->polled */
/* One tenant, or every tenant (SIGUSR1), out of turn. False: all of that was asked for already, and has not begun. */
bool poller_poll_soon(struct tenant *t);
bool poller_poll_now(struct app *app);
void poller_clock_set(struct app *app);  /* what failed for a wrong clock is tried again at once */
/* The machine has slept since this one, or any of them, was last read: what is known is old, which is
 * no news before it was read again. */
bool poller_owes(const struct tenant *t);
bool poller_owes_any(const struct app *app);
void poller_settle(struct app *app);     /* what has been read is taken now, not in a moment */
bool poller_on_time(const struct app *app, const struct instant *now); /* for the watchdog */

/* pause.c */
void backoff_store(const struct tenant *t,
                   const struct graph_report *report); /* a poll has ended */
void backoff_load(struct tenant *t);                   /* at a start or reload */

/* repair.c: a refused credential is tried again as soon as its files change */
uint64_t credential_files_stamp(
    const struct tenant *t); /* what its files look like; STAMP_NONE: it has none */
void credential_watch_begin(struct tenant *t); /* a poll begins */
bool credential_files_changed(
    const struct tenant *t,
    const struct tenant *before); /* its files are others since that was polled */
void credential_watch_arm(struct tenant *t,
                          const struct failure *why); /* it has ended; `why` as in its report */

void poller_idle(struct app *app); /* something has ended: perhaps all of it */

/* rights.c */
void rights_begin(struct tenant *t,
                  const struct graph_report *report); /* after a poll; it goes on by itself */
void rights_interrupt(
    struct tenant *t); /* the next poll begins: what was found counts, the rest is not known */
void rights_clear(struct tenant *t);
bool rights_about(const struct right_need *need, const struct tenant_identity *tenant);
/* Whether usage_rights still has the entry with this subject. */
bool rights_named(const struct app *app, const struct tenant_identity *tenant, const char *subject);

/* take.c */
struct judge_context take_judging(const struct tenant *t, usec_t at);
/* w NULL: about no tenant in particular. */
struct plan_context take_planning(struct app *app, const struct tenant *t, struct instant now);
/* Polls of different tenants ended: judge, plan, commit, apply, log. Takes the snapshots over. At most
 * TAKE_TOGETHER. */
void take_snapshots(struct app *app, struct ended *ended, size_t n);
/* Commits changes that do not come from a snapshot. Takes *changes over. */
int take_changes(struct app *app, const char *tenant_id, const struct tenant_health *health,
                 struct changes *changes, struct instant now, struct failure *ret_failure);

/* The same for n commits that share *changes; says what becomes of it. */
int take_commit(struct app *app, const struct commit *c, size_t n, struct changes *changes,
                struct failure *ret_failure);

/* again.c */
/* After a reload: the last readings of all tenants are judged by the new options. */
void again_judge(struct app *app);

/* loss.c */
/* If the database was damaged: says so, tells anew what may not have been told, and writes down what
 * this process knows. `starting`: it knows only what could be read. */
void loss_settle(struct app *app, bool starting);

/* One observation of its own, outside any poll. */
void take_observation(struct app *app, struct plan_context *ctx, struct observation *observation);

/* outage.c */
/* Counts who fails alike, and tells of it if it is no matter of single tenants. */
void outage_look(struct app *app, struct instant now);
/* The same, after a poll of this one left it with this health. */
void outage_asked(struct tenant *t, const struct tenant_health *health, bool at_sign_in,
                  struct instant now);
void outage_forget(struct app *app); /* other tenants are watched now */
/* Its own poll alert keeps still for now. After one of the two. */
bool outage_holds(const struct tenant *t, struct instant now);

/* What this poll alert would tell is told by the alert about the tenant's credential. */
bool poll_is_covered(const struct tenant *t, const struct tenant_health *health,
                     const struct observation *poll, struct instant now);

/* credentials.c: what tenants sign in with, and when that ends */
void credentials_wire(struct app *app); /* who shares what; reads certificates */
void credentials_inherit(struct app *app, const struct tenant *old, size_t n_old); /* a reload */
void credentials_polled(
    struct tenant *t,
    const struct graph_report *report); /* perhaps asks Graph; it goes on by itself */
void credentials_look(struct app *app, struct instant now); /* files and days, and what is to be told of them */
/* The level at which the alert about its credential tells that this tenant is refused; NONE: it does not. */
enum level credentials_tell(const struct tenant *t, const struct tenant_health *health,
                            struct instant now);
bool credentials_known(const struct app *app, const char *subject); /* somebody signs in with it, or may */
usec_t credentials_first_end(const struct app *app); /* of all that is known; 0: nothing is */

/* tick.c */
usec_t tick_woke(struct app *app, const struct instant *now); /* woke_mono; a sleep since is said */
void tick_start(struct app *app);
void tick_now(struct app *app); /* poll health, reminders, receivers: what time alone changes */
void tick_receiver(void *app, const char *receiver,
                   enum outbox_state state); /* dispatcher_delivered */

/* reload.c */
void reload_begin(struct app *app);

/* ask.c: --reload, both ends of it */
int reload_ask(const struct cli *cli);           /* the exit code of the asker is what the daemon answers */
void reload_answer(pid_t asker, int code);

/* once.c, once_json.c */
int once_run(struct app *app);
int once_print_json(const struct app *app);
/* once_pools.c: every pool that was read, but those with ignore = "all" */
struct once_pool {
    const char *tenant;
    const struct allotment *allotment;
    const char *name, *product; /* NULL: not configured; not known */
    const char *level;          /* "ok", "warning", "critical"; NULL: unknown */
};
typedef void once_pool_visit(void *userdata, const struct once_pool *pool);
void once_each_pool(const struct app *app, once_pool_visit *visit, void *userdata);
#define ONCE_WHY_MAX 300
/* The tenant was read and recorded, but the numbers of a pool cannot be used: `why` says whose. */
bool once_unusable(const struct tenant *t, char why[static ONCE_WHY_MAX]);
bool once_notified(const struct app *app, const struct alert *a); /* somebody is told of it */

/* matches.c */
struct matches_tenant { /* one that is enabled; borrowed */
    const struct tenant_identity *context;
    const struct tenant_memory *memory; /* NULL: it has not been read yet */
};
/* Says of each override and route that names a SKU or a pool which no tenant has. False: they have not all
 * been read completely, so nobody can tell. */
bool matches_check(const struct options *o, const struct matches_tenant *tenant, size_t n,
                   void (*say)(const char *text));
/* Once all tenants were read: overrides and routes that name a SKU or a pool that nobody has. Said once. */
void matches_look(struct app *app);

/* checks.c: --check-config, --dump-config, --check-access, --test-receiver */
int checks_config(const struct cli *cli);
int checks_dump(const struct cli *cli);
int checks_access(const struct cli *cli);
int checks_receiver(const struct cli *cli);

/* service.c: the daemon itself */
int service_run(struct app *app);

/* notify.c: what the service manager is told; nothing unless it asked for it (NOTIFY_SOCKET) */
void notify_checking(const struct app *app); /* a start may take long: EXTEND_TIMEOUT_USEC= */
void notify_ready(struct app *app);
void notify_alive(void); /* the watchdog is fed */
void notify_reloading(const struct app *app);
void notify_stopping(void);
void notify_status(struct app *app); /* the line in systemctl status */
