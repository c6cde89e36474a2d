/* SPDX-License-Identifier: MIT */
/* alerts/plan.h: a plan under construction. Private to the room. */
#pragma once
#include "alerts/decide.h"

struct work {                    /* one alert that this plan looks at */
    const struct alert *before;  /* in the registry; NULL: not yet */
    struct alert *after;         /* owned */
    const struct observation *observation; /* NULL: reminders, and what no observation speaks of */
    bool gone;                   /* to be forgotten, whatever `after` says */
};
struct plan {
    const struct plan_context *ctx;
    const struct alert_registry *registry;
    struct failure why; /* why ctx->past failed; text "": it did not */
    int64_t jump;       /* by how much the wall clock jumped since the registry last changed */
    struct work *work;
    size_t n_work, size_work;
    /* Alerts about pools that only another source lists, and of which somebody was told; by SKU. */
    const struct alert **former;
    size_t n_former, size_former;
    const struct alert **parent; /* of kinds that explain others, by subject without case */
    size_t n_parents;
    struct changes *changes;
    size_t size_alerts, size_events, size_deferrals, size_removed;
    struct notification **line; /* for the digests, owned; to[i] are the receivers of line[i] */
    receiver_set *to;
    size_t n_lines, size_lines;
    struct counted { /* in the counts of the digests for `to`, but in no line of them */
        enum rule rule;
        enum level level;
        receiver_set to;
    } *counted;
    size_t n_counted, size_counted;
};
int plan_begin(struct plan *p, const struct plan_context *ctx,
               const struct alert_registry *registry);
void plan_clear(struct plan *p); /* frees what is inside */
static inline void plan_clear_at(struct plan *p)
{
    plan_clear(p);
} /* CLEANUP(plan_clear) */
/* A working copy of an alert in the registry, to be asked for once. If the wall clock jumped, its
 * reminder has moved along. *ret is valid until the next one is taken. */
int plan_take(struct plan *p, const struct alert *before, struct work **ret);
/* A new alert about this observation's subject. */
int plan_create(struct plan *p, const struct observation *s, struct work **ret);
/* Forget this alert, which is or was in the registry. */
int plan_remove(struct plan *p, const struct alert *a);
/* Hands over what differs from the registry, if all went well so far (r >= 0). */
int plan_finish(struct plan *p, int r, struct changes **ret, struct failure *ret_failure);

/* emit.c */
/* An event about this alert: numbers it, notes it as told, and puts it into the changes. */
int plan_tell(struct plan *p, struct alert *a, enum event_type type, const struct outcome *o,
              const char *reason);
/* The same, to these receivers only; an end still goes to whom the store sends it. */
int plan_tell_some(struct plan *p, struct alert *a, enum event_type type, receiver_set to, const char *reason);
/* The same for the first-run digest: said later by plan_digest, noted as muted instead. Receivers
 * outside their hours are held back. */
int plan_tell_later(struct plan *p, struct alert *a, const struct outcome *o);
/* Only into the counts of the digest that plan_tell_later() makes: it is told by itself. */
int plan_count(struct plan *p, const struct alert *a);
/* Who is to hear of it. */
struct reach plan_reach(const struct plan *p, const struct alert *a, enum rule rule, enum level level);
/* The alert as it is now, as a line of a digest for `to`. */
int plan_line(struct plan *p, struct alert *a, receiver_set to, bool stale);
/* The digests of all lines so far; `reason` is a literal. */
int plan_digest(struct plan *p, const char *reason);
int plan_defer(struct plan *p, const struct deferral *h);
/* These hear of the alert when their hours begin. An empty set is fine. -ENOMEM */
int plan_hold_back(struct plan *p, const struct alert *a, receiver_set to);
/* Nothing newer than the context of this alert is known for longer than an outage may last. */
bool plan_is_old(const struct plan *p, const struct alert *a);
int plan_add_event(struct plan *p, const struct event *e); /* takes over what is inside */

/* Room for one more item in a growing array. */
int plan_reserve(void *items, size_t n, size_t *size, size_t item_size);
