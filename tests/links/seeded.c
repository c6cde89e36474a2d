/* SPDX-License-Identifier: MIT */
#include "links/seeded.h"

#include "deliver/deliver.h"
#include "rules/judge.h"
#include "runtime/outage.h"
#include "store/store.h"

enum mistake seeded_mistake;

int __real_judge_delivery(const struct receiver_state *receiver, const struct instant *now,
                          struct observation *ret, struct failure *f);
int __wrap_judge_delivery(const struct receiver_state *receiver, const struct instant *now,
                          struct observation *ret, struct failure *f);
int __wrap_judge_delivery(const struct receiver_state *receiver, const struct instant *now,
                          struct observation *ret, struct failure *f)
{
    struct receiver_state seen = *receiver;
    if (seeded_mistake == MISTAKE_RECEIVER_IS_FINE)
        seen = (struct receiver_state){.name = receiver->name, .pager = receiver->pager};
    return __real_judge_delivery(&seen, now, ret, f);
}

bool __real_dispatcher_stuck(const struct dispatcher *c, const struct instant *now);
bool __wrap_dispatcher_stuck(const struct dispatcher *c, const struct instant *now);
bool __wrap_dispatcher_stuck(const struct dispatcher *c, const struct instant *now)
{
    return seeded_mistake != MISTAKE_BEATS_UNDELIVERED && __real_dispatcher_stuck(c, now);
}

int __real_store_commit(struct store *s, const struct commit *c, size_t n, struct failure *f);
int __wrap_store_commit(struct store *s, const struct commit *c, size_t n, struct failure *f);
int __wrap_store_commit(struct store *s, const struct commit *c, size_t n, struct failure *f)
{
    int r = __real_store_commit(s, c, n, f);
    return seeded_mistake == MISTAKE_BEATS_UNRECORDED ? 0 : r;
}

bool __real_outage_covers(const struct tenant *t, const struct tenant_health *health,
                          const struct observation *poll, struct instant now);
bool __wrap_outage_covers(const struct tenant *t, const struct tenant_health *health,
                          const struct observation *poll, struct instant now);
bool __wrap_outage_covers(const struct tenant *t, const struct tenant_health *health,
                          const struct observation *poll, struct instant now)
{
    return seeded_mistake == MISTAKE_POLL_IS_COVERED || __real_outage_covers(t, health, poll, now);
}
