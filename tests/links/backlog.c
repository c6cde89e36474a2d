/* SPDX-License-Identifier: MIT */
/* 200 pools are used up within three hours, while the chat is down. */
#include "links/backlog.h"

#include "links/daemon.h"
#include "links/readers.h"
#include "month/timers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define START_AT (UINT64_C(1793001600) * USEC_PER_SEC) /* Monday, 2026-10-26 08:00 UTC */
#define POOLS_MANY 200
#define OUTAGE (3 * USEC_PER_HOUR)
#define BURST 10 /* storm.burst and the lines of a digest as shipped */
#define LINES 20
/* Single messages, whose bytes are fixed: five until the circuit opens, then one probe in 12 to 18 minutes. */
#define TRIED (5 + OUTAGE / (12 * USEC_PER_MINUTE))

static usec_t begun_mono; /* 0: all pools have units left */

static size_t n_full(void)
{
    usec_t passed = begun_mono ? timers_now().mono - begun_mono : 0;
    size_t n = (size_t)(passed * POOLS_MANY / (OUTAGE - 2 * INTERVAL));
    return n < POOLS_MANY ? n : POOLS_MANY;
}

static struct snapshot *show_many(void)
{
    CLEANUP(snapshot_builder_free) struct snapshot_builder *b = NULL;
    struct snapshot *s = NULL;
    assert_true(snapshot_builder_new("t0", "11111111-2222-4333-8444-000000000000", SOURCE_CLOUD_LICENSING,
                                     timers_now(), &b) >= 0);
    for (size_t i = 0; i < POOLS_MANY; i++) {
        char id[40];
        (void)snprintf(id, sizeof id, "%08zu-1111-4111-8111-111111111111", i);
        struct allotment a = {.id = strdup(id),
                              .sku_id = strdup(world_sku(0)),
                              .units_known = true,
                              .allotted = 100,
                              .consumed = i < n_full() ? 101 : 60,
                              .assignable_to = ASSIGNABLE_USER,
                              .subscriptions_known = true,
                              .waiting = {.section = SECTION_COMPLETE}};
        assert_true(snapshot_add_allotment(b, &a) >= 0);
    }
    snapshot_set_allotments(b, SECTION_COMPLETE);
    snapshot_set_errors(b, SECTION_COMPLETE);
    assert_true(snapshot_finish(b, &s) >= 0);
    return s;
}

static void live_through_the_outage(struct daemon *d)
{
    timers_reset(START_AT);
    readers_begin();
    begun_mono = 0;
    daemon_start(d);
    d->show = show_many;
    daemon_poll(d);
    begun_mono = timers_now().mono;
    readers_break(CHAT, FAULT_REFUSES);
    daemon_live(d, OUTAGE);
    readers_break(CHAT, FAULT_NONE);
    daemon_live(d, USEC_PER_HOUR);
}

/* Each alert once. Single messages: each is about a newer alert than the next one. */
static void check_messages(const struct heard *heard, size_t n)
{
    size_t alerts = 0, messages = 0;
    const struct heard *last = NULL, *single = NULL;
    for (size_t i = 0; i < n; i++) {
        if (heard[i].who != CHAT)
            continue;
        for (size_t k = 0; k < i; k++)
            if (heard[k].who == CHAT && strcmp(heard[k].alert_id, heard[i].alert_id) == 0)
                fail_msg("the receiver got alert %s twice", heard[i].alert_id);
        messages += !last || strcmp(last->event_id, heard[i].event_id) != 0;
        alerts++;
        last = &heard[i];
        if (single && !heard[i].digest && heard[i].fired_at > single->fired_at)
            fail_msg("message %zu is about a newer alert than the one before", messages);
        single = heard[i].digest ? single : last;
    }
    assert_int_equal(alerts, POOLS_MANY);
    assert_in_range(messages, POOLS_MANY / LINES, BURST + TRIED + POOLS_MANY / LINES + 1);
}

void backlog_try(void)
{
    static struct daemon d;
    const struct heard *heard;
    live_through_the_outage(&d);
    size_t n = readers_heard(&heard);
    check_messages(heard, n);
    daemon_end(&d);
}
