/* SPDX-License-Identifier: MIT */
/* graph/secrets.c: removes the tenant's secrets from its failures, because servers may echo them. */
#include "graph/secrets.h"

#include "graph/internal.h"

#include "base/redact.h"
#include <assert.h>
#include <string.h>

/* The secret is read again, because it is not kept in memory between sign-ins. */
static void tenant_secrets(const struct graph *g, const struct http_answer *a, struct redact *ret,
                           struct secret **ret_client)
{
    *ret = a->sent ? *a->sent : (struct redact){0};
    redact_add_secret(ret, g->token.bearer);
    if (g->o.auth == AUTH_CLIENT_SECRET &&
        secret_read(g->o.client_secret_file, NULL, ret_client, NULL) >= 0)
        redact_add_secret(ret, *ret_client);
}

static void redact_in_place(char *text, size_t size, const struct redact *r)
{
    char clean[sizeof((struct graph_error *)NULL)->message];
    assert(size <= sizeof clean);
    (void)redact_clean(clean, size, text, strlen(text), r);
    memcpy(text, clean, strlen(clean) + 1);
}

void secrets_out_of_fetch(const struct graph *g, const struct http_answer *a,
                          struct fetch_failed *why)
{
    CLEANUP(secret_free) struct secret *client = NULL;
    struct graph_error *e = &why->error;
    struct redact r;
    tenant_secrets(g, a, &r, &client);
    redact_failure(&why->failure, &r);
    redact_in_place(why->request_id, sizeof why->request_id, &r);
    redact_in_place(e->code, sizeof e->code, &r);
    redact_in_place(e->inner_code, sizeof e->inner_code, &r);
    redact_in_place(e->message, sizeof e->message, &r);
    redact_in_place(e->request_id, sizeof e->request_id, &r);
}

void secrets_out_of_sign_in(const struct graph *g, const struct http_answer *a,
                            struct token_result *result)
{
    CLEANUP(secret_free) struct secret *client = NULL;
    struct redact r;
    tenant_secrets(g, a, &r, &client);
    redact_failure(&result->failure, &r);
    redact_in_place(result->correlation_id, sizeof result->correlation_id, &r);
}
