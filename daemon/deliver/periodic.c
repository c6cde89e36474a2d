/* SPDX-License-Identifier: MIT */
/* deliver/periodic.c: handle and timer of a receiver with requests of its own. */
#include "deliver/periodic.h"

#include "base/log.h"
#include <string.h>

#define ACCURACY (USEC_PER_SEC / 10)

int periodic_open(struct periodic *p, const struct receiver_options *o, struct http *http,
                  sd_event_time_handler_t on_due, void *userdata, struct failure *ret_failure)
{
    p->options = o;
    int r = o->class->transport->open(o, http, &p->handle, ret_failure);
    if (r < 0)
        return failure_prefix(ret_failure, r, "receiver %s", o->name);
    r = sd_event_add_time_relative(http_event(http), &p->timer, CLOCK_BOOTTIME, 0, ACCURACY, on_due,
                                   userdata);
    return r < 0 ? failure_set(ret_failure, FAILURE_LOCAL, -r, "cannot make a timer: %s",
                               strerror(-r))
                 : 0;
}

void periodic_close(struct periodic *p)
{
    (void)sd_event_source_disable_unref(p->timer);
    if (p->handle)
        p->options->class->transport->close(p->handle);
}

void periodic_arm(struct periodic *p, usec_t delay)
{
    (void)sd_event_source_set_time_relative(p->timer, delay); /* fail on a bad argument only */
    (void)sd_event_source_set_enabled(p->timer, SD_EVENT_ONESHOT);
}

bool periodic_allowed(struct periodic *p, heartbeat_alive *alive, void *userdata, const char *what)
{
    const char *trouble = alive(userdata);
    if (trouble && !p->withheld)
        log_say(LOG_WARNING, "receiver %s: %s withheld: %s", p->options->name, what, trouble);
    else if (!trouble && p->withheld)
        log_say(LOG_NOTICE, "receiver %s: %s sent again", p->options->name, what);
    p->withheld = trouble;
    return !trouble;
}
