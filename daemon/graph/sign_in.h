/* SPDX-License-Identifier: MIT */
/* graph/sign_in.h: the request for a token, by kind of sign-in. */
#pragma once
#include "graph/graph.h"

struct sign_in { /* one request for a token */
    char *url;
    struct secret *form;  /* POST; NULL: GET, from a managed identity's service */
    size_t secret_from;   /* offset of the secret or assertion, which ends the form */
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
DEFINE_CLEANUP_IN_PLACE(struct sign_in, sign_in_clear)
/* The URL where an administrator consents to the application's permissions; for free(). -ENOMEM */
int sign_in_consent_url(const struct graph *g, char **ret);
/* The service that gives tokens to the machine: plain http, never through a proxy. */
const char *sign_in_identity_root(enum identity_host host);
