/* SPDX-License-Identifier: MIT */
/* peers/tls.h: a certificate authority that lives as long as the test, and the server's
 * certificate signed by it. EC P-256; all of it is PEM text. */
#pragma once
#include "base/failure.h"

enum tls_flaw {
    TLS_SOUND,      /* names 127.0.0.1, ::1 and localhost, in date */
    TLS_EXPIRED,    /* ended yesterday */
    TLS_WRONG_NAME, /* for another host */
    TLS_UNKNOWN,    /* signed by an authority that is not the one given out */
    TLS_FLAW_COUNT_
};
const char *tls_flaw_name(enum tls_flaw flaw);
int tls_flaw_parse(const char *name, enum tls_flaw *ret);

struct tls_files {
    char *ca;          /* to be trusted by the client */
    char *certificate; /* of the server */
    char *key;
};
/* `names`: those of the server, separated by commas, instead of the usual ones; or NULL. */
int tls_make(enum tls_flaw flaw, const char *names, struct tls_files *ret,
             struct failure *ret_failure);
void tls_free(struct tls_files *t);
