/* SPDX-License-Identifier: MIT */
/* Time passes in steps from one timer, tick or poll to the next. Every half hour the world moves on
 * and something may happen to the daemon or to those who read its messages. */
#include "month/run.h"

#include "deliver/deliver.h"
#include "month/check.h"
#include "month/harm.h"
#include "month/kill.h"
#include "month/process.h"
#include "month/timers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define START_AT (UINT64_C(1793001600) * USEC_PER_SEC) /* Monday, 2026-10-26 08:00 UTC */
#define HALF_HOUR (30 * USEC_PER_MINUTE)
#define TEN_YEARS ((int64_t)(3652 * USEC_PER_DAY))

struct run {
    struct world world;
    struct process process;
    struct run_totals *totals;
    usec_t interval, tick_mono, poll_mono[TENANTS];
    usec_t silent_until_mono[TENANTS];
    unsigned variant; /* of the configuration */
};

static bool one_in(struct run *r, uint64_t n)
{
    return world_dice(&r->world, n) == 0;
}

/* ---- time ---- */

/* Tenant 3 has a window in the configuration: Saturdays from 01:00 to 05:00 UTC. */
static bool is_silenced(const struct run *r, size_t tenant)
{
    usec_t at = timers_now().at;
    bool saturday = (at / USEC_PER_DAY + 4) % 7 == 6,
         hours = at % USEC_PER_DAY / USEC_PER_HOUR - 1 < 4;
    return timers_now().mono < r->silent_until_mono[tenant] || (tenant == 3 && saturday && hours);
}

static void look(struct run *r)
{
    for (size_t t = 0; t < TENANTS; t++)
        if (is_silenced(r, t))
            harm_silenced(t);
    harm_look();
}

static void poll(struct run *r, size_t tenant)
{
    r->poll_mono[tenant] += r->interval;
    process_poll(&r->process, &r->world.company[tenant], tenant);
    harm_polled(tenant);
    r->totals->polls++;
    look(r);
}

static void revive(struct run *r)
{
    process_revive(&r->process);
    check_killed();
    r->totals->kills++;
}

static void pass(struct run *r, usec_t time)
{
    usec_t end = timers_now().mono + time;
    while (timers_now().mono < end) {
        usec_t next = timers_next();
        next = r->tick_mono < next ? r->tick_mono : next;
        for (size_t t = 0; t < TENANTS; t++)
            next = r->poll_mono[t] < next ? r->poll_mono[t] : next;
        timers_advance(next < end ? next : end);
        usec_t now_mono = timers_now().mono;
        for (size_t t = 0; t < TENANTS && !kill_is_under_way(); t++)
            if (r->poll_mono[t] <= now_mono)
                poll(r, t);
        if (r->tick_mono <= now_mono && !kill_is_under_way()) {
            process_tick(&r->process);
            r->tick_mono += USEC_PER_MINUTE;
        }
        if (kill_is_under_way())
            revive(r);
    }
}

/* ---- what happens to the daemon ---- */

static void silence(struct run *r)
{
    size_t tenant = world_dice(&r->world, TENANTS);
    usec_t lasts = (1 + world_dice(&r->world, 8)) * USEC_PER_HOUR;
    process_silence(&r->process, r->world.company[tenant].name, lasts);
    if (timers_now().mono + lasts > r->silent_until_mono[tenant])
        r->silent_until_mono[tenant] = timers_now().mono + lasts;
    r->totals->silences++;
}

static void acknowledge(struct run *r)
{
    struct subject s;
    const char *alert_id = harm_firing(world_dice(&r->world, SUBJECTS), &s);
    if (!alert_id || !process_acknowledge(&r->process, alert_id))
        return;
    harm_excused(s);
    if (s.kind == SUBJECT_POOL) /* what is left of it is the normal number from now on */
        r->world.company[s.tenant].pool[s.n].reference = 0;
}

static void reload(struct run *r)
{
    process_reload(&r->process, ++r->variant);
    harm_disturbed();
    r->totals->reloads++;
}

static void restart(struct run *r)
{
    process_stop(&r->process);
    pass(r, 10 * USEC_PER_SEC);
    process_restart(&r->process);
    harm_disturbed();
    r->totals->restarts++;
}

