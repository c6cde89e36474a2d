/* SPDX-License-Identifier: MIT */
/* alerts/alerts.h: observations + alert states + now -> changes. Pure: no I/O, no clock of its own.
 *
 * The registry holds every alert instance in memory, as the store has it on disk. Planning makes a
 * value that says what would change; the store commits it; only then is it applied to the registry.
 * Every decision to speak is "differs from what was last said?", never "did it just change?". */
#pragma once
#include "alerts/route.h"
#include "alerts/step.h"

#define LEVELS 2 /* latches per finding: LEVEL_WARNING - 1, LEVEL_CRITICAL - 1 */

struct alert { /* one instance; plain data, so that the store can keep it */
    char id[ALERT_ID_TEXT];
    enum kind kind;
    char *tenant_id; /* "" for alerts that belong to no tenant */
    char *subject;
    uint32_t episode; /* of the instance, +1 at each PENDING -> FIRING */
    uint64_t seq;     /* +1 at each event */
    struct latch latch[RULE_COUNT_][LEVELS];
    enum level muted[RULE_COUNT_]; /* baseline: said in the digest; silent until worse or cleared */
    enum alert_state state;        /* derived, kept for people */
    enum level level;              /* worst latch that is FIRING or RECOVERING */
    enum rule rule;                /* deciding finding */
    int64_t value, threshold;
    enum unit unit;
    struct instant started; /* of the episode (or of PENDING) */
    enum level notified;    /* level last told to anybody; NONE: nothing open */
    enum rule notified_rule;
    int64_t notified_value,
        notified_waiting;      /* numbers last told: for "doubled" and "0 -> n"; notified_waiting
                                * is negative once nobody of those told waits any more. Of a
                                * poll alert notified_value is the section told, as -1 - enum
                                * health_section; older versions left an age, which is >= 0 */
    enum cause notified_cause; /* last told */
    usec_t reminder_at;    /* wall time; 0: none planned */
    uint32_t reminders;    /* sent in this episode at this level */
    struct alert_context
        *context; /* last known, shared: read only; NULL before the first observation */
    struct alert *next[3], **at; /* the registry's own */
};
int alert_copy(const struct alert *src, struct alert **ret); /* shares the context; -ENOMEM */
/* The alert as a notification with its texts, without an event id: what would be told of it at
 * `at`. Of a pending one, the level it is about to have. a->context is not NULL; -ENOMEM. */
int alert_notification(const struct alert *a, enum event_type type, usec_t at,
                       struct notification **ret);
void alert_free(struct alert *a);
DEFINE_CLEANUP(struct alert *, alert_free)

struct alert_registry;
int registry_new(struct alert_registry **ret);
void registry_free(struct alert_registry *b);
DEFINE_CLEANUP(struct alert_registry *, registry_free)
/* Takes it over; replaces one with the same id, or about the same subject. Always 0: applying what
 * is already on disk must not fail. */
int registry_put(struct alert_registry *b, struct alert *a);
const struct alert *registry_find(const struct alert_registry *b, enum kind kind,
                                  const char *tenant_id, const char *subject);
const struct alert *registry_by_id(const struct alert_registry *b, const char *id);
const struct alert *registry_next(const struct alert_registry *b,
                                  size_t *cursor); /* all; NULL ends */
/* One tenant's ("": no tenant's): the first one, or the one after `after`. */
const struct alert *registry_next_of(const struct alert_registry *b, const char *tenant_id,
                                     const struct alert *after);
size_t registry_count_tenant(const struct alert_registry *b, const char *tenant_id);

struct alert_options {
    bool first_run_each; /* first_run = "each": no baseline */
    struct {
        usec_t every[LEVEL_COUNT_]; /* 0: no reminders at that level */
        uint32_t growth;            /* each interval is this many times the one before */
        usec_t cap;
    } repeat;
};

/* One thing to tell, and to whom. The store turns it into rows. */
struct event {
    struct notification *notification; /* or */
    struct digest *digest;
    receiver_set to; /* RESOLVED: everybody who may have been told of the episode instead */
};
/* Who is to hear of an alert only when the hours of a route begin. Whoever is told of it before
 * that, and everybody once it resolves, waits no more: the store sees to it. */
struct deferral {
    char alert_id[ALERT_ID_TEXT];
    uint32_t episode;
    receiver_set to;
    bool only; /* nobody else waits; otherwise they are added to those who do */
};
/* How far an alert had counted when it was forgotten. */
struct past_alert {
    uint32_t episode; /* 0: it has never been up */
    uint64_t seq;
};
struct removal {
    char id[ALERT_ID_TEXT];
    struct past_alert past;
};
struct changes {
    struct alert **alert; /* new values of the alerts that changed; owned */
    size_t n_alerts;
    struct event *event;
    size_t n_events;
    struct deferral *deferral; /* after the events */
    size_t n_deferrals;
    struct removal *removed; /* instances to forget (moved subjects, archived), before
                              * `alert` is put in: a moved one may take over their id */
    size_t n_removed;
    struct instant
        now; /* of the planning: how the registry notifications that the wall clock jumped */
};
void changes_free(struct changes *c);
DEFINE_CLEANUP(struct changes *, changes_free)
bool changes_empty(const struct changes *c);

