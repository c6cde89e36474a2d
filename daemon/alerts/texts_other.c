/* SPDX-License-Identifier: MIT */
/* alerts/texts_other.c: texts of alerts about subscriptions, assignment errors, polls and receivers. */
#include "alerts/texts.h"

#include "base/date.h"
#include "model/subscription.h"
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

/* ---- subscriptions ---- */

#define SHORT_ID 8 /* the first group of a GUID is enough to find it */

static const struct {
    const char *is;     /* the state */
    const char *comes;  /* what happens at its next date */
    const char *advice; /* what to do */
} STATES[] = {
    [SUBSCRIPTION_UNKNOWN] = {"is in an unknown state", "next date",
                              "Check it in the admin center (Billing > Your products)."},
    [SUBSCRIPTION_ACTIVE] =
        {"is active", "ends",
         "Renew it before that date, or let it end if that is intended: admin center, Billing > "
         "Your products."},
    [SUBSCRIPTION_WARNING] = {"is in its grace period", "suspended",
                              "Renew it, or move its users to another subscription, before it is "
                              "suspended: they lose access then."},
    [SUBSCRIPTION_SUSPENDED] =
        {"is suspended", "next date",
         "Reactivate it (Billing > Your products in the admin center): its users have no access now."},
    [SUBSCRIPTION_LOCKED_OUT] =
        {"is locked out", "next date",
         "Reactivate it: its users have no access now, and its data will be deleted."},
    [SUBSCRIPTION_DELETED] =
        {"is deleted", "next date",
         "Move its users to another subscription; this one cannot be reactivated."},
};

/* Consumed units may not count in a subscription that is not active, so only a person can end this. */
static void add_end(struct text *next, const struct notification *n, enum subscription_state state)
{
    if (state > SUBSCRIPTION_WARNING && n->type != EVENT_RESOLVED)
        text_addf(next, " If it has ended on purpose, %sacknowledge this alert: seatwatchctl ack %s.",
                  state == SUBSCRIPTION_DELETED ? "" : "move its users, and ", n->alert_id);
}

/* A row of the subscribedSkus fallback covers all subscriptions of its SKU. */
static const struct {
    const char *is, *advice;
} IN_GRACE = {"has units in the grace period",
              "Check which of its subscriptions has ended (Billing > Your products in the admin center): renew "
              "it before its units are suspended, or move users to other licences."};

/* "suspended in 6 days" */
static void add_days(struct text *t, const char *comes, int64_t days)
{
    if (days == 0)
        text_addf(t, "%s today", comes);
    else
        text_addf(t, "%s in %" PRId64 " %s", comes, days, days == 1 ? "day" : "days");
}

#define MOVED_WITHIN 3 /* days within which Microsoft usually updates the date after a renewal */

/* Days since the next date of one that is active or in grace; 0: it has not passed. */
static int64_t days_passed(const struct notification *n, const struct context_subscription *s)
{
    const struct alert_context *f = n->context;
    if (n->value != 0 || n->type == EVENT_RESOLVED || s->next_lifecycle_date == DATE_UNKNOWN)
        return 0;
    int64_t today = ((int64_t)(f->observed_at / USEC_PER_SEC) + f->utc_offset) / (24 * 60 * 60);
    return today > s->next_lifecycle_date ? today - s->next_lifecycle_date : 0;
}

#define LOOK "in the admin center (Billing > Your products)"
static const char *advice_after(enum subscription_state state, int64_t passed)
{
    return state != SUBSCRIPTION_ACTIVE
               ? "Renew it, or move its users to another subscription: it can be suspended any day, and "
                 "they lose access then."
           : passed <= MOVED_WITHIN
               ? "If it was renewed, wait: Microsoft updates the date up to 3 days late. If not, renew it " LOOK "."
               : "Check it " LOOK ": it is still active, but after a renewal Microsoft would have updated its "
                 "date by now.";
}

