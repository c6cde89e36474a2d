/* SPDX-License-Identifier: MIT */
/* deliver/test_message.c: sends a test message, or the life of a made-up alert, to one receiver, as the
 * dispatcher does, but without the outbox. */
#include "base/alloc.h"
#include "base/digest.h"
#include "base/text.h"
#include "deliver/receiver.h"
#include <errno.h>
#include <string.h>

struct delivery_test {
    const struct receiver_options *options;
    const struct transport *transport;
    struct receiver_handle *handle;
    char alert_id[ALERT_ID_TEXT]; /* of the life; "": one test message */
    size_t sent;                  /* messages so far */
    struct notification *notification;
    char *body;
    size_t len;
    char ref[MESSAGE_REF_MAX]; /* of the message of this life; "": none yet */
    struct answer answer;
    bool answered;
    sd_event_source *later; /* reports an answer, and sends the next message */
    deliver_test_done *done;
    void *userdata;
};

static void test_free(struct delivery_test *t)
{
    if (!t)
        return;
    if (t->handle)
        t->transport->close(t->handle);
    notification_free(t->notification);
    free(t->body);
    (void)sd_event_source_disable_unref(t->later);
    alloc_release(t);
}
DEFINE_CLEANUP(struct delivery_test *, test_free)

int test_notification(const char *receiver, usec_t now_at, struct notification **ret)
{
    CLEANUP(notification_free) struct notification *n = alloc_zero(1, sizeof *n);
    if (!n)
        return -ENOMEM;
    n->type = EVENT_TEST;
    n->value = n->threshold = NUMBER_UNKNOWN;
    n->at = n->observed_at = now_at;
    int r = uuid_v7(now_at, n->event_id);
    if (r < 0)
        return r;
    n->title = text_printf("seatwatchd: test message for receiver %s", receiver);
    n->summary = text_printf("This is a test. If you read it, receiver %s works.", receiver);
    n->description = text_printf("Somebody asked seatwatchd to send a test message to receiver %s. "
                                 "No licence is missing.",
                                 receiver);
    n->next_step = text_printf("Nothing needs to be done.");
    if (!n->title || !n->summary || !n->description || !n->next_step)
        return -ENOMEM;
    *ret = TAKE(n);
    return 0;
}

/* ---- the life of an alert ---- */

/* A pool of 1000 units that fills up, until somebody buys 200 more. */
static const struct stage {
    enum event_type type;
    enum level level, previous;
    int64_t allotted, waiting, threshold, to_unblock, to_buy;
} LIFE[] = {
    {EVENT_FIRING, LEVEL_WARNING, LEVEL_NONE, 1000, 2, 1, 2, 137},
    {EVENT_ESCALATED, LEVEL_CRITICAL, LEVEL_WARNING, 1000, 26, 25, 26, 166},
    {EVENT_RESOLVED, LEVEL_CRITICAL, LEVEL_NONE, 1200, 0, 25, 0, 0},
};
#define LIFE_CONSUMED 1000

static int life_context(const struct stage *stage, usec_t now_at, struct alert_context **ret)
{
    CLEANUP(context_free) struct alert_context *f = NULL;
    int r = context_new(&f);
    if (r < 0)
        return r;
    f->allotted = stage->allotted;
    f->consumed = LIFE_CONSUMED;
    f->waiting = stage->waiting;
    f->oldest_at = stage->waiting > 0 ? now_at - USEC_PER_HOUR : 0;
    f->units_to_unblock = stage->to_unblock;
    f->units_to_buy = stage->to_buy;
    f->observed_at = now_at;
    if (text_copy("TEST", &f->tenant_name) < 0 || text_copy("test", &f->tenant_id) < 0 ||
        text_copy("test", &f->allotment_id) < 0 || text_copy("test pool", &f->allotment_name) < 0 ||
        text_copy("SPE_E5", &f->sku_part_number) < 0 ||
        text_copy("Microsoft 365 E5", &f->sku_name) < 0)
        return -ENOMEM;
    *ret = TAKE(f);
    return 0;
}

static int life_notification(const struct delivery_test *t, usec_t now_at, struct notification **ret)
{
    const struct stage *stage = &LIFE[t->sent];
    CLEANUP(notification_free) struct notification *n = alloc_zero(1, sizeof *n);
    if (!n)
        return -ENOMEM;
    n->type = stage->type;
    n->kind = KIND_CAPACITY;
    memcpy(n->alert_id, t->alert_id, sizeof n->alert_id);
    n->episode = 1;
    n->seq = t->sent + 1;
    n->state = stage->type == EVENT_RESOLVED ? ALERT_OK : ALERT_FIRING;
    n->level = stage->level;
    n->previous = stage->previous;
    n->rule = n->notified_rule = RULE_WAITING;
    n->value = stage->waiting;
    n->threshold = stage->threshold;
    n->unit = UNIT_MEMBERS;
    n->finding[RULE_WAITING] = stage->type != EVENT_RESOLVED;
    n->started_at = n->observed_at = n->at = now_at;
    int r = uuid_v7(now_at, n->event_id);
    if (r >= 0)
        r = life_context(stage, now_at, &n->context);
    if (r >= 0)
        r = notification_write_texts(n);
    if (r < 0)
        return r;
    char *description = text_printf("This is a test: no licence is missing.\n%s", n->description);
    if (!description)
        return -ENOMEM;
    free(n->description);
    n->description = description;
    *ret = TAKE(n);
    return 0;
}

