/* SPDX-License-Identifier: MIT */
/* deliver/periodic.h: what receivers with requests of their own have in common, beside the outbox: an
 * open handle, a timer, and whether this daemon may say that it is alive. Internal to heartbeat.c and
 * resend.c. */
#pragma once
#include "deliver/heartbeat.h"
#include "deliver/receiver.h"

struct periodic {
    const struct receiver_options *options;
    struct receiver_handle *handle;
    sd_event_source *timer;
    bool withheld; /* logged */
};
/* Opens the receiver, and calls `on_due` soon; then only as periodic_arm() says. */
int periodic_open(struct periodic *p, const struct receiver_options *o, struct http *http,
                  sd_event_time_handler_t on_due, void *userdata, struct failure *ret_failure);
void periodic_close(struct periodic *p); /* fine for one that was not opened, or not wholly */
void periodic_arm(struct periodic *p, usec_t delay);
/* False while `alive` objects. Logs when that begins and ends; `what` are heartbeats, for example. */
bool periodic_allowed(struct periodic *p, heartbeat_alive *alive, void *userdata, const char *what);