static void something(struct run *r)
{
    if (one_in(r, 40))
        receivers_fail(RECEIVER_FAILING, 1 + (enum fault)world_dice(&r->world, FAULT_COUNT_ - 1),
                       (1 + world_dice(&r->world, 24)) * HALF_HOUR);
    if (one_in(r, 80)) /* these accept, but sometimes the answer is lost */
        receivers_fail((unsigned)world_dice(&r->world, RECEIVERS), FAULT_LOSES, USEC_PER_MINUTE);
    if (one_in(r, 60))
        silence(r);
    if (one_in(r, 60))
        acknowledge(r);
    if (one_in(r, 100))
        reload(r);
    if (one_in(r, 100))
        restart(r);
    if (one_in(r, 30))
        process_kill_later(&r->process, 1 + (unsigned)world_dice(&r->world, 60));
    if (one_in(r, 100))
        process_kill_now(&r->process);
}

/* ---- nothing new: nothing is said ---- */

static void settle(struct run *r)
{
    kill_reset();
    for (unsigned i = 0; i < RECEIVERS; i++)
        receivers_fail(i, FAULT_NONE, 0);
    for (size_t t = 0; t < TENANTS; t++)
        r->world.company[t].answer = GRAPH_WELL;
    pass(r, 12 * USEC_PER_HOUR);
}

static void quiet_restart(struct run *r)
{
    settle(r);
    check_expect_silence(6);
    restart(r);
    pass(r, 3 * r->interval);
    process_kill_now(&r->process);
    pass(r, 3 * r->interval);
    check_expect_silence(0);
}

/* Usage and errors may be what they are, and one pool has a reminder due within the ten years; the
 * age of what waits, and dates, follow the clock by nature. */
static void quiet_jump(struct run *r, int64_t by)
{
    for (size_t t = 0; t < TENANTS; t++)
        for (size_t i = 0; i < POOLS; i++) {
            r->world.company[t].pool[i].waiting = 0;
            r->world.company[t].pool[i].subscription = SUBSCRIPTION_ACTIVE;
        }
    r->world.company[0].pool[0].consumed = r->world.company[0].pool[0].allotted + 1;
    settle(r);
    check_expect_silence(7);
    timers_jump(by);
    pass(r, 3 * r->interval);
    timers_jump(-by);
    pass(r, 3 * r->interval);
    check_expect_silence(0);
    r->totals->jumps += 2;
}

/* ---- the month ---- */

static void begin(struct run *r, uint64_t seed)
{
    static const usec_t MINUTES[] = {1, 15, 30, 5};
    timers_reset(START_AT);
    world_begin(&r->world, seed);
    for (size_t i = 0; i < 96; i++) /* what is so before anybody looks, */
        world_live(&r->world);
    for (size_t i = 0; i < TENANTS * POOLS; i++) /* ... who does not know what there was before */
        r->world.company[i / POOLS].pool[i % POOLS].reference = 0;
    r->interval = MINUTES[seed % N_ELEMENTS(MINUTES)] * USEC_PER_MINUTE;
    r->tick_mono = timers_now().mono + USEC_PER_MINUTE;
    for (size_t t = 0; t < TENANTS; t++) {
        r->world.company[t].answer = GRAPH_WELL;
        r->poll_mono[t] = timers_now().mono + r->interval * t / TENANTS;
    }
    receivers_begin(seed);
    check_begin(&r->world, r->interval);
    for (size_t i = 0; i < SUBJECTS; i++)
        harm_excused(subject_at(i));
    process_start(&r->process, r->interval);
}

/* All harm is over, and so are the messages about it. */
static void end(struct run *r)
{
    world_heal(&r->world);
    settle(r);
    check_end();
}

void run_month(uint64_t seed, unsigned days, int until, struct run_totals *ret)
{
    struct run r = {.totals = ret};
    begin(&r, seed);
    for (unsigned half = 0; half < 48 * days && !check_violation(until); half++) {
        if (half % 240 == 120)
            quiet_restart(&r);
        if (half % 480 == 300)
            quiet_jump(&r, half % 960 == 300 ? TEN_YEARS : -TEN_YEARS);
        if (half > 48) {
            world_live(&r.world);
            something(&r);
        }
        pass(&r, HALF_HOUR);
    }
    if (!check_violation(until))
        end(&r);
    process_end(&r.process);
    ret->messages += check_messages();
    ret->digests += check_digests();
    ret->repeats += check_repeats();
}