/* Each life is an alert of its own, so that a pager opens a new incident. */
static int life_begin(struct delivery_test *t, usec_t now_at)
{
    char subject[UUID_TEXT];
    int r = uuid_v7(now_at, subject);
    return r < 0 ? r : alert_id(KIND_CAPACITY, "test", subject, t->alert_id);
}

/* ---- one message after the other ---- */

static void answered_later(struct delivery_test *t)
{
    t->answered = true;
    (void)sd_event_source_set_enabled(t->later, SD_EVENT_ONESHOT); /* fails on a bad argument only */
}

static void on_sent(void *userdata, const struct answer *a)
{
    struct delivery_test *t = userdata;
    t->answer = *a;
    answered_later(t);
}

/* The next message of the test. */
static int test_render(struct delivery_test *t, usec_t now_at, struct failure *ret_failure)
{
    notification_free(TAKE(t->notification));
    free(TAKE(t->body));
    int r = t->alert_id[0] ? life_notification(t, now_at, &t->notification)
                           : test_notification(t->options->name, now_at, &t->notification);
    const struct message m = {.notification = t->notification, .now_at = now_at};
    if (r >= 0)
        r = receiver_render(t->options, &m, &t->body, &t->len);
    return r < 0 ? failure_set(ret_failure, FAILURE_LOCAL, -r, "cannot make the test message: %s", strerror(-r)) : 0;
}

static bool is_last(const struct delivery_test *t)
{
    return !t->alert_id[0] || t->sent == N_ELEMENTS(LIFE);
}

static void tell(const struct delivery_test *t, bool accepted, const char *text, bool last)
{
    const struct tested result = {.event = event_type_name(t->notification ? t->notification->type : EVENT_TEST),
                                  .body = t->body,
                                  .len = t->body ? t->len : 0,
                                  .accepted = accepted,
                                  .text = text,
                                  .last = last};
    t->done(t->userdata, &result);
}

static int test_send(struct delivery_test *t, struct failure *ret_failure)
{
    struct instant now = clock_now();
    int r = test_render(t, now.at, ret_failure);
    if (r < 0)
        return r;
    const struct payload p = {
        .event_id = t->notification->event_id, .body = t->body, .len = t->len, .now = now, .ref = t->ref};
    t->answered = false;
    if (t->transport->send(t->handle, &p, &t->answer, on_sent, t) > 0)
        answered_later(t);
    return 0;
}

static int on_later(sd_event_source *s, void *userdata)
{
    struct delivery_test *t = userdata;
    struct failure why = {0};
    bool accepted = t->answer.class == ANSWER_OK;
    (void)s;
    t->sent++;
    if (t->answer.ref[0])
        memcpy(t->ref, t->answer.ref, sizeof t->ref);
    bool last = !accepted || is_last(t);
    tell(t, accepted, t->answer.text, last);
    if (!last && test_send(t, &why) < 0) {
        tell(t, false, why.text, true);
        last = true;
    }
    if (last)
        test_free(t);
    return 0;
}

static bool has_life(const struct receiver_options *o, bool life)
{
    return life && !(o->class->traits & RECEIVER_HEARTBEAT);
}

int deliver_test(const struct receiver_options *o, bool life, struct http *http, sd_event *event,
                 deliver_test_done *done, void *userdata, struct delivery_test **ret, struct failure *ret_failure)
{
    CLEANUP(test_free) struct delivery_test *t = alloc_zero(1, sizeof *t);
    if (!t)
        return failure_oom(ret_failure);
    t->options = o;
    t->transport = receiver_transport(o);
    t->done = done;
    t->userdata = userdata;
    int r = t->transport->open(o, http, &t->handle, ret_failure);
    if (r >= 0)
        r = sd_event_add_defer(event, &t->later, on_later, t) < 0 ? failure_oom(ret_failure) : 0;
    if (r >= 0)
        r = sd_event_source_set_enabled(t->later, SD_EVENT_OFF) < 0 ? failure_oom(ret_failure) : 0;
    if (r >= 0 && has_life(o, life) && life_begin(t, clock_now().at) < 0)
        r = failure_set(ret_failure, FAILURE_LOCAL, EIO, "cannot make an id");
    if (r >= 0)
        r = test_send(t, ret_failure);
    if (r < 0)
        return r;
    if (ret)
        *ret = t;
    (void)TAKE(t); /* freed by on_later() */
    return 0;
}

void deliver_test_cancel(struct delivery_test *t)
{
    test_free(t);
}

int deliver_test_render(const struct receiver_options *o, bool life, deliver_test_done *done, void *userdata,
                        struct failure *ret_failure)
{
    CLEANUP(test_free) struct delivery_test *t = alloc_zero(1, sizeof *t);
    if (!t)
        return failure_oom(ret_failure);
    t->options = o;
    t->done = done;
    t->userdata = userdata;
    usec_t now_at = clock_now().at;
    if (has_life(o, life) && life_begin(t, now_at) < 0)
        return failure_set(ret_failure, FAILURE_LOCAL, EIO, "cannot make an id");
    for (bool last = false; !last;) {
        int r = test_render(t, now_at, ret_failure);
        if (r < 0)
            return r;
        t->sent++;
        last = is_last(t);
        tell(t, false, NULL, last);
    }
    return 0;
}
