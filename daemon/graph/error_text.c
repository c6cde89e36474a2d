/* SPDX-License-Identifier: MIT */
/* graph/error_text.c: failure texts: which call failed, what Graph answered, what to do.
 *
 * Request ids are kept apart by the callers: the text of a repeated failure must not change. */
#include "graph/error_text.h"

#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char *advice(const struct fetch_ask *ask, int status)
{
    switch (status) {
    case 401:
        return "; the token was refused";
    case 404:
    case 501:
        return ask->absent ? ask->absent : "";
    default:
        return status / 100 == 3 ? "; check graph_url" : "";
    }
}

/* A proxy or filter in between can answer with any status and its own page. Redirects, which are
 * not followed, and a 407 are reported as such. */
bool error_text_is_foreign(int status, bool known_error)
{
    return !known_error && status >= 400 && status <= 599 && status != 407;
}

void error_text_of_foreign(const struct http_answer *a, struct failure *ret)
{
    const char *type = a->content_type;
    char begin[160];
    text_clean(begin, sizeof begin, a->body, a->body_len);
    (void)failure_set(ret, FAILURE_TRANSIENT, EBADMSG,
                      "HTTP %d with %s instead of JSON (a proxy or filter?)%s%s", a->status,
                      a->body_len == 0                     ? "an empty body"
                      : *type && !error_text_is_json(type) ? type
                                                           : "other text",
                      *begin ? ": " : "", begin);
    ret->retry_after = a->retry_after;
}

bool error_text_api_is_absent(const struct fetch_failed *why)
{
    return why->error.known && (why->status == 400 || why->status == 404 || why->status == 501);
}

/* "Resource not found for the segment 'cloudLicensing'": the path does not exist. */
static bool is_no_segment(int status, const struct graph_error *e)
{
    static const char WORDS[] = "Resource not found for the segment";
    return status == 400 && strncasecmp(e->message, WORDS, sizeof WORDS - 1) == 0;
}

void error_text_of_answer(const struct fetch_ask *ask, const struct http_answer *a,
                          struct fetch_failed *ret)
{
    const struct graph_error *e = &ret->error;
    struct failure *f = &ret->failure;
    char code[180] = "";
    *ret = (struct fetch_failed){.status = a->status};
    (void)text_clean(ret->request_id, sizeof ret->request_id, a->request_id, strlen(a->request_id));
    http_status_failure(a, f);
    if (a->status == 0) {
        ret->too_large = f->kind == FAILURE_PROTOCOL && a->body_len > 0;
        (void)failure_prefix(f, 0, "%s", ask->call);
        return;
    }
    if (a->status / 100 == 2) {
        (void)failure_set(f, FAILURE_PROTOCOL, EBADMSG, "%s: HTTP %d, which is not a page", ask->call,
                          a->status);
        return;
    }
    graph_error_parse(a->body, a->body_len, &ret->error);
    if (error_text_is_foreign(a->status, e->known)) {
        error_text_of_foreign(a, f);
        (void)failure_prefix(f, 0, "%s", ask->call);
        return;
    }
    if (e->code[0])
        (void)snprintf(code, sizeof code, " %s%s%s", e->code,
                       e->inner_code[0] && strcmp(e->inner_code, e->code) != 0 ? "/" : "",
                       strcmp(e->inner_code, e->code) != 0 ? e->inner_code : "");
    if (is_no_segment(a->status, e))
        f->kind = FAILURE_ABSENT;
    const struct failure status = *f;
    if (status.kind == FAILURE_PERMISSION)
        (void)failure_set(f, status.kind, EACCES,
                          "%s: HTTP %d%s: grant the application permission %s with admin consent",
                          ask->call, a->status, code, ask->permission);
    else
        (void)failure_set(f, status.kind, EIO, "%s: %s%s%s", ask->call, status.text, code,
                          advice(ask, status.kind == FAILURE_ABSENT ? 404 : a->status));
    f->retry_after = status.retry_after;
}

bool error_text_is_json(const char *content_type)
{
    size_t len = strlen(content_type);
    return len == 0 || /* missing: the decoder decides */
           strcmp(content_type, "application/json") == 0 ||
           strcmp(content_type, "text/json") == 0 ||
           (len > 5 && strcmp(content_type + len - 5, "+json") == 0);
}

int error_text_expect_json(const struct fetch_ask *ask, const struct http_answer *a,
                           struct fetch_failed *ret)
{
    if (error_text_is_json(a->content_type))
        return 0;
    error_text_of_foreign(a, &ret->failure);
    return failure_prefix(&ret->failure, -EBADMSG, "%s", ask->call);
}

/* Failures that need a person come first, transient ones last. */
static const unsigned BADNESS[FAILURE_KIND_COUNT_] = {
    [FAILURE_CONFIG] = 11,   [FAILURE_AUTH] = 10,       [FAILURE_PERMISSION] = 9,
    [FAILURE_SECURITY] = 8,  [FAILURE_ABSENT] = 7,      [FAILURE_REQUEST] = 6,
    [FAILURE_PROTOCOL] = 5,  [FAILURE_PERMANENT] = 4,   [FAILURE_LOCAL] = 3,
    [FAILURE_THROTTLED] = 2, [FAILURE_UNAVAILABLE] = 2, [FAILURE_TRANSIENT] = 1,
    [FAILURE_CANCELLED] = 0,
};

bool error_text_worse(const struct failure *a, const struct failure *b)
{
    return !b->text[0] || BADNESS[a->kind] > BADNESS[b->kind];
}
