/* SPDX-License-Identifier: MIT */
/* rules/judge.h: evaluates thresholds against a snapshot and what is known from earlier polls, and
 * returns observations.
 *
 * An observation is what one poll says about one alert: one finding per rule of that alert. A pool
 * has one alert (kind capacity) with six findings, and a seventh while it is gone or when it is
 * back.
 *
 * Pure: no I/O and no clock; the time is an argument. Single-threaded, no state of its own.
 *
 * Units. usec_t is microseconds. A member that ends in _at is wall-clock time since 1970, one that
 * ends in _mono is CLOCK_BOOTTIME time, and 0 means unknown unless stated otherwise. A struct
 * instant with boot 0 is unset. Shares are basis points (9500 = 95.00 %). Numbers that are unknown
 * or do not apply are NUMBER_UNKNOWN, and strings are NULL.
 *
 * Ownership. Structs own the strings and arrays they point to, unless marked as borrowed. Results
 * belong to the caller: free with observations_free, observation_clear, tenant_memory_free or free.
 *
 * Errors. The only failure is -ENOMEM, with *ret_failure filled in where there is one. Results are
 * written only on success. Missing or implausible data is no error: its findings are UNKNOWN. */
#pragma once
#include "model/rights.h"
#include "rules/context.h"
#include "rules/dates.h"
#include "rules/trend.h"

/* The kinds of alerts, in no particular order. Their properties are rows in alerts/kind.h. */
enum kind {
    KIND_CAPACITY,
    KIND_SUBSCRIPTION,
    KIND_ERRORS,
    KIND_POLL,
    KIND_DELIVERY,
    KIND_RIGHT,
    KIND_SERVICE,
    KIND_CREDENTIAL,
    KIND_STORM,
    KIND_INVENTORY, /* no alerts: see struct info */
    KIND_UNUSED,    /* ... */
    KIND_COUNT_
};

enum finding_state {
    FINDING_UNKNOWN,        /* its section was not read: the alert stays as it is */
    FINDING_NOT_APPLICABLE, /* the rule is off or does not apply to this subject */
    FINDING_KNOWN,
};
struct finding {
    enum rule rule;
    enum finding_state state;
    bool accepted;    /* KNOWN: the value is the new normal; the alert resolves without recovery */
    bool waits;       /* KNOWN: a date that came nearer raises the level, and its day has not begun: no
                       * level fires that is not up */
    bool not_offered; /* UNKNOWN because the source in use never has this value: the finding keeps
                       * its level, but does not keep other findings of the alert from clearing */
    enum level raise; /* KNOWN: the level that the limits give */
    enum level keep;  /* KNOWN: a raised level falls no lower than this (hysteresis); >= raise */
    int64_t value;    /* in `unit` (percent: basis points); rounded down, so never up to a limit */
    int64_t threshold[LEVEL_COUNT_]; /* in the same unit, by level; NUMBER_UNKNOWN if off */
    enum unit unit;
    usec_t hold_for;        /* least time before the level is raised */
    usec_t keep_firing_for; /* least time before it is resolved */
    uint32_t min_samples;   /* complete polls in a row before it changes, both ways; >= 1 */
};
#define FINDINGS_MAX 7
struct observation {
    enum kind kind;
    char *subject; /* by kind: allotment id or (scope = "sku") SKU id, subscription id, "SKU/code",
                    * "" (poll, service), receiver name, "user/NAME/SKU" or "group/ID/SKU",
                    * "CLIENT ID/FILE NAME[/TENANT ID]" */
    struct finding finding[FINDINGS_MAX];
    size_t n_findings;
    struct alert_context *context;
    bool silent;    /* ignore = "alerts" or a free SKU: state is kept, no notifications */
    char *replaces; /* subject whose alert state moves to this one (a replaced pool); else NULL */
    /* capacity: only a source other than the current one lists this pool. Its findings then
     * describe the pools of its SKU in the current source: KNOWN with keep NONE if all of them are
     * clear, KNOWN with keep CRITICAL if one is not. `expired`: this has lasted for MEMORY_RETENTION. */
    bool former, expired;
    bool subscription_explains; /* capacity: no subscription of the pool is in force; the alert
                                 * about the subscription takes precedence */
};
/* A change that is worth a message of severity info, but is no alert: it has no state and no end, and
 * is in the observations of one poll only. */
