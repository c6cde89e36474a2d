/* SPDX-License-Identifier: MIT */
/* graph/inside.h: what the files of this room share. Nobody else includes it.
 *
 *   graph.c   the tenant: options, what was learnt, beginning and end of a poll
 *   token.c   the cached token, and asking for one    challenge.c  what a 401 asks for
 *   sign_in.c  what is sent to get a token, by kind of sign-in
 *   query.c   the URLs, and which options to drop     seen.c       links that were followed already
 *   walk.c    pages in flight: chains, queues, the token, the pump
 *   carry.c   what a poll did not get to, first in the next    pace.c   how much at once
 *   arrive.c  what came back: retries, throttling, 401, options refused, the next link
 *   poll.c    the cycle: what a page, a list's end or a list's failure means for the snapshot
 *   words.c   failures in words an operator can act on
 *   access.c  --check-access       lookup.c  one user, group or device by itself
 *   app_entry.c, page_app.c  when the client secret ends */
#pragma once
#include "graph/graph.h"
#include "graph/pace.h"
#include "graph/page.h"
#include "graph/seen.h"
#include "http/retry.h"

#include "base/text.h"

#define PAGE_BYTES_MAX ((size_t)8 << 20) /* decoded; security rules, "Transport" */
#define POLL_BYTES_MAX ((uint64_t)1 << 30)
#define LIST_PAGES_MAX 10000
#define RETRIES_MAX 4 /* of one page */
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
enum { OPTION_TOP = 1, OPTION_EXPAND = 2, OPTION_SELECT = 4 };

bool query_older(enum list list);             /* it is below /v1.0, whatever api_version says */
const char *query_call(enum list list);       /* "GET /admin/cloudLicensing/allotments" */
const char *query_permission(enum list list); /* what an administrator has to grant */
/* The first page's URL below `root` ("https://host"), without the options in `dropped`. `id` is the
 * allotment's, for LIST_WAITING only. NULL: no memory. */
char *query_url(const char *root, const char *version, enum list list, const char *id,
                unsigned dropped);
/* The step after `step` when the service refuses the options of `step`; 0 is all of them. -1: there
 * is none left. */
int query_next_step(enum list list, int step);
int query_last_step(enum list list); /* no option at all */
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
static inline void sign_in_clear_at(struct sign_in *s) { sign_in_clear(s); }
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
    usec_t asked_mono;   /* when the credential was read for the request under way, */
    usec_t signed_in_mono; /* and for the last one that was answered with a token; 0: none was */
    unsigned generation; /* of the bearer: counts the tokens we had */
    bool proven;         /* Arc: the request under way is the second one */
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

/* Why a page was not obtained: call, status, Graph's code and what to do. */
void words_of_answer(enum list list, const struct http_answer *a, struct failure *ret);
/* A 200 that is no JSON: says what it is, and its first bytes. */
void words_of_wrong_type(enum list list, const struct http_answer *a, struct failure *ret);
bool words_is_json(const char *content_type);
/* The same for a caller that names its call itself. -EBADMSG: this 200 is no JSON. */
int words_expect_json(const struct http_answer *a, struct failure *ret);
/* Which of two failures is the one to tell: true if `a` is worse. */
bool words_worse(const struct failure *a, const struct failure *b);

/* ---- walk.c: chains of pages ---- */

struct chain { /* a list that is being read; at most one page of it is in flight */
    struct chain *next, **pprev; /* in one of the poll's queues, or among those in flight */
    struct poll *poll;
    enum list list;
    char *id;        /* LIST_WAITING: whose */
    char *url;       /* the page to fetch */
    int step;        /* which options the first page goes without */
    bool first_page; /* `url` is ours and not the service's */
    bool check;      /* reads an expanded list a second way */
    int64_t inline_count;
    size_t pages, rows, lacking;
    bool spoiled;
    struct seen links, ids; /* pages and rows so far */
    unsigned retries;       /* of this page */
    usec_t not_before_mono;
    bool fresh_connection;
    unsigned generation; /* of the token it went with */
    struct http_request *request;
};

struct poll {
    struct graph *graph;
    graph_done *done;
    void *userdata;
    struct instant began;
    usec_t deadline_mono;
    sd_event_source *begin, *wake;
    struct snapshot_builder *builder;
    struct snapshot *spare; /* without any section: what a poll ends with when memory has run out */
    struct graph_report report;
    char request_id[80]; /* both belong to report.failure */
    enum list failed_list;
    struct failure trouble; /* why a page, or the sign-in, was last repeated; text "": no trouble */
    bool ended;

    struct chain *soon, *work, *flying; /* continuations and repeated pages; new lists; in flight */
    unsigned n_chains, n_flying;
    struct pending {
        enum list list;
        char *id, *link; /* an allotment's, and where its waiting list goes on; NULL: its start */
        struct seen ids; /* of the members that came before the link */
    } * pending;         /* lists still to be begun: a stack */
    size_t n_pending, pending_size;
    unsigned turns;      /* see carry.c */
    bool errors_read;
    struct seen chained; /* ids whose waiting list was handed to a chain */

