/* SPDX-License-Identifier: MIT */
/* alerts/digest.c: splits a list of notifications into the parts of a digest. */
#include "alerts/digest.h"

#include "base/text.h"
#include <assert.h>
#include <errno.h>
#include <string.h>

void digest_free(struct digest *d)
{
    if (!d)
        return;
    for (size_t i = 0; i < d->n_notifications; i++)
        notification_free(d->notification[i]);
    free(d->notification);
    free(d->count);
    free(d->title);
    free(d->summary);
    free(d->tenant_name);
    free(d->tenant_id);
    free(d);
}

/* A resolved notification carries the level that has ended; the alert has none now. */
static enum level present_level(const struct notification *n)
{
    return n->type == EVENT_RESOLVED ? LEVEL_NONE : n->level;
}

/* Worst first, stable within a level; qsort() is not stable. */
static void sort_worst_first(const struct notification *const *notification, size_t n,
                             const struct notification **ret)
{
    for (int level = LEVEL_COUNT_ - 1; level >= 0; level--)
        for (size_t i = 0; i < n; i++)
            if ((int)present_level(notification[i]) == level)
                *ret++ = notification[i];
}

struct digest_totals {
    uint32_t n[RULE_COUNT_][LEVEL_COUNT_];
    uint32_t level[LEVEL_COUNT_], resolved, infos;
    size_t n_counts, all;
};

static struct digest_totals totals_of(const struct notification *const *notification, size_t n,
                                    const struct digest_counts *more)
{
    struct digest_totals t = {.all = n};
    for (size_t i = 0; i < n; i++) {
        t.n[notification[i]->rule][notification[i]->level]++;
        t.level[present_level(notification[i])]++;
        t.resolved += notification[i]->type == EVENT_RESOLVED;
        t.infos += notification[i]->type == EVENT_INFO;
    }
    for (int rule = 0; rule < RULE_COUNT_; rule++)
        for (int level = 0; level < LEVEL_COUNT_; level++) {
            uint32_t extra = more ? more->n[rule][level] : 0;
            t.n[rule][level] += extra;
            t.all += extra;
            t.level[level] += extra;
            t.n_counts += t.n[rule][level] > 0;
        }
    return t;
}

static int write_counts(struct digest *d, const struct digest_totals *t)
{
    d->count = calloc(t->n_counts, sizeof *d->count);
    if (!d->count)
        return -ENOMEM;
    for (int level = LEVEL_COUNT_ - 1; level >= 0; level--)
        for (size_t i = 0; i < RULE_COUNT_; i++) {
            enum rule rule = rule_by_tie(i);
            if (t->n[rule][level] == 0)
                continue;
            d->count[d->n_counts].rule = rule;
            d->count[d->n_counts].level = (enum level)level;
            d->count[d->n_counts++].count = t->n[rule][level];
        }
    return 0;
}

/* The tenant of all notifications; NULL if they belong to several. */
static const struct alert_context *common_tenant(const struct notification *const *notification,
                                                 size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!notification[i]->context ||
            !text_equal(notification[i]->context->tenant_id, notification[0]->context->tenant_id))
            return NULL;
    return notification[0]->context;
}

#define TITLE_TENANT_MAX 48

/* Title, summary and closing note by reason. */
static const struct intro {
    const char *reason, *title, *summary, *note;
} INTROS[] = {
    {"first_run", "at the first poll", "for conditions already met at the first poll",
     ". From now on, only new, worse or recurring conditions are notified."},
    {"state_lost", "after damage to the state database", "open after damage to the state database",
     ". Some may have been notified before."},
    {"receiver_removed", "for a removed receiver",
     "open and queued for a receiver that is no longer configured", ""},
    {"unsilenced", "no longer silenced", "still open after a silence", ""},
    {"storm", "combined", "combined, because more messages were due than this receiver gets one by one", ""},
    {"held", "deferred outside the hours", "still open, deferred until the hours of the route began", ""},
};

static const struct intro *intro_of(const char *reason)
{
    size_t i = 0;
    while (i < N_ELEMENTS(INTROS) && strcmp(INTROS[i].reason, reason) != 0)
        i++;
    assert(i < N_ELEMENTS(INTROS));
    return &INTROS[i];
}

