/* SPDX-License-Identifier: MIT */
/* alerts/alerts.h: plans state changes and notifications from observations. Pure: no I/O, no clock.
 *
 * The registry holds every alert instance in memory, as the store has it on disk. Planning
 * returns the changes as a value, the store commits them, and only then are they applied to the
 * registry. A notification is due when the state differs from the last notification, not when it
 * differs from the last observation. */
#pragma once
#include "alerts/flap.h"
#include "alerts/route.h"
#include "alerts/silences.h"
#include "alerts/step.h"

#define LEVELS 2 /* latches per finding: LEVEL_WARNING - 1, LEVEL_CRITICAL - 1 */

struct alert { /* one instance; plain data that the store can write */
    char id[ALERT_ID_TEXT];
    enum kind kind;
    char *tenant_id; /* "" for alerts that belong to no tenant */
    char *subject;
    uint32_t episode; /* of the instance, +1 at each PENDING -> FIRING */
    uint64_t seq;     /* +1 at each event */
    struct latch latch[RULE_COUNT_][LEVELS];
    enum level muted[RULE_COUNT_]; /* baseline: in the first-run digest; no event until worse or cleared */
    enum alert_state state;        /* derived from the latches; shown, not decided on */
    enum level level;              /* worst latch that is FIRING or RECOVERING */
    enum rule rule;                /* deciding finding */
    int64_t value, threshold;
    enum unit unit;
    struct instant started; /* of the episode (or of PENDING) */
    enum level notified;    /* level of the last notification; NONE: nothing open */
    enum rule notified_rule;
    int64_t notified_value,
        notified_waiting;      /* of the last notification, to detect "doubled" and "0 -> n".
                                * notified_waiting is negated once the waiting members have gone.
                                * Poll alerts: notified_value is -1 - enum health_section; a
                                * value >= 0 is an age written by an older version */
    enum cause notified_cause; /* of the last notification */
    usec_t reminder_at;    /* wall time; 0: none planned */
    uint32_t reminders;    /* sent in this episode at this level */
    struct silenced silenced;
    struct flap flap;
    struct alert_context
        *context; /* last known, shared: read only; NULL before the first observation */
    struct alert *next[3], **at; /* links of the registry */
};
int alert_copy(const struct alert *src, struct alert **ret); /* shares the context; -ENOMEM */
/* The alert as a notification with texts but without an event id, as it would be sent at `at`. A
 * pending alert gets its pending level. a->context is not NULL; -ENOMEM. */
int alert_notification(const struct alert *a, enum event_type type, usec_t at,
                       struct notification **ret);
void alert_free(struct alert *a);
DEFINE_CLEANUP(struct alert *, alert_free)

struct alert_registry;
int registry_new(struct alert_registry **ret);
void registry_free(struct alert_registry *b);
DEFINE_CLEANUP(struct alert_registry *, registry_free)
/* Takes ownership; replaces an alert with the same id or the same subject. Always 0: applying
 * committed changes must not fail. */
int registry_put(struct alert_registry *b, struct alert *a);
const struct alert *registry_find(const struct alert_registry *b, enum kind kind,
                                  const char *tenant_id, const char *subject);
const struct alert *registry_by_id(const struct alert_registry *b, const char *id);
const struct alert *registry_next(const struct alert_registry *b,
                                  size_t *cursor); /* all; NULL ends */
/* The alerts of one tenant ("": of none): the first, or the next after `after`. */
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
    struct flap_options flap;
};

/* A notification or digest and its receivers. The store turns it into outbox rows. */
struct event {
    struct notification *notification; /* or */
    struct digest *digest;
    receiver_set to; /* RESOLVED, ACKNOWLEDGED: ignored; goes to all receivers that may have got the episode */
    bool to_notified; /* the same for other types */
};
/* Receivers whose notification is deferred until the hours of a route begin. The store drops a
 * deferral when its receiver gets a notification earlier, and all of them when the alert resolves. */
struct deferral {
    char alert_id[ALERT_ID_TEXT];
    uint32_t episode;
    receiver_set to;
    bool only; /* replaces the stored deferrals; false: adds to them */
};
/* The counters of a deleted alert. A new one with the same id continues them. */
struct past_alert {
    uint32_t episode; /* 0: never fired */
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
    struct removal *removed; /* alerts to delete (moved, archived); applied before `alert`, because
                              * a moved alert may take over such an id */
    size_t n_removed;
    struct instant
        now; /* of the plan; the registry detects clock jumps by it */
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
    /* First polls of several tenants share a digest: until it is due, a plan of one of them defers its
     * alerts, and alerts_plan_deferred keeps them. */
    enum first_digest { FIRST_ALONE, FIRST_WAITS, FIRST_DUE } first_digest;
    bool state_lost; /* its first one after a loss of state: breaches that are not in the registry
                      * fire at once, as in alerts_plan_lost; no baseline */
    bool again; /* the last poll, evaluated again with new options: satisfies min_samples, adds no
                 * time to the latches */
    struct reach service_reach; /* additional receivers of alerts about many tenants: see runtime/outage.c */
    const char *tenant_id, *tenant_name; /* of the observations; NULL: no tenant */
    /* Counters of an alert that is not in the registry; zeros: none are stored. Called for each new
     * alert, which continues them. NULL: none are stored. -E */
    int (*past)(void *userdata, const char *alert_id, struct past_alert *ret, struct failure *ret_failure);
    void *past_userdata;
    /* The calendar of a tenant; "": of alerts that belong to none. NULL: reminders keep to no hour. */
    struct calendar (*calendar)(void *userdata, const char *tenant_id);
    void *calendar_userdata;
    struct silences silences, maintenance; /* stored ones, and those of the configuration */
    bool complete_list; /* the observations cover all subjects of this tenant: alerts without one
                           are archived */
};
/* The wall clock has jumped since the registry last changed: the next plan moves the reminders of
 * all tenants. Without a jump, a plan changes alerts of its own tenant only, so that plans for
 * several tenants can be made before one is applied. */
