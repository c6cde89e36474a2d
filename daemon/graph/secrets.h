/* SPDX-License-Identifier: MIT */
/* graph/secrets.h: removes the tenant's secrets from failures, because servers may echo them.
 *
 * Every failure text that quotes an answer passes one of these. What this request sent, the token
 * and the client secret become "[redacted]". */
#pragma once
#include "graph/call.h"
#include "graph/token.h"

void secrets_out_of_fetch(const struct graph *g, const struct http_answer *a,
                          struct fetch_failed *why);
void secrets_out_of_sign_in(const struct graph *g, const struct http_answer *a,
                            struct token_result *result);
