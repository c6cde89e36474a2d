/* SPDX-License-Identifier: MIT */
/* config/config.h: loads a configuration file into the options that the libraries below declare.
 *
 * One key table gives parsing, ranges, defaults, --dump-config, and the checks of manual page and
 * sample. All problems of a run are collected, each "FILE:LINE: what is wrong; what to do"; a
 * syntax error or a duplicate key stops the reader and is alone. tenants.d beside the main file is
 * read too; a broken tenant file breaks that tenant only. */
#pragma once
#include "deliver/deliver.h"
#include "deliver/links.h"
#include "graph/graph.h"

struct tenant_options {
    struct graph_options graph;
    struct tenant_identity identity;
    /* What its secret or certificate is called in the configuration, without folders: the part of
     * its identity that stays when the file moves. NULL: it has none. */
    char *credential;
    char *client_secret_expires; /* "2027-03-01", "auto", or "": unknown */
    bool enabled;
    char *file;    /* "tenants.d/x.conf"; NULL: the main file */
    char *broken;  /* NULL, or the one line that says why this tenant cannot run */
    bool nameless; /* broken so that name and id are unknown: both are the place in the files */
};
struct options {
    char *path; /* absolute, of the main file */
    usec_t poll_interval, poll_timeout;
    int64_t poll_jitter_bp;
    uint32_t poll_concurrency, poll_requests;
    char *ca_file, *proxy, *proxy_password_file;
    struct tenant_options *tenant;
    size_t n_tenants;
    struct rule_options rules;
    struct products *products;
    struct alert_options alerts;
    struct route_options routes;
    struct silence *maintenance; /* the caller keeps utc_offset right */
    size_t n_maintenance;
    struct receiver_options *receiver; /* same order as routes.receiver */
    size_t n_receivers;
    struct storm_options storm;
    struct links links;
    char *control_socket, *control_read_socket; /* paths, or "off" */
    struct {
        char *listen, *socket, *token_file; /* "": none */
        char **host;
        size_t n_hosts;
    } status; /* the endpoint */
    usec_t history_keep;
    int log_level;    /* LOG_INFO ... */
    char *names_file; /* "" : none; its content is in products */
    usec_t alerts_for,
        alerts_keep_firing_for;  /* of every rule without its own, as already filled */
    uint32_t alerts_min_samples; /* into rules.threshold */
    /* True if a file of tenants.d or an entry could not be read well enough to know whose it is:
     * a tenant that is not listed may still be configured, so its alerts must not be ended. */
    bool tenants_incomplete;
};
void options_free(struct options *o);
DEFINE_CLEANUP(struct options *, options_free)

struct problem {
    char *text;   /* "FILE:LINE: what is wrong; what to do" */
    bool fatal;   /* false: a warning, or it breaks one tenant only */
    bool warning; /* --check-config still succeeds */
};
struct problems {
    struct problem *problem;
    size_t n;
};
void problems_free(struct problems *p);
/* Reads and checks everything that a start would refuse, changes nothing, makes no connection.
 * 0: *ret is whole (problems may still hold warnings and broken tenants). -EINVAL: at least one
 * fatal problem, *ret is not written. -EAGAIN: the same, but this machine failed while files were
 * read (descriptors, memory, disk): another time it may pass. -ENOMEM: no problems to list. */
int options_load(const char *path, struct options **ret, struct problems *ret_problems);
/* The same for a person who asks before the service starts: warns also of what only root can read. */
int options_check(const char *path, struct options **ret, struct problems *ret_problems);
/* Every effective value as a configuration that loads again, also beside the tenants.d that it came
 * with: tenants from there are remarks. Secrets as file names. */
int options_dump(const struct options *o, char **ret);
