/* SPDX-License-Identifier: MIT */
/* deliver/notification_put.h: writes and reads the alert object and digests, and the words in them.
 * Internal to deliver/. */
#pragma once
#include "alerts/notification.h"
#include "base/text.h"
#include "deliver/context_put.h"
#include "deliver/links.h"

/* The public object within the limits; `rest`: what the store needs, instead of the links. */
void notification_put(struct json_writer *w, const char *key, const struct notification *n,
                      const struct links *links, const struct cut *cut, bool rest);
/* The public `data` of a digest; the alerts in it within the limits. */
void digest_put(struct json_writer *w, const char *key, const struct digest *d,
                const struct links *links, const struct cut *cut, bool rest);
/* What to do about a digest: its alerts come worst first. Without alerts it is about damage to the state
 * database. */
void digest_next_step(struct text *t, const struct digest *d);
int notification_read(const struct json *o, struct notification **ret);

/* "firing", "resolved", ...: what receivers read as the state; NULL for a test message. */
const char *notification_state_word(const struct notification *n);
const char *notification_severity(const struct notification *n); /* NULL: a test message */
const char *level_word(enum level level); /* NULL for "none" */
const char *line_word(const struct notification *n); /* in a digest: "critical", ..., or "resolved" */
/* value or threshold as people and journal fields have it: "96.4", "26"; "" if unknown. */
#define NUMBER_TEXT 32
const char *notification_number(int64_t value, enum unit unit, char buf[static NUMBER_TEXT]);
/* Reasons are literals in a notification and text on disk: the literal, or NULL for an unknown
 * word. */
const char *reason_literal(const char *word);
