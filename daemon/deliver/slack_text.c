/* SPDX-License-Identifier: MIT */
/* deliver/slack_text.c: messages in Slack's blocks (Slack's developer documentation, "Blocks",
 * "Formatting message text").
 *
 * The headline comes first, because notifications show it. The rest is blocks in an attachment: no
 * other part of a message has a colour. mrkdwn has no escape for * _ ~ and backticks, so names are
 * in plain text. Slack decodes &amp; &lt; &gt; in both; "<!channel>" would notify everybody. */
#include "deliver/markup.h"
#include "deliver/slack.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Slack's limits, in characters: text of a section 3000, a field 2000, all blocks about 13,000. The
 * sum of ours is at most 3000 + 1500 + 8 * 300 + 3000 + 64 for an alert. */
enum {
    HEADLINE_MAX = 600,
    TEXT_MAX = 3000,
    NEXT_MAX = 1500,
    FACT_MAX = 280,
    LINK_MAX = 960,
};

static const char *slack_escape(const char *at)
{
    return *at == '&' ? "&amp;" : *at == '<' ? "&lt;" : *at == '>' ? "&gt;" : NULL;
}

/* Inside <URL|NAME>. */
static const char *url_escape(const char *at)
{
    return *at == '&'   ? "&amp;"
           : *at == '<' ? "%3C"
           : *at == '>' ? "%3E"
           : *at == '|' ? "%7C"
                        : NULL;
}

static const char *const COLOURS[TONE_COUNT_] = {
    [TONE_CRITICAL] = "#A30200",
    [TONE_WARNING] = "#DAA038",
    [TONE_INFO] = "#439FE0",
    [TONE_RESOLVED] = "#2EB886",
};

/* Plain text keeps ":name:" as it is with emoji = false. Takes `s`. */
static void put_plain(struct markup *m, const char *key, char *s)
{
    json_open_object(m->w, key);
    json_put_string(m->w, "type", "plain_text");
    markup_put_own(m, "text", s);
    json_put_bool(m->w, "emoji", false);
    json_close_object(m->w);
}

static void open_block(struct markup *m, const char *type)
{
    json_open_object(m->w, NULL);
    json_put_string(m->w, "type", type);
}

/* Slack refuses a text that is empty. Takes `s`. */
static void put_section(struct markup *m, char *s)
{
    if (s && !s[strspn(s, " \n")]) {
        free(s);
        return;
    }
    open_block(m, "section");
    put_plain(m, "text", s);
    json_close_object(m->w);
}

/* "NAME: VALUE", or the value in a line of its own. New memory; NULL: none. */
static char *named(const char *name, const char *gap, const char *value, size_t max)
{
    CLEANUP(free) char *escaped = markup_text(slack_escape, value, max);
    return escaped ? text_printf("%s%s%s", name, gap, escaped) : NULL;
}

static void put_facts(struct markup *m, const struct outline *o)
{
    if (o->n_facts == 0)
        return;
    open_block(m, "section");
    json_open_array(m->w, "fields");
    for (size_t i = 0; i < o->n_facts; i++)
        put_plain(m, NULL, named(o->fact[i].name, "\n", o->fact[i].value, FACT_MAX));
    json_close_array(m->w);
    json_close_object(m->w);
}

/* "<URL|Status>   <URL|Runbook>"; "" if there are none; NULL: no memory. */
static char *links(const struct outline *o)
{
    struct text t = TEXT_INIT(TEXT_MAX);
    for (size_t i = 0; i < o->n_links; i++) {
        const struct outline_link *link = &o->link[i];
        CLEANUP(free)
        char *url = markup_units(link->url) > LINK_MAX ? text_printf("%s", "")
                                                       : markup_text(url_escape, link->url, TEXT_MAX);
        if (!url) {
            text_free(&t);
            return NULL;
        }
        if (*url && strlen(url) <= LINK_MAX)
            text_addf(&t, "%s<%s|%s>", t.len ? "   " : "", url, link->name);
    }
    return text_take(&t);
}

/* Links are ours: this text alone is markup. */
static void put_links(struct markup *m, const struct outline *o)
{
    char *s = links(o);
    if (s && !*s) {
        free(s);
        return;
    }
    open_block(m, "section");
    json_open_object(m->w, "text");
    json_put_string(m->w, "type", "mrkdwn");
    markup_put_own(m, "text", s);
    json_close_object(m->w);
    json_close_object(m->w);
}

static void put_id(struct markup *m, const struct outline *o)
{
    char id[MARKUP_ID_MAX];
    if (!markup_id(o, id)[0])
        return;
    open_block(m, "context");
    json_open_array(m->w, "elements");
    put_plain(m, NULL, text_printf("%s", id));
    json_close_array(m->w);
    json_close_object(m->w);
}