    usec_t hold_until_mono; /* throttled: nothing is sent before */
    unsigned holds;         /* without a Retry-After, in a row */
    usec_t sign_in_at_mono;
    unsigned sign_ins, renewals;
    bool early_failed; /* the token should be renewed, but the old one still serves */
    char *claims;
    bool dates_differ; /* the Date headers of its answers contradict each other */
    uint64_t bytes;    /* decoded */
    bool falling_back; /* to the older source, in this poll, because of ... */
    struct failure refused;
    char refused_id[80];
    int refused_status;
};

/* All of these may be called from within a handler; only walk_pump may end the poll and free it, so
 * it is the last thing a handler does. */
void walk_pump(struct poll *p);
int walk_add(struct poll *p, enum list list, const char *id, const char *link /* NULL: its start */,
             struct chain **ret);
/* Later. Takes over `ids` (NULL: none came before). */
int walk_pend(struct poll *p, enum list list, const char *id, const char *link, struct seen *ids);
/* Notes it if it is the worst so far. LIST_COUNT_: no list in particular. */
void walk_fail(struct poll *p, const struct failure *why, enum list list, const char *request_id);
void walk_end(struct poll *p, const struct failure *why); /* no more: finish with what there is */
void walk_clear(struct poll *p);                          /* cancels every chain */

/* Chains, for walk.c and arrive.c. Between its arrival and chain_again, chain_failed or chain_free
 * a chain is in no queue. */
void chain_unlink(struct chain *c);
void chain_free(struct chain *c);
DEFINE_CLEANUP(struct chain *, chain_free)
const struct origin *chain_origin(const struct chain *c);
int chain_first_url(struct chain *c); /* by its list, id and step. -ENOMEM */
void chain_again(struct chain *c, usec_t not_before);
void chain_failed(struct chain *c, const struct failure *why, int status, const char *request_id);
usec_t walk_left(const struct poll *p, usec_t now); /* until the deadline */
void walk_give_up_until(struct poll *p, usec_t until, struct failure *why);

/* ---- carry.c ---- */

struct carry {         /* from poll to poll */
    bool cut;          /* the last one was cut short */
    bool errors_first; /* before the pools, this time */
    bool errors_had;   /* their turn in this round, */
    struct seen had;   /* and these waiting lists theirs */
};
int carry_begin(struct poll *p);               /* puts pools and errors in order. -ENOMEM */
struct pending carry_pick(struct poll *p);     /* takes the next one off */
void carry_turn(struct poll *p, enum list list, const char *id); /* a list was read, or failed */
void carry_settle(struct poll *p);             /* the poll ends, its queues as they are */
void carry_clear(struct carry *k);

/* ---- arrive.c ---- */

void on_page(void *userdata, const struct http_answer *a); /* a chain's page */

/* ---- poll.c ---- */

/* A page's bytes into the snapshot; *ret_next is the link of the next page or NULL. */
int poll_page(struct chain *c, const char *bytes, size_t len, char **ret_next,
              struct failure *ret_failure);
void poll_list_ended(struct chain *c);
void poll_list_failed(struct chain *c, int status, const struct failure *why);
int poll_prepare(struct poll *p); /* -ENOMEM */
void poll_begin(struct poll *p);
void poll_finish(struct poll *p); /* frees it and calls `done` */
void poll_note(struct poll *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* ---- graph.c ---- */

struct learnt {                /* about this tenant's service, for the life of the process */
    int step[LIST_COUNT_];     /* which options to leave out from the start */
    bool proven[LIST_COUNT_];  /* that step has worked */
    bool answered;             /* the Cloud Licensing API has: no fallback any more */
    bool fallback;             /* the older source is in use */
    usec_t probe_mono;         /* when to try the API again */
    unsigned refusals;         /* 403 in polls in a row */
    bool dateless;             /* the list of subscriptions is refused, which was said */
    bool cuts_lists;           /* expanded lists are shorter than the real ones */
    usec_t check_mono;         /* when to compare them again; 0: now */
    struct failure core, full; /* the last one, without and with its request id */
};

struct access;
struct lookup;
struct app_entry;
struct graph {
    struct graph_options o; /* strings are ours */
    struct http *http;
    sd_event *event;
    struct origin api, older, login; /* Graph with /<version>/, Graph with /v1.0/, login root */
    char *scope, *token_url; /* token_url: where assertions are for, too */
    struct token token;
    struct learnt learnt;
    struct pace pace;
    struct carry carry;
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
/* Headers of a Graph request (digest 7.1) and its call; `request_id` receives a fresh UUID. */
#define GRAPH_HEADERS 4
void graph_call(const struct graph *g, enum list list, const char *url, usec_t timeout,
                struct http_header headers[static GRAPH_HEADERS], char request_id[static 37],
                struct http_call *ret);
void poll_free(struct poll *p);
DEFINE_CLEANUP(struct poll *, poll_free)
void access_free(struct access *a);
DEFINE_CLEANUP(struct access *, access_free)
void lookup_free(struct lookup *l);
DEFINE_CLEANUP(struct lookup *, lookup_free)
void app_entry_free(struct app_entry *e);
DEFINE_CLEANUP(struct app_entry *, app_entry_free)
