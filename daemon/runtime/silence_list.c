/* SPDX-License-Identifier: MIT */
/* runtime/silence_list.c: the silences in memory, and the offsets of their time zones. */
#include "runtime/silence_list.h"

#include "runtime/app.h"

struct silences app_silence_list(const struct app *app)
{
    return (struct silences){app->silence, app->n_silences};
}

int silences_load(struct app *app, struct failure *why)
{
    return store_silences(app->store, &app->silence, &app->n_silences, why);
}

void silences_free(struct app *app)
{
    for (size_t i = 0; i < app->n_silences; i++)
        silence_clear(&app->silence[i]);
    free(app->silence);
    app->silence = NULL;
    app->n_silences = 0;
}

static void follow_zone(struct silence *s, usec_t now_at)
{
    struct zone zone;
    if (s->weekly.n_ranges && clock_zone(s->zone, now_at, &zone) >= 0)
        s->utc_offset = zone.offset;
}

void silences_follow_zones(struct app *app, usec_t now_at)
{
    if (now_at && now_at / USEC_PER_MINUTE == app->zones_minute)
        return; /* offsets change at whole minutes */
    app->zones_minute = now_at / USEC_PER_MINUTE;
    usec_t at = now_at ? now_at : clock_now().at;
    for (size_t i = 0; i < app->n_silences; i++)
        follow_zone(&app->silence[i], at);
    for (size_t i = 0; i < app->options->n_maintenance; i++)
        follow_zone(&app->options->maintenance[i], at);
}