void message_subscription(const struct notification *n, struct message_text *w)
{
    static const struct context_subscription NOTHING = {.next_lifecycle_date = DATE_UNKNOWN};
    const struct alert_context *f = n->context;
    const struct context_subscription *s = f->n_subscriptions ? &f->subscription[0] : &NOTHING;
    enum subscription_state state =
        s->state ? subscription_state_parse(s->state) : SUBSCRIPTION_UNKNOWN;
    char id[SHORT_ID + 1], date[RFC3339_MAX];
    size_t len = s->id ? strcspn(s->id, "-") : 0;
    bool dead = state > SUBSCRIPTION_WARNING, ours = message_id_is_ours(s->id);
    bool in_grace = ours && state == SUBSCRIPTION_WARNING;
    const char *is = in_grace ? IN_GRACE.is : STATES[state].is;

    if (!ours)
        text_addf(&w->subject, "subscription %s of ",
                  text_clean(id, sizeof id, s->id ? s->id : "", len < SHORT_ID ? len : SHORT_ID));
    message_sku(&w->subject, f);

    int64_t passed = dead ? 0 : days_passed(n, s);
    bool days = n->value != NUMBER_UNKNOWN && n->type != EVENT_RESOLVED && !dead && !passed;
    w->no_value = dead || passed; /* after suspension the next date is that of the data deletion */
    /* Resolved although not active: the state is not shown as an improvement. */
    bool notified = n->type != EVENT_RESOLVED || state == SUBSCRIPTION_ACTIVE;
    if (notified && (state != SUBSCRIPTION_ACTIVE || !days))
        text_addf(&w->condition, " %s%s", is, days ? "," : "");
    if (days) {
        text_add(&w->condition, " ");
        add_days(&w->condition, STATES[state].comes, n->value);
    } else if (passed) {
        text_addf(&w->condition, ", but its date %s has passed",
                  date_print(s->next_lifecycle_date, date));
    }

    if (!ours) {
        text_add(&w->what, "Subscription ");
        message_add(&w->what, s->id);
        text_add(&w->what, " of ");
    }
    message_sku(&w->what, f);
    text_addf(&w->what, " %s", is);
    if (s->next_lifecycle_date != DATE_UNKNOWN)
        text_addf(&w->what, "; its next date %s %s", passed ? "was" : "is",
                  date_print(s->next_lifecycle_date, date));
    text_add(&w->what, ".\n");
    if (passed && state == SUBSCRIPTION_ACTIVE && passed <= MOVED_WITHIN)
        text_add(&w->what, "Microsoft often updates the date of a renewed subscription a few days late.\n");
    if (ours && f->allotted != NUMBER_UNKNOWN && f->consumed != NUMBER_UNKNOWN) {
        text_addf(&w->what, "%" PRId64 " of %" PRId64 " units are in use.\n", f->consumed, f->allotted);
    } else if (f->allotment_name && !ours) {
        text_add(&w->what, "It backs ");
        message_add(&w->what, f->allotment_name);
        if (f->allotted != NUMBER_UNKNOWN && f->consumed != NUMBER_UNKNOWN)
            text_addf(&w->what, ": %" PRId64 " of %" PRId64 " units are in use", f->consumed,
                      f->allotted);
        else if (f->allotted != NUMBER_UNKNOWN)
            text_addf(&w->what, ": %" PRId64 " of its units come from this subscription",
                      f->allotted);
        text_add(&w->what, ".\n");
    }
    message_fallback(&w->what, f);
    text_add(&w->next, n->type == EVENT_RESOLVED ? MESSAGE_NO_ACTION
                       : passed                  ? advice_after(state, passed)
                       : in_grace                ? IN_GRACE.advice
                                                 : STATES[state].advice);
    add_end(&w->next, n, state);
}

/* ---- assignment errors ---- */

/* Advice for known codes; Graph may send others. */
static const char *error_advice(const char *code)
{
    static const struct {
        const char *code, *advice;
    } KNOWN[] = {
        {"MissingDependency", "These users lack a plan that this product builds on: assign the "
                              "product that contains it, then reprocess."},
        {"DependencyViolation", "These users lack a plan that this product builds on: assign the "
                                "product that contains it, then reprocess."},
        {"CountViolation", "There are not enough units: order some or free some, then reprocess."},
        {"MutuallyExclusiveViolation",
         "These users hold a plan that excludes this one: take one of "
         "the two away, then reprocess."},
        {"ProhibitedInUsageLocationViolation", "The product is not offered where these users are: "
                                               "check their usage location."},
    };
    for (size_t i = 0; code && i < N_ELEMENTS(KNOWN); i++)
        if (text_equal_nocase(code, KNOWN[i].code))
            return KNOWN[i].advice;
    return "Open the errors of this product in the admin center (Billing > Licenses), fix the "
           "cause, then reprocess the assignments.";
}

