/* SPDX-License-Identifier: MIT */
/* deliver/discord.c: the receiver type discord: messages through a webhook of a channel (Discord's
 * developer documentation, "Execute Webhook" and "Embed Limits").
 *
 * The headline is the content, because phones show it; the rest is an embed, whose colour tells the
 * tone. Names cannot notify anybody: no mention is allowed, and Markdown is escaped. */
#include "base/alloc.h"
#include "deliver/http_post.h"
#include "deliver/markup.h"
#include "deliver/notification_put.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BODY_MAX (64 * 1024)
#define SPACING USEC_PER_SEC

/* Discord's limits, in characters: content 2000, description 4096, value of a field 1024, all texts
 * of the embed 6000. The sum of ours is at most 1600 + 4 + 700 + 8 * 200 + 3 * 610 + 50 for an
 * alert, and 1000 + 2 + 2800 + 3 * 610 + 50 for a digest. */
enum {
    HEADLINE_MAX = 400,
    WHAT_MAX = 1600,
    SUMMARY_MAX = 1000,
    NEXT_MAX = 700,
    FACT_MAX = 180,
    LINES_MAX = 2800,
    LINK_MAX = 600,
};

struct discord_options {
    char *url_file; /* the URL is a credential */
    struct http_post_options http;
};
static const struct conf_key ROWS[] = {
    HTTP_URL_ROW(discord_options),
    HTTP_POST_ROWS(discord_options),
};

/* ---- the message ---- */

/* A backslash before punctuation shows the character itself. "https\:/" is no link. */
static const char *discord_escape(const char *at)
{
    static const char *const ESCAPES[128] = {
        ['\\'] = "\\\\", ['*'] = "\\*", ['_'] = "\\_", ['~'] = "\\~", ['`'] = "\\`", ['|'] = "\\|",
        ['<'] = "\\<",   ['>'] = "\\>", ['['] = "\\[", [']'] = "\\]", ['#'] = "\\#", ['@'] = "\\@",
    };
    if (at[0] == ':' && at[1] == '/')
        return "\\:";
    return ESCAPES[(unsigned char)at[0]];
}

static const int64_t COLOURS[TONE_COUNT_] = {
    [TONE_CRITICAL] = 0x992D22,
    [TONE_WARNING] = 0xDAA038,
    [TONE_INFO] = 0x439FE0,
    [TONE_RESOLVED] = 0x2EB886,
};

/* Discord refuses a value of blanks. */
static void put_field(struct markup *m, const char *name, const char *value, size_t max,
                      bool inlined)
{
    json_open_object(m->w, NULL);
    json_put_string(m->w, "name", name);
    markup_put(m, "value", value[strspn(value, " ")] ? value : "-", max);
    json_put_bool(m->w, "inline", inlined);
    json_close_object(m->w);
}

/* URLs are links as they are. */
static void put_link(struct markup *m, const struct outline_link *link)
{
    struct markup plain = {.w = m->w};
    if (markup_units(link->url) > LINK_MAX)
        return;
    put_field(&plain, link->name, link->url, LINK_MAX, false);
}

static void put_fields(struct markup *m, const struct outline *o)
{
    json_open_array(m->w, "fields");
    if (o->next[0])
        put_field(m, "Next step", o->next, NEXT_MAX, false);
    for (size_t i = 0; i < o->n_facts; i++)
        put_field(m, o->fact[i].name, o->fact[i].value, FACT_MAX, true);
    for (size_t i = 0; i < o->n_links; i++)
        put_link(m, &o->link[i]);
    json_close_array(m->w);
}

static char *description(const struct outline *o)
{
    bool digest = o->n_lines > 0;
    CLEANUP(free)
    char *what = markup_text(discord_escape, o->what, digest ? SUMMARY_MAX : WHAT_MAX);
    CLEANUP(free) char *lines = markup_lines(discord_escape, o, LINES_MAX);
    return what && lines ? text_printf("%s%s%s", what, digest ? "\n\n" : "", lines) : NULL;
}

