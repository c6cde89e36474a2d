/* SPDX-License-Identifier: MIT */
/* http/signed_in.h: requests to Microsoft Graph by an application, for rooms that do not know how
 * to sign in. The room that does provides the functions. */
#pragma once
#include "http/http.h"

struct signed_in_options { /* copied by `open`; NULL or "": none */
    const char *tenant_id, *client_id;
    const char *client_secret_file;                  /* or: */
    const char *certificate_file, *private_key_file; /* ... read at each sign-in */
    const char *client_secret_expires; /* its last day, for an alert before it; not used to sign in */
    unsigned cloud;                                  /* global, usgov_l4, usgov_l5, china */
    const char *graph_url, *login_url;               /* instead of the cloud's */
    const char *resource; /* of `token`: whom it is for, as the token says it; instead of Graph */
    bool exclusive;       /* no tenant may be watched by this application: it may send mail */
};
struct signed_in_post { /* borrowed until the end */
    const char *path;   /* below /v1.0/, percent-encoded */
    const char *content_type;
    const void *body;
    size_t len;
    usec_t timeout; /* of one request: signing in is another one */
    size_t max_body;
};
typedef void signed_in_token(void *userdata, const struct secret *token, const struct failure *why);
struct signed_in;
struct signed_in_functions {
    /* `http` may be NULL to check options and files. kind CONFIG */
    int (*open)(const struct signed_in_options *o, struct http *http, struct signed_in **ret,
                struct failure *ret_failure);
    void (*close)(struct signed_in *s); /* cancels without calling back; NULL is fine */
    /* Signs in if there is no valid token, and once more after a 401. One at a time. On success
     * exactly one `done` follows, from the event loop; it may close. A failed sign-in is an answer
     * of status 0. */
    int (*post)(struct signed_in *s, const struct signed_in_post *p, http_done *done,
                void *userdata, struct failure *ret_failure);
    /* For other servers and protocols. `audience`: the origin that the token may be sent to; borrowed
     * until the end. 1: *ret is a valid token, borrowed until the next call. 0: exactly one `done`
     * follows, from the event loop, with the token or a failure; it may close. */
    int (*token)(struct signed_in *s, const char *audience, usec_t timeout,
                 const struct secret **ret, signed_in_token *done, void *userdata,
                 struct failure *ret_failure);
    void (*refused)(struct signed_in *s); /* that token: the next one is new */
    /* Whether the present token has this application permission. */
    bool (*has_role)(const struct signed_in *s, const char *role);
};