struct info {
    enum kind kind;
    enum rule rule;
    int64_t value; /* in the unit of the rule */
    struct alert_context *context;
};
struct observations {
    struct observation *observation;
    size_t n;
    struct info *info;
    size_t n_infos;
};
/* The rule usage does not apply to a pool of so few units, by its min_units. */
bool usage_is_exempt(const struct threshold *usage, int64_t allotted);
/* The finding of this rule; NULL: there is none. */
const struct finding *observation_finding(const struct observation *s, enum rule rule);
void observations_free(struct observations *s);
DEFINE_CLEANUP(struct observations *, observations_free)

/* How long a subject that is gone, or that only another source lists, is remembered and yields
 * observations. */
#define MEMORY_RETENTION (7 * USEC_PER_DAY)

/* If at least ZERO_POOLS pools had consumed units and all pools now show 0, the list counts as
 * unknown for this long. */
#define ZERO_UNKNOWN_MAX USEC_PER_DAY
#define ZERO_POOLS 3

/* ---- memory: state of one tenant between polls; the store persists it ---- */

/* A pool that is listed or was. */
struct known_pool {
    char *id;
    char *sku_id, *sku_part_number;
    int64_t allotted, consumed; /* last known units; NUMBER_UNKNOWN */
    usec_t first_seen_at;
    uint32_t absent_polls;       /* consecutive complete lists without it */
    struct instant absent_since; /* unset: in the last complete list */
    bool gone;                   /* absence was confirmed */
    bool silent;  /* as in its last observation, so that an expiring trial notifies nobody */
    bool blocked; /* only another source lists it, and a pool of its SKU is not clear; not stored */
    bool quiet;   /* scope = "auto": its siblings have enough free units, see siblings_quiet */
    struct trend trend; /* of its demand; with scope = "sku", of that of its SKU. Computed once a day; not stored */
};
/* A subscription that backs a pool, or did. */
struct known_subscription {
    char *id;
    enum subscription_state state;
    bool seen_active; /* was seen active or in warning, or not in force with units in use */
    bool renews;      /* its date moved forward while it was active */
    int32_t unused_told;  /* the next_lifecycle_date that unused units were reported for; 0: none */
    int64_t unused_day;   /* the day on which it was last examined for them; not stored */
    int32_t next_lifecycle_date; /* DATE_UNKNOWN */
    struct instant absent_since; /* unset: in the last complete list */
};
/* A group of assignment errors. */
struct known_group {
    char *subject; /* "SKU/code" as in observation.subject */
    char *sku_id;  /* NULL: errors without a SKU */
    char *code;
    usec_t first_seen_at; /* by this daemon: Graph has only the last occurrence of an error */
    struct instant absent_since; /* unset: in the last complete list */
};
/* Earlier, higher capacity of a pool. A drop is measured against the highest number of the last 24
 * hours. An open drop keeps its reference until the pool has as many units again, or until the
 * lower number has lasted for a week and becomes the new normal. */
struct peak {
    int64_t allotted;    /* units */
    struct instant left; /* the first poll that showed fewer */
};
#define PEAKS_MAX 4
struct known_drop {
    char *id;                    /* of the pool */
    int64_t reference;           /* units before the open drop; NUMBER_UNKNOWN: no drop is open */
    struct instant since;        /* its last loss */
    struct peak peak[PEAKS_MAX]; /* highest first, which is also oldest first */
    size_t n_peaks;
    int64_t allotted; /* units in this poll; not stored */
};
#define UNUSABLE_MAX 200
struct tenant_memory {
    struct known_pool *pool; /* in id order */
    size_t n_pools;
    struct known_subscription *subscription; /* in id order */
    size_t n_subscriptions;
    struct known_group *group; /* last listed at most MEMORY_RETENTION ago */
    size_t n_groups;
    struct known_drop *drop; /* in id order */
    size_t n_drops;
    enum source source; /* of the last complete list; NONE: there was none yet */
    bool emptied;       /* an empty list replaced a list with rows; ends when rows return */
    bool mass_absence;  /* more than half of the pools are missing from the last complete list */
    /* Display text: the first pool of this poll with unusable numbers, and the member; "": none.
     * Not stored. */
    char unusable[UNUSABLE_MAX];
    /* Consumption fell to 0 in all pools at once, and lists count as unknown since then; unset: no.
     * Ends when a pool shows consumed units, or after ZERO_UNKNOWN_MAX, when 0 is accepted. */
    struct instant zero_since;
};
void tenant_memory_free(struct tenant_memory *m);
DEFINE_CLEANUP(struct tenant_memory *, tenant_memory_free)

