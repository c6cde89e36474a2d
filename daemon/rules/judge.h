/* SPDX-License-Identifier: MIT */
/* rules/judge.h: thresholds + snapshot + what was known before -> observations. Pure: no I/O, no
 * clock.
 *
 * A observation is what one poll says about one alert instance: one finding per rule of that
 * instance. A pool has ONE instance (kind capacity) with five findings and, if it is gone, a sixth.
 */
#pragma once
#include "model/rights.h"
#include "rules/context.h"

/* In no particular order. What depends on the kind stands in its row: alerts/kind.h. */
enum kind {
    KIND_CAPACITY,
    KIND_SUBSCRIPTION,
    KIND_ERRORS,
    KIND_POLL,
    KIND_DELIVERY,
    KIND_RIGHT,
    KIND_SERVICE,
    KIND_CREDENTIAL,
    KIND_COUNT_
};

enum finding_state {
    FINDING_UNKNOWN,        /* its section is not known: holds whatever was so */
    FINDING_NOT_APPLICABLE, /* the rule is off, or says nothing about this subject */
    FINDING_KNOWN,
};
struct finding {
    enum rule rule;
    enum finding_state state;
    bool accepted;    /* KNOWN: what was wrong is the new normal: it ends, but did not get better */
    bool not_offered; /* UNKNOWN because the source in use never says it: what was raised stays, but
                       * nothing else waits for it */
    enum level raise; /* KNOWN: by the limits themselves */
    enum level keep;  /* KNOWN: a level already raised is kept up to here (hysteresis); >= raise */
    int64_t value;    /* truncated, never rounded up to a limit; in `unit`; usage: basis points */
    int64_t threshold[LEVEL_COUNT_]; /* in the same unit, by level; NUMBER_UNKNOWN if off */
    enum unit unit;
    usec_t hold_for, keep_firing_for;
    uint32_t min_samples;
};
#define FINDINGS_MAX 6
struct observation {
    enum kind kind;
    char *subject; /* allotment id, SKU id, subscription id, "SKU/code", "" (tenant), receiver name,
                    * "user/NAME/SKU", "CLIENT ID/FILE NAME[/TENANT ID]" */
    struct finding finding[FINDINGS_MAX];
    size_t n_findings;
    struct alert_context *context;
    bool silent;      /* ignore = "alerts" or a free SKU: state is kept, nothing is told */
    char *replaces;   /* subject whose state moves here (a replaced pool); else NULL */
    /* capacity: only another source than the one in use lists this pool. Its findings do not say how the
     * pool is, but what the present source says of its SKU: KNOWN and keep NONE where all pools of the SKU
     * are clear, KNOWN and keep CRITICAL where one is not. `expired`: for longer than MEMORY_KEPT. */
    bool former, expired;
    bool subscription_explains; /* capacity: its subscriptions are not active, their own alert speaks first */
};
struct observations {
    struct observation *observation;
    size_t n;
};
void observations_free(struct observations *s);
DEFINE_CLEANUP(struct observations *, observations_free)

/* How long something that is gone, or that another source knew, stays in memory and yields
 * observations. */
#define MEMORY_KEPT (7 * USEC_PER_DAY)

/* How long consumption of 0 in all pools is not believed where several pools had some. */
#define ZERO_DISBELIEVED USEC_PER_DAY
#define ZERO_POOLS 3 /* so many had units in use */