struct plan_context {
    const struct alert_options *options;
    const struct route_options *routes;
    struct instant now;
    usec_t outage_tolerance; /* max(1 h, three polls) */
    bool first_run;          /* the tenant's first complete poll ever: baseline and digest */
    bool state_lost; /* its first one after a loss of state: what is beyond a limit and not in
                      * the registry fires at once, as in alerts_plan_lost; no baseline */
    bool again; /* the observations are those of the tenant's last poll, judged by other options:
                 * they satisfy min_samples, and no time has passed since */
    struct reach service_reach; /* alerts about many tenants reach these, too: see runtime/outage.c */
    const char *tenant_id, *tenant_name; /* of the observations; NULL for delivery observations */
    /* How far an alert that is not in the registry had counted; zeros: nothing is known of it. It
     * is asked when an alert begins, which goes on counting from there. NULL: nothing is known of
     * any. -E */
    int (*past)(void *userdata, const char *alert_id, struct past_alert *ret, struct failure *ret_failure);
    void *past_userdata;
    bool complete_list; /* the observations are all that exists for this tenant: alerts without one
                           are archived */
};
/* The wall clock has jumped since the registry last changed: the next plan touches everybody's
 * reminders. Otherwise one with observations touches the alerts of its own tenant only, so that
 * plans for different tenants may be made before any of them is applied. */
bool alerts_clock_jumped(const struct alert_registry *registry, const struct instant *now);
/* What these observations change. Fresh observations only: never call it twice for one poll, unless
 * ctx->again. The observations are not modified, their context are shared. Only -ENOMEM, -EIO
 * (random ids), and what ctx->past returns. */
int alerts_plan(const struct plan_context *ctx, const struct alert_registry *registry,
                const struct observations *observations, struct changes **ret,
                struct failure *ret_failure);
/* Reminders that are due at ctx->now, whatever tenant. */
int alerts_plan_reminders(const struct plan_context *ctx, const struct alert_registry *registry,
                          struct changes **ret, struct failure *ret_failure);
/* One receiver that waits to hear of one episode, as the store has it. */
struct deferred {
    char alert_id[ALERT_ID_TEXT];
    uint32_t episode;
    char receiver[64];
    bool heard; /* somebody may have been told of the episode */
};
/* What was held back for receivers whose hours have begun goes out as one digest for each: the
 * alerts that are still up, as they are now. `held`: all there are, those of an alert together. */
int alerts_plan_deferred(const struct plan_context *ctx, const struct alert_registry *registry,
                         const struct deferred *deferred, size_t n_deferred, struct changes **ret,
                         struct failure *ret_failure);
/* After a reload: alerts whose rule is gone or whose tenant is no longer configured end, with
 * "resolved", reason rule_removed, if their episode was told. `keep` answers for one alert. */
int alerts_plan_removed(const struct plan_context *ctx, const struct alert_registry *registry,
                        bool (*keep)(const struct alert *a, void *userdata), void *userdata,
                        struct changes **ret, struct failure *ret_failure);
/* What is left of what was told, after damage to the database. */
enum heard_what {
    HEARD_LAST_EVENT,  /* of the alert: `seq` of the last event that everybody responsible hears */
    HEARD_MESSAGE,     /* `receiver` was sent, or will be, the event `seq` of the present episode */
    HEARD_NOTIFIED,    /* ... was to hear of the present episode */
    HEARD_DEFERRED,    /* ... waits for the hours of a route */
    HEARD_UNDELIVERED, /* ... has not got a message of the present episode yet */
};
struct heard {
    char alert_id[ALERT_ID_TEXT];
    char receiver[64];
    enum heard_what what;
    uint64_t seq;
};
/* The database was damaged: whoever should have heard of an alert that is up, and of whom no message
 * is left, is told anew as it is now (same id and episode): criticals singly, the rest in digests,
 * reason "state_lost". Ends that were lost go out again. `heard`: in the order of the alerts' ids.
 * `story` (NULL: none) goes to all receivers of the fallback, as a digest without alerts. */
int alerts_plan_lost(const struct plan_context *ctx, const struct alert_registry *registry,
                     const struct heard *heard, size_t n_heard, const char *story,
                     struct changes **ret, struct failure *ret_failure);
/* A receiver is no longer configured and has undelivered messages (HEARD_UNDELIVERED): their alerts that
 * are up go to the receivers that match now and have no message of the episode, as in alerts_plan_lost;
 * reason "receiver_removed". Plans nothing the second time. */
int alerts_plan_receiver_removed(const struct plan_context *ctx,
                                 const struct alert_registry *registry, const struct heard *heard,
                                 size_t n_heard, struct changes **ret, struct failure *ret_failure);
/* After the commit: the changes become the registry's truth. Takes the alerts out of *c. */
void alerts_apply(struct alert_registry *registry, struct changes *c);