static void put_embed(struct markup *m, const struct outline *o, usec_t at)
{
    char id[MARKUP_ID_MAX];
    json_open_array(m->w, "embeds");
    json_open_object(m->w, NULL);
    json_put_int(m->w, "color", COLOURS[o->tone]);
    markup_put_own(m, "description", description(o));
    put_fields(m, o);
    if (markup_id(o, id)[0]) {
        json_open_object(m->w, "footer");
        json_put_string(m->w, "text", id);
        json_close_object(m->w);
    }
    context_put_instant(m->w, "timestamp", at);
    json_close_object(m->w);
    json_close_array(m->w);
}

static int discord_render(const struct receiver_options *o, const struct message *m, char **ret,
                          size_t *ret_len)
{
    CLEANUP(outline_free) struct outline *outline = NULL;
    CLEANUP(json_writer_free) struct json_writer *w = json_writer_new(BODY_MAX);
    int r = w ? outline_new(m, o->links, &outline) : -ENOMEM;
    if (r < 0)
        return r;
    struct markup markup = {.w = w, .escape = discord_escape};
    json_writer_clean(w);
    json_open_object(w, NULL);
    markup_put_own(&markup, "content", markup_headline(discord_escape, outline, HEADLINE_MAX));
    put_embed(&markup, outline, m->notification ? m->notification->at : m->digest->at);
    json_open_object(w, "allowed_mentions");
    json_open_array(w, "parse");
    json_close_array(w);
    json_close_object(w);
    json_close_object(w);
    return json_write_take(w, ret, ret_len);
}

/* ---- the request ---- */

/* Without wait=true Discord answers before it has stored the message, and reports no error. */
static int discord_request(const struct receiver_options *o, struct secret *const *secret,
                           const struct payload *p, struct request *ret,
                           struct failure *ret_failure)
{
    static const char WAIT[] = "wait=true";
    const struct discord_options *own = o->own;
    const char *url = secret_bytes(secret[0]);
    size_t len = strcspn(url, "\n"), size = len + 1 + sizeof WAIT;
    (void)p;
    char *waiting = alloc_get(size);
    if (!waiting)
        return failure_oom(ret_failure);
    (void)snprintf(waiting, size, "%.*s%c%s", (int)len, url, memchr(url, '?', len) ? '&' : '?',
                   WAIT);
    ret->options = &own->http;
    int r = request_address(ret, waiting, ret_failure);
    alloc_release(waiting);
    return r < 0 ? failure_prefix(ret_failure, r, "%s", own->url_file) : 0;
}

/* Seconds in the body, with a fraction: rounded up, 1 s to 1 h. 0: none. */
static usec_t retry_after(const char *body)
{
    static const char NAME[] = "\"retry_after\":";
    const char *at = strstr(body, NAME);
    char *end;
    if (!at)
        return 0;
    at += strlen(NAME) + strspn(at + strlen(NAME), " ");
    long seconds = strtol(at, &end, 10);
    if (end == at || seconds < 0)
        return 0;
    seconds = seconds < 3600 ? seconds + (*end == '.') : 3600;
    return (usec_t)(seconds > 0 ? seconds : 1) * USEC_PER_SEC;
}

/* The stored message comes back as an object. A page is from something between Discord and us. */
static void discord_classify(const struct receiver_options *o, const struct payload *p,
                             const struct http_answer *got, struct answer *a)
{
    (void)o;
    (void)p;
    if (a->class == ANSWER_THROTTLED && a->retry_after == 0)
        a->retry_after = retry_after(got->body);
    else if (a->class == ANSWER_OK && got->status != 204 && got->body[0] != '{')
        a->class = ANSWER_RETRY;
    else if ((got->status == 400 || got->status == 401 || got->status == 404) &&
             got->body[0] != '<')
        a->class = ANSWER_PERMANENT;
}

const struct receiver_class discord_class = {
    .name = "discord",
    .options = CONF_SECTION(ROWS),
    .options_size = sizeof(struct discord_options),
    .traits = RECEIVER_CHAT,
    .body_max = BODY_MAX,
    .spacing = SPACING,
    .transport = &http_post,
    .render = discord_render,
    .http = {.request = discord_request, .classify = discord_classify},
};
