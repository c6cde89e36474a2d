/* SPDX-License-Identifier: MIT */
/* runtime/app.h: the state that the files of runtime/ share. */
#pragma once
#include <systemd/sd-event.h>

#include "config/config.h"
#include "runtime/activity.h"
#include "runtime/cli.h"

struct credentials;
struct endpoint;
struct outage;
struct poller;
struct receiver_test;
struct tenant;

#define UNRECORDED_MAX 256 /* messages logged during one outage of the store */

struct app {
    const struct cli *cli;
    sd_event *event;
    struct options *options;
    struct http *http;
    struct store *store; /* NULL: --dry-run without a database */
    struct alert_registry *registry;
    struct silence *silence; /* stored ones, oldest first */
    size_t n_silences;
    usec_t first_mono;   /* begin of a shared first digest; 0: none waits */
    usec_t zones_minute; /* when the offsets of their zones were last looked up */
    struct receiver_test *receiver_test; /* NULL: none runs */
    struct dispatcher *dispatcher; /* NULL: --dry-run */
    struct heartbeats *heartbeats; /* NULL: --once */
    struct resends *resends;       /* NULL: --once */
    struct tenant *tenant;
    size_t n_tenants;
    struct credentials *credentials;
    struct outage *outage;
    struct poller *poller;
    struct activity activity;  /* polls, from when they are queued, and what follows them */
    struct reach outage_reach; /* receivers of the poll alerts that an outage replaces, or would */
    struct endpoint *endpoint; /* NULL: not in the service, or none */
    int status_fd;             /* a listening socket for it that systemd has passed; -1: none */
    sd_event_source *tick, *watchdog;
    struct instant last_tick;
    bool settling; /* loss_settle is under way */
    bool reloading, stopping;
    bool reload_again;            /* requested while a reload was under way */
    bool config_refused;          /* by the last reload */
    struct reload_request {
        void (*ended)(void *userdata, int code, const char *reason); /* NULL: nobody waits for the result */
        void *userdata;
    } reload, next_reload;        /* of the reload in progress, and of the one after it (reload_again) */
    bool clock_unset;             /* logged once */
    bool matches_looked_at;       /* those that match no pool were logged */
    uint64_t status;              /* hash of the status line that was sent; 0: none */
    struct options *next_options; /* while a reload waits for deliveries to end */
    struct changes **history;     /* --once: what this run changed, for its report */
    size_t n_history;
    struct instant started;
    usec_t asleep;       /* clock_asleep() when tick_woke() was last called */
    usec_t woke_mono;    /* when a sleep was last noticed; 0: never */
    uint64_t delivered;  /* by this run */
    struct receiver_count {
        char receiver[64];
        uint64_t n[OUTBOX_SUPERSEDED + 1]; /* attempts of this run that ended so, see counts.h */
    } *count;
    size_t n_counts;
    bool store_failing;  /* logged once */
    uint64_t unrecorded[UNRECORDED_MAX]; /* hashes of the messages logged as not recorded since then */
    size_t n_unrecorded; /* UNRECORDED_MAX + 1: some were not logged */
    uint64_t quarantined; /* damaged rows that were logged */
};

/* Reads and checks the configuration, opens the store unless --dry-run, loads its state, makes the
 * receivers and the tenants. EXIT_OK, or the exit code; everything was logged. */
int app_open(const struct cli *cli, struct app *app);
void app_close(struct app *app);
/* The parts that a reload makes anew from app->options. */
int app_wire(struct app *app, struct failure *ret_failure);
void app_unwire(struct app *app);
/* Moves what app_wire() made, and the options, to another struct; a reload keeps the old wiring there. */
void app_move_wiring(struct app *to, struct app *from);
