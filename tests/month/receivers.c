/* SPDX-License-Identifier: MIT */
#include "month/receivers.h"

#include "deliver/receiver.h"
#include "month/check.h"
#include "month/kill.h"
#include "month/seeded.h"
#include "month/timers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

const char *const RECEIVER_NAMES[RECEIVERS] = {"witness", "paced", "failing", "critical"};

static struct {
    enum fault fault;
    usec_t until_mono, failed_mono;
} mailbox[RECEIVERS];
static uint64_t dice;

struct receiver_handle {
    unsigned receiver;
    sd_event_source *timer; /* the answer */
    long accepted;          /* as check_heard() numbers it; -1: not accepted */
    struct answer answer;
    handle_done *done;
    void *userdata;
};

void receivers_begin(uint64_t seed)
{
    for (unsigned i = 0; i < RECEIVERS; i++)
        mailbox[i].fault = FAULT_NONE, mailbox[i].until_mono = mailbox[i].failed_mono = 0;
    dice = seed * 2 + 1;
}

void receivers_fail(unsigned receiver, enum fault fault, usec_t lasts)
{
    mailbox[receiver].fault = fault;
    mailbox[receiver].until_mono = timers_now().mono + lasts;
}

static enum fault fault_of(unsigned receiver)
{
    usec_t now_mono = timers_now().mono;
    if (mailbox[receiver].fault != FAULT_NONE && now_mono >= mailbox[receiver].until_mono) {
        mailbox[receiver].failed_mono = mailbox[receiver].until_mono;
        mailbox[receiver].fault = FAULT_NONE;
    }
    if (mailbox[receiver].fault != FAULT_NONE)
        mailbox[receiver].failed_mono = now_mono;
    return mailbox[receiver].fault;
}

usec_t receiver_failed_mono(unsigned receiver)
{
    (void)fault_of(receiver);
    return mailbox[receiver].failed_mono;
}

/* ---- the transport ---- */

static int on_answer(sd_event_source *s, uint64_t due, void *userdata)
{
    struct receiver_handle *h = userdata;
    long accepted = h->answer.class == ANSWER_OK ? h->accepted : -1;
    (void)s, (void)due;
    h->done(h->userdata, &h->answer);
    if (accepted >= 0 && !kill_is_under_way())
        check_confirmed(h->receiver, accepted);
    return 0;
}

static int mailbox_open(const struct receiver_options *o, struct http *http,
                        struct receiver_handle **ret, struct failure *ret_failure)
{
    struct receiver_handle *h = calloc(1, sizeof *h);
    (void)ret_failure;
    assert_non_null(h);
    while (!text_equal(RECEIVER_NAMES[h->receiver], o->name))
        assert_true(++h->receiver < RECEIVERS);
    assert_true(
        sd_event_add_time(http_event(http), &h->timer, CLOCK_BOOTTIME, 0, 0, on_answer, h) >= 0);
    assert_true(sd_event_source_set_enabled(h->timer, SD_EVENT_OFF) >= 0);
    *ret = h;
    return 0;
}

static void mailbox_close(struct receiver_handle *h)
{
    (void)sd_event_source_disable_unref(h->timer);
    free(h);
}

static const struct {
    enum answer_class class;
    int status;
    usec_t retry_after;
    bool accepts;
} ANSWERS[FAULT_COUNT_] = {
    [FAULT_NONE] = {ANSWER_OK, 204, 0, true},
    [FAULT_REFUSES] = {ANSWER_RETRY, 0, 0, false},
    [FAULT_500] = {ANSWER_RETRY, 500, 0, false},
    [FAULT_LOSES] = {ANSWER_RETRY, 0, 0, true},
    [FAULT_THROTTLES] = {ANSWER_THROTTLED, 429, 10 * USEC_PER_MINUTE, false},
};

static int mailbox_send(struct receiver_handle *h, const struct payload *p, struct answer *ret,
                        handle_done *done, void *userdata)
{
    enum fault fault = fault_of(h->receiver);
    (void)ret;
    dice = dice * UINT64_C(6364136223846793005) + 1442695040888963407u;
    h->done = done;
    h->userdata = userdata;
    h->answer =
        (struct answer){.status = ANSWERS[fault].status, .retry_after = ANSWERS[fault].retry_after};
    answer_set(&h->answer, ANSWERS[fault].class, "as the test says");
    /* A process that is already dead sends nothing. */
    h->accepted =
        ANSWERS[fault].accepts && !kill_is_under_way() ? seeded_heard(h->receiver, p) : -1;
    if (fault == FAULT_LOSES && h->accepted >= 0)
        check_answer_lost(h->receiver, h->accepted);
    assert_true(sd_event_source_set_time_relative(h->timer, (dice >> 40) % (2 * USEC_PER_SEC)) >=
                0);
    assert_true(sd_event_source_set_enabled(h->timer, SD_EVENT_ONESHOT) >= 0);
    return 0;
}

static const struct transport MAILBOX = {
    .open = mailbox_open, .close = mailbox_close, .send = mailbox_send};

const struct transport *__wrap_receiver_transport(const struct receiver_options *o);
const struct transport *__wrap_receiver_transport(const struct receiver_options *o)
{
    (void)o;
    return &MAILBOX;
}
