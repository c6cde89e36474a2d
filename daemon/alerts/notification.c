/* SPDX-License-Identifier: MIT */
/* alerts/notification.c: names of events and states; copies and frees notifications. */
#include "alerts/notification.h"

#include "base/text.h"
#include <assert.h>
#include <errno.h>
#include <string.h>

static const char *const EVENTS[EVENT_TYPE_COUNT_] = {
    [EVENT_FIRING] = "alert.firing",           [EVENT_ESCALATED] = "alert.escalated",
    [EVENT_DEESCALATED] = "alert.deescalated", [EVENT_UPDATED] = "alert.updated",
    [EVENT_REMINDER] = "alert.reminder",       [EVENT_RESOLVED] = "alert.resolved",
    [EVENT_ACKNOWLEDGED] = "alert.acknowledged", [EVENT_DIGEST] = "alert.digest",
    [EVENT_TEST] = "receiver.test",
    [EVENT_INFO] = "alert.info",
};
static const char *const STATES[ALERT_STATE_COUNT_] = {
    [ALERT_OK] = "ok",
    [ALERT_PENDING] = "pending",
    [ALERT_FIRING] = "firing",
    [ALERT_RECOVERING] = "recovering",
};

const char *event_type_name(enum event_type t)
{
    assert((unsigned)t < EVENT_TYPE_COUNT_);
    return EVENTS[t];
}

int event_type_parse(const char *name)
{
    for (int i = 0; i < EVENT_TYPE_COUNT_; i++)
        if (strcmp(name, EVENTS[i]) == 0)
            return i;
    return -EINVAL;
}

const char *alert_state_name(enum alert_state s)
{
    assert((unsigned)s < ALERT_STATE_COUNT_);
    return STATES[s];
}

bool alert_state_is_up(enum alert_state s)
{
    return s == ALERT_FIRING || s == ALERT_RECOVERING;
}

int notification_copy(const struct notification *src, struct notification **ret)
{
    CLEANUP(notification_free) struct notification *n = malloc(sizeof *n);
    if (!n)
        return -ENOMEM;
    *n = *src;
    n->context = context_share(src->context);
    n->title = n->summary = n->description = n->next_step = NULL;
    n->acknowledged.author = n->acknowledged.comment = NULL;
    if (text_copy(src->acknowledged.author, &n->acknowledged.author) < 0 ||
        text_copy(src->acknowledged.comment, &n->acknowledged.comment) < 0 ||
        text_copy(src->title, &n->title) < 0 || text_copy(src->summary, &n->summary) < 0 ||
        text_copy(src->description, &n->description) < 0 ||
        text_copy(src->next_step, &n->next_step) < 0)
        return -ENOMEM;
    *ret = TAKE(n);
    return 0;
}

void notification_free(struct notification *n)
{
    if (!n)
        return;
    context_free(n->context);
    free(n->title);
    free(n->summary);
    free(n->description);
    free(n->next_step);
    free(n->acknowledged.author);
    free(n->acknowledged.comment);
    free(n);
}
