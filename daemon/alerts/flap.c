/* SPDX-License-Identifier: MIT */
/* alerts/flap.c: when an alert begins and ceases to flap. */
#include "alerts/flap.h"

#include <string.h>

bool flap_equal(const struct flap *a, const struct flap *b)
{
    return a->on == b->on && a->n_ends == b->n_ends && a->changed.at == b->changed.at &&
           a->changed.mono == b->changed.mono && a->changed.boot == b->changed.boot &&
           memcmp(a->end_at, b->end_at, a->n_ends * sizeof *a->end_at) == 0;
}

void flap_count_end(struct flap *f, usec_t now_at)
{
    if (f->n_ends == FLAP_PAIRS_MAX)
        memmove(f->end_at, f->end_at + 1, --f->n_ends * sizeof *f->end_at);
    f->end_at[f->n_ends++] = now_at;
}

bool flap_begin(struct flap *f, const struct flap_options *o, const struct instant *now)
{
    if (o->pairs == 0 || f->n_ends < o->pairs)
        return false;
    usec_t first_at = f->end_at[f->n_ends - o->pairs];
    if (now->at > first_at && now->at - first_at > o->within)
        return false;
    f->on = true;
    f->changed = *now;
    return true;
}

/* Unknown data ends nothing, so it does not end the flapping of an alert that would resolve then. */
bool flap_follow(struct flap *f, const struct flap_options *o, bool changed, bool known,
                 const struct instant *now)
{
    if (!f->on)
        return false;
    if (changed)
        f->changed = *now;
    else if (known && instant_since(&f->changed, now) >= o->quiet)
        *f = (struct flap){0};
    return f->on;
}
