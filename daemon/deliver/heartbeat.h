/* SPDX-License-Identifier: MIT */
/* deliver/heartbeat.h: requests at a fixed interval that say that this daemon works (a dead-man's
 * switch): the receiver type heartbeat. The service at the other end alerts when they stop.
 *
 * They say nothing about Graph. They are withheld while `alive` says that this daemon cannot tell
 * anybody anything, so that the other end alerts. */
#pragma once
#include "deliver/deliver.h"

struct heartbeats;
/* NULL: all is well; else why no heartbeat may be sent, for the log. */
typedef const char *heartbeat_alive(void *userdata);
/* Of those receivers among `o` that are of this type; the first one is sent soon. Options are
 * borrowed. */
int heartbeats_new(const struct dispatcher_options *o, struct http *http, heartbeat_alive *alive,
                   void *userdata, struct heartbeats **ret, struct failure *ret_failure);
void heartbeats_free(struct heartbeats *h);
DEFINE_CLEANUP(struct heartbeats *, heartbeats_free)
