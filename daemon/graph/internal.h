/* SPDX-License-Identifier: MIT */
/* graph/internal.h: what the files of this room share. Nobody else includes it.
 *
 *   graph.c   the tenant: options, what was learnt, beginning and end of a poll
 *   token.c   the cached token, and asking for one    challenge.c  what a 401 asks for
 *   sign_in.c  what is sent to get a token, by kind of sign-in
 *   query.c   the URLs, and which options to drop     seen.c       links that were followed already
 *   fetch.c   pages in flight: lists, queues, the token, the pump
 *   fetch_answer.c   what came back: retries, throttling, 401, options refused, the next link
 *   carry.c   what a poll did not get to, first in the next    pace.c   how much at once
 *   poll.c    the cycle: what a page, a list's end or a list's failure means for the snapshot
 *   words.c   failures in words an operator can act on
 *   access.c  --check-access       lookup.c  one user, group or device by itself
 *   app_entry.c, page_app.c  when the client secret ends */
#pragma once
#include "graph/fetch.h"
#include "graph/pace.h"
#include "http/retry.h"

#include "base/text.h"

#define POLL_BYTES_MAX ((uint64_t)1 << 30)
#define LIST_PAGES_MAX 10000
#define RETRY_CAP (30 * USEC_PER_SEC)
#define PAGE_TIMEOUT (60 * USEC_PER_SEC)
#define TOKEN_TIMEOUT (30 * USEC_PER_SEC)
#define LONG_LIST 20 /* digest 2.4: where Graph is known to cut expanded lists elsewhere */

/* ---- query.c ---- */

enum list {
    LIST_ALLOTMENTS,
    LIST_WAITING,
    LIST_ERRORS,
    LIST_SKUS,
    LIST_SUBSCRIPTIONS, /* of the older source */
    LIST_COUNT_,
};

struct fetch_ask query_ask(enum list list); /* without what was learnt */
/* The first page's URL below `root` ("https://host"), without the options in `dropped`. `id` is the
 * allotment's, for LIST_WAITING only. NULL: no memory. */
char *query_url(const char *root, const char *version, enum list list, const char *id,
                unsigned dropped);
/* The step after `step` when the service refuses the options of `step`; 0 is all of them.
 * `options`: those there are. -1: there is none left. */
int query_next_step(unsigned options, int step);
int query_last_step(unsigned options);                  /* no option at all */
void query_add_encoded(struct text *t, const char *id); /* an opaque id, into a path */
unsigned query_dropped(int step);
const char *query_options(unsigned dropped); /* "$top and $expand" */

/* ---- challenge.c ---- */

#define CLAIMS_MAX 2048
/* The claims that a WWW-Authenticate header asks for ("insufficient_claims"), as JSON text. Pure.
 * -ENOENT: it asks for none. -EBADMSG: they make no sense. */
int challenge_claims(const char *header, char ret[static CLAIMS_MAX]);

/* ---- sign_in.c ---- */

struct sign_in { /* one request for a token */
    char *url;
    struct secret *form;  /* POST; NULL: GET, from a managed identity's service */
    size_t secret_from;   /* the secret or assertion: from there to the end of the form */
    struct secret *basic; /* Arc's second request */
};
/* Reads the credential from its files as they are now. `claims` is JSON or NULL. kind CONFIG. */
int sign_in_make(const struct graph *g, const char *claims, struct sign_in *ret,
                 struct failure *ret_failure);
/* Arc answers the first request with the path of a key file, whose content goes into the second.
 * Only a file of the agent's own directory is read. kind SECURITY, or CONFIG. */
int sign_in_arc_key(const struct graph *g, const char *www_authenticate, struct secret **ret,
                    struct failure *ret_failure);
void sign_in_clear(struct sign_in *s);
static inline void sign_in_clear_at(struct sign_in *s)
{
    sign_in_clear(s);
}
/* The service that gives tokens to the machine: plain http, and never through a proxy. */
/* Where an administrator consents to the application's permissions; for free(). -ENOMEM */
int sign_in_consent_url(const struct graph *g, char **ret);
const char *sign_in_identity_root(enum identity_host host);

/* ---- token.c ---- */

struct token_result {
    bool ok;
    struct failure failure; /* kind AUTH or CONFIG: asking again is useless; TRANSIENT, THROTTLED */
    int status;
    char correlation_id[80]; /* for Microsoft's support; "" */
    bool consent;            /* an administrator's consent may be what is missing */
    size_t wire_bytes;
};
typedef void token_done(void *userdata, const struct token_result *result);
struct token {
    struct secret *bearer; /* NULL: none */
    usec_t renew_mono, expires_mono;
    usec_t asked_mono;     /* when the credential was read for the request under way, */
    usec_t signed_in_mono; /* and for the last one that was answered with a token; 0: none was */
    unsigned generation;   /* of the bearer: counts the tokens we had */
    bool proven;           /* Arc: the request under way is the second one */
    struct http_request *request;
    token_done *done;
    void *userdata;
};
bool token_usable(const struct graph *g, usec_t now_mono);
bool token_due(const struct graph *g, usec_t now_mono); /* should be renewed, or is missing */
/* After so much of a life of `lifetime` a token is renewed. Pure. */
usec_t token_renew_after(usec_t lifetime);
void token_keep_for(struct graph *g, usec_t wait,
                    usec_t now_mono); /* renewing failed; later again */
void token_forget(struct graph *g);
void token_cancel(struct graph *g); /* the request under way, without calling back */
/* One sign-in with the secret as it is on disk now. `claims` is JSON or NULL. */
int token_ask(struct graph *g, const char *claims, usec_t timeout, token_done *done, void *userdata,
              struct failure *ret_failure);

