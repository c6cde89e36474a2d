/* SPDX-License-Identifier: MIT */
/* graph/call.h: one GET to Graph: what is asked, what it takes from the tenant, how it failed.
 *
 * The origin, the token and the timeout come from the tenant; retries and links are the caller's. */
#pragma once
#include "graph/graph.h"
#include "graph/page.h"

#define PAGE_BYTES_MAX ((size_t)8 << 20) /* decoded bytes of one page */

enum { OPTION_TOP = 1, OPTION_EXPAND = 2, OPTION_SELECT = 4 }; /* query options */

struct option_state { /* which options the service takes for one list; kept while the process runs */
    int step;         /* options to omit from the start, see query_next_step */
    bool proven;      /* a page was read with this step */
};

struct fetch_ask {                 /* strings are borrowed until the list ends */
    const char *call;              /* begins the text of each failure: "GET /v1.0/subscribedSkus" */
    const char *permission;        /* what an administrator has to grant after a 403 */
    const char *absent;            /* ends the text of a 404 or 501; NULL */
    bool fallback;                 /* below /v1.0, whatever api_version says */
    unsigned options;              /* OPTION_*: what the first page's URL may be asked without */
    size_t max_body;               /* decoded bytes of a page */
    struct option_state *option_state; /* read and updated; NULL: not kept */
};

struct fetch_failed {
    struct failure failure;
    int status;               /* 0: no answer */
    struct graph_error error; /* of that answer's body */
    char request_id[80];      /* for Microsoft's support; "" */
    bool too_large;           /* the page is larger than `max_body` */
    bool consent;             /* of a sign-in: an administrator's consent may be what is missing */
};

/* The origin that the URL, and every link of the answer, must stay on. */
const struct origin *call_origin(const struct graph *g, const struct fetch_ask *ask);
/* Sends the request with the current token; `timeout` is capped at 60 s. As http_start. */
int call_start(struct graph *g, const struct fetch_ask *ask, const char *url, usec_t timeout,
               bool fresh_connection, http_done *done, void *userdata, struct http_request **ret,
               struct failure *ret_failure);
/* retry_backoff() with random jitter. */
usec_t call_backoff(unsigned n, usec_t base, usec_t cap);
bool call_is_throttled(int status); /* 429, 503, 509: the service asks to back off */
