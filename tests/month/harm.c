/* SPDX-License-Identifier: MIT */
/* A deadline begins when a harm does, and anew when Graph, the daemon or the receiver worked again,
 * or when its silence ended. */
#include "month/harm.h"

#include "base/array.h"
#include "base/date.h"
#include "month/check.h"
#include "month/timers.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Beyond two polls: the tick, the pace and the answers of the receivers. */
#define SUBJECTS_OF_TENANT (SUBJECTS / TENANTS)
#define SLACK (3 * USEC_PER_MINUTE)
/* A receiver that works again is tried at the latest so long after it. */
#define LONGEST_BACKOFF (18 * USEC_PER_MINUTE)

static const struct world *world;
static usec_t interval;
static struct {
    int64_t harm, excused; /* excused: up to twice this much is known */
    usec_t since_mono;     /* it is so, and nothing hindered the daemon */
    struct {
        bool up;
        int64_t amount;
        char alert_id[17];
    } told[RECEIVERS];
} subject[SUBJECTS];
static struct poll_seen {
    usec_t at;
    unsigned read, unresolved; /* a bit for each subject of the tenant */
} * polls[TENANTS];
static size_t n_polls[TENANTS];
static bool service[RECEIVERS]; /* many tenants fail: told in one alert, instead of theirs */

/* The default `for` of each rule. */
static const usec_t HOLD[] = {
    [SUBJECT_POOL] = 15 * USEC_PER_MINUTE,
    [SUBJECT_SUBSCRIPTION] = 0,
    [SUBJECT_ERRORS] = USEC_PER_HOUR,
    [SUBJECT_TENANT] = USEC_PER_HOUR,
};

void harm_begin(const struct world *w, usec_t every)
{
    world = w;
    interval = every;
    memset(subject, 0, sizeof subject);
    memset(service, 0, sizeof service);
}

void harm_told(unsigned receiver, const struct line *l)
{
    if (l->service)
        service[receiver] = l->up;
    if (l->subject.kind == SUBJECT_OTHER)
        return;
    size_t i = subject_index(l->subject);
    subject[i].told[receiver].up = l->up;
    subject[i].told[receiver].amount = l->amount;
    (void)snprintf(subject[i].told[receiver].alert_id, sizeof l->alert_id, "%s", l->alert_id);
}

void harm_disturbed(void)
{
    for (size_t i = 0; i < SUBJECTS; i++)
        subject[i].since_mono = timers_now().mono;
}

void harm_silenced(size_t tenant)
{
    for (size_t i = 0; i < SUBJECTS; i++)
        if (subject_at(i).tenant == tenant)
            subject[i].since_mono = timers_now().mono;
}

void harm_excused(struct subject s)
{
    size_t i = subject_index(s);
    subject[i].excused = subject_harm(world, s);
}

/* ---- in time ---- */

/* The parent's alert explains what its pool suffers from. */
static bool is_explained(struct subject s)
{
    return s.kind == SUBJECT_POOL &&
           world->company[s.tenant].pool[s.n].subscription != SUBSCRIPTION_ACTIVE;
}

/* A grace period that began is notified from dates_at (09:00 UTC) on; a suspension at once. */
static bool awaits_hour(struct subject s)
{
    return s.kind == SUBJECT_SUBSCRIPTION &&
           world->company[s.tenant].pool[s.n].subscription == SUBSCRIPTION_WARNING &&
           timers_now().at % USEC_PER_DAY < 9 * USEC_PER_HOUR;
}

static void follow(size_t i)
{
    struct subject s = subject_at(i);
    int64_t harm = subject_harm(world, s);
    bool unread = s.kind != SUBJECT_TENANT && !subject_is_read(world, s);
    if (harm != subject[i].harm || unread || is_explained(s) || awaits_hour(s))
        subject[i].since_mono = timers_now().mono;
    if (harm == 0)
        subject[i].excused = 0;
    subject[i].harm = harm;
}

