/* SPDX-License-Identifier: MIT */
/* graph/internal.h: the connection to one tenant. Internal to graph/.
 *
 *   graph.c     options, creation, destruction roots.c     hosts of a cloud
 *   call.c      one GET to Graph               query.c     lists, URLs, options
 *   token.c     the cached token               sign_in.c, assertion.c, challenge.c: how it is requested
 *   fetch.c     the fetch loop: fetch_list.c lists and queues, response.c answers, pace.c concurrency
 *   poll.c      one poll, see poll.h           access.c    --check-access
 *   id_set.c    a set of ids                   client_secret.c: reads the client secret
 *   lookup.c    one user, group or device      app_entry.c when the client secret ends
 *   inquiry.c   one question of an operator    detail.c    what operators ask for
 *   page*.c     decoders, above envelope.c and rows.c
 *   error_text.c, secrets.c: failure texts, and the secrets to redact from them */
#pragma once
#include "graph/pace.h"
#include "graph/poll_order.h"
#include "graph/query.h"
#include "graph/token.h"

#define POLL_BYTES_MAX ((uint64_t)1 << 30)
#define LIST_PAGES_MAX 10000
#define RETRY_CAP (30 * USEC_PER_SEC) /* of the wait before a retry */

struct service_state { /* learned at run time about the tenant's service; kept while the process runs */
    struct option_state options[LIST_COUNT_];
    bool answered;              /* the Cloud Licensing API has answered: the fallback is ruled out */
    bool fallback;              /* the subscribedSkus fallback is in use */
    usec_t probe_mono;          /* when to try the API again */
    unsigned refusals;          /* 403 answers in consecutive polls */
    bool subscriptions_refused; /* the list of subscriptions is refused, and this was reported */
    bool error_kinds_truncated; /* more kinds of error than groups, and this was reported */
    bool expand_truncates;      /* expanded waiting lists are shorter than the real ones */
    usec_t check_mono;          /* when to compare them again; 0: now */
    struct failure core, full; /* the last failure, without and with its request id */
};

struct access;
struct lookup;
struct inquiry;
struct app_entry;
struct graph {
    struct graph_options o; /* owns its strings */
    struct http *http;
    sd_event *event;
    struct origin api, fallback, login; /* Graph with /<version>/, Graph with /v1.0/, login root */
    char *scope, *token_url;         /* token_url: also the audience of assertions */
    struct token token;
    struct service_state service;
    struct pace pace;
    struct poll_order order;
    enum source source;
    struct poll *poll;
    struct access *access;
    struct lookup *lookup;
    struct inquiry *inquiry;
    struct app_entry *entry;
    /* Tests change these. */
    const char *arc_directory; /* directory of the Arc agent's keys */
    usec_t backoff;            /* base of the waits between retries */
    size_t pages_max;
    uint64_t bytes_max;
};
const char *cloud_graph_root(enum cloud cloud);
void access_free(struct access *a);
DEFINE_CLEANUP(struct access *, access_free)
void lookup_free(struct lookup *l);
DEFINE_CLEANUP(struct lookup *, lookup_free)
void graph_inquiry_free(struct inquiry *q);
DEFINE_CLEANUP(struct inquiry *, graph_inquiry_free)
void app_entry_free(struct app_entry *e);
DEFINE_CLEANUP(struct app_entry *, app_entry_free)
