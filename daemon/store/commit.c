/* SPDX-License-Identifier: MIT */
/* store/commit.c: writes all changes of one evaluation in one transaction. */
#include "store/commit.h"
#include "store/notified.h"
#include "store/write.h"

#include <assert.h>
#include <string.h>

static bool is_put_again(const struct changes *c, const char *id)
{
    for (size_t i = 0; i < c->n_alerts; i++)
        if (strcmp(c->alert[i]->id, id) == 0)
            return true;
    return false;
}

/* Drops the notification state and deferred notifications of a removed alert. */
static int forget_receivers(struct store *s, const char *alert_id, struct failure *f)
{
    int r = notified_forget(s, alert_id, f);
    return r < 0 ? r : deferred_forget(s, alert_id, NULL, f);
}

/* Events first: the receivers of a resolved event are looked up by its alert, which is removed below.
 * Then in the order in which the registry applies the changes. */
static int put_changes(struct store *s, const struct commit *c, struct failure *f)
{
    const struct changes *all = c->changes;
    int r = events_put(s, c, f);
    if (r >= 0)
        r = deferred_put(s, c, f);
    for (size_t i = 0; r >= 0 && i < all->n_removed; i++) {
        const struct removal *gone = &all->removed[i];
        r = alert_remove(s, gone->id, f);
        if (r >= 0 && !is_put_again(all, gone->id))
            r = forget_receivers(s, gone->id, f);
        if (r >= 0)
            r = past_put(s, gone, c->now.at, f);
    }
    for (size_t i = 0; r >= 0 && i < all->n_alerts; i++)
        r = alert_put(s, all->alert[i], f);
    return r;
}

static int put_registry(struct store *s, const struct alert_registry *registry, struct failure *f)
{
    const struct alert *a;
    size_t cursor = 0;
    int r = 0;
    while (r >= 0 && (a = registry_next(registry, &cursor)))
        r = alert_put(s, a, f);
    return r;
}

static int put_all(struct store *s, const struct commit *c, struct failure *f)
{
    int r = 0;
    if (c->memory)
        r = memory_put(s, c->tenant_id, c->memory, f);
    if (r >= 0 && c->health)
        r = health_put(s, c->tenant_id, c->health, f);
    if (r >= 0 && c->registry)
        r = put_registry(s, c->registry, f);
    if (r >= 0 && c->silence)
        r = silence_put(s, c->silence, f);
    if (r >= 0 && c->unsilence)
        r = silence_remove(s, c->unsilence, f);
    if (r >= 0 && c->changes)
        r = put_changes(s, c, f);
    if (r >= 0 && c->snapshot)
        r = history_put(s, c->snapshot, f);
    return r < 0 ? r : damage_settle(s, c, f);
}

static int commit_all(struct store *s, const struct commit *c, size_t n, struct failure *ret_failure)
{
    assert(n > 0);
    int r = store_begin(s, &c->now, ret_failure);
    if (r < 0)
        return r;
    for (size_t i = 0; r >= 0 && i < n; i++) {
        assert(c[i].tenant_id || (!c[i].memory && !c[i].health && !c[i].lost));
        r = put_all(s, &c[i], ret_failure);
    }
    return store_end(s, r, ret_failure);
}

int store_commit(struct store *s, const struct commit *c, size_t n, struct failure *ret_failure)
{
    return MENDING(s, ret_failure, commit_all(s, c, n, ret_failure));
}