static void put_attachment(struct markup *m, const struct outline *o)
{
    json_open_object(m->w, NULL);
    json_put_string(m->w, "color", COLOURS[o->tone]);
    json_open_array(m->w, "blocks");
    put_section(m, markup_text(slack_escape, o->what, TEXT_MAX));
    if (o->next[0])
        put_section(m, named("Next step", ": ", o->next, NEXT_MAX));
    put_facts(m, o);
    put_section(m, markup_lines(slack_escape, o, TEXT_MAX));
    put_links(m, o);
    put_id(m, o);
    json_close_array(m->w);
    json_close_object(m->w);
}

/* Shows nothing of the pages behind links. */
static void put_no_previews(struct json_writer *w)
{
    json_put_bool(w, "unfurl_links", false);
    json_put_bool(w, "unfurl_media", false);
}

static void put_attachments(struct markup *m, const struct outline *o)
{
    json_open_array(m->w, "attachments");
    put_attachment(m, o);
    json_close_array(m->w);
}

/* The text is the headline, and no markup. */
static void put_webhook_message(struct markup *m, const struct outline *o)
{
    markup_put_own(m, "text", markup_headline(slack_escape, o, HEADLINE_MAX));
    json_put_bool(m->w, "mrkdwn", false);
    put_no_previews(m->w);
    put_attachments(m, o);
}

/* chat.update knows no "mrkdwn", so the headline is a block. The text is what notifications show. */
static void put_bot_message(struct markup *m, const struct outline *o)
{
    markup_put_own(m, "text", markup_headline(slack_escape, o, HEADLINE_MAX));
    put_no_previews(m->w);
    json_open_array(m->w, "blocks");
    put_section(m, markup_headline(slack_escape, o, HEADLINE_MAX));
    json_close_array(m->w);
    put_attachments(m, o);
}

/* What has changed, for the thread. */
static void put_reply(struct markup *m, const struct outline *o)
{
    markup_put_own(m, "text", markup_headline(slack_escape, o, HEADLINE_MAX));
    put_no_previews(m->w);
    json_open_array(m->w, "blocks");
    put_section(m, markup_headline(slack_escape, o, HEADLINE_MAX));
    put_section(m, markup_text(slack_escape, o->what, TEXT_MAX));
    json_close_array(m->w);
}

/* A change of a message makes no sound, and neither does a reply: what got worse, or is to be
 * remembered, appears in the channel, too. */
static void put_broadcast_reply(struct markup *m, const struct outline *o)
{
    put_reply(m, o);
    json_put_bool(m->w, "reply_broadcast", true);
}

/* Appends one JSON object. */
static int add_object(struct text *t, const struct outline *o,
                      void (*put)(struct markup *m, const struct outline *o))
{
    CLEANUP(json_writer_free) struct json_writer *w = json_writer_new(SLACK_BODY_MAX);
    CLEANUP(free) char *body = NULL;
    size_t len;
    if (!w)
        return -ENOMEM;
    struct markup m = {.w = w, .escape = slack_escape};
    json_writer_clean(w);
    json_open_object(w, NULL);
    put(&m, o);
    json_close_object(w);
    int r = json_write_take(w, &body, &len);
    if (r >= 0)
        text_add_bytes(t, body, len);
    return r;
}

static bool is_broadcast(enum event_type type)
{
    return type == EVENT_ESCALATED || type == EVENT_UPDATED || type == EVENT_REMINDER;
}

static int add_all(struct text *t, const struct message *m, const struct outline *o, bool bot)
{
    int r = add_object(t, o, bot ? put_bot_message : put_webhook_message);
    if (r < 0 || !bot || !m->notification || !m->notification->alert_id[0])
        return r;
    text_add(t, "\n");
    return add_object(t, o, is_broadcast(m->notification->type) ? put_broadcast_reply : put_reply);
}

int slack_render(const struct receiver_options *o, const struct message *m, char **ret,
                 size_t *ret_len)
{
    const struct slack_options *own = o->own;
    CLEANUP(outline_free) struct outline *outline = NULL;
    CLEANUP(text_free) struct text t = TEXT_INIT(SLACK_BODY_MAX);
    int r = outline_new(m, o->links, &outline);
    if (r >= 0)
        r = add_all(&t, m, outline, own->bot);
    if (r < 0 || t.error)
        return r < 0 ? r : t.error;
    size_t len = t.len;
    char *body = text_take(&t);
    if (!body)
        return -ENOMEM;
    *ret = body;
    *ret_len = len;
    return 0;
}
