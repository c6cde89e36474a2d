/* SPDX-License-Identifier: MIT */
/* deliver/slack_bot.c: one message per alert, through Slack's Web API (methods chat.postMessage and
 * chat.update). The message is updated in place, and what has changed is a reply in its thread.
 *
 * An attempt whose alert has a message updates it and replies; one whose alert has none posts it. The
 * reference is "CHANNEL TS". If the program is killed before the reference is stored, the next
 * attempt posts a second message, and later ones update that. */
#include "deliver/slack.h"
#include "json/json.h"
#include <errno.h>
#include <string.h>

#define TS_MAX 32
#define WORD_MAX 64
#define JSON_TYPE "application/json; charset=utf-8" /* without a charset every answer has a warning */

/* ---- what an attempt does ---- */

enum step {
    POST,   /* a new message */
    UPDATE, /* the message that is there */
    REPLY,  /* in its thread */
};

/* The time stamp in a reference to this channel; "": there is no message in it. */
static const char *ts_of(const struct slack_options *own, const struct payload *p)
{
    size_t len = strlen(own->channel);
    bool ours = p->ref && strncmp(p->ref, own->channel, len) == 0 && p->ref[len] == ' ';
    return ours ? p->ref + len + 1 : "";
}

static enum step step_of(const struct slack_options *own, const struct payload *p)
{
    return !*ts_of(own, p) ? POST : p->step == 0 ? UPDATE : REPLY;
}

/* The second line of a body, or its end. */
static const char *reply_of(const struct payload *p)
{
    const char *end = strchr(p->body, '\n');
    return end ? end + 1 : p->body + p->len;
}

/* ---- the request ---- */

/* The members that the stored body does not have, without the closing brace. */
static int write_head(const struct slack_options *own, const struct payload *p, char **ret,
                      size_t *ret_len)
{
    CLEANUP(json_writer_free) struct json_writer *w = json_writer_new(SLACK_BODY_MAX);
    enum step step = step_of(own, p);
    if (!w)
        return -ENOMEM;
    json_open_object(w, NULL);
    json_put_string(w, "channel", own->channel);
    if (step != POST)
        json_put_string(w, step == UPDATE ? "ts" : "thread_ts", ts_of(own, p));
    json_close_object(w);
    int r = json_write_take(w, ret, ret_len);
    *ret_len -= r >= 0;
    return r;
}

static int put_body(const struct slack_options *own, const struct payload *p, struct request *ret,
                    struct failure *ret_failure)
{
    CLEANUP(free) char *head = NULL;
    CLEANUP(text_free) struct text whole = TEXT_INIT(2 * SLACK_BODY_MAX);
    const char *line = step_of(own, p) == REPLY ? reply_of(p) : p->body;
    size_t len;
    if (write_head(own, p, &head, &len) < 0)
        return failure_oom(ret_failure);
    text_add_bytes(&whole, head, len);
    if (*line == '{') {
        text_add(&whole, ",");
        text_add_bytes(&whole, line + 1, strcspn(line + 1, "\n"));
    } else {
        text_add(&whole, "}"); /* of the probe at the opening, which has no body */
    }
    if (whole.error)
        return failure_oom(ret_failure);
    return secret_new(whole.data, whole.len, ret->origin.text, &ret->body, ret_failure);
}

int slack_bot_request(const struct receiver_options *o, const struct secret *token,
                      const struct payload *p, struct request *ret, struct failure *ret_failure)
{
    const struct slack_options *own = o->own;
    size_t base = strlen(own->url);
    CLEANUP(free)
    char *url = text_printf("%.*s/%s", (int)(base - (base > 0 && own->url[base - 1] == '/')), own->url,
                            step_of(own, p) == UPDATE ? "chat.update" : "chat.postMessage");
    if (!url)
        return failure_oom(ret_failure);
    ret->content_type = JSON_TYPE;
    int r = request_address(ret, url, ret_failure);
    if (r >= 0)
        r = request_authorization(ret, "Bearer", token, own->token_file, ret_failure);
    return r < 0 ? r : put_body(own, p, ret, ret_failure);
}

/* ---- the answer ---- */

#define INVITE "invite the bot to the channel, or check channel"
#define TOKEN "install the app again and put its bot token into the file"
#define SCOPE "give the app the scope chat:write, and install it again"
#define ADMIN "an administrator of the workspace has to allow it"
#define ARCHIVED "take the channel out of the archive, or choose another"

/* Values of `error` in the documentation of both methods. What concerns the token disables the receiver
 * until its file changes; what is put right in Slack parks the message. */
