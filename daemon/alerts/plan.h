/* SPDX-License-Identifier: MIT */
/* alerts/plan.h: a plan under construction. Internal to alerts/. */
#pragma once
#include "alerts/decide.h"

struct work {                    /* one alert of this plan */
    const struct alert *before;  /* in the registry; NULL: new */
    struct alert *after;         /* owned */
    const struct observation *observation; /* NULL: reminders, and alerts without one */
    bool gone;                   /* to be deleted, whatever `after` is */
};
struct plan {
    const struct plan_context *ctx;
    const struct alert_registry *registry;
    struct failure why; /* of ctx->past; text "": none */
    int64_t jump;       /* by how much the wall clock jumped since the registry last changed */
    struct work *work;
    size_t n_work;
    /* Notified alerts about pools that only the former source lists, by SKU. */
    const struct alert **former;
    size_t n_former;
    const struct alert **parent; /* of kinds that explain others, by subject without case */
    size_t n_parents;
    struct changes *changes;
    struct notification **line; /* for the digests, owned; to[i] are the receivers of line[i] */
    receiver_set *to;
    size_t n_lines;
    struct counted { /* counted in the digests for `to`, but not listed */
        enum rule rule;
        enum level level;
        const char *tenant_id; /* borrowed; "": none */
        receiver_set to;
    } *counted;
    size_t n_counted;
    const struct silence *acknowledgement; /* that this plan is for; NULL: none */
};
int plan_begin(struct plan *p, const struct plan_context *ctx,
               const struct alert_registry *registry);
void plan_clear(struct plan *p); /* frees what is inside */
DEFINE_CLEANUP_IN_PLACE(struct plan, plan_clear)
/* A working copy of an alert in the registry; take each once. After a clock jump its reminder, and when it was
 * silenced, are moved. *ret is valid until the next call. */
int plan_take(struct plan *p, const struct alert *before, struct work **ret);
/* The clock jumped, and the alert has times that plan_take() moves: every plan takes it. */
bool plan_moves_times(const struct plan *p, const struct alert *a);
/* A new alert about this observation's subject. */
int plan_create(struct plan *p, const struct observation *s, struct work **ret);
/* Deletes this alert, which is or was in the registry. */
int plan_remove(struct plan *p, const struct alert *a);
/* Hands over the differences from the registry if r >= 0; otherwise fills ret_failure. */
int plan_finish(struct plan *p, int r, struct changes **ret, struct failure *ret_failure);

/* observations.c */
/* The notified level of the alerts that may explain the one of this observation. With ctx->again, in the registry. */
enum level plan_parent_level(const struct plan *p, const struct observation *s);

/* silenced.c */
/* The acknowledgement of the present or last episode, if it is not broken; NULL: there is none. */
const struct silence *plan_acknowledgement(const struct plan *p, const struct alert *a);
/* `by` covers the alert from now on: what it was before this plan is kept for comparison. */
void plan_silence(struct plan *p, const struct alert *before, struct alert *a, const struct silence *by);
/* After an evaluation: whether a silence suppresses the notifications of the alert. One that got worse
 * breaks it. `muted`: something else suppresses them, too. */
bool plan_follow_silence(struct plan *p, const struct alert *before, struct alert *a,
                         const struct observation *s, bool muted);

/* emit.c */
/* Adds an event about this alert: numbers it, records it as notified. */
int plan_notify(struct plan *p, struct alert *a, enum event_type type, const struct outcome *o,
              const char *reason);
/* The same, to these receivers only; the store chooses those of RESOLVED and ACKNOWLEDGED. */
int plan_notify_set(struct plan *p, struct alert *a, enum event_type type, receiver_set to, const char *reason);
/* The same, to the receivers that were, or may have been, notified of the episode. */
int plan_notify_who_was(struct plan *p, struct alert *a, enum event_type type, const struct outcome *o,
                        const char *reason);
/* The same for the first-run digest: recorded as muted, sent by plan_digest(). Deferred for
 * receivers outside their hours. */
int plan_notify_in_digest(struct plan *p, struct alert *a, const struct outcome *o);
/* Counts the alert in the digests without listing it: it has its own notification. */
int plan_count(struct plan *p, const struct alert *a);
/* Receivers of this alert at this rule and level. */
struct reach plan_reach(const struct plan *p, const struct alert *a, enum rule rule, enum level level);
/* The alert as it is now, as a line of a digest for `to`. */
int plan_line(struct plan *p, struct alert *a, receiver_set to, bool stale);
void plan_clear_lines(struct plan *p);
/* The digests of all lines so far; `reason` is a literal. */
int plan_digest(struct plan *p, const char *reason);
int plan_defer(struct plan *p, const struct deferral *h);
/* Defers the alert for these receivers; may be empty. -ENOMEM */
int plan_defer_alert(struct plan *p, const struct alert *a, receiver_set to);
/* The context of this alert is older than outage_tolerance. */
bool plan_is_old(const struct plan *p, const struct alert *a);
int plan_add_event(struct plan *p, const struct event *e); /* takes ownership of its members */

/* reminder_hour.c */
/* Moves a reminder about a date to the begin of a day of the tenant; see rules/dates.h. */
void plan_move_reminder(const struct plan *p, struct alert *a);
/* The longest time from a notification to the reminder after it. */
usec_t plan_longest_wait(const struct plan *p, const struct alert *a);

/* info.c */
/* Adds the events of severity info. They have no state: a plan after a loss of state, which may take old
 * pools for new ones, has none. */
int plan_infos(struct plan *p, const struct observations *observations);
