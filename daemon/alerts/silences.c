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

/* Wall time if the clock had not been set since the silence was made, in the same boot. */
static usec_t steady_at(const struct silence *s, const struct instant *now)
{
    bool same = s->created.boot != 0 && s->created.boot == now->boot && now->mono >= s->created.mono;
    return same ? s->created.at + (now->mono - s->created.mono) : now->at;
}

bool silence_is_over(const struct silence *s, const struct instant *now)
{
    if (s->end_at == 0 || steady_at(s, now) < s->end_at)
        return false;
    return s->lasts || now->at >= s->end_at;
}

bool silence_is_active(const struct silence *s, const struct instant *now)
{
    bool begun = s->lasts || s->start_at <= now->at;
    return begun && !silence_is_over(s, now) && hours_open(&s->weekly, now->at, s->utc_offset);
}

/* ---- alerts ---- */

static bool applies(const struct silence *s, const struct alert *a)
{
    if (s->alert_id)
        return strcmp(s->alert_id, a->id) == 0 && s->episode == a->episode;
    return a->context && match_alert(&s->match, a->rule, a->level, a->context);
}

/* It was in force when the alert got worse. */
static bool is_broken(const struct silence *s, const struct alert *a)
{
    usec_t at = a->silenced.broken_at;
    return at && !s->hold && s->start_at <= at && hours_open(&s->weekly, at, s->utc_offset);
}

static int rank(const struct silence *s)
{
    return s->hold ? 2 : s->alert_id ? 1 : 0;
}

const char *silence_kind(const struct silence *s)
{
    return s->alert_id ? "acknowledgement" : s->created.boot ? "silence" : "maintenance";
}

const struct silence *silences_first(const struct silence *a, const struct silence *b)
{
    if (!a || !b)
        return a ? a : b;
    if (rank(a) != rank(b))
        return rank(a) > rank(b) ? a : b;
    return b->start_at > a->start_at ? b : a;
}

const struct silence *silences_find(const struct silences *list, const struct alert *a,
                                    const struct instant *now)
{
    const struct silence *found = NULL;
    for (size_t i = 0; i < list->n; i++) {
        const struct silence *s = &list->silence[i];
        if (applies(s, a) && silence_is_active(s, now) && !is_broken(s, a))
            found = silences_first(found, s);
    }
    return found;
}

bool silence_acknowledges(const struct silence *s, const struct alert *a)
{
    return s->alert_id && applies(s, a) && !is_broken(s, a);
}

bool silence_is_spent(const struct silence *s, const struct alert *a)
{
    return s->alert_id && (!a || !alert_state_is_up(a->state) || !silence_acknowledges(s, a));
}