/* ---- evaluating a snapshot ---- */

/* Demand for the units of a pool, and their number, over some time. */
struct pool_past {
    int64_t most_used;      /* consumed units and waiting members together, at their peak */
    int64_t least_allotted; /* units */
};
struct judge_context { /* all borrowed */
    const struct rule_options *options;
    const struct tenant_identity *tenant;
    struct zone zone; /* of the tenant, at the time of the snapshot */
    /* Seconds by which the local clock is ahead of the source's, which made the times in the
     * snapshot; 0: unknown or negligible. Corrects waiting times when the local clock is wrong. */
    int64_t clock_ahead;
    /* Whether somebody has acknowledged the alert about this subject (of a capacity observation) after
     * its last loss `since`: the present number is the new normal then. NULL: nobody has. */
    bool (*drop_acknowledged)(const void *userdata, const char *subject, const struct instant *since);
    /* The highest demand of each of the TREND_DAYS days (of UTC) before `today`, as far as it is known, in
     * order; returns how many. NULL: there is no history. */
    size_t (*past_demand)(const void *userdata, const char *allotment_id, int64_t today,
                          struct trend_day ret[static TREND_DAYS]);
    /* False: not known of all the time since `from_at`. NULL: never known. */
    bool (*pool_past)(const void *userdata, const char *allotment_id, usec_t from_at, struct pool_past *ret);
    int32_t (*utc_offset)(const void *userdata, usec_t at); /* as in struct calendar */
    const void *userdata;
};
/* Returns one observation for each current and remembered pool, subscription and error group, and
 * the memory after this poll (a new value). `before` is not changed; NULL: nothing is known yet.
 *
 * Subjects in unknown sections get UNKNOWN findings. An emptied list, and consumption that falls to
 * 0 in all pools, count as unknown. Pools that only another source lists are `former`. A pool that
 * is missing is gone after alerts.absence; one whose SKU gains a pool in the same poll is replaced.
 * Subjects with ignore = "all" yield no observation. */
int judge_snapshot(const struct judge_context *ctx, const struct snapshot *snapshot,
                   const struct tenant_memory *before, struct observations **ret_observations,
                   struct tenant_memory **ret_after, struct failure *ret_failure);

/* Evaluates the pools of a snapshot once more, with other options: the capacity observations only.
 * judge_snapshot() returned `memory` for this snapshot. Only `silent`, `quiet` and `blocked` of its
 * pools change. Absences are not counted again. */
int judge_again(const struct judge_context *ctx, const struct snapshot *snapshot,
                struct tenant_memory *memory, struct observations **ret,
                struct failure *ret_failure);

/* ---- health: are the polls of a tenant complete? ---- */

struct section_health {
    struct instant last_complete; /* unset: never */
    uint32_t incomplete_polls;    /* in a row */
};
/* One per tenant. The store persists it, so that a restart does not forget an outage. */
struct tenant_health {
    struct section_health section[HEALTH_SECTIONS_];
    struct instant first_poll; /* ages count from here while no poll was complete */
    bool failing;              /* the last poll had a failure */
    enum failure_kind kind;    /* of that failure */
    char text[384];            /* of that failure, one line */
    bool schema_changed, emptied, zero_consumption, mass_absence;
    bool broken_config; /* not polled: broken tenant file or missing secret; reason in `text` */
    enum source source; /* of the last poll that had one */
    char unusable[UNUSABLE_MAX]; /* as in tenant_memory; not stored */
    uint32_t api_refusals; /* polls refused by the Cloud Licensing API while it never answered */
    /* Why look-ups of usage_rights fail; separate, because they are not part of a poll. */
    enum failure_kind rights_kind;
    char rights_text[384];
};
/* Records the end of a run of usage_rights look-ups. f: the first failure; NULL: all succeeded. */
void health_update_rights(struct tenant_health *h, const struct instant *now,
                          const struct failure *f);
/* Sections that count as unread because the last response is implausible: bits 1 << HEALTH_...
 * *ret_cause: the reason; CAUSE_NONE if there are none. */
