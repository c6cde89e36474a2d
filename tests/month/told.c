/* SPDX-License-Identifier: MIT */
#include "month/told.h"

#include "base/array.h"
#include "base/text.h"
#include "month/check.h"
#include "month/harm.h"
#include "month/timers.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define REPEAT (USEC_PER_DAY - USEC_PER_MINUTE) /* alerts.repeat; deliveries take time */
#define EARLY (2 * USEC_PER_HOUR)               /* so much earlier may the hour of dates_at be */

struct event_seen { /* an event of an alert, as any receiver got it */
    uint64_t seq;
    uint32_t episode;
    char id[UUID_TEXT]; /* "": only in digests */
    bool up, reminder;
    unsigned heard;    /* by these receivers, */
    unsigned combined; /* ... by these as the first one of its episode, which was over */
};
struct alert_seen {
    char id[17];
    int about; /* a receiver, which is not told of itself; -1: none */
    struct event_seen *event;
    size_t n;
    struct {
        uint64_t seq;
        uint32_t episode;
        usec_t told_mono; /* when its reminders were last counted from */
        bool up, over;    /* it was told that this episode is so; neither: in the baseline */
    } receiver[RECEIVERS];
};
static struct alert_seen *alert;
static size_t n_alerts;

static struct alert_seen *alert_of(const char *id)
{
    for (size_t i = 0; i < n_alerts; i++)
        if (text_equal(alert[i].id, id))
            return &alert[i];
    assert_true(array_room(&alert, n_alerts, sizeof *alert) >= 0);
    alert[n_alerts] = (struct alert_seen){0};
    (void)snprintf(alert[n_alerts].id, sizeof alert->id, "%s", id);
    return &alert[n_alerts++];
}

static struct event_seen *event_of(struct alert_seen *a, const struct line *l)
{
    for (size_t i = a->n; i-- > 0;)
        if (a->event[i].seq == l->seq)
            return &a->event[i];
    assert_true(array_room(&a->event, a->n, sizeof *a->event) >= 0);
    a->event[a->n] = (struct event_seen){
        .seq = l->seq, .episode = l->episode, .up = l->up, .reminder = l->reminder};
    return &a->event[a->n++];
}

void told_line(unsigned r, const struct line *l, const char *event_id, bool firing, bool baseline)
{
    const char *who = RECEIVER_NAMES[r];
    usec_t now_mono = timers_now().mono;
    struct alert_seen *a = alert_of(l->alert_id);
    struct event_seen *e = event_of(a, l);
    a->about = l->about;
    if (e->heard >> r & 1)
        check_note(l->up ? 1 : 2, "%s: event %" PRIu64 " of %s twice", who, l->seq, a->id);
    if (event_id && e->id[0] && !text_equal(e->id, event_id))
        check_note(1, "event %" PRIu64 " of %s has two ids", l->seq, a->id);
    if (event_id)
        (void)snprintf(e->id, sizeof e->id, "%s", event_id);
    if (e->episode != l->episode || e->up != l->up)
        check_note(1, "two events with the number %" PRIu64 " of %s", l->seq, a->id);
    if (l->seq < a->receiver[r].seq)
        check_note(3, "%s: event %" PRIu64 " of %s after event %" PRIu64, who, l->seq, a->id,
                   a->receiver[r].seq);
    if (r == RECEIVER_WITNESS && l->seq > a->receiver[r].seq + 1)
        check_note(4, "%s: event %" PRIu64 " of %s is missing", who, a->receiver[r].seq + 1, a->id);
    if (l->episode > a->receiver[r].episode && a->receiver[r].up)
        check_note(2, "%s: episode %" PRIu32 " of %s was not resolved", who, a->receiver[r].episode,
                   a->id);
    if (l->episode == a->receiver[r].episode && a->receiver[r].over)
        check_note(2, "%s: episode %" PRIu32 " of %s went on after it was resolved", who,
                   l->episode, a->id);
    if (firing && l->episode == a->receiver[r].episode && a->receiver[r].up)
        check_note(1, "%s: episode %" PRIu32 " of %s fired twice", who, l->episode, a->id);
    usec_t repeat = l->subject.kind == SUBJECT_SUBSCRIPTION ? REPEAT - EARLY : REPEAT;
    if (r == RECEIVER_WITNESS && l->reminder && now_mono - a->receiver[r].told_mono < repeat)
        check_note(7, "%s: reminder %" PRIu64 " of %s is early", who, l->seq, a->id);
    if (!l->up && l->episode > a->receiver[r].episode)
        e->combined |= 1u << r;
    e->heard |= 1u << r;
    a->receiver[r].seq = l->seq;
    if (l->first)
        a->receiver[r].told_mono = now_mono;
    a->receiver[r].episode = l->episode;
    a->receiver[r].up = l->up && !baseline;
    a->receiver[r].over = !l->up;
    if (!l->up)
        harm_resolved(r, l);
    harm_told(r, l);
}

/* ---- the end ---- */

static bool is_combined(const struct alert_seen *a, uint32_t episode, unsigned r)
{
    for (size_t i = 0; i < a->n; i++)
        if (a->event[i].episode == episode && a->event[i].combined >> r & 1)
            return true;
    return false;
}

static void check_all_heard(const struct alert_seen *a, unsigned r)
{
    for (size_t i = 0; i < a->n; i++) {
        const struct event_seen *e = &a->event[i];
        if (!(e->heard >> r & 1) && !e->reminder && !is_combined(a, e->episode, r))
            check_note(e->up ? 1 : 2, "%s never got event %" PRIu64 " of %s", RECEIVER_NAMES[r],
                       e->seq, a->id);
    }
}

void told_end(void)
{
    for (size_t i = 0; i < n_alerts; i++)
        for (unsigned r = 0; r < RECEIVERS; r++) {
            if (alert[i].receiver[r].up)
                check_note(2, "%s: %s was never resolved", RECEIVER_NAMES[r], alert[i].id);
            if (r != RECEIVER_CRITICAL && (int)r != alert[i].about)
                check_all_heard(&alert[i], r);
        }
}

void told_free(void)
{
    for (size_t i = 0; i < n_alerts; i++)
        free(alert[i].event);
    free(alert), alert = NULL;
    n_alerts = 0;
}