void message_errors(const struct notification *n, struct message_text *w)
{
    const struct alert_context *f = n->context;
    bool has_sku = f->sku_name || f->sku_part_number || f->sku_id;
    int64_t count = f->error_count != NUMBER_UNKNOWN ? f->error_count : n->value;
    struct text *t = &w->subject;
    bool over = n->type == EVENT_RESOLVED && !n->reason;
    if (over && count > 0)
        text_add(t, "only ");
    if (count > 0 && !(n->type == EVENT_RESOLVED && n->reason))
        message_count(t, count, "assignment error", "assignment errors");
    else
        text_add(t, over && count == 0 ? "no more assignment errors" : "assignment errors");
    text_add(t, " (");
    message_add(t, f->error_code);
    text_add(t, ")");
    if (has_sku) {
        text_add(t, " on ");
        message_sku(t, f);
    }

    t = &w->what;
    if (count > 0)
        message_count(t, count, "assignment", "assignments");
    else
        text_add(t, count == 0 ? "No assignments" : "Assignments");
    text_add(t, " of ");
    if (has_sku)
        message_sku(t, f);
    else
        text_add(t, "an unnamed product");
    text_addf(t, " %s with the code ", count == 1 ? "fails" : "fail");
    message_add(t, f->error_code);
    if (count > 0 && f->errors_since_at) {
        text_add(t, ", first seen ");
        message_clock(t, n, f->errors_since_at);
    }
    text_add(t, ".\n");
    text_add(&w->next, n->type == EVENT_RESOLVED && (n->reason || count <= 0)
                           ? MESSAGE_NO_ACTION
                       : over ? "No action is needed now: the remaining errors are below the limit."
                              : error_advice(f->error_code));
}

/* ---- polls ---- */

void message_because(struct text *t, const struct alert_context *f)
{
    const struct cause_row *c = cause_row(f->cause);
    const char *because = c->because[section_parse(f->section)];
    because = because ? because : c->because[HEALTH_ALLOTMENTS];
    message_add(t, because ? because : c->word);
}

const char *message_section(const char *section)
{
    static const char *const NAMES[HEALTH_SECTIONS_] = {
        [HEALTH_ALLOTMENTS] = "the licences",
        [HEALTH_WAITING] = "the waiting members",
        [HEALTH_ERRORS] = "the assignment errors",
        [HEALTH_UNITS] = "the units of a pool",
        [HEALTH_RIGHTS] = "usage rights",
    };
    return NAMES[section_parse(section)];
}

/* What is not monitored while a section is unread. */
static const char *not_monitored(const char *section)
{
    static const char *const TEXTS[HEALTH_SECTIONS_] = {
        [HEALTH_ALLOTMENTS] =
            "Meanwhile, pools, subscriptions and waiting members are not monitored.\n",
        [HEALTH_WAITING] = "Meanwhile, waiting members are not monitored; units and subscriptions are.\n",
        [HEALTH_ERRORS] = ("Meanwhile, assignment errors are not monitored; pools, subscriptions and "
                           "waiting members are.\n"),
        [HEALTH_UNITS] = "Meanwhile, the units of that pool are not monitored; everything else is.\n",
        [HEALTH_RIGHTS] = "Meanwhile, usage rights are not monitored; everything else is.\n",
    };
    return TEXTS[section_parse(section)];
}

static void add_unread(const struct notification *n, struct text *t)
{
    char buf[DURATION_MAX];
    if (n->value != NUMBER_UNKNOWN && n->value >= 60)
        text_addf(t, " have not been read for %s",
                  duration_human((usec_t)n->value * USEC_PER_SEC, buf));
    else
        text_add(t, " cannot be read");
}

void message_restate(struct message_text *w)
{
    text_add(&w->what, w->subject.data ? w->subject.data : "");
    if (w->what.data)
        *w->what.data = (char)toupper((unsigned char)*w->what.data); /* ours, ASCII */
    text_add(&w->what, w->condition.data ? w->condition.data : "");
}

/* The source of the last known numbers. */
static void add_source(struct text *t, const char *source)
{
    if (text_equal(source, "cloud_licensing"))
        text_add(t, "Source: Cloud Licensing API (allotments).\n");
    else if (text_equal(source, "subscribed_skus"))
        text_add(t, "Source: subscribedSkus fallback (no pools, no waiting members).\n");
}

#define HINT_MAX 1024

