/* SPDX-License-Identifier: MIT */
/* deliver/worker_log.c: what the log says about deliveries. Names, hosts and statuses; no URLs. */
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

static void tell_ok(struct receiver_worker *w, const struct answer *a, const struct health *before,
                    const struct instant *now)
{
    char down[DURATION_MAX];
    if (w->outage_logged)
        log_say(LOG_NOTICE, "receiver %s delivers again; failed attempts in the last %s: %" PRIu64,
                w->options->name, duration_human(now->mono - before->down_since_mono, down),
                before->failures);
    w->outage_logged = false;
    log_say(LOG_DEBUG, "receiver %s: event %s delivered: %s", w->options->name, w->entry->event_id,
            a->text);
}

static void tell_parked(const struct receiver_worker *w, const struct answer *a)
{
    const char *rest = a->class == ANSWER_GONE
                           ? "; the receiver says that it is gone and is not used until its "
                             "configuration or URL file changes"
                           : "; it is tried again at a reload or on demand";
    log_event(LOG_ERR, MESSAGE_RECEIVER_PARKED, NULL,
              "receiver %s: given up on \"%s\" (event %s): %s%s", w->options->name,
              subject(w->entry), w->entry->event_id, a->text, rest);
}

/* The first attempt of an entry while all was well begins an outage. An entry that keeps failing
 * among others that pass is no news. */
static void tell_later(struct receiver_worker *w, const struct answer *a,
                       const struct health *before, const struct instant *now)
{
    char wait[DURATION_MAX];
    usec_t due = w->result.due_at > now->at ? w->result.due_at - now->at : 0;
    bool news = !w->outage_logged && before->failures == 0 && w->entry->attempts == 0;
    log_say(news ? LOG_WARNING : LOG_DEBUG, "receiver %s: %s; trying again in %s", w->options->name,
            a->text, duration_human(due, wait));
    if (news)
        w->outage_logged = true;
    if (!circuit_open(before) && circuit_open(&w->health))
        log_say(LOG_WARNING,
                "receiver %s: %d different messages failed in a row; it is only probed until it "
                "answers",
                w->options->name, CIRCUIT_ROWS);
}

void worker_log(struct receiver_worker *w, const struct answer *a, const struct health *before,
                const struct instant *now)
{
    if (w->result.state == OUTBOX_DELIVERED)
        tell_ok(w, a, before, now);
    else if (w->result.state == OUTBOX_PARKED)
        tell_parked(w, a);
    else
        tell_later(w, a, before, now);
}

void worker_store_failed(struct receiver_worker *w, const struct failure *why)
{
    char what[128];
    (void)snprintf(what, sizeof what, "receiver %s: its queue cannot be worked", w->options->name);
    if (!w->store_failing)
        log_failure(LOG_ERR, why, what,
                    "nothing is sent that cannot be written down; trying again every 5 s");
    w->store_failing = true;
}
