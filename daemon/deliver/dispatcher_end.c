/* SPDX-License-Identifier: MIT */
/* deliver/dispatcher_end.c: syncs the record of attempts, and finds the end of a drain or a stop. */
#include "base/log.h"
#include "deliver/worker.h"

#define SYNC_WITHIN USEC_PER_SEC

void dispatcher_sync_later(struct dispatcher *c)
{
    int on = SD_EVENT_OFF;
    (void)sd_event_source_get_enabled(c->sync, &on);
    if (on != SD_EVENT_OFF)
        return;
    (void)sd_event_source_set_time_relative(c->sync, SYNC_WITHIN);
    (void)sd_event_source_set_enabled(c->sync, SD_EVENT_ONESHOT);
}

void dispatcher_sync_now(struct dispatcher *c)
{
    struct failure why = {0};
    (void)sd_event_source_set_enabled(c->sync, SD_EVENT_OFF);
    if (store_sync(c->store, &why) < 0)
        log_failure(LOG_ERR, &why, "cannot sync the record of deliveries to disk",
                    "a power loss may repeat these messages");
}

void dispatcher_check_end(struct dispatcher *c)
{
    if (!c->done)
        return;
    for (size_t i = 0; i < c->n_workers; i++)
        if (c->worker[i].entry || (c->draining && !c->worker[i].drained))
            return;
    (void)sd_event_source_set_time_relative(c->ending, 0);
    (void)sd_event_source_set_enabled(c->ending, SD_EVENT_ONESHOT);
}
