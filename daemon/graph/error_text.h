/* SPDX-License-Identifier: MIT */
/* graph/error_text.h: failure texts: the call, the status, Graph's error code, what to do. Pure. */
#pragma once
#include "graph/call.h"

/* Why a page was not obtained: call, status, Graph's code and what to do. Fills all of *ret. */
void error_text_of_answer(const struct fetch_ask *ask, const struct http_answer *a,
                          struct fetch_failed *ret);
bool error_text_is_json(const char *content_type);
/* Is this answer somebody else's, because it has a status of an error and no error body of theirs?
 */
bool error_text_is_foreign(int status, bool known_error);
/* kind TRANSIENT: what it is instead of JSON, and its first bytes, without naming the call. */
void error_text_of_foreign(const struct http_answer *a, struct failure *ret);
/* Graph itself says that it does not have what was asked for. A 403 is something else: a person can
 * grant the permission. */
bool error_text_api_is_absent(const struct fetch_failed *why);
bool error_text_is_no_segment(int status, const struct graph_error *e); /* there is no such path */
/* -EBADMSG: this 200 is no JSON; the failure says what it is, and its first bytes. */
int error_text_expect_json(const struct fetch_ask *ask, const struct http_answer *a,
                           struct fetch_failed *ret);
/* Which of two failures is the one to tell: true if `a` is worse. */
bool error_text_worse(const struct failure *a, const struct failure *b);
