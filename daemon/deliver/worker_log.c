/* SPDX-License-Identifier: MIT */
/* deliver/worker_log.c: logs the outcome of deliveries: names, hosts and statuses, never URLs. */
#include "base/date.h"
#include "base/log.h"
#include "base/message_ids.h"
#include "deliver/worker.h"
#include <inttypes.h>
#include <stdio.h>

static const char *subject(const struct outbox_entry *e)
{
    const char *title = e->notification ? e->notification->title : e->digest->title;
    return title ? title : "";
}

static void log_ok(struct receiver_worker *w, const struct answer *a, const struct health *before,
                    const struct instant *now)
{
    char down[DURATION_MAX];
    if (w->outage_logged)
        log_say(LOG_NOTICE,
                "receiver %s: recovered after %s; failed attempts in that time: %" PRIu64,
                w->options->name, duration_human(now->mono - before->down_since_mono, down),
                before->failures);
    w->outage_logged = false;
    log_say(LOG_DEBUG, "receiver %s: event %s delivered: %s", w->options->name, w->entry->event_id,
            a->text);
}

static void log_parked(const struct receiver_worker *w, const struct answer *a)
{
    const char *rest = a->class == ANSWER_GONE
                           ? "; receiver disabled until a reload, a start, a new URL file or a retry on demand"
                           : "; it is retried at a reload or on demand";
    log_event(LOG_ERR, MESSAGE_RECEIVER_PARKED, NULL,
              "receiver %s: parked \"%s\" (event %s): %s%s", w->options->name,
              subject(w->entry), w->entry->event_id, a->text, rest);
}

/* An outage begins with the failed first attempt of an entry while no other failure is known. An entry
 * that keeps failing while others are delivered is not logged again. */
static void log_retry(struct receiver_worker *w, const struct answer *a,
                       const struct health *before, const struct instant *now)
{
    char wait[DURATION_MAX];
    usec_t due = w->result.due_at > now->at ? w->result.due_at - now->at : 0;
    bool begins = !w->outage_logged && before->failures == 0 && w->entry->attempts == 0;
    log_say(begins ? LOG_WARNING : LOG_DEBUG, "receiver %s: %s; trying again in %s", w->options->name,
            a->text, duration_human(due, wait));
    if (begins)
        w->outage_logged = true;
    if (!circuit_open(before) && circuit_open(&w->health))
        log_say(LOG_WARNING,
                "receiver %s: %d different messages failed in a row; sending only one at a time "
                "until one is delivered",
                w->options->name, CIRCUIT_ROWS);
}

void worker_log(struct receiver_worker *w, const struct answer *a, const struct health *before,
                const struct instant *now)
{
    if (w->result.state == OUTBOX_DELIVERED)
        log_ok(w, a, before, now);
    else if (w->result.state == OUTBOX_PARKED)
        log_parked(w, a);
    else if (w->result.state == OUTBOX_SUPERSEDED)
        log_say(LOG_WARNING, "receiver %s: refused \"%s\" (event %s): %s; the state of the alert is repeated to it",
                w->options->name, subject(w->entry), w->entry->event_id, a->text);
    else
        log_retry(w, a, before, now);
}

void worker_store_failed(struct receiver_worker *w, const struct failure *why)
{
    char what[128];
    (void)snprintf(what, sizeof what, "receiver %s: cannot read or write its queue", w->options->name);
    if (!w->store_failing)
        log_failure(LOG_ERR, why, what,
                    "nothing is sent until its attempt can be recorded; retrying every 5 s");
    w->store_failing = true;
}
