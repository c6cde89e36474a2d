/* SPDX-License-Identifier: MIT */
/* graph/token.h: the cached access token of a tenant, and the request for a new one. */
#pragma once
#include "graph/graph.h"

struct token_result {
    bool ok;
    struct failure failure; /* AUTH and CONFIG are permanent; TRANSIENT and THROTTLED are not */
    int status;
    char correlation_id[80]; /* for Microsoft's support; "" */
    bool consent;            /* an administrator's consent may be what is missing */
    size_t wire_bytes;
};
typedef void token_done(void *userdata, const struct token_result *result);
struct token {
    struct secret *bearer; /* NULL: none */
    usec_t renew_mono, expires_mono;
    usec_t asked_mono;     /* when the credential of the current request was read */
    usec_t signed_in_mono; /* when the last accepted credential was read; 0: none yet */
    unsigned generation;   /* number of the bearer, counted from 1 */
    bool proven;           /* Arc: the current request is the second one */
    struct http_request *request;
    token_done *done;
    void *userdata;
};
bool token_usable(const struct graph *g, usec_t now_mono);
bool token_due(const struct graph *g, usec_t now_mono); /* should be renewed, or is missing */
/* The age at which a token that lives for `lifetime` is renewed. Pure. */
usec_t token_renew_after(usec_t lifetime);
void token_keep_for(struct graph *g, usec_t wait, usec_t now_mono); /* next renewal after `wait` */
void token_forget(struct graph *g);
void token_cancel(struct graph *g); /* the current request; no callback follows */
/* Requests a token with the credential that is on disk now. `claims` is JSON or NULL. */
int token_ask(struct graph *g, const char *claims, usec_t timeout, token_done *done, void *userdata,
              struct failure *ret_failure);
