/* SPDX-License-Identifier: MIT */
/* store/notified.h: which receivers were, or may have been, notified of an episode. Internal to
 * store/. */
#pragma once
#include "store/outbox_row.h"

/* A notification of this episode is queued for this receiver. */
int notified_expect(struct store *s, const char *alert_id, const char *receiver, uint32_t episode,
                    struct failure *f);
/* An attempt of this row begins: from now on its receiver may have been notified. */
int notified_try(struct store *s, const struct outbox_row *o, struct failure *f);
struct audience { /* receivers that may have been notified of an episode */
    struct {
        char receiver[64];
        bool tried;
    } * member;
    size_t n;
};
static inline void audience_free_at(struct audience *a)
{
    free(a->member);
}
int notified_audience(struct store *s, const char *alert_id, uint32_t episode, struct audience *ret,
                      struct failure *f);
int notified_forget(struct store *s, const char *alert_id, struct failure *f);
