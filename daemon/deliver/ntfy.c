/* SPDX-License-Identifier: MIT */
/* deliver/ntfy.c: the receiver type ntfy: push messages through a server of ntfy, published as JSON
 * (docs.ntfy.sh, "Publish as JSON").
 *
 * The topic is a secret: whoever knows it reads and writes it. Servers since 2.16 replace a message
 * by a later one of the same sequence id, without a sound; older ones ignore the id and show both. So
 * what has become worse is a message of its own, and everything else updates that of the alert. */
#include "deliver/http_post.h"
#include "deliver/outline.h"
#include "json/json.h"
#include <errno.h>
#include <string.h>

/* A server takes twice the limit of a message (4096) as JSON; the topic is added to ours. */
#define BODY_MAX 8100
#define MESSAGE_BYTES 2700 /* a longer message than 4096 bytes becomes a file */
#define TITLE_CHARS 160
#define WHAT_CHARS 1000
#define FACT_CHARS 80
#define LINK_BYTES 500
#define TOPIC_CHARS 64

struct ntfy_options {
    char *topic_file, *token_file, *url;
    struct http_post_options http;
};
enum { SECRET_TOPIC, SECRET_TOKEN };

/* JSON is published to the root of a server; below it are the topics. */
static int url_check(const char *text, struct failure *ret_failure)
{
    int r = http_url_check(text, ret_failure);
    if (r < 0)
        return r;
    const char *host = strstr(text, "://"), *path = host ? strpbrk(host + 3, "/?#") : NULL;
    if (*text && (!path || strcmp(path, "/") == 0))
        return 0;
    return failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                       "this is not the root of a server; write it without the topic, such as "
                       "\"https://ntfy.example\", and the topic into topic_file");
}

static const struct conf_key ROWS[] = {
    {.name = "topic_file", .type = CONF_FILE, CONF_AT(ntfy_options, topic_file), .def = "",
     .shown_def = "required", .file = FILE_RECEIVER, .example = "ntfy.topic",
     .help = "File with the topic to publish to: whoever knows it can read the messages."},
    {.name = "token_file", .type = CONF_FILE, CONF_AT(ntfy_options, token_file), .def = "",
     .file = FILE_RECEIVER, .example = "ntfy.token",
     .help = "File with an access token of the ntfy server; without it messages are published "
             "anonymously."},
    {.name = "url", .type = CONF_TEXT, CONF_AT(ntfy_options, url), .required = true,
     .what = "a URL", .check = url_check, .example = "https://ntfy.example",
     .help = "Root of the ntfy server."},
    HTTP_POST_ROWS(ntfy_options),
};

/* ---- the message ---- */

static const struct {
    int priority;
    const char *tag; /* shown as an emoji */
} TONES[TONE_COUNT_] = {
    [TONE_CRITICAL] = {5, "rotating_light"},
    [TONE_WARNING] = {4, "warning"},
    [TONE_INFO] = {3, "information_source"},
    [TONE_RESOLVED] = {3, "white_check_mark"},
};

static int add_shortened(struct text *t, const char *before, const char *s, size_t chars)
{
    CLEANUP(free) char *cut = outline_shorten(s, chars);
    if (!cut)
        return -ENOMEM;
    text_addf(t, "%s%s", before, cut);
    return 0;
}

/* Plain text: ntfy interprets nothing in it. */
static int write_message(const struct outline *o, struct text *t)
{
    int r = add_shortened(t, "", o->what, WHAT_CHARS);
    for (size_t i = 0; r >= 0 && i < o->n_facts; i++) {
        text_addf(t, "\n%s", o->fact[i].name);
        r = add_shortened(t, ": ", o->fact[i].value, FACT_CHARS);
    }
    if (r >= 0 && o->next[0])
        r = add_shortened(t, "\nNext: ", o->next, WHAT_CHARS);
    for (size_t i = 0; r >= 0 && i < o->n_lines; i++) {
        text_addf(t, "\n%s", o->line[i].icon);
        r = add_shortened(t, " ", o->line[i].title, TITLE_CHARS);
    }
    return r;
}

static int put_message(struct json_writer *w, const struct outline *o)
{
    CLEANUP(text_free) struct text t = TEXT_INIT(64 * 1024);
    int r = write_message(o, &t);
    if (r < 0 || t.error)
        return -ENOMEM;
    size_t len = text_cut(t.data, t.len, MESSAGE_BYTES);
    CLEANUP(free) char *cut = text_printf("%.*s%s", (int)len, t.data, len < t.len ? "..." : "");
    if (!cut)
        return -ENOMEM;
    json_put_string(w, "message", cut);
    return 0;
}

