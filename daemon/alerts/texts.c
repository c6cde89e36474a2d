/* SPDX-License-Identifier: MIT */
/* alerts/texts.c: writes title, summary, description and next step of a notification. */
#include "alerts/texts.h"

#include "alerts/kind.h"
#include "base/date.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGE_MAX 16384    /* bytes of a text; names are cut at TEXT_CLEAN_MAX long before */
#define TITLE_TENANT_MAX 40  /* of the title */
#define TITLE_SUBJECT_MIN 16 /* least bytes that a shortened name keeps */

static const char *tenant_of(const struct notification *n)
{
    const struct alert_context *f = n->context;
    return f->tenant_name ? f->tenant_name : f->tenant_id ? f->tenant_id : "seatwatchd";
}

static usec_t lasted(const struct notification *n)
{
    return n->started_at && n->at > n->started_at ? n->at - n->started_at : 0;
}

/* ---- title and summary ---- */

/* Prefix by event type; none for firing. */
static void add_event(struct text *t, const struct notification *n)
{
    char buf[DURATION_MAX];
    switch (n->type) {
    case EVENT_ESCALATED:
        text_addf(t, "now %s: ", level_name(n->level));
        break;
    case EVENT_DEESCALATED:
        text_addf(t, "down to %s: ", level_name(n->level));
        break;
    case EVENT_UPDATED:
        if (message_is_normal(n) && n->context->allotted != NUMBER_UNKNOWN)
            text_addf(t, "%" PRId64 " units are the new normal: ", n->context->allotted);
        else
            text_add(t, text_equal(n->reason, "flapping")   ? "flapping: "
                        : text_equal(n->reason, "restored") ? "capacity restored: "
                                                            : "update: ");
        break;
    case EVENT_REMINDER:
        text_addf(t, "open for %s: ", duration_human(lasted(n), buf));
        break;
    case EVENT_ACKNOWLEDGED:
        text_add(t, "acknowledged by ");
        message_add(t, n->acknowledged.author);
        text_add(t, ": ");
        break;
    case EVENT_RESOLVED:
        if (message_is_normal(n))
            text_add(t, "no longer reported: ");
        else if (text_equal(n->reason, "gone_for_good") || text_equal(n->reason, "source_changed"))
            text_addf(t, "no longer reported after %s: ", duration_human(lasted(n), buf));
        else if (text_equal(n->reason, "rule_removed"))
            text_add(t, "no longer monitored: ");
        else
            text_addf(t, "resolved after %s: ", duration_human(lasted(n), buf));
        break;
    case EVENT_FIRING:
    case EVENT_DIGEST:
    case EVENT_TEST:
    case EVENT_INFO:
    case EVENT_TYPE_COUNT_:
        break;
    }
}

static const char *text_of(const struct text *t)
{
    return t->data ? t->data : "";
}

static char *make_title(const struct notification *n, const struct message_text *w)
{
    CLEANUP(text_free) struct text head = TEXT_INIT(MESSAGE_MAX);
    char tenant[TITLE_TENANT_MAX + 1], subject[TITLE_MAX + 1], whole[TITLE_MAX + 1];
    const char *name = tenant_of(n);
    text_addf(&head, "%s: ", text_clean(tenant, sizeof tenant, name, strlen(name)));
    add_event(&head, n);
    size_t fixed = head.len + w->condition.len;
    size_t room = fixed < TITLE_MAX ? TITLE_MAX - fixed : 0;
    if (room < TITLE_SUBJECT_MIN)
        room = TITLE_SUBJECT_MIN;
    (void)text_clean(subject, room + 1, text_of(&w->subject), w->subject.len);
    text_add(&head, subject);
    text_add(&head, text_of(&w->condition));
    if (head.error)
        return NULL;
    return text_printf("%s", text_clean(whole, sizeof whole, head.data, head.len));
}

/* "critical, open since 02:17 UTC" */
static void add_since(struct text *t, const struct notification *n)
{
    text_addf(t, "%s, %s ", level_name(n->level),
              n->type == EVENT_RESOLVED   ? "opened"
              : n->state == ALERT_PENDING ? "pending since"
                                          : "open since");
    message_clock(t, n, n->started_at);
}

