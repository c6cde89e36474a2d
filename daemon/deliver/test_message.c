/* SPDX-License-Identifier: MIT */
/* deliver/test_message.c: sends a test message to one receiver, as the dispatcher does, but without the
 * outbox. */
#include "base/alloc.h"
#include "base/digest.h"
#include "base/text.h"
#include "deliver/receiver.h"
#include <errno.h>
#include <string.h>

struct test {
    const struct transport *transport;
    struct receiver_handle *handle;
    struct notification *notification;
    char *body;
    struct answer answer;
    sd_event_source *later; /* for answers without waiting */
    deliver_test_done *done;
    void *userdata;
};

static void test_free(struct test *t)
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
DEFINE_CLEANUP(struct test *, test_free)

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

static void test_end(struct test *t)
{
    t->done(t->userdata, t->answer.class == ANSWER_OK, t->answer.text);
    test_free(t);
}

static int on_later(sd_event_source *s, void *userdata)
{
    (void)s;
    test_end(userdata);
    return 0;
}

static void on_sent(void *userdata, const struct answer *a)
{
    struct test *t = userdata;
    t->answer = *a;
    test_end(t);
}

/* 1: the answer has arrived. */
static int test_send(struct test *t, const struct receiver_options *o, struct instant now,
                     struct failure *ret_failure)
{
    size_t len;
    int r = test_notification(o->name, now.at, &t->notification);
    const struct message m = {.notification = t->notification, .now_at = now.at};
    if (r >= 0)
        r = receiver_render(o, &m, &t->body, &len);
    if (r < 0)
        return failure_set(ret_failure, FAILURE_LOCAL, -r, "cannot make the test message: %s",
                           strerror(-r));
    const struct payload l = {
        .event_id = t->notification->event_id, .body = t->body, .len = len, .now = now};
    return t->transport->send(t->handle, &l, &t->answer, on_sent, t);
}

int deliver_test(const struct receiver_options *o, struct http *http, sd_event *event,
                 struct instant now, deliver_test_done *done, void *userdata,
                 struct failure *ret_failure)
{
    CLEANUP(test_free) struct test *t = alloc_zero(1, sizeof *t);
    if (!t)
        return failure_oom(ret_failure);
    t->transport = receiver_transport(o);
    t->done = done;
    t->userdata = userdata;
    int r = t->transport->open(o, http, &t->handle, ret_failure);
    if (r >= 0)
        r = sd_event_add_defer(event, &t->later, on_later, t) < 0 ? failure_oom(ret_failure) : 0;
    if (r >= 0)
        r = sd_event_source_set_enabled(t->later, SD_EVENT_OFF) < 0 ? failure_oom(ret_failure) : 0;
    if (r >= 0)
        r = test_send(t, o, now, ret_failure);
    if (r > 0 && sd_event_source_set_enabled(t->later, SD_EVENT_ONESHOT) < 0)
        return failure_oom(ret_failure);
    if (r < 0)
        return r;
    (void)TAKE(t); /* freed by test_end() */
    return 0;
}