/* What judging remembers of one known pool between polls; kept by the store, in id order. */
struct known_pool {
    char *id;
    char *sku_id, *sku_part_number;
    int64_t allotted, consumed; /* last known; NUMBER_UNKNOWN */
    usec_t first_seen_at;
    uint32_t absent_polls; /* complete lists in a row without it */
    struct instant absent_since; /* boot 0: it was there last time */
    bool gone;   /* absence was confirmed and spoken about */
    bool silent; /* its last observation was: a trial that vanishes wakes nobody */
    bool blocked; /* only another source lists it, and a pool of its SKU is not clear; not kept */
    bool quiet;  /* scope = "auto": its siblings have room enough, see siblings_quiet */
};
/* ... and of one known subscription: entered its state while watched? */
struct known_subscription {
    char *id;
    enum subscription_state state;
    bool seen_active; /* it was active or in warning while we watched, or dead with units in use */
    bool renews; /* its date was seen to move forward while it was active */
    int32_t next_lifecycle_date;
    struct instant absent_since; /* boot 0: it was there last time */
};
/* ... and of one known group of errors. */
struct known_group {
    char *subject; /* "SKU/code" as in observation.subject */
    char *sku_id;  /* NULL: errors without a SKU */
    char *code;
    usec_t first_seen_at; /* by us; Graph says only when an error last occurred */
    struct instant absent_since; /* boot 0: it was there last time */
};
/* ... and of the capacity that a pool had lately and has no longer. The highest of the last 24 hours
 * is what a drop is measured against; once there is a drop, it stays that until the pool has as much
 * again, or until the smaller number has lasted for so long that it is the new normal. */
struct peak {
    int64_t allotted;
    struct instant left; /* the first poll that showed fewer */
};
#define PEAKS_MAX 4
struct known_drop {
    char *id;             /* of the pool */
    int64_t reference;    /* of the drop that goes on; NUMBER_UNKNOWN: there is none */
    struct instant since; /* its last loss */
    struct peak peak[PEAKS_MAX]; /* highest first, which is oldest first */
    size_t n_peaks;
    int64_t allotted; /* in this poll; for judging only, not kept */
};
#define UNUSABLE_MAX 200
struct tenant_memory {
    struct known_pool *pool;
    size_t n_pools;
    struct known_subscription *subscription;
    size_t n_subscriptions;
    struct known_group *group; /* existed, at most MEMORY_KEPT ago */
    size_t n_groups;
    struct known_drop *drop; /* in id order */
    size_t n_drops;
    enum source source; /* of the last complete list; NONE: this is the first poll */
    bool emptied;        /* zero rows came where there were some; ends when rows return or by forget */
    bool mass_absence;   /* more than half were missing at the last complete list */
    /* For people: a pool of this poll whose numbers cannot be used, and the member; "": none. For
     * judging only, not kept. */
    char unusable[UNUSABLE_MAX];
    /* Consumption fell to 0 in all pools at once, and the list is held as unknown since then; boot
     * 0: it is not. Ends when a pool shows use, or after ZERO_DISBELIEVED, when it is believed. */
    struct instant zero_since;
};
void tenant_memory_free(struct tenant_memory *m);
DEFINE_CLEANUP(struct tenant_memory *, tenant_memory_free)

struct judge_context {
    const struct rule_options *options;
    const struct tenant_identity *tenant;
    struct zone zone; /* the tenant's, at the snapshot's time */
    /* Seconds by which our clock is ahead of the source's, whose moments the snapshot holds; 0: not
     * known, or too little to matter. A clock of ours that jumps makes nobody wait longer. */
    int64_t clock_ahead;
};
/* Samples for every pool, subscription and error group that is or was there, and the memory after
 * this poll (a new value; `before` stays as it is). Handles: unknown sections (observations with
 * UNKNOWN findings for known subjects), absence and replacement, emptied lists, consumption that
 * falls to 0 in all pools (held like an unknown list), change of source (subjects of the other
 * source are UNKNOWN), min_units, scope, free SKUs, `ignore`. IGNORE_ALL subjects yield no
 * observation. Only -ENOMEM. */
int judge_snapshot(const struct judge_context *ctx, const struct snapshot *snapshot,
                   const struct tenant_memory *before, struct observations **ret_observations,
                   struct tenant_memory **ret_after, struct failure *ret_failure);

/* The capacity observations of a snapshot that was judged before, by other options: `memory` is as
 * that judging left it, and stays so but for what a pool's observations look like (silent, quiet).
 * Only -ENOMEM. */
int judge_again(const struct judge_context *ctx, const struct snapshot *snapshot,
                struct tenant_memory *memory, struct observations **ret,
                struct failure *ret_failure);

/* How reading a tenant is going; one per tenant, kept by the store so that a restart does not
 * forget an outage. The runtime updates it after each poll with health_update. */