static int put_title(struct json_writer *w, const struct outline *o)
{
    CLEANUP(free) char *title = text_printf("%s: %s", o->state, o->title);
    CLEANUP(free) char *cut = title ? outline_shorten(title, TITLE_CHARS) : NULL;
    if (!cut)
        return -ENOMEM;
    json_put_string(w, "title", cut);
    return 0;
}

/* A tap opens the first link; the others are buttons. */
static void put_links(struct json_writer *w, const struct outline *o)
{
    size_t n = 0;
    for (size_t i = 0; i < o->n_links; i++) {
        if (strlen(o->link[i].url) > LINK_BYTES)
            continue;
        if (n++ == 0) {
            json_put_string(w, "click", o->link[i].url);
            continue;
        }
        if (n == 2)
            json_open_array(w, "actions");
        json_open_object(w, NULL);
        json_put_string(w, "action", "view");
        json_put_string(w, "label", o->link[i].name);
        json_put_string(w, "url", o->link[i].url);
        json_close_object(w);
    }
    if (n >= 2)
        json_close_array(w);
}

static void put_sequence(struct json_writer *w, const struct notification *n)
{
    char id[64];
    if (!n || !n->alert_id[0] || n->type == EVENT_ESCALATED || n->type == EVENT_UPDATED)
        return;
    (void)snprintf(id, sizeof id, "seatwatch-%s", n->alert_id); /* no colon: letters, digits, _ and - */
    json_put_string(w, "sequence_id", id);
}

static int ntfy_render(const struct receiver_options *o, const struct message *m, char **ret,
                       size_t *ret_len)
{
    CLEANUP(outline_free) struct outline *outline = NULL;
    CLEANUP(json_writer_free) struct json_writer *w = json_writer_new(BODY_MAX);
    int r = w ? outline_new(m, o->links, &outline) : -ENOMEM;
    if (r < 0)
        return r;
    json_writer_clean(w);
    json_open_object(w, NULL);
    r = put_title(w, outline);
    if (r >= 0)
        r = put_message(w, outline);
    json_put_int(w, "priority", TONES[outline->tone].priority);
    json_open_array(w, "tags");
    json_put_string(w, NULL, TONES[outline->tone].tag);
    json_close_array(w);
    put_links(w, outline);
    put_sequence(w, m->notification);
    json_close_object(w);
    return r < 0 ? r : json_write_take(w, ret, ret_len);
}

/* ---- the request ---- */

static int topic_check(const struct secret *topic, const char *path, struct failure *ret_failure)
{
    size_t len = strcspn(secret_bytes(topic), "\n");
    size_t good = strspn(secret_bytes(topic), "abcdefghijklmnopqrstuvwxyz"
                                              "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
    if (len > 0 && len <= TOPIC_CHARS && good == len)
        return 0;
    return failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                       "%s: the first line must be a topic: 1 to %d letters, digits, '_' and '-'; "
                       "not the address of the server",
                       path, TOPIC_CHARS);
}

static int ntfy_request(const struct receiver_options *o, struct secret *const *secret,
                        const struct payload *p, struct request *ret, struct failure *ret_failure)
{
    const struct ntfy_options *own = o->own;
    ret->options = &own->http;
    int r = topic_check(secret[SECRET_TOPIC], own->topic_file, ret_failure);
    if (r >= 0)
        r = request_address(ret, own->url, ret_failure);
    if (r >= 0 && secret[SECRET_TOKEN])
        r = request_authorization(ret, "Bearer", secret[SECRET_TOKEN], own->token_file,
                                  ret_failure);
    return r < 0 ? r : request_member(ret, p, "topic", secret[SECRET_TOPIC], ret_failure);
}

/* A published message comes back as JSON, maybe cut. The page of a web server or proxy does not. */
static bool is_published(const struct http_answer *got)
{
    return got->status == 200 && got->body[0] == '{' && strstr(got->body, "\"event\":\"message\"");
}

static void ntfy_classify(const struct receiver_options *o, const struct payload *p,
                          const struct http_answer *got, struct answer *a)
{
    (void)o;
    (void)p;
    if (a->class == ANSWER_OK && !is_published(got))
        a->class = ANSWER_RETRY;
    else if (got->status == 400 || got->status == 401 || got->status == 403 || got->status == 413)
        a->class = ANSWER_PERMANENT;
}

const struct receiver_class ntfy_class = {
    .name = "ntfy",
    .options = CONF_SECTION(ROWS),
    .options_size = sizeof(struct ntfy_options),
    .traits = RECEIVER_CHAT,
    .body_max = BODY_MAX,
    .spacing = USEC_PER_SEC, /* a visitor may send 60 at once; later ones are refused with 429 */
    .transport = &http_post,
    .render = ntfy_render,
    .http = {.request = ntfy_request, .classify = ntfy_classify},
};
