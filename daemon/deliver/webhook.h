/* SPDX-License-Identifier: MIT */
/* deliver/webhook.h: Standard Webhooks 1.0.0: the body, its signature, and the headers. Pure. */
#pragma once
#include "alerts/notification.h"
#include "base/secret.h"
#include "deliver/http_post.h"
#include "deliver/template.h"

#define WEBHOOK_BODY_MAX (20 * 1024)
/* {"type", "timestamp", "data"}; at most WEBHOOK_BODY_MAX bytes: longer lists and texts are cut and
 * say so. */
int webhook_body(const struct message *m, const struct links *links, char **ret, size_t *ret_len);
/* One key, "whsec_" + base64 of 24 to 64 bytes. kind CONFIG. */
int webhook_key_parse(const char *text, size_t len, uint8_t ret[static 64], size_t *ret_len,
                      struct failure *ret_failure);
/* "v1,BASE64[ v1,BASE64]" over "ID.TIMESTAMP.BODY", one item per line of `keys` (at most two, newest
 * first). The caller frees. */
int webhook_signature(const struct secret *keys, const char *id, int64_t timestamp, const char *body,
                      size_t len, char **ret, struct failure *ret_failure);
/* Adds webhook-id, webhook-timestamp and, unless `keys` is NULL, webhook-signature. `path`: the file
 * of the keys, for messages. */
int webhook_headers(struct request *r, const struct payload *p, const struct secret *keys,
                    const char *path, struct failure *ret_failure);
/* The template filled with the alert object and a few members for it: see seatwatchd.conf(5). */
#define WEBHOOK_TEMPLATE_BODY_MAX (1536 * 1024)
int webhook_template_render(const char *template, const struct template_words *words,
                            const struct links *links, const struct message *m, char **ret,
                            size_t *ret_len);
/* Finds what could be wrong with it, before a message needs it. `path`: its file, for messages. kind
 * CONFIG or LOCAL */
int webhook_template_check(const char *template, const struct template_words *words,
                           const char *path, struct failure *ret_failure);