static bool is_told(size_t i, unsigned receiver)
{
    bool many = subject_at(i).kind == SUBJECT_TENANT && service[receiver];
    return many ||
           (subject[i].told[receiver].up &&
            subject[i].harm <
                2 * (subject[i].told[receiver].amount > 0 ? subject[i].told[receiver].amount : 1));
}

void harm_look(void)
{
    usec_t now_mono = timers_now().mono;
    for (size_t i = 0; i < SUBJECTS; i++) {
        follow(i);
        struct subject s = subject_at(i);
        if (subject[i].harm == 0 || subject[i].excused)
            continue;
        for (unsigned r = 0; r < RECEIVERS; r++) {
            usec_t failed_mono = receiver_failed_mono(r),
                   within = HOLD[s.kind] + 2 * interval + SLACK;
            usec_t from_mono = subject[i].since_mono;
            if (failed_mono && failed_mono + LONGEST_BACKOFF > from_mono)
                from_mono = failed_mono + LONGEST_BACKOFF;
            if (r != RECEIVER_CRITICAL && now_mono > from_mono + within && !is_told(i, r))
                check_note(
                    10, "%s was not told of %s %zu of %s: %" PRId64, RECEIVER_NAMES[r],
                    (const char *const[]){"pool", "subscription", "errors", "tenant"}[s.kind], s.n,
                    world->company[s.tenant].name, subject[i].harm);
        }
    }
}

const char *harm_firing(uint64_t dice, struct subject *ret)
{
    for (size_t n = 0; n < SUBJECTS; n++) {
        size_t i = (dice + n) % SUBJECTS;
        *ret = subject_at(i);
        if (subject[i].told[RECEIVER_WITNESS].up && subject[i].harm)
            return subject[i].told[RECEIVER_WITNESS].alert_id;
    }
    return NULL;
}

/* ---- the truth when a poll was made ---- */

void harm_polled(size_t tenant)
{
    struct poll_seen p = {.at = timers_now().at};
    for (unsigned i = 0; i < SUBJECTS_OF_TENANT; i++) {
        struct subject s = subject_at(tenant * SUBJECTS_OF_TENANT + i);
        p.read |= (unsigned)subject_is_read(world, s) << i;
        p.unresolved |= (unsigned)subject_is_unresolved(world, s) << i;
    }
    assert_true(array_room(&polls[tenant], n_polls[tenant], sizeof **polls) >= 0);
    polls[tenant][n_polls[tenant]++] = p;
}

/* A tenant's own alert ends some time after the poll. */
static const struct poll_seen *poll_at(const struct line *l)
{
    size_t tenant = l->subject.tenant;
    usec_t at;
    if (rfc3339_parse(l->observed_at, &at) < 0)
        return NULL;
    for (size_t i = n_polls[tenant]; i-- > 0;)
        if (polls[tenant][i].at / USEC_PER_SEC == at / USEC_PER_SEC ||
            (l->subject.kind == SUBJECT_TENANT && polls[tenant][i].at < at))
            return &polls[tenant][i];
    return NULL;
}

void harm_resolved(unsigned receiver, const struct line *l)
{
    if (l->subject.kind == SUBJECT_OTHER || l->excused)
        return;
    const struct poll_seen *p = poll_at(l);
    size_t i = subject_index(l->subject) % SUBJECTS_OF_TENANT;
    if (!p || !(p->read >> i & 1))
        check_note(5, "%s: %s resolved by the poll of %s, which did not show it",
                   RECEIVER_NAMES[receiver], l->alert_id, l->observed_at);
    else if (p->unresolved >> i & 1)
        check_note(10, "%s: %s resolved by the poll of %s, but the harm went on",
                   RECEIVER_NAMES[receiver], l->alert_id, l->observed_at);
}

void harm_free(void)
{
    for (size_t i = 0; i < TENANTS; i++)
        free(polls[i]), polls[i] = NULL, n_polls[i] = 0;
}
