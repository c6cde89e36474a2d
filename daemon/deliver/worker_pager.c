/* SPDX-License-Identifier: MIT */
/* deliver/worker_pager.c: limits the new incidents of a pager. What exceeds the limit stays queued; the alert of
 * kind storm tells the pager about it. */
#include "deliver/worker.h"

#include "base/alloc.h"
#include <errno.h>
#include <string.h>

/* What was opened before a restart counts. */
int worker_pager_open(struct receiver_worker *w, struct failure *ret_failure)
{
    const struct storm_options *o = &w->dispatcher->storm;
    struct instant now = clock_now();
    if (!(w->options->class->traits & RECEIVER_PAGER) || o->max_new_incidents == 0)
        return 0;
    CLEANUP(free) usec_t *age = calloc(o->max_new_incidents, sizeof *age);
    w->incidents.at_mono = alloc_zero(o->max_new_incidents, sizeof *w->incidents.at_mono);
    if (!age || !w->incidents.at_mono)
        return failure_oom(ret_failure);
    w->incidents.max = o->max_new_incidents;
    int r = alert_id(KIND_STORM, NULL, w->options->name, w->storm_id);
    if (r < 0)
        return failure_set(ret_failure, FAILURE_LOCAL, -r, "id of an alert: %s", strerror(-r));
    int n = store_outbox_incidents(w->dispatcher->store, w->options->name, o->within, now, age,
                                   w->incidents.max, ret_failure);
    for (int i = 0; i < n; i++)
        if (age[i] < now.mono)
            incidents_add(&w->incidents, now.mono - age[i]);
    return n < 0 ? n : 0;
}

int worker_pager_next(struct receiver_worker *w, usec_t until, const struct instant *now, struct outbox_entry **ret,
                      usec_t *ret_next_at, struct failure *ret_failure)
{
    usec_t wait = incidents_wait(&w->incidents, w->dispatcher->storm.within, now->mono);
    const struct incident_limit limit = {.full = wait > 0, .storm_id = w->storm_id};
    int r = store_outbox_next_page(w->dispatcher->store, w->options->name, until, &limit, ret,
                                   ret_next_at, ret_failure);
    if (r == -ENOENT && wait > 0 && (*ret_next_at == 0 || *ret_next_at > now->at + wait))
        *ret_next_at = now->at + wait;
    return r;
}

void worker_pager_accepted(struct receiver_worker *w, const struct instant *now)
{
    const struct notification *n = w->entry->notification;
    bool storm = n && strcmp(n->alert_id, w->storm_id) == 0;
    if (!storm && (!n || n->type == EVENT_FIRING))
        incidents_add(&w->incidents, now->mono);
}

int dispatcher_held(const struct dispatcher *c, const char *receiver, const struct instant *now, int64_t *ret,
                    struct failure *ret_failure)
{
    for (size_t i = 0; i < c->n_workers; i++) {
        const struct receiver_worker *w = &c->worker[i];
        if (strcmp(w->options->name, receiver) != 0 || w->incidents.max == 0)
            continue;
        int r = store_outbox_count_new(c->store, receiver, w->storm_id, ret, ret_failure);
        return r < 0 ? r : incidents_wait(&w->incidents, c->storm.within, now->mono) > 0;
    }
    *ret = 0;
    return 0;
}
