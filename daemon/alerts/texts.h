/* SPDX-License-Identifier: MIT */
/* alerts/texts.h: the parts of a notification that the kinds of alerts write. Internal to alerts/.
 *
 * A title is "TENANT: EVENT SUBJECT CONDITION". If it is too long, names are shortened, never
 * numbers. */
#pragma once
#include "alerts/notification.h"
#include "base/text.h"

#define TITLE_MAX 120 /* bytes */

/* Sentences that several kinds use. */
#define MESSAGE_NO_ACTION "No action is needed."
#define MESSAGE_UNKNOWN "Unknown sections change no alerts; the last known numbers are kept."
/* A service has its own copies of them, which systemd makes at a start. */
#define MESSAGE_LOADED_FILE " If systemd passes the file (LoadCredential=), restart: systemctl restart seatwatchd."

struct message_text {
    struct text subject;   /* "Microsoft 365 E5 (CSP pool)" */
    struct text condition; /* "is full, 26 waiting since 02:00 UTC: 26 units needed"; starts with a blank
                            * or a colon */
    struct text what;      /* sentences for the description, each ending in a newline */
    struct text next;      /* sentences: what to do now */
    bool no_value;         /* texts omit the value, because it does not decide here */
};
void message_capacity(const struct notification *n, struct message_text *w);
void message_subscription(const struct notification *n, struct message_text *w);
void message_errors(const struct notification *n, struct message_text *w);
void message_poll(const struct notification *n, struct message_text *w);
void message_delivery(const struct notification *n, struct message_text *w);
void message_storm(const struct notification *n, struct message_text *w);
void message_service(const struct notification *n, struct message_text *w);
void message_right(const struct notification *n, struct message_text *w);
void message_credential(const struct notification *n, struct message_text *w);
void message_inventory(const struct notification *n, struct message_text *w);
void message_unused(const struct notification *n, struct message_text *w);

/* For poll alerts: "sign-in was refused"; "the waiting members", "the licences" for NULL. */
void message_because(struct text *t, const struct alert_context *f);
const char *message_section(const char *section);
/* Subject and condition so far, as the beginning of a sentence in `what`. */
void message_restate(struct message_text *w);

/* Foreign text, cleaned. NULL and "" come out as "-". */
void message_add(struct text *t, const char *s);
/* "1 unit", "2 units". */
void message_count(struct text *t, int64_t n, const char *one, const char *many);
/* 9640 -> "96.4 %" */
void message_percent(struct text *t, int64_t bp);
/* A value or limit in its unit: "26 members", "96.4 %", "2 h 10 min". */
void message_measure(struct text *t, int64_t value, enum unit unit);
/* The time of day, or date and time if it is not today, in the tenant's zone and with its name. */
void message_clock(struct text *t, const struct notification *n, usec_t at);
/* An id of our own, for rows of the subscribedSkus fallback; texts do not show it. */
bool message_id_is_ours(const char *id);
bool message_is_normal(const struct notification *n); /* it or its loss ended because the loss counts as normal now */
/* Names the subscribedSkus fallback if the pool is from it. */
void message_fallback(struct text *t, const struct alert_context *f);
/* "Microsoft 365 E5 (CSP pool)"; generated names of pools are shortened. */
void message_pool(struct text *t, const struct alert_context *f);
/* "Microsoft 365 E5", else "an unnamed product". */
void message_sku(struct text *t, const struct alert_context *f);
