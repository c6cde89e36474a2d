/* SPDX-License-Identifier: MIT */
/* deliver/graph_post.c: the transport of types that post to Microsoft Graph as an application of
 * their own. Signing in is done by the functions that the program gives to the receiver. */
#include "base/alloc.h"
#include "deliver/application.h"
#include <errno.h>
#include <string.h>

#define ANSWER_MAX 4096
#define QUOTE_MAX 120

struct receiver_handle {
    const struct receiver_options *options;
    struct signed_in *application;
    char *path;
    bool warned; /* of the permissions of the application */
    handle_done *done;
    void *userdata;
};

static void graph_post_close(struct receiver_handle *h)
{
    if (!h)
        return;
    application_close(h->options, h->application);
    free(h->path);
    alloc_release(h);
}
DEFINE_CLEANUP(struct receiver_handle *, graph_post_close)

static int graph_post_open(const struct receiver_options *o, struct http *http,
                           struct receiver_handle **ret, struct failure *ret_failure)
{
    CLEANUP(graph_post_close) struct receiver_handle *h = alloc_zero(1, sizeof *h);
    if (!h)
        return failure_oom(ret_failure);
    h->options = o;
    h->path = o->class->graph.path(o);
    if (!h->path)
        return failure_oom(ret_failure);
    int r = application_open(o, http, &h->application, ret_failure);
    if (r < 0)
        return r;
    *ret = TAKE(h);
    return 0;
}

static int graph_post_check(const struct receiver_options *o, struct failure *ret_failure)
{
    CLEANUP(graph_post_close) struct receiver_handle *h = NULL;
    return graph_post_open(o, NULL, &h, ret_failure);
}

static void on_answer(void *userdata, const struct http_answer *got)
{
    struct receiver_handle *h = userdata;
    struct answer a = {.status = got->status, .retry_after = got->retry_after};
    char quote[QUOTE_MAX + 1];
    redact_clean(quote, sizeof quote, got->body, got->body_len, got->sent);
    if (got->status == 0)
        answer_set(&a, ANSWER_RETRY, "%s", got->failure.text);
    else
        answer_set(&a, answer_class_of(got->status, got->retry_after != 0),
                   "HTTP %d from Microsoft Graph%s%s", got->status, quote[0] ? ": " : "", quote);
    if (got->status > 0)
        h->options->class->graph.classify(got, &a);
    if (a.class == ANSWER_OK)
        application_warn(h->options, h->application, &h->warned);
    h->done(h->userdata, &a);
}

static int graph_post_send(struct receiver_handle *h, const struct payload *p, struct answer *ret,
                           handle_done *done, void *userdata)
{
    struct failure why = {0};
    const struct signed_in_post post = {.path = h->path,
                                        .content_type = "application/json",
                                        .body = p->body,
                                        .len = p->len,
                                        .timeout = h->options->class->graph.timeout(h->options),
                                        .max_body = ANSWER_MAX};
    h->done = done;
    h->userdata = userdata;
    if (h->options->signed_in->post(h->application, &post, on_answer, h, &why) >= 0)
        return 0;
    answer_set(ret, ANSWER_RETRY, "%s", why.text);
    return 1;
}

const struct transport graph_post = {
    .check = graph_post_check,
    .open = graph_post_open,
    .close = graph_post_close,
    .send = graph_post_send,
};