void message_poll(const struct notification *n, struct message_text *w)
{
    const struct alert_context *f = n->context;
    char hint[HINT_MAX];
    if (n->type == EVENT_RESOLVED) {
        text_add(&w->subject, n->reason ? message_section(NULL) : "all data");
        text_add(&w->condition, n->reason ? "" : " is read again");
        text_add(&w->what, n->reason ? "" : "The last poll read all sections.\n");
        text_add(&w->next, MESSAGE_NO_ACTION);
        return;
    }
    if (cause_row(f->cause)->tenant_says) {
        text_add(&w->subject, cause_row(f->cause)->tenant_says);
        if (f->host) {
            text_add(&w->condition, ": ");
            message_add(&w->condition, f->host);
        }
    } else {
        text_add(&w->subject, message_section(f->section));
        add_unread(n, &w->condition);
        if (f->cause) {
            text_add(&w->condition, ": ");
            message_because(&w->condition, f);
        }
    }
    message_restate(w);
    text_add(&w->what,
             ". " MESSAGE_UNKNOWN "\n");
    /* The list of pools itself is read in this case. */
    if (f->cause != CAUSE_MASS_DISAPPEARANCE)
        text_add(&w->what, not_monitored(f->section));
    add_source(&w->what, f->source);
    if (f->hint)
        text_add(&w->next, text_clean(hint, sizeof hint, f->hint, strlen(f->hint)));
    else
        text_add(&w->next, "See the daemon's log: journalctl -u seatwatchd.");
}

/* ---- receivers ---- */

/* Every attempt has failed for a while; the messages are still tried. */
static void message_failing(const struct notification *n, struct message_text *w)
{
    text_add(&w->condition, " has accepted nothing since ");
    message_clock(&w->condition, n, n->context->failing_since_at);
    text_add(&w->what, "Every attempt since then has failed. The messages are kept and tried again for "
                       "76 h.\n");
    text_add(&w->next, "See its errors in the daemon's log (journalctl -u seatwatchd), and correct the "
                       "receiver: its messages are then sent by themselves.");
}

void message_delivery(const struct notification *n, struct message_text *w)
{
    const struct alert_context *f = n->context;
    bool disabled = f->cause == CAUSE_DISABLED, broken = disabled && f->hint;
    char hint[HINT_MAX];
    text_add(&w->subject, "receiver ");
    message_add(&w->subject, f->receiver);
    if (n->type == EVENT_RESOLVED) {
        text_add(&w->condition, n->reason ? "" : " works again");
        text_add(&w->what, n->reason ? "" : "No messages wait for it.\n");
        text_add(&w->next, MESSAGE_NO_ACTION);
        return;
    }
    w->no_value = f->parked <= 0;
    if (f->cause == CAUSE_FAILING) {
        message_failing(n, w);
        return;
    }
    text_add(&w->condition, disabled ? " is disabled" : " does not accept its messages");
    if (f->parked > 0)
        text_addf(&w->condition, ", %" PRId64 " %s parked", f->parked,
                  f->parked == 1 ? "message is" : "messages are");
    if (broken)
        text_addf(&w->what, "Its configuration is invalid: %s.\n",
                  text_clean(hint, sizeof hint, f->hint, strlen(f->hint)));
    else
        text_add(&w->what, disabled
                           ? "The receiver answered 410 Gone. Nothing more is sent to it.\n"
                           : "The receiver refused messages, or did not take them for 76 h. They are "
                             "parked: kept, but not sent again by themselves.\n");
    text_add(&w->next,
             "See its errors in the daemon's log (journalctl -u seatwatchd). Fix it, then reload "
             "(systemctl reload seatwatchd): parked messages are sent again." MESSAGE_LOADED_FILE);
}

/* ---- too many alerts ---- */

void message_storm(const struct notification *n, struct message_text *w)
{
    text_add(&w->subject, "alert storm at receiver ");
    message_add(&w->subject, n->context->receiver);
    if (n->type == EVENT_RESOLVED) {
        text_add(&w->condition, n->reason ? "" : " is over");
        text_add(&w->what, n->reason ? "" : "No new alerts wait for this receiver.\n");
        text_add(&w->next, MESSAGE_NO_ACTION);
        return;
    }
    w->no_value = true;
    text_addf(&w->condition, ", %" PRId64 " new %s", n->value, n->value == 1 ? "alert waits" : "alerts wait");
    text_add(&w->what, "This receiver has got as many new alerts as storm.max_new_incidents allows. The others follow "
                       "as soon as that allows, critical ones first.\n");
    text_add(&w->next, "See all open alerts with seatwatchctl alerts, or in another receiver, and look for a common cause.");
}
