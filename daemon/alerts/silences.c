/* SPDX-License-Identifier: MIT */
/* alerts/silences.c: which silence covers an alert. */
#include "alerts/silences.h"

#include "alerts/alerts.h"
#include "base/text.h"
#include <errno.h>
#include <string.h>

void silence_clear(struct silence *s)
{
    free(s->id);
    free(s->author);
    free(s->comment);
    free(s->alert_id);
    free(s->zone);
    match_clear(&s->match);
    *s = (struct silence){0};
}

/* ---- time ---- */

/* Made in this boot: its age is known, however the wall clock was set since. */
static bool age_of(const struct silence *s, const struct instant *now, usec_t *ret)
{
    bool same = s->created.boot != 0 && s->created.boot == now->boot && now->mono >= s->created.mono;
    *ret = same ? now->mono - s->created.mono : 0;
    return same;
}

usec_t silence_begin_at(const struct silence *s, const struct instant *now)
{
    usec_t age;
    if (s->start_at || !age_of(s, now, &age))
        return s->start_at ? s->start_at : s->created.at;
    return now->at > age ? now->at - age : 1;
}

usec_t silence_end_at(const struct silence *s, const struct instant *now)
{
    return s->lasts && s->end_at ? silence_begin_at(s, now) + (s->end_at - s->created.at) : s->end_at;
}

bool silence_is_over(const struct silence *s, const struct instant *now)
{
    return s->end_at && now->at >= silence_end_at(s, now);
}

bool silence_is_past(const struct silence *s, const struct instant *now)
{
    usec_t age;
    return silence_is_over(s, now) && (!age_of(s, now, &age) || s->created.at + age >= s->end_at);
}

bool silence_is_active(const struct silence *s, const struct instant *now)
{
    return s->start_at <= now->at && !silence_is_over(s, now) && hours_open(&s->weekly, now->at, s->utc_offset);
}

/* ---- alerts ---- */

static bool applies(const struct silence *s, const struct alert *a)
{
    if (s->alert_id)
        return strcmp(s->alert_id, a->id) == 0 && s->episode == a->episode;
    return a->context && match_alert(&s->match, a->rule, a->level, a->context);
}

/* It was in force when the alert got worse. */
static bool is_broken(const struct silence *s, const struct alert *a, const struct instant *now)
{
    usec_t at = a->silenced.broken_at;
    return at && !s->hold && silence_begin_at(s, now) <= at && hours_open(&s->weekly, at, s->utc_offset);
}

static int rank(const struct silence *s)
{
    return s->hold ? 2 : s->alert_id ? 1 : 0;
}

const char *silence_kind(const struct silence *s)
{
    return s->alert_id ? "acknowledgement" : s->created.boot ? "silence" : "maintenance";
}

const struct silence *silences_first(const struct silence *a, const struct silence *b, const struct instant *now)
{
    if (!a || !b)
        return a ? a : b;
    if (rank(a) != rank(b))
        return rank(a) > rank(b) ? a : b;
    return silence_begin_at(b, now) > silence_begin_at(a, now) ? b : a;
}

const struct silence *silences_find(const struct silences *list, const struct alert *a,
                                    const struct instant *now)
{
    const struct silence *found = NULL;
    for (size_t i = 0; i < list->n; i++) {
        const struct silence *s = &list->silence[i];
        if (applies(s, a) && silence_is_active(s, now) && !is_broken(s, a, now))
            found = silences_first(found, s, now);
    }
    return found;
}

bool silence_acknowledges(const struct silence *s, const struct alert *a, const struct instant *now)
{
    return s->alert_id && applies(s, a) && !is_broken(s, a, now);
}

bool silence_is_spent(const struct silence *s, const struct alert *a, const struct instant *now)
{
    return s->alert_id && (!a || !alert_state_is_up(a->state) || !silence_acknowledges(s, a, now));
}