static bool shows_value(enum rule_shows shows, const struct notification *n)
{
    return shows == SHOWS_VALUE || (shows == SHOWS_VALUE_WHILE_OPEN && n->type != EVENT_RESOLVED) ||
           (shows == SHOWS_VALUE_IF_NOT_NEGATIVE && n->value >= 0);
}

/* A level may come from a state instead of a number, or the value may be in the hysteresis band.
 * The limit is then not shown. */
static bool limit_is_met(const struct notification *n)
{
    return rule_row(n->rule)->falls ? n->value <= n->threshold : n->value >= n->threshold;
}

/* In the hysteresis band: what ends the alert. */
static void add_end(struct text *t, const struct notification *n)
{
    const struct alert_context *f = n->context;
    if (rule_row(n->rule)->rests_on != RESTS_ON_UNITS)
        return;
    if (f->ends_below_bp != NUMBER_UNKNOWN && n->unit == UNIT_PERCENT) {
        text_add(t, ", ends below ");
        message_percent(t, f->ends_below_bp);
        text_add(t, " in use");
    } else if (f->units_to_buy > 0) {
        text_addf(t, ", ends with %" PRId64 " more free", f->units_to_buy);
    }
}

/* "waiting: 26 members, limit 25" */
static void add_rule(struct text *t, const struct notification *n, const struct message_text *w)
{
    const struct rule_row *row = rule_row(n->rule);
    text_add(t, row->name);
    if (n->value == NUMBER_UNKNOWN || w->no_value || !shows_value(row->shows, n))
        return;
    text_add(t, ": ");
    message_measure(t, n->value, n->unit);
    text_add(t, row->suffix ? row->suffix : "");
    if (n->threshold == NUMBER_UNKNOWN)
        return;
    if (n->type != EVENT_RESOLVED && !limit_is_met(n)) {
        add_end(t, n);
        return;
    }
    text_add(t, ", limit ");
    if (n->unit == UNIT_PERCENT || n->unit == UNIT_SECONDS || n->unit == UNIT_DAYS)
        message_measure(t, n->threshold, n->unit);
    else
        text_addf(t, "%" PRId64, n->threshold);
}

static char *make_summary(const struct notification *n, const struct message_text *w)
{
    CLEANUP(text_free) struct text t = TEXT_INIT(MESSAGE_MAX);
    message_add(&t, tenant_of(n));
    text_add(&t, ": ");
    add_event(&t, n);
    text_add(&t, text_of(&w->subject));
    text_add(&t, text_of(&w->condition));
    text_add(&t, " (");
    if (n->type != EVENT_INFO) {
        add_since(&t, n);
        text_add(&t, "; ");
    }
    add_rule(&t, n, w);
    text_add(&t, ")");
    return text_take(&t);
}

/* ---- description ---- */

static void add_findings(struct text *t, const struct notification *n)
{
    const char *between = " Also beyond a limit: ";
    for (size_t i = 0; i < RULE_COUNT_; i++) {
        enum rule rule = rule_by_tie(i);
        if (!n->finding[rule] || rule == n->rule)
            continue;
        text_addf(t, "%s%s", between, rule_name(rule));
        between = ", ";
    }
    if (*between == ',')
        text_add(t, ".");
}

static void add_acknowledgement(struct text *t, const struct notification *n)
{
    if (!n->acknowledged.author)
        return;
    text_add(t, "\nAcknowledged by ");
    message_add(t, n->acknowledged.author);
    if (n->acknowledged.until_at) {
        text_add(t, " until ");
        message_clock(t, n, n->acknowledged.until_at);
    }
    text_add(t, ": ");
    message_add(t, n->acknowledged.comment);
    if (n->type == EVENT_ACKNOWLEDGED)
        text_add(t, "\nYou hear of this alert again when it gets worse or ends.");
}

