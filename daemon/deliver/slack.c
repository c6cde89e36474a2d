/* SPDX-License-Identifier: MIT */
/* deliver/slack.c: the receiver type slack: messages through an incoming webhook (Slack's developer
 * documentation, "Sending messages using incoming webhooks"), or by a bot. */
#include "deliver/slack.h"

#include <errno.h>
#include <string.h>

#define SPACING USEC_PER_SEC /* Slack's limit for one webhook, and for a bot in one channel */

/* Ids of channels: names can change, and Slack's answers have ids. */
static int channel_check(const char *text, struct failure *ret_failure)
{
    static const char LETTERS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    size_t len = strlen(text);
    if (len == 0 || (strchr("CGD", text[0]) && len > 1 && len < 32 && strspn(text, LETTERS) == len))
        return 0;
    return failure_set(ret_failure, FAILURE_CONFIG, EINVAL, "%s",
                       "not the id of a channel, which begins with C; copy it from the channel's details");
}

static const struct conf_key ROWS[] = {
    {.name = "mode", .type = CONF_WORD, CONF_AT(slack_options, bot),
     .words = CONF_WORDS("webhook", "bot"), .def = "webhook",
     .help = "How messages reach Slack."},
    {.name = "url_file", .type = CONF_FILE, CONF_AT(slack_options, url_file), .def = "",
     .shown_def = "required", .file = FILE_RECEIVER, .unless = "mode", .example = "hook.url",
     .help = "File with the URL of the webhook, which is a secret."},
    {.name = "token_file", .type = CONF_FILE, CONF_AT(slack_options, token_file), .def = "",
     .file = FILE_RECEIVER, .example = "slack.token",
     .help = "File with the token of the bot, for mode bot."},
    {.name = "channel", .type = CONF_TEXT, CONF_AT(slack_options, channel), .def = "",
     .what = "the id of a channel", .check = channel_check, .example = "C024BE91L",
     .help = "Id of the channel, for mode bot."},
    {.name = "url", .type = CONF_TEXT, CONF_AT(slack_options, url), .def = "https://slack.com/api",
     .what = "a URL", .check = http_url_check, .example = "https://slack-gov.com/api",
     .help = "Root of Slack's Web API, for mode bot."},
    HTTP_POST_ROWS(slack_options),
};

static int slack_check(const struct receiver_options *o, struct failure *ret_failure)
{
    const struct slack_options *own = o->own;
    const struct {
        const char *key, *value;
    } KEYS[] = {{"token_file", own->token_file}, {"channel", own->channel}};
    for (size_t i = 0; i < N_ELEMENTS(KEYS); i++)
        if (option_given(KEYS[i].value) != own->bot)
            return failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                               own->bot ? "mode = \"bot\" needs %s; add it"
                                        : "%s has no effect without mode = \"bot\"; remove one of the two",
                               KEYS[i].key);
    return 0;
}

/* ---- the request ---- */

static int slack_request(const struct receiver_options *o, struct secret *const *secret,
                         const struct payload *p, struct request *ret, struct failure *ret_failure)
{
    const struct slack_options *own = o->own;
    ret->options = &own->http;
    if (own->bot)
        return slack_bot_request(o, secret[1], p, ret, ret_failure);
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
static void slack_classify(const struct receiver_options *o, const struct payload *p,
                           const struct http_answer *got, struct answer *a)
{
    if (((const struct slack_options *)o->own)->bot) {
        slack_bot_classify(o, p, got, a);
        return;
    }
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
    .body_max = SLACK_BODY_MAX,
    .spacing = SPACING,
    .transport = &http_post,
    .check = slack_check,
    .render = slack_render,
    .http = {.request = slack_request, .classify = slack_classify, .answer_max = SLACK_ANSWER_MAX},
};