struct section_health {
    struct instant last_complete; /* boot 0: never */
    uint32_t incomplete_polls;    /* in a row */
};
struct tenant_health {
    struct section_health section[HEALTH_SECTIONS_];
    struct instant first_poll; /* where "for so long" starts when there never was a complete one */
    bool failing;              /* the last poll had a failure */
    enum failure_kind kind;
    char text[384];            /* its one line */
    bool schema_changed, emptied, zero_consumption, mass_absence;
    bool broken_config; /* a broken tenant file or missing secret: not polled at all; text says why */
    enum source source;
    char unusable[UNUSABLE_MAX]; /* of section HEALTH_UNITS: as in tenant_memory; not kept */
    uint32_t api_refusals; /* polls so far whose API was refused and has never answered: for a restart */
    enum failure_kind rights_kind; /* why look-ups of usage_rights fail; kept apart, because they */
    char rights_text[384];         /* are no part of a poll */
};
/* Look-ups of usage_rights have ended; f NULL: all of them have told. */
void health_update_rights(struct tenant_health *h, const struct instant *now,
                          const struct failure *f);
/* Sections that do not count as read, whatever came, because the last answer is not believed: bits
 * 1 << HEALTH_...; *ret_cause: why, NONE if there are none. */
unsigned health_blinds(const struct tenant_health *h, enum cause *ret_cause);
/* f NULL: no failure. Every poll has a snapshot, also one that read nothing. An emptied list that is
 * not believed, zero consumption that is not, and a list whose schema changed, do not count as a
 * complete reading. */
void health_update(struct tenant_health *h, const struct snapshot *snapshot,
                   const struct tenant_memory *after, const struct failure *f);
/* The poll observation of one tenant (kind POLL, subject ""): sign-in or permission refused, schema
 * changed, emptied, zero consumption, mass disappearance, broken configuration: warning at once
 * (hold 0, 1 observation); otherwise by the age of the oldest incomplete section against
 * poll.warning / poll.critical. */
int judge_poll(const struct judge_context *ctx, const struct tenant_health *h,
               const struct instant *now, struct observation *ret, struct failure *ret_failure);
/* The same in short, without allocating: what the tenant's poll alert would be about. */
struct poll_state {
    enum cause cause;    /* NONE: nothing is wrong, or not polled yet */
    enum cause failure_group; /* of the cause */
    const char *section; /* a literal; NULL: all of it */
    enum level level;    /* by the limits of the rule poll */
    usec_t age;          /* since that section was last read completely */
};
void poll_state_of(const struct judge_context *ctx, const struct tenant_health *h,
                const struct instant *now, struct poll_state *ret);

/* Do so many tenants fail alike that it is no matter of single ones? */
struct service_tenant { /* one that is watched, and whose own configuration is whole */
    struct poll_state state;
    const struct tenant_health *health;
    const char *host;  /* where it fails, for people; NULL: not known */
    enum level notified; /* what its own poll alert has told and not taken back */
    usec_t asked_mono; /* when its last poll ended; 0: not since the start of the process, or a sleep */
    usec_t began_mono; /* ... that from which on it fails like this; 0: it did so before the start */
};
/* A tenant that spoke up before keeps its own alert and is left out of all numbers. */
struct service_tally {
    size_t tenants;
    size_t alike[CAUSE_COUNT_]; /* how many fail how, by likeness */
    enum cause most;          /* the likeness of most of them */
    size_t failing;           /* in that way */
    size_t begins;            /* from so many on it is one matter: half, and three */
    size_t lasts;             /* and until there are fewer than so many */
    enum level level;         /* the worst that one of them would have to tell now */
};
void service_count(const struct service_tenant *tenant, size_t n, struct service_tally *ret);
/* How the service alert stands. */
struct service_alert {
    enum cause failure_group; /* what it is about; NONE: it is not up */
    usec_t fell_mono; /* since when fewer than `lasts` fail, or it has ended; 0: it is not so */
};
/* Its own alert keeps still: the service alert speaks for it, or may in a moment, because it is not
 * known yet whether the others fail alike; or it was not asked since that ended. */