unsigned health_discarded_sections(const struct tenant_health *h, enum cause *ret_cause);
/* Records the end of a poll. Every poll has a snapshot, even one that read nothing. `after`: the
 * memory that judge_snapshot returned. f NULL: no failure. Sections that health_discarded_sections names count
 * as incomplete. */
void health_update(struct tenant_health *h, const struct snapshot *snapshot,
                   const struct tenant_memory *after, const struct failure *f);
/* Returns the poll observation of one tenant (kind POLL, subject ""). Causes with `at_once`
 * (sign-in or permission refused, schema changed, emptied, zero consumption, mass disappearance,
 * broken configuration) warn at once. Otherwise the age of the worst incomplete section, in
 * seconds, is compared with poll.warning and poll.critical. */
int judge_poll(const struct judge_context *ctx, const struct tenant_health *h,
               const struct instant *now, struct observation *ret, struct failure *ret_failure);
/* The same in short, without allocating. */
struct poll_state {
    enum cause cause;         /* NONE: nothing is wrong, not polled yet, or configuration broken */
    enum cause failure_group; /* of the cause */
    const char *section;      /* static, see section_word; NULL: the list of pools */
    enum level level;         /* by the limits of the rule poll */
    usec_t age;               /* since that section was last read completely */
};
void poll_state_of(const struct judge_context *ctx, const struct tenant_health *h,
                   const struct instant *now, struct poll_state *ret);

/* ---- service: do many tenants fail for the same reason? ---- */

/* A tenant that is polled and whose own configuration is valid. All borrowed. */
struct service_tenant {
    struct poll_state state;
    const struct tenant_health *health;
    const char *host;    /* the host that fails, for display; NULL: unknown */
    enum level notified; /* level that its own poll alert has notified and not resolved */
    usec_t asked_mono;   /* end of its last poll; 0: none since the process started or a suspend */
    usec_t began_mono;   /* end of the first poll of the present failure; 0: before the start */
};
/* A tenant whose own poll alert has notified already is not counted anywhere. */
struct service_tally {
    size_t tenants;
    size_t alike[CAUSE_COUNT_]; /* failing tenants, by failure_group */
    enum cause most;            /* the largest failure_group */
    size_t failing;             /* its size */
    size_t begins;              /* the alert fires at this many: half of the tenants, at least 3 */
    size_t lasts;               /* and lasts until there are fewer than this */
    enum level level;           /* worst level among them that is due */
};
void service_count(const struct service_tenant *tenant, size_t n, struct service_tally *ret);
/* State of the service alert. */
struct service_alert {
    enum cause failure_group; /* of the open alert; NONE: not open */
    usec_t fell_mono; /* when the number fell below `lasts`, or the alert ended; 0: neither */
};
/* Whether the poll alert of tenant `which` is withheld: the service alert covers it, or may cover
 * it as soon as the other tenants are polled; or the tenant was not polled since that alert ended.
 */
bool service_holds(const struct service_tenant *tenant, size_t n, size_t which,
                   const struct service_tally *tally, const struct service_alert *alert,
                   usec_t now_mono);
/* Returns the service observation (kind SERVICE, subject "", no tenant). */
int judge_service(const struct service_tenant *tenant, size_t n, const struct service_tally *tally,
                  usec_t keep_firing_for, const struct instant *now, struct observation *ret,
                  struct failure *ret_failure);

/* ---- receivers, usage rights, credentials ---- */

/* How deliveries to a receiver go. */
struct receiver_state {
    const char *name;
    bool pager;
    bool disabled;
    int64_t parked, queued;   /* entries; queued: also those in flight */
    usec_t failing_since_at;  /* every attempt has failed since then, for long enough to alert; 0 */
};
/* Returns the observation of one receiver (kind DELIVERY): it fires while the receiver is disabled,
 * fails or has parked entries, critical for a pager, else warning. It is clear once nothing is
 * queued: that messages are to be tried again, as after a reload, proves nothing yet. */
int judge_delivery(const struct receiver_state *receiver, const struct instant *now,
                   struct observation *ret, struct failure *ret_failure);

/* Returns the observation of a pager with too many new alerts (kind STORM): it fires, critical, when `held`
 * alerts wait because the pager has got its maximum (`full`), and ends when none waits. */
