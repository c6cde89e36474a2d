/* SPDX-License-Identifier: MIT */
/* deliver/webhook.c: the receiver type webhook: the alert object, shortened until it fits, in a
 * signed request (Standard Webhooks 1.0.0). */
#include "deliver/webhook.h"

#include "base/date.h"
#include "deliver/event_body.h"
#include "deliver/header_lines.h"
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define MEDIA_TYPE_MAX 100

struct webhook_options {
    char *url_file;         /* the URL is a credential */
    char *signing_key_file; /* whsec_ keys, one a line, newest first, at most two */
    char *headers_file;
    char *template_file, *template; /* the file and its text; "" and NULL: the envelope */
    char **value; /* what the template replaces */
    size_t n_values;
    bool unsigned_messages; /* signing = "off" */
    bool put;               /* method */
    char *content_type;
    struct http_post_options http;
};
enum { SECRET_URL, SECRET_KEYS, SECRET_HEADERS };

/* RFC 9110 section 8.3.1, roughly: what it means is up to the recipient. */
static int media_type_check(const char *text, struct failure *ret_failure)
{
    size_t len = strlen(text), good = 0;
    while (good < len && text[good] >= ' ' && text[good] < 0x7f)
        good++;
    const char *slash = strchr(text, '/');
    if (len <= MEDIA_TYPE_MAX && good == len && slash && slash > text && slash[1] > ' ')
        return 0;
    return failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                       "this is no media type; write for example \"application/json\"");
}

static const struct conf_key ROWS[] = {
    HTTP_URL_ROW(webhook_options),
    {.name = "signing_key_file", .type = CONF_FILE, CONF_AT(webhook_options, signing_key_file),
     .def = "", .shown_def = "required", .file = FILE_RECEIVER, .unless = "signing",
     .example = "hook.key", .help = "File with one whsec_ key per line, newest first, at most two."},
    {.name = "signing", .type = CONF_WORD, CONF_AT(webhook_options, unsigned_messages),
     .words = CONF_WORDS("on", "off"), .def = "on", .example = "off",
     .help = "Whether messages are signed; off needs no signing_key_file."},
    {.name = "headers_file", .type = CONF_FILE, CONF_AT(webhook_options, headers_file), .def = "",
     .file = FILE_RECEIVER, .example = "hook.headers",
     .help = "File with more headers, one Name: value per line, at most six."},
    {.name = "method", .type = CONF_WORD, CONF_AT(webhook_options, put),
     .words = CONF_WORDS("POST", "PUT"), .def = "POST", .example = "PUT",
     .help = "Method of the requests."},
    {.name = "content_type", .type = CONF_TEXT, CONF_AT(webhook_options, content_type),
     .def = "application/json", .what = "a media type", .check = media_type_check,
     .example = "application/json; charset=utf-8", .help = "Header Content-Type of the requests."},
    {.name = "template_file", .type = CONF_FILE, CONF_AT(webhook_options, template_file),
     .n_at = offsetof(struct webhook_options, template), .def = "", .file = FILE_TEMPLATE,
     .example = "servicenow.json",
     .help = "File with a JSON document with placeholders, which is sent instead of the alert "
             "object."},
    {.name = "values", .type = CONF_NAMES, CONF_COUNTED(webhook_options, value, n_values),
     .shown_def = "none", .example = "[ \"severity.critical = 1\" ]",
     .help = "Words that the template replaces, each with the name of its placeholder."},
    HTTP_POST_ROWS(webhook_options),
};

static int webhook_check(const struct receiver_options *o, struct failure *ret_failure)
{
    const struct webhook_options *own = o->own;
    if (!own->url_file || !own->url_file[0])
        return failure_set(
            ret_failure, FAILURE_CONFIG, EINVAL,
            "receiver %s has no url_file: name a file with the URL in its first line", o->name);
    if (!own->unsigned_messages && (!own->signing_key_file || !own->signing_key_file[0]))
        return failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                           "receiver %s has no signing_key_file: recipients cannot verify unsigned "
                           "messages (signing = \"off\" sends them nevertheless)",
                           o->name);
    const struct template_words words = {own->value, own->n_values};
    if (own->n_values > 0 && !(own->template_file && own->template_file[0]))
        return failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                           "receiver %s has values, but no template_file that they could change; "
                           "remove them",
                           o->name);
    return own->template ? webhook_template_check(own->template, &words, own->template_file,
                                                  ret_failure)
                         : 0; /* there is none, or its file is not read yet */
}

/* ---- the body ---- */

static void put_envelope(struct json_writer *w, const struct notification *n,
                         const struct digest *d, const void *userdata)
{
    char at[RFC3339_MAX];
    (void)userdata;
    json_put_string(w, "type", event_type_name(n ? n->type : EVENT_DIGEST));
    json_put_string(w, "timestamp", rfc3339_print(n ? n->at : d->at, at));
}

int webhook_body(const struct message *m, const struct links *links, char **ret, size_t *ret_len)
{
    return event_body(m, links, put_envelope, NULL, ret, ret_len);
}

static int webhook_render(const struct receiver_options *o, const struct message *m, char **ret,
                          size_t *ret_len)
{
    const struct webhook_options *own = o->own;
    const struct template_words words = {own->value, own->n_values};
    if (own->template)
        return webhook_template_render(own->template, &words, o->links, m, ret, ret_len);
    return webhook_body(m, o->links, ret, ret_len);
}

/* ---- the request ---- */

/* The signature is secret: recipients may quote it, and it is valid until they have seen it. */
int webhook_headers(struct request *ret, const struct payload *p, const struct secret *keys,
                    const char *path, struct failure *ret_failure)
{
    int64_t seconds = (int64_t)(p->now.at / USEC_PER_SEC);
    char *signature = NULL;
    int r = request_header(ret, "webhook-id", text_printf("%s", p->event_id), false, ret_failure);
    if (r >= 0)
        r = request_header(ret, "webhook-timestamp", text_printf("%" PRId64, seconds), false,
                           ret_failure);
    if (r < 0 || !keys)
        return r;
    r = webhook_signature(keys, p->event_id, seconds, p->body, p->len, &signature, ret_failure);
    if (r < 0)
        return failure_prefix(ret_failure, r, "%s", path);
    return request_header(ret, "webhook-signature", signature, true, ret_failure);
}

static int webhook_request(const struct receiver_options *o, struct secret *const *secret,
                           const struct payload *p, struct request *ret,
                           struct failure *ret_failure)
{
    const struct webhook_options *own = o->own;
    ret->options = &own->http;
    ret->method = own->put ? "PUT" : "POST";
    if (own->content_type)
        ret->content_type = own->content_type;
    int r = request_url(ret, secret[SECRET_URL], own->url_file, ret_failure);
    if (r >= 0)
        r = request_header_lines(ret, secret[SECRET_HEADERS], own->headers_file, ret_failure);
    if (r < 0)
        return r;
    return webhook_headers(ret, p, own->unsigned_messages ? NULL : secret[SECRET_KEYS],
                           own->signing_key_file, ret_failure);
}

const struct receiver_class webhook_class = {
    .name = "webhook",
    .options = CONF_SECTION(ROWS),
    .options_size = sizeof(struct webhook_options),
    .traits = RECEIVER_MACHINE,
    .body_max = WEBHOOK_TEMPLATE_BODY_MAX, /* without a template WEBHOOK_BODY_MAX */
    .transport = &http_post,
    .check = webhook_check,
    .render = webhook_render,
    .http = {.request = webhook_request},
};