static const struct {
    const char *word;
    enum answer_class class;
    bool anew;          /* of an update: there is no message that we may change */
    const char *advice; /* NULL: a mistake of ours, or nothing to do */
} WORDS[] = {
    {"message_not_found", ANSWER_RETRY, true, NULL},
    {"cant_update_message", ANSWER_RETRY, true, NULL},
    {"edit_window_closed", ANSWER_RETRY, true, NULL},
    {"thread_not_found", ANSWER_RETRY, false, NULL},
    {"cannot_reply_to_message", ANSWER_PERMANENT, false, NULL},
    {"ratelimited", ANSWER_THROTTLED, false, NULL},
    {"rate_limited", ANSWER_THROTTLED, false, NULL},
    {"message_limit_exceeded", ANSWER_THROTTLED, false, NULL},
    {"channel_not_found", ANSWER_PERMANENT, false, INVITE},
    {"not_in_channel", ANSWER_PERMANENT, false, INVITE},
    {"is_archived", ANSWER_PERMANENT, false, ARCHIVED},
    {"is_inactive", ANSWER_PERMANENT, false, ARCHIVED},
    {"restricted_action", ANSWER_PERMANENT, false, ADMIN},
    {"restricted_action_read_only_channel", ANSWER_PERMANENT, false, ADMIN},
    {"restricted_action_thread_only_channel", ANSWER_PERMANENT, false, ADMIN},
    {"restricted_action_non_threadable_channel", ANSWER_PERMANENT, false, ADMIN},
    {"restricted_action_thread_locked", ANSWER_PERMANENT, false, ADMIN},
    {"access_denied", ANSWER_PERMANENT, false, ADMIN},
    {"ekm_access_denied", ANSWER_PERMANENT, false, ADMIN},
    {"enterprise_is_restricted", ANSWER_PERMANENT, false, ADMIN},
    {"team_access_not_granted", ANSWER_PERMANENT, false, ADMIN},
    {"team_not_found", ANSWER_PERMANENT, false, ADMIN},
    {"no_permission", ANSWER_PERMANENT, false, SCOPE},
    {"missing_scope", ANSWER_PERMANENT, false, SCOPE},
    {"not_allowed_token_type", ANSWER_GONE, false, TOKEN},
    {"invalid_auth", ANSWER_GONE, false, TOKEN},
    {"not_authed", ANSWER_GONE, false, TOKEN},
    {"account_inactive", ANSWER_GONE, false, TOKEN},
    {"token_expired", ANSWER_GONE, false, TOKEN},
    {"token_revoked", ANSWER_GONE, false, TOKEN},
    {"org_login_required", ANSWER_RETRY, false, NULL},
    {"msg_too_long", ANSWER_PERMANENT, false, NULL},
    {"msg_blocks_too_long", ANSWER_PERMANENT, false, NULL},
    {"no_text", ANSWER_PERMANENT, false, NULL},
    {"too_many_attachments", ANSWER_PERMANENT, false, NULL},
    {"attachment_payload_limit_exceeded", ANSWER_PERMANENT, false, NULL},
    {"invalid_attachments", ANSWER_PERMANENT, false, NULL},
    {"invalid_blocks", ANSWER_PERMANENT, false, NULL},
    {"invalid_blocks_format", ANSWER_PERMANENT, false, NULL},
    {"invalid_arguments", ANSWER_PERMANENT, false, NULL},
    {"invalid_charset", ANSWER_PERMANENT, false, NULL},
    {"invalid_json", ANSWER_PERMANENT, false, NULL},
    {"json_not_object", ANSWER_PERMANENT, false, NULL},
};

/* Only what looks like a word of Slack's is quoted. */
static bool is_word(const char *s)
{
    size_t len = strspn(s, "abcdefghijklmnopqrstuvwxyz_");
    return len > 0 && len < WORD_MAX && !s[len];
}

static void refused(const struct http_answer *got, const char *word, enum step step, struct answer *a)
{
    for (size_t i = 0; i < N_ELEMENTS(WORDS); i++)
        if (strcmp(WORDS[i].word, word) == 0) {
            const char *advice = WORDS[i].advice;
            answer_set(a, WORDS[i].class, "HTTP %d: %s%s%s", got->status, word, advice ? ": " : "",
                       advice ? advice : "");
            a->ref_lost = a->more = WORDS[i].anew && step == UPDATE;
            return;
        }
    answer_set(a, ANSWER_RETRY, "HTTP %d: %s", got->status, is_word(word) ? word : "ok is false");
}

/* Without a reference to it, the next notification posts a message of its own. */
static void keep_ref(const struct slack_options *own, const struct json *root, struct answer *a)
{
    const char *channel = NULL, *ts = NULL;
    if (json_get_string(root, "channel", &channel) == JSON_OK && strcmp(channel, own->channel) == 0 &&
        json_get_string(root, "ts", &ts) == JSON_OK && strlen(ts) < TS_MAX &&
        !ts[strspn(ts, "0123456789.")])
        (void)snprintf(a->ref, sizeof a->ref, "%s %s", channel, ts);
}

/* Slack answers 200 to everything it understands, and says in `ok` whether it was done. */
void slack_bot_classify(const struct receiver_options *o, const struct payload *p,
                        const struct http_answer *got, struct answer *a)
{
    static const char *const NAMES[] = {"ok", "error", "channel", "ts", NULL};
    const struct slack_options *own = o->own;
    CLEANUP(json_free) struct json *root = NULL;
    enum step step = step_of(own, p);
    const char *word = "";
    bool ok = false;
    if (json_parse_only(got->body, got->body_len, NAMES, &root, NULL) < 0 ||
        json_get_bool(root, "ok", &ok) != JSON_OK || (ok && got->status != 200)) {
        if (a->class != ANSWER_THROTTLED)
            a->class = ANSWER_RETRY; /* something between Slack and us answered */
        return;
    }
    if (!ok) {
        (void)json_get_string(root, "error", &word);
        refused(got, word, step, a);
    } else if (step == POST) {
        keep_ref(own, root, a);
    } else {
        a->more = step == UPDATE && *reply_of(p);
    }
}
