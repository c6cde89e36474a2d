/* SPDX-License-Identifier: MIT */
/* graph/assertion.h: a certificate and its private key become the signed statement that stands for
 * a client secret (RFC 7523; page "Microsoft identity platform application authentication
 * certificate credentials").
 *
 * Files are read at each sign-in, so a renewed pair is used as soon as it lies there. Entra takes
 * RSA keys only. */
#pragma once
#include "base/cleanup.h"
#include "base/secret.h"

enum assertion_form {
    ASSERTION_PS256, /* RSASSA-PSS, and the certificate named by its SHA-256 */
    ASSERTION_RS256  /* PKCS #1 v1.5, named by its SHA-1: old registrations */
};
struct assertion_files {
    const char *certificate; /* PEM, the first one counts; public, may be a symlink */
    const char *private_key; /* PEM, PKCS #8 or older; a secret */
    const char *password;    /* of the key, a secret; NULL: the key is not encrypted */
};
struct assertion_key; /* a certificate and the key that belongs to it */
/* kind CONFIG: what is wrong with which file, and what to do. An expired certificate is no failure
 * here: the moment is the caller's to judge. */
int assertion_read(const struct assertion_files *files, struct assertion_key **ret,
                   struct failure *ret_failure);
void assertion_key_free(struct assertion_key *k); /* libcrypto wipes the key */
DEFINE_CLEANUP(struct assertion_key *, assertion_key_free)
/* When a certificate ends, wall time. */
int assertion_certificate_expires(const char *path, usec_t *ret_at, struct failure *ret_failure);

#define ASSERTION_BEFORE USEC_PER_MINUTE      /* valid from so long ago: clocks differ */
#define ASSERTION_LASTS (8 * USEC_PER_MINUTE) /* and from now for so long */
struct assertion_claims {
    const char *token_url; /* who it is for: the endpoint that is asked */
    const char *client_id;
    const char *id; /* fresh for each one */
    usec_t at;      /* now, wall time */
};
/* The compact form of RFC 7515. `audience` is the origin that the result may be sent to. */
int assertion_sign(const struct assertion_key *k, enum assertion_form form,
                   const struct assertion_claims *claims, const char *audience, struct secret **ret,
                   struct failure *ret_failure);