int judge_storm(const char *receiver, int64_t held, bool full, const struct instant *now,
                struct observation *ret, struct failure *ret_failure);

/* Returns the observation of one entry of usage_rights (kind RIGHT). It is UNKNOWN if `rights` is
 * NULL or lacks the list of rights. `sku_id` and `part_number`: both names of the SKU as far as the
 * pools of the tenant have them; may be NULL. */
int judge_right(const struct judge_context *ctx, const struct right_need *need,
                const struct rights *rights, const char *sku_id, const char *part_number,
                const struct instant *now, struct observation *ret, struct failure *ret_failure);
/* The user or group as messages show it: as configured, or (privacy) a user as the first 12
 * hexadecimal digits of the SHA-256 of the name in lower case. The caller frees *ret. */
int right_principal(const struct rule_options *o, const struct right_need *need, char **ret);
/* The subject of its observation, in lower case; entries with equal subjects are duplicates. The
 * caller frees *ret. */
int right_subject(const struct right_need *need, char **ret);

/* A client secret or certificate and its use by tenants, by receivers with an application of their own, or by
 * both. All borrowed. */
struct credential {
    const char *client_id, *file;
    const char *name;  /* of the file as configured, without directories */
    const char *apart; /* id of the first tenant that uses it, or name of the first receiver, if another
                        * file has the same client and name; else NULL */
    bool certificate;  /* else a client secret */
    const struct tenant_identity *const *tenant; /* its users, in the order of the configuration */
    size_t n_tenants;
    const char *const *receiver; /* names, in the order of the configuration */
    size_t n_receivers;
    struct zone zone; /* of the first tenant; UTC without one */
    int32_t (*utc_offset)(const void *userdata, usec_t at); /* that zone, as in struct calendar; NULL: `zone` */
    const void *userdata;
    usec_t true_at;                              /* now, by the clock of Graph */
    usec_t ends_at;                              /* expiry; 0: unknown */
    bool ends_by_day;   /* only the day is known: ends_at is its begin in UTC, and it is the last
                         * valid day */
    usec_t accepted_at; /* last successful sign-in, by the same clock; 0: none since the start */
    /* The present content of the file was accepted and is not refused. Receivers sign in only when there is
     * something to send: of a credential that no tenant uses this says that the time is known, and its expiry
     * decides alone. */
    bool works;
    bool refused;       /* a sign-in was refused */
    bool open;          /* its own alert has notified */
    bool blamed;        /* the poll alert of a refused tenant has notified */
};
/* Returns the observation of one credential (kind CREDENTIAL); the value is the days to its expiry.
 * A refused sign-in belongs to the poll alert, unless this alert is open and the expiry has come:
 * then it belongs to this one only. */
int judge_credential(const struct rule_options *o, const struct credential *c,
                     const struct instant *now, struct observation *ret,
                     struct failure *ret_failure);
/* Whether a sign-in refused now is refused because this credential has expired, allowing for clocks
 * that differ by 5 minutes, or by a day if only the day is known. */
bool credential_is_over(const struct credential *c);
/* The subject of its observation. Reads only client_id, name and apart. The caller frees *ret. */
int credential_subject(const struct credential *c, char **ret);

/* Frees the members of *s and zeroes it. */
void observation_clear(struct observation *s);
DEFINE_CLEANUP_IN_PLACE(struct observation, observation_clear)

/* ---- orders ---- */

/* Units that are missing now: for waiting members and for units consumed beyond the allotted ones.
 * waiting may be NUMBER_UNKNOWN, which counts as 0. */
int64_t units_to_unblock(int64_t allotted, int64_t consumed, int64_t waiting);
/* The smallest number of additional units that resolves the alert: all findings are clear by the
 * limits `t` of the larger pool, with the waiting members served. NUMBER_UNKNOWN: no order does.
 * `reference`: units before an open capacity_drop, else NUMBER_UNKNOWN. *ret_below_bp: usage in
 * basis points below which the alert resolves, if usage decides; else NUMBER_UNKNOWN.
 * `trend`: of the demand; NULL: not known. */
int64_t units_to_buy(int64_t allotted, int64_t consumed, int64_t waiting, int64_t reference,
                     const struct trend *trend, const struct threshold t[static RULE_COUNT_],
                     int64_t *ret_below_bp);
