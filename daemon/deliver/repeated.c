/* SPDX-License-Identifier: MIT */
/* deliver/repeated.c: compares the open alerts of one round with those of the round before. */
#include "deliver/repeated.h"

#include "base/alloc.h"
#include "base/array.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ENDED_FOR (15 * USEC_PER_MINUTE)
#define REMEMBERED_FOR USEC_PER_DAY

struct repeated_found {
    char *labels;
    struct open_alert what;
};

int repeated_add(struct repeated *r, const struct open_alert *a)
{
    char *labels;
    if (array_room(&r->found, r->n_found, sizeof *r->found) < 0)
        return -ENOMEM;
    int e = alertmanager_labels(a->alert->context, a->alert->id, a->rule, a->level, &labels);
    if (e < 0)
        return e;
    r->found[r->n_found++] = (struct repeated_found){labels, *a};
    return 0;
}

void repeated_drop(struct repeated *r)
{
    for (size_t i = 0; i < r->n_found; i++)
        free(r->found[i].labels);
    free(TAKE(r->found));
    r->n_found = 0;
}

void repeated_clear(struct repeated *r)
{
    for (size_t i = 0; i < r->n; i++)
        alertmanager_alert_clear(&r->alert[i].alert);
    alloc_release(TAKE(r->alert));
    r->n = 0;
    repeated_drop(r);
}

static int by_labels(const void *a, const void *b)
{
    const struct repeated_found *one = a, *other = b;
    return strcmp(one->labels, other->labels);
}

static bool is_due(const struct repeated *r, const struct repeated_alert *a, usec_t confirmed_mono,
                   usec_t now_mono)
{
    return confirmed_mono > r->since_mono && confirmed_mono > a->sent_mono &&
           (a->sent_mono == 0 || now_mono >= a->sent_mono + r->interval);
}

static int describe(const struct repeated *r, const struct alert *alert, struct instant now,
                    struct alertmanager_alert *ret)
{
    CLEANUP(notification_free) struct notification *n = NULL;
    int e = alert_notification(alert, EVENT_REMINDER, now.at, &n);
    const struct message m = {.notification = n, .now_at = now.at};
    if (e >= 0)
        e = alertmanager_describe(r->options, &m, ret);
    if (e >= 0)
        ret->started_at = n->started_at;
    return e;
}

/* Texts are made only for what is due. Without memory it waits for the next round. */
static void is_open(const struct repeated *r, struct repeated_alert *a,
                    const struct repeated_found *f, struct instant now)
{
    CLEANUP(alertmanager_alert_clear) struct alertmanager_alert fresh = {0};
    a->gone_mono = a->alert.ends_at = 0;
    a->due = is_due(r, a, f->what.confirmed_mono, now.mono) &&
             describe(r, f->what.alert, now, &fresh) >= 0;
    if (!a->due)
        return;
    fresh.labels = TAKE(a->alert.labels);
    alertmanager_alert_clear(&a->alert);
    a->alert = fresh;
    fresh = (struct alertmanager_alert){0};
}

/* False: it is forgotten. What was never repeated needs no end here: the outbox has it. */
static bool has_ended(const struct repeated *r, struct repeated_alert *a, struct instant now)
{
    if (a->sent_mono == 0)
        return false;
    /* An end that the clock was set back behind is to come for the receiver, too: the alert is open there. */
    if (a->gone_mono == 0 || now.at < a->alert.ends_at) {
        a->gone_mono = now.mono;
        a->alert.ends_at = now.at;
        a->due = true;
    } else {
        a->due = now.mono - a->gone_mono < ENDED_FOR && is_due(r, a, now.mono, now.mono);
    }
    if (!a->due && now.mono - a->gone_mono >= ENDED_FOR) {
        free(TAKE(a->alert.about));
        free(TAKE(a->alert.url));
    }
    return now.mono - a->gone_mono < REMEMBERED_FOR;
}

static void forget(struct repeated_alert *a)
{
    alertmanager_alert_clear(&a->alert);
    *a = (struct repeated_alert){0};
}

/* Both lists are sorted. */
static size_t merge(struct repeated *r, struct instant now, struct repeated_alert *ret)
{
    size_t n = 0, k = 0, f = 0;
    while (k < r->n || f < r->n_found) {
        int order = k == r->n         ? 1
                    : f == r->n_found ? -1
                                      : strcmp(r->alert[k].alert.labels, r->found[f].labels);
        struct repeated_found *found = order >= 0 ? &r->found[f++] : NULL;
        if (order <= 0)
            ret[n] = r->alert[k++];
        else
            ret[n].alert.labels = TAKE(found->labels);
        bool was_open = order == 0 && ret[n].gone_mono == 0;
        bool open = found && (was_open || !found->what.deferred);
        if (open)
            is_open(r, &ret[n], found, now);
        if (open || (order <= 0 && has_ended(r, &ret[n], now)))
            n++;
        else
            forget(&ret[n]);
    }
    return n;
}

int repeated_round(struct repeated *r, struct instant now)
{
    struct repeated_alert *merged = alloc_zero(r->n + r->n_found + 1, sizeof *merged);
    if (merged) {
        if (r->n_found > 0)
            qsort(r->found, r->n_found, sizeof *r->found, by_labels);
        r->n = merge(r, now, merged);
        alloc_release(r->alert);
        r->alert = merged;
    }
    repeated_drop(r);
    return merged ? 0 : -ENOMEM;
}
