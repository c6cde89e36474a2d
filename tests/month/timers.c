/* SPDX-License-Identifier: MIT */
#include "month/timers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <systemd/sd-event.h>

#include <cmocka.h>

#define TIMERS_MAX 64

bool timers_steady = true;

static struct instant now;
static uint64_t random_state;
static struct timer {
    sd_event_source *source; /* NULL: a free row */
    sd_event_time_handler_t on_due;
    void *userdata;
    usec_t due_mono;
} timer[TIMERS_MAX];

/* ---- what the daemon calls ---- */

struct instant __wrap_clock_now(void);
struct instant __wrap_clock_now(void)
{
    struct instant seen = now;
    if (!timers_steady)
        seen.mono = now.at;
    return seen;
}

static void add(sd_event_source *s, sd_event_time_handler_t on_due, void *userdata, usec_t due_mono)
{
    for (size_t i = 0; i < TIMERS_MAX; i++)
        if (!timer[i].source) {
            timer[i] = (struct timer){s, on_due, userdata, due_mono};
            return;
        }
    fail_msg("more than %d timers", TIMERS_MAX);
}

int __real_sd_event_add_time(sd_event *e, sd_event_source **ret, clockid_t clock, uint64_t at,
                             uint64_t accuracy, sd_event_time_handler_t on_due, void *userdata);
int __wrap_sd_event_add_time(sd_event *e, sd_event_source **ret, clockid_t clock, uint64_t at,
                             uint64_t accuracy, sd_event_time_handler_t on_due, void *userdata);
int __wrap_sd_event_add_time(sd_event *e, sd_event_source **ret, clockid_t clock, uint64_t at,
                             uint64_t accuracy, sd_event_time_handler_t on_due, void *userdata)
{
    int r = __real_sd_event_add_time(e, ret, clock, at, accuracy, on_due, userdata);
    if (r >= 0)
        add(*ret, on_due, userdata, at);
    return r;
}

int __wrap_sd_event_add_time_relative(sd_event *e, sd_event_source **ret, clockid_t clock,
                                      uint64_t delay, uint64_t accuracy,
                                      sd_event_time_handler_t on_due, void *userdata);
int __wrap_sd_event_add_time_relative(sd_event *e, sd_event_source **ret, clockid_t clock,
                                      uint64_t delay, uint64_t accuracy,
                                      sd_event_time_handler_t on_due, void *userdata)
{
    return __wrap_sd_event_add_time(e, ret, clock, now.mono + delay, accuracy, on_due, userdata);
}

int __wrap_sd_event_source_set_time_relative(sd_event_source *s, uint64_t delay);
int __wrap_sd_event_source_set_time_relative(sd_event_source *s, uint64_t delay)
{
    for (size_t i = 0; i < TIMERS_MAX; i++)
        if (timer[i].source == s)
            timer[i].due_mono = now.mono + delay;
    return 0;
}

sd_event_source *__real_sd_event_source_disable_unref(sd_event_source *s);
sd_event_source *__wrap_sd_event_source_disable_unref(sd_event_source *s);
sd_event_source *__wrap_sd_event_source_disable_unref(sd_event_source *s)
{
    for (size_t i = 0; s && i < TIMERS_MAX; i++)
        if (timer[i].source == s)
            timer[i].source = NULL;
    return __real_sd_event_source_disable_unref(s);
}

int __wrap_RAND_bytes(unsigned char *ret, int len);
int __wrap_RAND_bytes(unsigned char *ret,
                      int len) /* ids and jitter: a seed is always the same run */
{
    for (int i = 0; i < len; i++) {
        random_state = random_state * UINT64_C(6364136223846793005) + 1442695040888963407u;
        ret[i] = (unsigned char)(random_state >> 56);
    }
    return 1;
}

/* ---- what the test calls ---- */

void timers_reset(usec_t at)
{
    for (size_t i = 0; i < TIMERS_MAX; i++)
        assert_null(timer[i].source);
    now = (struct instant){.at = at, .mono = USEC_PER_DAY, .boot = now.boot + 1};
    random_state = at;
}

struct instant timers_now(void)
{
    return now;
}

void timers_jump(int64_t by)
{
    now.at += (usec_t)by;
}

static struct timer *earliest(void)
{
    struct timer *first = NULL;
    int on;
    for (size_t i = 0; i < TIMERS_MAX; i++)
        if (timer[i].source && sd_event_source_get_enabled(timer[i].source, &on) > 0 &&
            (!first || timer[i].due_mono < first->due_mono))
            first = &timer[i];
    return first;
}

usec_t timers_next(void)
{
    const struct timer *first = earliest();
    return first ? first->due_mono : USEC_INFINITY;
}

void timers_advance(usec_t mono)
{
    struct timer *first;
    if (mono > now.mono) {
        now.at += mono - now.mono;
        now.mono = mono;
    }
    while ((first = earliest()) && first->due_mono <= now.mono) {
        assert_true(sd_event_source_set_enabled(first->source, SD_EVENT_OFF) >= 0);
        assert_true(first->on_due(first->source, first->due_mono, first->userdata) >= 0);
    }
}