bool service_holds(const struct service_tenant *tenant, size_t n, size_t which,
                   const struct service_tally *tally, const struct service_alert *alert,
                   usec_t now_mono);
/* The observation (kind SERVICE, subject ""; it belongs to no tenant). */
int judge_service(const struct service_tenant *tenant, size_t n, const struct service_tally *tally,
                  usec_t keep_firing_for, const struct instant *now, struct observation *ret,
                  struct failure *ret_failure);
/* One receiver with parked entries or switched off: kind DELIVERY. `pager`: critical. */
int judge_delivery(const char *receiver, bool pager, int64_t parked, bool disabled,
                   const struct instant *now, struct observation *ret, struct failure *ret_failure);
/* Does somebody hold what they must? kind RIGHT. `held` NULL, or without its list of rights: not
 * known. `sku_id` and `part_number`: the other name of the SKU, where the tenant's pools tell it. */
int judge_right(const struct judge_context *ctx, const struct right_need *need,
                const struct rights *rights, const char *sku_id, const char *part_number,
                const struct instant *now, struct observation *ret, struct failure *ret_failure);
/* How messages call whom it is about: as configured, or a user by the first 12 hexadecimal digits
 * of the SHA-256 of the name in lower case. -ENOMEM */
int right_principal(const struct rule_options *o, const struct right_need *need, char **ret);
/* Its subject; of a pair of entries with the same one, one is too many. -ENOMEM */
int right_subject(const struct right_need *need, char **ret);

/* A client secret or a certificate, and how signing in with it goes. Borrowed. */
struct credential {
    const char *client_id, *file;
    const char *name; /* of the file as it is configured, without folders */
    const char *apart; /* id of the first tenant that uses it, if another file shares client and name; NULL */
    bool certificate; /* else a client secret */
    const struct tenant_identity *const
        *tenant; /* who signs in with it, in the order of the configuration */
    size_t n_tenants;
    struct zone zone; /* of the first of them */
    usec_t true_at;     /* now, by the clock of Graph */
    usec_t ends_at; /* 0: not known */
    bool ends_by_day; /* only the day was said, which begins at ends_at in UTC: it is the last good one */
    usec_t accepted_at; /* when somebody last signed in with it, by the same clock; 0: not since the start */
    bool works;   /* somebody signed in with it as it lies in its file now, and is not refused */
    bool refused; /* somebody was refused */
    bool open;    /* its own alert was told */
    bool blamed;  /* the alert about a tenant that was refused was told */
};
/* Its observation, kind CREDENTIAL. Days count down to its end. A refused sign-in is another
 * alert's news (rule poll) unless this alert is open and its end has come: then it is this one's,
 * and nobody's else. */
int judge_credential(const struct rule_options *o, const struct credential *c,
                     const struct instant *now, struct observation *ret,
                     struct failure *ret_failure);
/* Whether a sign-in that is refused now is refused because of the end of this credential. */
bool credential_is_over(const struct credential *c);
/* Its subject: of `c` only client_id, name and apart are read. -ENOMEM */
int credential_subject(const struct credential *c, char **ret);
void observation_clear(struct observation *s); /* frees what is inside */
static inline void observation_clear_at(struct observation *s)
{
    observation_clear(s);
} /* CLEANUP(observation_clear) */

/* The order to place now. waiting may be NUMBER_UNKNOWN (taken as 0). */
int64_t units_to_unblock(int64_t allotted, int64_t consumed, int64_t waiting);
/* The smallest order that ends the alert: with so many more units, and those who wait served, every
 * finding of the pool is clear by the limits `t` as they apply to the larger pool. `reference`:
 * what a capacity_drop that is up is measured against, else NUMBER_UNKNOWN. NUMBER_UNKNOWN: no
 * order ends it. *ret_below_bp: the share of use below which it ends, where usage decides; else
 * NUMBER_UNKNOWN. */
int64_t units_to_buy(int64_t allotted, int64_t consumed, int64_t waiting, int64_t reference,
                     const struct threshold t[static RULE_COUNT_], int64_t *ret_below_bp);