bool alerts_clock_jumped(const struct alert_registry *registry, const struct instant *now);
/* Plans what these observations change. Call it once per poll, or again with ctx->again. The
 * observations are not modified; their contexts are shared. -ENOMEM, -EIO (random ids), or what
 * ctx->past returns. */
int alerts_plan(const struct plan_context *ctx, const struct alert_registry *registry,
                const struct observations *observations, struct changes **ret,
                struct failure *ret_failure);
/* Plans the reminders of all tenants that are due at ctx->now. */
int alerts_plan_reminders(const struct plan_context *ctx, const struct alert_registry *registry,
                          struct changes **ret, struct failure *ret_failure);
/* Plans what is due for alerts of all tenants that are no longer silenced: those that differ from
 * their last notification, reason "unsilenced". Many together share a digest per receiver. */
int alerts_plan_unsilenced(const struct plan_context *ctx, const struct alert_registry *registry,
                           struct changes **ret, struct failure *ret_failure);
/* Silences the present episode of `a`, which is firing, by the acknowledgement `by`, and notifies who
 * was notified of it. a->context is not NULL. */
int alerts_plan_acknowledged(const struct plan_context *ctx, const struct alert_registry *registry,
                             const struct alert *a, const struct silence *by, struct changes **ret,
                             struct failure *ret_failure);
/* The silence in force for this alert; NULL: none. */
const struct silence *alerts_silence(const struct plan_context *ctx, const struct alert *a);
/* A stored deferral: one receiver and one episode. */
struct deferred {
    char alert_id[ALERT_ID_TEXT];
    uint32_t episode;
    char receiver[64];
    bool notified; /* another receiver may have got a notification of the episode */
};
/* Plans one digest for each receiver whose hours have begun: its deferred alerts that are still
 * firing, in their present state. `deferred`: all of them, grouped by alert. */
int alerts_plan_deferred(const struct plan_context *ctx, const struct alert_registry *registry,
                         const struct deferred *deferred, size_t n_deferred, struct changes **ret,
                         struct failure *ret_failure);
/* After a reload: ends alerts of removed rules and tenants, with a resolved notification (reason
 * rule_removed) if the episode was notified. `keep`: this alert is still configured. */
int alerts_plan_removed(const struct plan_context *ctx, const struct alert_registry *registry,
                        bool (*keep)(const struct alert *a, void *userdata), void *userdata,
                        struct changes **ret, struct failure *ret_failure);
/* Kinds of delivery records that are left after damage to the database. */
enum record_kind {
    RECORD_LAST_EVENT,  /* `seq` of the last event that went to all matching receivers */
    RECORD_MESSAGE,     /* event `seq` of the present episode is sent to or queued for `receiver` */
    RECORD_NOTIFIED,    /* `receiver` matched the present episode */
    RECORD_DEFERRED,    /* ... deferred until the hours of a route */
    RECORD_UNDELIVERED, /* ... a message of the present episode is not delivered yet */
};
struct delivery_record {
    char alert_id[ALERT_ID_TEXT];
    char receiver[64];
    enum record_kind kind;
    uint64_t seq;
};
/* After damage to the database: notifies the matching receivers of a firing alert that have no
 * delivery record left, with its present state (same id and episode): critical alerts singly, the
 * others in digests, reason "state_lost". Lost resolved notifications are sent again. `records` are
 * sorted by alert id. `story` (NULL: none) goes to the fallback receivers as a digest without
 * alerts. */
int alerts_plan_lost(const struct plan_context *ctx, const struct alert_registry *registry,
                     const struct delivery_record *records, size_t n_records, const char *story,
                     struct changes **ret, struct failure *ret_failure);
/* A removed receiver had undelivered messages (RECORD_UNDELIVERED): its firing alerts go to the
 * receivers that match now and have no message of the episode, as in alerts_plan_lost; reason
 * "receiver_removed". Idempotent. */
int alerts_plan_receiver_removed(const struct plan_context *ctx,
                                 const struct alert_registry *registry,
                                 const struct delivery_record *records, size_t n_records,
                                 struct changes **ret, struct failure *ret_failure);
/* Applies committed changes to the registry. Takes the alerts out of *c. */
void alerts_apply(struct alert_registry *registry, struct changes *c);