static int write_texts(struct digest *d, const struct digest_totals *t, size_t n)
{
    char tenant[TITLE_TENANT_MAX], part[32] = "", others[64] = "";
    const char *name = d->tenant_name ? d->tenant_name : d->tenant_id ? d->tenant_id : "seatwatchd";
    const struct intro *intro = intro_of(d->reason);
    (void)text_clean(tenant, sizeof tenant, name, strlen(name));
    if (d->parts > 1)
        (void)snprintf(part, sizeof part, ", part %u of %u", d->part, d->parts);
    if (t->resolved > 0)
        (void)snprintf(others, sizeof others, ", %u resolved", t->resolved);
    if (t->infos > 0)
        (void)snprintf(others + strlen(others), sizeof others - strlen(others), ", %u info",
                       t->infos);
    d->title = text_printf("%s: %zu %s %s: %u critical, %u warning%s%s", tenant, n,
                           n == 1 ? "alert" : "alerts", intro->title, t->level[LEVEL_CRITICAL],
                           t->level[LEVEL_WARNING], others, part);
    d->summary = text_printf("%s: %zu %s %s (%u critical, %u warning%s)%s", tenant, n,
                             n == 1 ? "alert" : "alerts", intro->summary, t->level[LEVEL_CRITICAL],
                             t->level[LEVEL_WARNING], others, intro->note);
    return d->title && d->summary ? 0 : -ENOMEM;
}

static int part_new(const struct notification *const *notification, size_t n,
                    const struct digest *like, const struct digest_totals *t,
                    const struct alert_context *tenant, struct digest **ret)
{
    CLEANUP(digest_free) struct digest *d = calloc(1, sizeof *d);
    if (!d)
        return -ENOMEM;
    *d = *like;
    d->notification = calloc(n, sizeof(struct notification *));
    if (!d->notification)
        return -ENOMEM;
    int r = uuid_v7(d->at, d->event_id);
    if (r < 0)
        return r;
    for (; d->n_notifications < n; d->n_notifications++)
        if (notification_copy(notification[d->n_notifications],
                              &d->notification[d->n_notifications]) < 0)
            return -ENOMEM;
    if (tenant && (text_copy(tenant->tenant_name, &d->tenant_name) < 0 ||
                   text_copy(tenant->tenant_id, &d->tenant_id) < 0))
        return -ENOMEM;
    r = write_counts(d, t);
    if (r >= 0)
        r = write_texts(d, t, t->all);
    if (r >= 0)
        *ret = TAKE(d);
    return r;
}

int digest_story(const char *title, const char *story, const char *reason, usec_t at, struct digest **ret)
{
    CLEANUP(digest_free) struct digest *d = calloc(1, sizeof *d);
    if (!d)
        return -ENOMEM;
    d->reason = reason;
    d->worst = LEVEL_WARNING;
    d->at = at;
    d->part = d->parts = 1;
    int r = uuid_v7(at, d->digest_id);
    if (r >= 0)
        r = uuid_v7(at, d->event_id);
    if (r >= 0)
        r = text_copy(title, &d->title);
    if (r >= 0)
        r = text_copy(story, &d->summary);
    if (r >= 0)
        *ret = TAKE(d);
    return r;
}

int digest_parts(const struct notification *const *notification, size_t n, size_t lines,
                 const struct digest_counts *more, const char *reason, usec_t at,
                 struct digest ***ret, size_t *ret_n)
{
    assert(n > 0 && lines > 0 && lines <= DIGEST_LINES);
    size_t n_parts = (n + lines - 1) / lines, made = 0;
    CLEANUP(free) const struct notification **sorted = calloc(n, sizeof *sorted);
    struct digest **part = calloc(n_parts, sizeof(struct digest *));
    struct digest like = {.reason = reason, .at = at, .parts = (uint32_t)n_parts};
    const struct digest_totals t = totals_of(notification, n, more);
    const struct alert_context *tenant = common_tenant(notification, n);
    int r = sorted && part ? uuid_v7(at, like.digest_id) : -ENOMEM;
    if (r >= 0) {
        sort_worst_first(notification, n, sorted);
        like.worst = present_level(sorted[0]);
    }
    for (; r >= 0 && made < n_parts; made++) {
        size_t from = made * lines;
        size_t here = n - from < lines ? n - from : lines;
        like.part = (uint32_t)made + 1;
        r = part_new(sorted + from, here, &like, &t, tenant, &part[made]);
        if (r < 0)
            break;
    }
    if (r >= 0) {
        *ret = part;
        *ret_n = n_parts;
        return 0;
    }
    for (size_t i = 0; part && i < made; i++)
        digest_free(part[i]);
    free(part);
    return r;
}
