/* SPDX-License-Identifier: MIT */
/* graph/graph.h: fetches a snapshot of a tenant from Microsoft Graph.
 *
 * A poll always ends with a snapshot. Sections that could not be read completely are unknown in it,
 * and the report says why. Continuations go before new lists; at most `requests` are in flight for
 * one tenant, one while throttled. The token is cached and renewed early; the first 401 renews it,
 * a second is an auth failure. What the service refuses (an option, the whole API) is remembered
 * per tenant. */
#pragma once
#include "graph/assertion.h"
#include "http/http.h"
#include "model/snapshot.h"

enum auth { AUTH_CLIENT_SECRET, AUTH_CERTIFICATE, AUTH_WORKLOAD_IDENTITY, AUTH_MANAGED_IDENTITY, AUTH_COUNT_ };
enum identity_host { IDENTITY_VM, IDENTITY_ARC }; /* service that issues tokens to the machine */
enum cloud { CLOUD_GLOBAL, CLOUD_USGOV_L4, CLOUD_USGOV_L5, CLOUD_CHINA };
enum source_option { SOURCE_OPTION_AUTO, SOURCE_OPTION_CLOUD_LICENSING, SOURCE_OPTION_SUBSCRIBED_SKUS };

struct graph_options { /* one tenant; filled by config/, which owns the strings */
    char *name, *tenant_id;
    char *client_id; /* managed identity: "" is the system-assigned one */
    enum auth auth;
    /* Paths, "" where the kind of sign-in does not use them. Read at each sign-in. */
    char *client_secret_file;
    char *certificate_file, *private_key_file, *private_key_password_file;
    enum assertion_form assertion;
    char *federated_token_file;
    enum identity_host identity_host;
    char *identity_object_id, *identity_resource_id; /* name a user-assigned identity, too; "" */
    enum cloud cloud;
    char *graph_url, *login_url; /* "" : by cloud; login_url of a managed identity: its service */
    char *resource;              /* "" : Graph root of the cloud */
    char *api_version;           /* "beta" */
    enum source_option source;
    uint32_t requests; /* in flight */
    usec_t timeout;    /* of the whole poll */
};
/* The roots that these options mean. kind CONFIG. */
int graph_roots(const struct graph_options *o, struct origin *ret_graph, struct origin *ret_login,
                struct failure *ret_failure);

struct graph; /* one tenant: token, service state, the current poll */
int graph_new(const struct graph_options *o, struct http *http, sd_event *event, struct graph **ret,
              struct failure *ret_failure);
void graph_free(struct graph *g); /* cancels a poll without calling back */
DEFINE_CLEANUP(struct graph *, graph_free)

struct graph_report {
    struct failure failure; /* the worst failure; only if !complete */
    bool complete;          /* every section that the source offers */
    uint32_t requests;      /* everything sent: token and retries included */
    uint64_t bytes;         /* received, on the wire */
    usec_t took;
    uint32_t throttled;     /* answers 429/503 */
    usec_t resume_at_mono;  /* Retry-After exceeds the poll: do not poll before (boot time); 0 */
    struct instant began;   /* boot 0: it could not begin */
    int64_t skew_seconds;   /* our clock, as the poll began, minus Graph's Date; if skew_known */
    bool skew_known;
    struct failure renewal; /* early renewal failed, the old token is still used; text "": none */
    bool at_sign_in;        /* the failure is from there; only if !complete */
    uint32_t refusals;      /* consecutive 403 answers of an API that has never answered */
    char note[256];         /* to be logged once: an option was refused, the fallback is in use; "" */
};
typedef void graph_done(void *userdata, struct snapshot *snapshot /* yours */, const struct graph_report *report);
/* -EBUSY: one is under way already. `done` comes from the event loop. */
int graph_poll(struct graph *g, graph_done *done, void *userdata, struct failure *ret_failure);
bool graph_polling(const struct graph *g);
const char *graph_host(const struct graph *g, bool sign_in); /* of the one, or of Graph itself */
void graph_cancel(struct graph *g); /* no callback follows */
void graph_backoff_until(struct graph *g, usec_t until_mono); /* persisted Retry-After deadline */
/* After a reload: takes over pace, service state and, if `token`, the token of `from`, which is
 * about to be freed; its poll ends here without a callback. False, and nothing changes, if their
 * options differ. */
bool graph_inherit(struct graph *g, struct graph *from, bool token);
/* The credential's files have changed: the next poll signs in with them. If they are refused, the
 * current token is used as long as it is valid. */
void graph_sign_in_again(struct graph *g);
/* When the last accepted credential was read, boot time; 0: none yet. */
usec_t graph_signed_in_mono(const struct graph *g);
enum source graph_source(const struct graph *g);     /* NONE before the first answer */
void graph_set_refusals(struct graph *g, uint32_t refusals); /* of an earlier process */
void graph_set_answered(struct graph *g, enum source known); /* from the store: once Graph has answered, no fallback */

/* --check-access: sign in and try each call that this tenant needs, one after the other. */
struct graph_check {
    const char *call; /* "sign-in", "GET /admin/cloudLicensing/allotments", ... */
    const char *what_for, *permission;
    int status;       /* 0: no answer */
    bool ok, needed;  /* needed: without it the main job cannot run */
    char text[384];   /* "ok", or what is wrong and what to do */
    const char *consent_url; /* where an administrator may give the consent that is missing; NULL */
};
/* The calls of the polls of a tenant with these options, without results: no request is made. Returns their number. */
#define GRAPH_CALLS_MAX 8
size_t graph_calls(const struct graph_options *o, struct graph_check ret[static GRAPH_CALLS_MAX]);
typedef void graph_check_done(void *userdata, const struct graph_check *checks, size_t n, bool usable);
int graph_check_access(struct graph *g, graph_check_done *done, void *userdata, struct failure *ret_failure);
