/* SPDX-License-Identifier: MIT */
/* graph/call.c: sends one GET to Graph with the tenant's token. */
#include "graph/call.h"

#include "base/digest.h"
#include "graph/internal.h"
#include "http/retry.h"

#define PAGE_TIMEOUT (60 * USEC_PER_SEC)

const struct origin *call_origin(const struct graph *g, const struct fetch_ask *ask)
{
    return ask->fallback ? &g->fallback : &g->api;
}

int call_start(struct graph *g, const struct fetch_ask *ask, const char *url, usec_t timeout,
               bool fresh_connection, http_done *done, void *userdata, struct http_request **ret,
               struct failure *ret_failure)
{
    char request_id[UUID_TEXT];
    if (uuid_v4(request_id) < 0)
        request_id[0] = '\0'; /* only Microsoft's support needs it */
    /* A nextLink does not carry headers: they go with every page. */
    const struct http_header headers[] = {
        {"Accept", "application/json"},
        {"Prefer", "include-unknown-enum-members"},
        {"x-ms-throttle-priority", "low"},
        {"client-request-id", request_id},
    };
    const struct http_call call = {
        .method = "GET",
        .url = url,
        .allowed = call_origin(g, ask),
        .headers = headers,
        .n_headers = N_ELEMENTS(headers),
        .bearer = g->token.bearer,
        .timeout = timeout < PAGE_TIMEOUT ? timeout : PAGE_TIMEOUT,
        .max_body = ask->max_body,
        .fresh_connection = fresh_connection,
    };
    return http_start(g->http, &call, done, userdata, ret, ret_failure);
}

usec_t call_backoff(unsigned n, usec_t base, usec_t cap)
{
    uint32_t dice = 0; /* without random bytes there is no jitter, and the wait is the longest */
    (void)random_bytes(&dice, sizeof dice);
    return retry_backoff(n, base, cap, dice);
}

bool call_is_throttled(int status)
{
    return status == 429 || status == 503 || status == 509;
}
