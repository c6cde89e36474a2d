/* SPDX-License-Identifier: MIT */
/* graph/error_text.h: failure texts: the call, the status, Graph's error code, what to do. Pure. */
#pragma once
#include "graph/call.h"

/* Why a page was not obtained: call, status, Graph's code and what to do. Fills all of *ret. */
void error_text_of_answer(const struct fetch_ask *ask, const struct http_answer *a,
                          struct fetch_failed *ret);
bool error_text_is_json(const char *content_type);
/* An error status without Graph's or Entra's error body: the answer comes from a proxy or filter. */
bool error_text_is_foreign(int status, bool known_error);
/* kind TRANSIENT: content type and first bytes, without the call. */
void error_text_of_foreign(const struct http_answer *a, struct failure *ret);
/* Graph does not offer the API. A 403 does not show that: a permission can be granted. */
bool error_text_api_is_absent(const struct fetch_failed *why);
/* -EBADMSG: this 200 is not JSON; the failure has its content type and first bytes. */
int error_text_expect_json(const struct fetch_ask *ask, const struct http_answer *a,
                           struct fetch_failed *ret);
/* True if `a` is worse, and so the one to report. */
bool error_text_worse(const struct failure *a, const struct failure *b);
