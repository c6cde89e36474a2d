/* SPDX-License-Identifier: MIT */
/* deliver/resend.h: repeats open alerts to receivers that forget what is not repeated
 * (Alertmanager), independently of the outbox.
 *
 * An alert is repeated after each poll that confirms it, so that a daemon which cannot see a tenant
 * does not reopen an alert that another daemon has ended. What is no longer open is repeated as
 * ended for 15 minutes, for members of a cluster that missed its end; again when the clock is set to before
 * that end within a day. An alert SeatwatchWatchdog
 * fires as long as `alive` allows it. */
#pragma once
#include "deliver/heartbeat.h"
#include "deliver/repeated.h"

struct resends;
/* Calls repeated_add() for each open alert of which this receiver was notified. -ENOMEM */
typedef int resend_list(void *userdata, const char *receiver, struct repeated *to);

/* Of those receivers among `o` that are repeated. Options are borrowed. */
int resends_new(const struct dispatcher_options *o, struct http *http, resend_list *list,
                heartbeat_alive *alive, void *userdata, struct resends **ret,
                struct failure *ret_failure);
void resends_free(struct resends *r);
DEFINE_CLEANUP(struct resends *, resends_free)
/* Polls have ended: repeats what they confirm within a few seconds. NULL is fine. */
void resends_wake(struct resends *r);
