/* SPDX-License-Identifier: MIT */
/* tests/unit/deliver/gong.h: a receiver type that only the tests have, with a table of its own in
 * place of daemon/deliver/types.c. Everything that a new type needs is in this file. */
#pragma once
#include "deliver/http_post.h"
#include <errno.h>
#include <string.h>

#define GONG_BODY_MAX 200
#define GONG_SPACING (USEC_PER_SEC / 5)

struct gong_options {
    char *url_file, *key_file;
    uint32_t strikes;
    struct http_post_options http;
};
/* clang-format off */
static const struct conf_key GONG_ROWS[] = {
    {.name = "url_file", .type = CONF_FILE, CONF_AT(gong_options, url_file), .def = "",
     .shown_def = "required", .file = FILE_RECEIVER, .example = "gong.url",
     .help = "File with the URL of the webhook, which is a secret."},
    {.name = "key_file", .type = CONF_FILE, CONF_AT(gong_options, key_file), .def = "",
     .shown_def = "required", .file = FILE_RECEIVER, .example = "gong.key",
     .help = "File with the key of the gong."},
    {.name = "strikes", .type = CONF_COUNT, CONF_AT(gong_options, strikes), .min = "1", .max = "9",
     .def = "3", .help = "Number of strikes."},
    HTTP_POST_ROWS(gong_options),
};
/* clang-format on */

static int gong_render(const struct receiver_options *o, const struct message *m, char **ret,
                       size_t *ret_len)
{
    const struct gong_options *own = o->own;
    const char *title = m->notification ? m->notification->title : m->digest->title;
    char *body = text_printf("%u: %s", own->strikes, title);
    if (!body)
        return -ENOMEM;
    *ret = body;
    *ret_len = strlen(body);
    return 0;
}

static int gong_request(const struct receiver_options *o, struct secret *const *secret,
                        const struct payload *p, struct request *ret, struct failure *ret_failure)
{
    const struct gong_options *own = o->own;
    ret->content_type = "text/plain";
    ret->options = &own->http;
    int r = request_url(ret, secret[0], own->url_file, ret_failure);
    if (r < 0)
        return r;
    if (p->step > 0) { /* once more, louder */
        ret->method = "PUT";
        return request_member(ret, p, "key", secret[1], ret_failure);
    }
    return request_header(ret, "x-gong-key", text_printf("%s", secret_bytes(secret[1])), true,
                          ret_failure);
}

/* Its status is always 200; the body has the result. */
static void gong_classify(const struct receiver_options *o, const struct payload *p,
                          const struct http_answer *got, struct answer *a)
{
    (void)o;
    a->more = p->step == 0 && strcmp(got->body, "louder") == 0;
    if (strcmp(got->body, "hoarse") == 0) {
        a->class = ANSWER_THROTTLED;
        a->retry_after = USEC_PER_MINUTE;
    } else if (strcmp(got->body, "no gong") == 0) {
        a->class = ANSWER_PERMANENT;
    }
}

static const struct receiver_class gong_class = {
    .name = "gong",
    .options = CONF_SECTION(GONG_ROWS),
    .options_size = sizeof(struct gong_options),
    .traits = RECEIVER_PAGER,
    .body_max = GONG_BODY_MAX,
    .spacing = GONG_SPACING,
    .transport = &http_post,
    .render = gong_render,
    .http = {.request = gong_request, .classify = gong_classify},
};

const struct receiver_class *const receiver_types[] = {
    &journal_class, &syslog_class, &webhook_class, &gong_class, NULL,
};
