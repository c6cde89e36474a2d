/* SPDX-License-Identifier: MIT */
/* graph/words.c: failures in words that say which call failed, what Graph said, and what to do.
 *
 * Request ids are kept apart by the callers: a failure that goes on must read alike each time. */
#include "graph/inside.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *advice(enum list list, const struct http_answer *a)
{
    switch (a->status) {
    case 401:
        return "; the token was refused";
    case 404:
    case 501:
        return query_older(list) || list == LIST_WAITING
                   ? ""
                   : "; this tenant or cloud does not offer the Cloud Licensing API";
    default:
        return a->status / 100 == 3 ? "; check graph_url" : "";
    }
}

void words_of_answer(enum list list, const struct http_answer *a, struct failure *ret)
{
    struct graph_error e = {0};
    struct failure status;
    char code[180] = "";
    http_status_failure(a, &status);
    if (a->status == 0) {
        *ret = status;
        (void)failure_prefix(ret, 0, "%s", query_call(list));
        return;
    }
    graph_error_parse(a->body, a->body_len, &e);
    if (e.code[0])
        (void)snprintf(code, sizeof code, " %s%s%s", e.code,
                       e.inner_code[0] && strcmp(e.inner_code, e.code) != 0 ? "/" : "",
                       strcmp(e.inner_code, e.code) != 0 ? e.inner_code : "");
    *ret = status;
    if (status.kind == FAILURE_PERMISSION)
        (void)failure_set(ret, status.kind, EACCES,
                          "%s: HTTP %d%s: grant the application permission %s with admin consent",
                          query_call(list), a->status, code, query_permission(list));
    else
        (void)failure_set(ret, status.kind, EIO, "%s: %s%s%s", query_call(list), status.text, code,
                          advice(list, a));
    ret->retry_after = status.retry_after;
}

bool words_is_json(const char *content_type)
{
    size_t len = strlen(content_type);
    return len == 0 || /* not said: the decoder will tell */
           strcmp(content_type, "application/json") == 0 ||
           strcmp(content_type, "text/json") == 0 ||
           (len > 5 && strcmp(content_type + len - 5, "+json") == 0);
}

int words_expect_json(const struct http_answer *a, struct failure *ret)
{
    if (words_is_json(a->content_type))
        return 0;
    return failure_set(ret, FAILURE_PROTOCOL, EBADMSG,
                       "HTTP 200 with %s instead of JSON (a proxy or a sign-in page?)",
                       a->content_type);
}

void words_of_wrong_type(enum list list, const struct http_answer *a, struct failure *ret)
{
    char begin[200];
    text_clean(begin, sizeof begin, a->body, a->body_len);
    (void)failure_set(ret, FAILURE_PROTOCOL, EBADMSG,
                      "%s: HTTP %d with %s instead of JSON (a proxy or a sign-in page?): %s",
                      query_call(list), a->status, a->content_type, begin);
}

/* What a person has to mend comes first; what may mend itself comes last. */
static const unsigned BADNESS[FAILURE_KIND_COUNT_] = {
    [FAILURE_CONFIG] = 11,   [FAILURE_AUTH] = 10,     [FAILURE_PERMISSION] = 9,
    [FAILURE_SECURITY] = 8,  [FAILURE_ABSENT] = 7,    [FAILURE_REQUEST] = 6,
    [FAILURE_PROTOCOL] = 5,  [FAILURE_PERMANENT] = 4, [FAILURE_LOCAL] = 3,
    [FAILURE_THROTTLED] = 2, [FAILURE_TRANSIENT] = 1, [FAILURE_CANCELLED] = 0,
};

bool words_worse(const struct failure *a, const struct failure *b)
{
    return !b->text[0] || BADNESS[a->kind] > BADNESS[b->kind];
}