/* ---- words.c ---- */

/* Why a page was not obtained: call, status, Graph's code and what to do. Fills all of *ret. */
void error_text_of_answer(const struct fetch_ask *ask, const struct http_answer *a,
                          struct fetch_failed *ret);
bool error_text_is_json(const char *content_type);
/* Is this answer somebody else's, because it has a status of an error and no error body of theirs?
 */
bool error_text_is_foreign(int status, bool known_error);
/* kind TRANSIENT: what it is instead of JSON, and its first bytes, without naming the call. */
void error_text_of_foreign(const struct http_answer *a, struct failure *ret);
/* Graph itself says that it does not have what was asked for. A 403 is something else: a person can
 * grant the permission. */
bool error_text_api_is_absent(const struct fetch_failed *why);
bool error_text_is_no_segment(int status, const struct graph_error *e); /* there is no such path */
/* -EBADMSG: this 200 is no JSON; the failure says what it is, and its first bytes. */
int error_text_expect_json(const struct fetch_ask *ask, const struct http_answer *a,
                           struct fetch_failed *ret);
/* Which of two failures is the one to tell: true if `a` is worse. */
bool error_text_worse(const struct failure *a, const struct failure *b);

/* ---- secrets.c ---- */

/* Every text of a failure passes one of these before it leaves the room: what this request sent,
 * the token and the client secret become "[redacted]". */
void secrets_out_of_fetch(const struct graph *g, const struct http_answer *a,
                          struct fetch_failed *why);
void secrets_out_of_sign_in(const struct graph *g, const struct http_answer *a,
                            struct token_result *result);

/* ---- poll.c ---- */

struct poll {
    struct graph *graph;
    graph_done *done;
    void *userdata;
    struct fetch fetch;
    struct snapshot_builder *builder;
    struct snapshot *spare; /* without any section: what a poll ends with when memory has run out */
    struct failure failure; /* the worst so far */
    char request_id[80];    /* both belong to `failure` */
    enum list failed_list;
    struct pending_stack {
        struct pending {
            enum list list;
            char *id,
                *link; /* an allotment's, and where its waiting list goes on; NULL: its start */
            struct id_set ids; /* of the members that came before the link */
        } * item;
        size_t n, size;
    } pending, pending_last; /* lists still to be begun; those that wait for all others */
    unsigned turns;          /* see carry.c */
    bool errors_read;
    struct id_set chained;            /* ids whose waiting list was handed to the loop */
    const struct fetch_list *checked; /* it reads an expanded list a second way, */
    int64_t inline_count;             /* which had so many members; NULL: none does */
    bool falling_back;                /* to the older source, in this poll, because of ... */
    struct failure refused;
    char refused_id[80];
    int refused_status;
};
int poll_add(struct poll *p, enum list list); /* -ENOMEM */

/* ---- carry.c ---- */

struct poll_order {    /* from poll to poll */
    bool cut;          /* the last one was cut short */
    bool errors_first; /* before the pools, this time */
    bool errors_had;   /* their turn in this round, */
    struct id_set had; /* and these waiting lists theirs */
};
int poll_order_begin(struct poll *p); /* puts pools and errors in order. -ENOMEM */
/* A list for later. Takes over `ids` (NULL: none came before). -ENOMEM */
int poll_order_pend(struct poll *p, enum list list, const char *id, const char *link,
                    struct id_set *ids);
bool poll_order_pick(struct poll *p,
                     struct pending *ret); /* takes the next one off; false: there is none */
void poll_order_drop(struct poll *p);      /* all that are pending */
void poll_order_turn(struct poll *p, enum list list,
                     const char *id);   /* a list was read, or failed */
void poll_order_settle(struct poll *p); /* the poll ends, its queues as they are */
void poll_order_clear(struct poll_order *k);

/* ---- graph.c ---- */

struct learnt { /* about this tenant's service, for the life of the process */
    struct learnt_options options[LIST_COUNT_];
    bool answered;     /* the Cloud Licensing API has: no fallback any more */
    bool fallback;     /* the older source is in use */
    usec_t probe_mono; /* when to try the API again */
    unsigned refusals; /* 403 in polls in a row */
    bool dateless;     /* the list of subscriptions is refused, which was said */
    bool folds_errors; /* more kinds of error than have groups of their own, which was said */
    bool cuts_lists;   /* expanded lists are shorter than the real ones */
    usec_t check_mono; /* when to compare them again; 0: now */
    struct failure core, full; /* the last one, without and with its request id */
};

struct access;
struct lookup;
struct app_entry;
struct graph {
    struct graph_options o; /* strings are ours */
    struct http *http;
    sd_event *event;
    struct origin api, fallback, login; /* Graph with /<version>/, Graph with /v1.0/, login root */
    char *scope, *token_url;         /* token_url: where assertions are for, too */
    struct token token;
    struct learnt learnt;
    struct pace pace;
    struct poll_order order;
    enum source source;
    struct poll *poll;
    struct access *access;
    struct lookup *lookup;
    struct app_entry *entry;
    /* Tests change these. */
    const char *arc_directory; /* where Arc's keys lie */
    usec_t backoff;            /* base of the waits between retries */
    size_t pages_max;
    uint64_t bytes_max;
};
const char *cloud_graph_root(enum cloud cloud);
uint32_t graph_dice(void);
void poll_free(struct poll *p);
DEFINE_CLEANUP(struct poll *, poll_free)
void access_free(struct access *a);
DEFINE_CLEANUP(struct access *, access_free)
void lookup_free(struct lookup *l);
DEFINE_CLEANUP(struct lookup *, lookup_free)
void app_entry_free(struct app_entry *e);
DEFINE_CLEANUP(struct app_entry *, app_entry_free)
