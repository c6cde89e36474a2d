/* SPDX-License-Identifier: MIT */
/* deliver/slack.c: the receiver type slack: messages through an incoming webhook (Slack's developer
 * documentation, "Sending messages using incoming webhooks", "Blocks", "Formatting message text").
 *
 * The headline is the text, because notifications show it. The rest is blocks in an attachment: no
 * other part of a message has a colour. mrkdwn has no escape for * _ ~ and backticks, so names are
 * in plain text. Slack decodes &amp; &lt; &gt; in both; "<!channel>" would notify everybody. */
#include "base/clock.h"
#include "deliver/http_post.h"
#include "deliver/markup.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BODY_MAX (128 * 1024)
#define SPACING USEC_PER_SEC /* Slack's limit for one webhook */

/* Slack's limits, in characters: text of a section 3000, a field 2000, all blocks about 13,000. The
 * sum of ours is at most 3000 + 1500 + 8 * 300 + 3000 + 64 for an alert. */
enum {
    HEADLINE_MAX = 600,
    TEXT_MAX = 3000,
    NEXT_MAX = 1500,
    FACT_MAX = 280,
    LINK_MAX = 960,
};

struct slack_options {
    bool bot;       /* mode */
    char *url_file; /* the URL is a credential */
    struct http_post_options http;
};
static const struct conf_key ROWS[] = {
    {.name = "mode", .type = CONF_WORD, CONF_AT(slack_options, bot),
     .words = CONF_WORDS("webhook"), .later_words = CONF_WORDS("bot"), .def = "webhook",
     .help = "How messages reach Slack."},
    HTTP_URL_ROW(slack_options),
    HTTP_POST_ROWS(slack_options),
};

/* ---- the message ---- */

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

static int slack_render(const struct receiver_options *o, const struct message *m, char **ret,
                        size_t *ret_len)
{
    CLEANUP(outline_free) struct outline *outline = NULL;
    CLEANUP(json_writer_free) struct json_writer *w = json_writer_new(BODY_MAX);
    int r = w ? outline_new(m, o->links, &outline) : -ENOMEM;
    if (r < 0)
        return r;
    struct markup markup = {.w = w, .escape = slack_escape};
    json_writer_clean(w);
    json_open_object(w, NULL);
    markup_put_own(&markup, "text", markup_headline(slack_escape, outline, HEADLINE_MAX));
    json_put_bool(w, "mrkdwn", false);
    json_put_bool(w, "unfurl_links", false);
    json_put_bool(w, "unfurl_media", false);
    json_open_array(w, "attachments");
    put_attachment(&markup, outline);
    json_close_array(w);
    json_close_object(w);
    return json_write_take(w, ret, ret_len);
}

/* ---- the request ---- */

static int slack_request(const struct receiver_options *o, struct secret *const *secret,
                         const struct payload *p, struct request *ret, struct failure *ret_failure)
{
    const struct slack_options *own = o->own;
    (void)p;
    ret->options = &own->http;
    return request_url(ret, secret[0], own->url_file, ret_failure);
}

/* The body is one bare word, and counts more than the status: the pairs have changed over the
 * years. */
static const struct {
    const char *word;
    enum answer_class class;
    const char *advice; /* NULL: a mistake of ours */
} WORDS[] = {
    {"invalid_payload", ANSWER_PERMANENT, NULL},
    {"invalid_blocks", ANSWER_PERMANENT, NULL},
    {"no_text", ANSWER_PERMANENT, NULL},
    {"too_many_attachments", ANSWER_PERMANENT, NULL},
    {"missing_text_or_fallback_or_attachments", ANSWER_PERMANENT, NULL},
    {"user_not_found", ANSWER_PERMANENT, "the user of the webhook is gone; create another webhook"},
    {"action_prohibited", ANSWER_PERMANENT, "an administrator of the workspace has to allow it"},
    {"invalid_token", ANSWER_PERMANENT, "copy the URL of the webhook again"},
    {"posting_to_general_channel_denied", ANSWER_PERMANENT, "choose another channel"},
    {"team_disabled", ANSWER_PERMANENT, "the workspace was disabled"},
    {"no_service", ANSWER_GONE, "the webhook was removed or disabled; create another"},
    {"no_active_hooks", ANSWER_GONE, "the webhook was disabled; create another"},
    {"no_service_id", ANSWER_GONE, "copy the URL of the webhook again"},
    {"no_team", ANSWER_GONE, "the workspace is gone; copy the URL of the webhook again"},
    {"channel_not_found", ANSWER_GONE, "the channel was deleted; create a webhook for another"},
    {"channel_is_archived", ANSWER_GONE, "the channel was archived; create a webhook for another"},
};

static bool is_word(const char *body, const char *word)
{
    size_t len = strlen(word);
    return strncmp(body, word, len) == 0 && body[len + strspn(body + len, " \r\n")] == '\0';
}

/* A page is from something between Slack and us. */
static enum answer_class class_without_word(const struct http_answer *got, enum answer_class class)
{
    if (class == ANSWER_OK)
        return is_word(got->body, "ok") ? ANSWER_OK : ANSWER_RETRY;
    if (class == ANSWER_THROTTLED || got->body[0] == '<')
        return class;
    return got->status == 400 || got->status == 403 ? ANSWER_PERMANENT
           : got->status == 404                     ? ANSWER_GONE
                                                    : class;
}

/* The word is quoted as ours: as a part of the answer it would be redacted if it resembles the URL,
 * as "no_service" does. */
static void slack_classify(const struct payload *p, const struct http_answer *got, struct answer *a)
{
    (void)p;
    for (size_t i = 0; i < N_ELEMENTS(WORDS); i++)
        if (is_word(got->body, WORDS[i].word)) {
            const char *advice = WORDS[i].advice;
            answer_set(a, WORDS[i].class, "HTTP %d: %s%s%s", got->status, WORDS[i].word,
                       advice ? ": " : "", advice ? advice : "");
            return;
        }
    a->class = class_without_word(got, a->class);
}

const struct receiver_class slack_class = {
    .name = "slack",
    .options = CONF_SECTION(ROWS),
    .options_size = sizeof(struct slack_options),
    .traits = RECEIVER_CHAT,
    .body_max = BODY_MAX,
    .spacing = SPACING,
    .transport = &http_post,
    .render = slack_render,
    .http = {.request = slack_request, .classify = slack_classify},
};