/* Why an alert ended, or one of its findings did, or why it is sent again. */
static void add_reason(struct text *t, const struct notification *n)
{
    static const struct {
        const char *reason, *ended, *continues; /* NULL: nothing to add */
    } REASONS[] = {
        {"restored", NULL, "The loss of capacity is over; the alert stays open for the other findings."},
        {"new_normal",
         "Closed because the lower number has lasted for a week and now counts as normal, not because the "
         "units came back.",
         "The loss is no longer reported, because it has lasted for a week: the lower number now counts as "
         "normal. The alert stays open for the other findings."},
        {"acknowledged",
         "Closed because the loss was acknowledged: the lower number now counts as normal. The units did not "
         "come back.",
         "The loss is no longer reported, because it was acknowledged: the lower number now counts as normal. "
         "The alert stays open for the other findings."},
        {"gone_for_good",
         "Closed because Graph has not listed this for a week, not because the problem was fixed.", NULL},
        {"source_changed",
         "Closed because the tenant is now polled through another source, which does not list this pool; all "
         "pools of its SKU there are within the limits.",
         NULL},
        {"state_lost",
         "Sent again because the record of deliveries was damaged: an earlier message may have said this "
         "already.",
         NULL},
        {"rule_removed",
         "Closed because this is no longer configured, not because the problem was fixed.",
         "The loss is no longer reported, because its rule is off. The alert stays open for the other "
         "findings."},
        {"unsilenced", NULL, "This alert was silenced until now."},
        {"flapping", NULL,
         "This alert fires and resolves again and again. Its end is not notified until it stays as it is."},
    };
    for (size_t i = 0; i < N_ELEMENTS(REASONS); i++) {
        const char *text = n->type == EVENT_RESOLVED ? REASONS[i].ended : REASONS[i].continues;
        if (text && text_equal(n->reason, REASONS[i].reason))
            text_addf(t, "\n%s", text);
    }
}

static char *make_description(const struct notification *n, const struct message_text *w)
{
    CLEANUP(text_free) struct text t = TEXT_INIT(MESSAGE_MAX);
    char buf[DURATION_MAX];
    text_add(&t, text_of(&w->what));
    if (n->type == EVENT_INFO) {
        text_add(&t, "Rule ");
        add_rule(&t, n, w);
        text_add(&t, ".");
        return text_take(&t);
    }
    text_add(&t, n->type == EVENT_RESOLVED ? "Severity was " : "Severity ");
    add_since(&t, n);
    if (n->type == EVENT_RESOLVED)
        text_addf(&t, ", open for %s", duration_human(lasted(n), buf));
    text_add(&t, "; rule ");
    add_rule(&t, n, w);
    text_add(&t, ".");
    add_findings(&t, n);
    add_reason(&t, n);
    add_acknowledgement(&t, n);
    if (n->stale_since_at) {
        text_add(&t, "\nData as of ");
        message_clock(&t, n, n->stale_since_at);
        text_add(&t, ": no newer data could be read.");
    }
    return text_take(&t);
}

/* ---- all texts ---- */

static int set_texts(struct notification *n, char *title, char *summary, char *description,
                     char *next_step)
{
    if (!title || !summary || !description || !next_step) {
        free(title);
        free(summary);
        free(description);
        free(next_step);
        return -ENOMEM;
    }
    free(n->title);
    free(n->summary);
    free(n->description);
    free(n->next_step);
    n->title = title;
    n->summary = summary;
    n->description = description;
    n->next_step = next_step;
    return 0;
}

static int write_test(struct notification *n)
{
    return set_texts(
        n, text_printf("seatwatchd: test message"),
        text_printf("seatwatchd: test message requested by an operator; nothing is wrong"),
        text_printf("If you can read this, this receiver works."), text_printf("No action is needed."));
}

static void message_free(struct message_text *w)
{
    text_free(&w->subject);
    text_free(&w->condition);
    text_free(&w->what);
    text_free(&w->next);
}
DEFINE_CLEANUP_IN_PLACE(struct message_text, message_free)

int notification_write_texts(struct notification *n)
{
    if (!n->context)
        return write_test(n);
    CLEANUP(message_free)
    struct message_text w = {TEXT_INIT(MESSAGE_MAX), TEXT_INIT(MESSAGE_MAX), TEXT_INIT(MESSAGE_MAX),
                             TEXT_INIT(MESSAGE_MAX), false};
    struct notification plain = *n; /* other reasons than those of an end are named in the description */
    if (n->type != EVENT_RESOLVED || text_equal(n->reason, "restored"))
        plain.reason = NULL;
    kind_row(n->kind)->words(&plain, &w);
    if (w.subject.error || w.condition.error || w.what.error || w.next.error)
        return -ENOMEM;
    return set_texts(n, make_title(n, &w), make_summary(n, &w), make_description(n, &w),
                     text_take(&w.next));
}
