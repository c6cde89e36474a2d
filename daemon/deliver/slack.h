/* SPDX-License-Identifier: MIT */
/* deliver/slack.h: the parts of the receiver type slack. Internal to slack*.c. */
#pragma once
#include "deliver/http_post.h"

#define SLACK_BODY_MAX (128 * 1024)
#define SLACK_ANSWER_MAX (256 * 1024) /* the Web API repeats the message in its answer */

struct slack_options {
    bool bot; /* mode */
    char *url_file; /* of the webhook; the URL is a credential */
    char *token_file, *channel, *url; /* of the bot */
    struct http_post_options http;
};

/* One JSON object. Of an alert for a bot a second one follows in its own line: the reply in the thread. */
int slack_render(const struct receiver_options *o, const struct message *m, char **ret,
                 size_t *ret_len);

/* ---- slack_bot.c: as receiver_class.http ---- */

int slack_bot_request(const struct receiver_options *o, const struct secret *token,
                      const struct payload *p, struct request *ret, struct failure *ret_failure);
void slack_bot_classify(const struct receiver_options *o, const struct payload *p,
                        const struct http_answer *got, struct answer *a);
