/* SPDX-License-Identifier: MIT */
/* rules/internal.h: interfaces between the files of rules/. Units, ownership and errors are those
 * of rules/judge.h: functions that return int return 0 or -ENOMEM. */
#pragma once
#include "rules/judge.h"

/* ---- finding.c: findings and limits ---- */

/* State UNKNOWN, or NOT_APPLICABLE if the rule is off, with the limits and hold times of `t`. */
void finding_init(struct finding *f, enum rule rule, const struct threshold *t);
/* KNOWN with this value and these levels (keep >= raise). No effect on NOT_APPLICABLE. */
void finding_set(struct finding *f, int64_t value, enum level raise, enum level keep);
void finding_not_applicable(struct finding *f);
/* The worst level whose limit is on and reached: value >= limit, or value <= limit. */
enum level level_at_least(const struct threshold *t, int64_t value);
enum level level_at_most(const struct threshold *t, int64_t value);
/* `level`, or the next lower one whose limit is on. */
enum level level_enabled(const struct threshold *t, enum level level);

/* ---- capacity.c: five findings of a pool, or of a SKU with scope = "sku" ---- */

struct capacity {
    bool units_known;
    int64_t allotted, consumed;
    struct waiting waiting;
    const struct trend *trend; /* of its demand; NULL: not known */
};
#define CAPACITY_FINDINGS 5
/* waiting_age, waiting, usage, remaining, forecast. now_at: by the clock that `waiting` has its times from.
 */
void capacity_judge(const struct capacity *c, const struct threshold t[static RULE_COUNT_],
                    usec_t now_at, struct finding ret[static CAPACITY_FINDINGS]);
/* usage and remaining are known or do not apply, and neither raises or keeps a level. */
bool capacity_relaxed(const struct finding f[static CAPACITY_FINDINGS]);
/* The finding forecast alone. */
void forecast_judge(const struct capacity *c, const struct threshold *t, struct finding *ret);
/* usage or remaining raises a level. */
bool capacity_raised(const struct finding f[static CAPACITY_FINDINGS]);
/* Usage in basis points below which the rule usage is clear; NUMBER_UNKNOWN: no limit is on. */
int64_t usage_clears_below(const struct threshold *t);
/* The finding allotment_gone: the pool is gone, or was and is back (`gone` false). */
void gone_judge(const struct threshold t[static RULE_COUNT_], bool gone, int64_t last_consumed,
                struct finding *ret);

/* ---- evaluation.c: state of one evaluation, and helpers of all rules ---- */

struct tenant_evaluation { /* a call of judge_snapshot or judge_again */
    const struct judge_context *ctx;
    const struct snapshot *snapshot;
    const struct tenant_memory *before;
    struct tenant_memory *after;
    struct observations *observations;
    bool list_known; /* the list of pools is complete and plausible */
    int64_t today;   /* as in rules/dates.h */
    bool waits;
};
usec_t judging_now(const struct tenant_evaluation *e); /* time of the snapshot, by the clock of its source */
/* Appends an observation with tenant, time and zone in its context. NULL: out of memory, also if
 * `subject` is NULL. The result is borrowed from e and valid until the next call. Takes ownership
 * of `subject`, also on failure. */
struct observation *judging_observation(struct tenant_evaluation *e, enum kind kind, char *subject);
/* Appends an event of severity info, with a context like that of an observation. Borrowed in the same
 * way; NULL: out of memory. */
struct info *judging_info(struct tenant_evaluation *e, enum kind kind, enum rule rule, int64_t value);
/* A new context with tenant, time and zone. */
int context_begin(const struct judge_context *ctx, usec_t at, struct alert_context **ret);
/* Sets sku_id, sku_part_number and sku_name. */
int context_set_sku(struct alert_context *f, const struct rule_options *o, const char *sku_id,
                    const char *part_number);
/* Appends a subscription; no effect beyond CONTEXT_SUBSCRIPTIONS_MAX. */
int context_add_subscription(struct alert_context *f, const struct subscription *s);
char *lower_case(char *s); /* in place, ASCII letters only; returns s. NULL yields NULL */
/* Ends a judge function: moves *s to *ret, or if r < 0 (-ENOMEM) frees it. */
int observation_finish(struct observation *s, int r, struct observation *ret, struct failure *f);

/* ---- memory.c ---- */

/* The remembered pool with this id; NULL: there is none. */
struct known_pool *memory_pool(const struct tenant_memory *m, const char *id);
bool pool_id_is_of(const char *id, enum source source); /* the prefix of an id names its source */
int known_pool_copy(const struct known_pool *src, struct known_pool *dst);
void known_pool_clear(struct known_pool *p);

/* ---- demand.c ---- */

/* Computes p->trend, once a day, from the history of these pools together. Days that one of them lacks are
 * unknown. */
void demand_follow(const struct tenant_evaluation *e, const char *const *allotment_id, size_t n,
                   struct known_pool *p);

/* ---- absence.c: which remembered pools are missing ---- */

enum presence {
    PRESENCE_PRESENT,
    PRESENCE_UNKNOWN,  /* the list is unknown or implausible, or another source lists the pool */
    PRESENCE_MISSING,  /* not in the list, not yet for alerts.absence */
    PRESENCE_GONE,     /* not in the list for alerts.absence */
    PRESENCE_REPLACED, /* a new pool of the SKU takes over its state */
    PRESENCE_FORGOTTEN /* absent for MEMORY_RETENTION: no more observations */
};
struct presences {
    enum presence *known; /* by index into before->pool */
    /* By index into snapshot->allotment; borrowed from `before`; NULL: none. */
    const struct known_pool **past;     /* the pool as remembered */
    const struct known_pool **replaced; /* the pool that it replaces */
};
/* Fills in *ret and, in e->after, the pools, source, emptied, mass_absence and zero_since. Clears
 * e->list_known if the list is implausible because of zero_since. *ret must be cleared on failure,
 * too. */
int absence_classify(struct tenant_evaluation *e, struct presences *ret);
/* All pools PRESENT, all pointers NULL. *ret must be cleared on failure, too. */
int presences_new(const struct tenant_evaluation *e, struct presences *ret);
void presences_clear(struct presences *f);
bool presence_is_remembered(enum presence presence); /* UNKNOWN, MISSING or GONE */
DEFINE_CLEANUP_IN_PLACE(struct presences, presences_clear)

/* ---- drop.c: capacity that was lost ---- */

/* Updates the peaks of the pools of a SKU: ret[i] is the state of pool i of the group after this
 * poll. Its id is borrowed. */
struct group;
struct groups;
void drops_follow(const struct tenant_evaluation *e, const struct groups *g, const struct group *of,
                  const struct presences *presences, struct known_drop *ret);
/* The finding capacity_drop of a pool, or of the n pools of a SKU together: `subject` of their
 * observation. Opens and closes drops in drop[i]. *ret_reference: units before the drop; NUMBER_UNKNOWN: there is none. */
void drop_judge(const struct tenant_evaluation *e, const struct threshold *t, const struct capacity *c,
                const char *subject, struct known_drop *drop, size_t n, struct finding *ret, int64_t *ret_reference);
/* The finding of a pool that is not in the list. */
void drop_unknown(const struct threshold *t, struct finding *ret);
/* Copies *d to e->after, unless it is empty. */
int drop_remember(struct tenant_evaluation *e, const struct known_drop *d);
/* Copies the drops of pools that this poll did not list, and sorts e->after->drop. Call it after
 * pools_judge. */
int drops_carry(struct tenant_evaluation *e);

/* The most units of a pool in the last day, or before an open drop; NUMBER_UNKNOWN: it lost none. */
int64_t drop_former(const struct tenant_memory *before, const char *id);

/* ---- skus.c: pools grouped by SKU ---- */

struct group {
    const char *key, *sku_id, *part_number; /* may be NULL; key: the id, else the part number */
    size_t first, n;                        /* range in groups.order */
    bool free;                              /* a free product, by the built-in table */
    const char *name;                       /* display name; NULL: unknown */
};
struct groups {
    const struct snapshot *snapshot;
    const struct tenant_memory *before;
    size_t *order; /* indices of allotments, by SKU, start date, id */
    struct group *group;
    size_t n;
    /* by index of allotment; filled in by pools_judge */
    bool *silent, *ignored;
    size_t *observation; /* index in judging.observations, plus 1; 0: it has no observation */
    /* One remembered pool of each SKU, by SKU; NULL: groups_part_number has not needed it yet. */
    const struct known_pool **known;
    size_t n_known;
};
/* Borrows from e. *ret must be cleared on failure, too. */
int groups_new(const struct tenant_evaluation *e, struct groups *ret);
void groups_clear(struct groups *g);
DEFINE_CLEANUP_IN_PLACE(struct groups, groups_clear)
const struct group *groups_find(const struct groups *g, const char *key); /* NULL: not listed */
/* Pool i of a group. */
const struct allotment *groups_allotment(const struct groups *g, const struct group *of, size_t i);
/* The part number of a SKU from the list, else from the memory; *ret is borrowed; NULL: unknown. */
int groups_part_number(struct groups *g, const char *sku_id, const char **ret);
/* 1: a pool of the SKU was remembered before this poll, or its id is unknown. 0, -ENOMEM */
int groups_was_known(struct groups *g, const struct group *of);
/* The name of a pool: the configured one, else "pool 2 of 3, 50 units, since 2026-01-01". *ret is
 * NULL for the only pool of a SKU. */
int pool_name(const struct rule_options *o, const struct groups *g, const struct group *of,
              size_t i, char **ret);
bool allotment_is_trial(const struct allotment *a); /* all of its subscriptions are trials */
/* Ignores case; NULL sorts last. The second compares elements of an array of keys. */
int key_compare(const char *a, const char *b);
int key_compare_elements(const void *a, const void *b);
const char *known_pool_key(const struct known_pool *p);
const char *allotment_key(const struct allotment *a);

/* ---- former.c: pools that only another source lists ---- */

/* Marks the observation of such a pool, and sets its findings by those of the listed pools of its
 * SKU. Call it after these have their observations. */
void former_judge(const struct tenant_evaluation *e, const struct groups *g, const struct known_pool *p,
                  const struct threshold t[static RULE_COUNT_], struct observation *s);
/* Removes from e->after expired pools whose SKU is clear in the current source. Call it after
 * pools_judge. */
void formers_forget(const struct tenant_evaluation *e);

/* ---- siblings.c: free units of the other pools of a SKU ---- */

#define ASSIGNABLE_KINDS (2 * ASSIGNABLE_DEVICE) /* combinations of the ASSIGNABLE_ bits */
#define SIBLINGS_MOST 2                          /* two: one may be the pool in question */
struct sibling_room {
    size_t at;    /* as in siblings_add */
    int64_t free; /* units not consumed and not waited for; 0: there is no such pool */
};
/* Sums over the pools of a SKU that accept the same kinds of members and have a subscription in
 * force. */
struct sibling_sum {
    size_t n;
    bool unknown;     /* units or waiting members of a pool are unknown, or a sum overflows */
    int64_t allotted; /* units */
    int64_t demand;   /* consumed units and waiting members */
    int64_t free;     /* units */
    struct sibling_room most[SIBLINGS_MOST]; /* the pools with the most free units, descending */
};
struct siblings {
    struct sibling_sum by_kinds[ASSIGNABLE_KINDS];
    bool missing; /* a pool of the SKU is PRESENCE_MISSING */
};
/* Adds a pool; call it for each pool of the SKU without ignore = "all". `at`: its index among them.
 */
void siblings_add(struct siblings *s, size_t at, const struct allotment *a,
                  const struct capacity *c);
/* Whether usage and remaining of this pool raise nothing, because the pools of its SKU that accept
 * its kinds of members, taken together, are within the limits `t` of this pool. With hysteresis:
 * becomes true when the sum is clear, false when it raises; else, and if anything is unknown,
 * `before`. False if the pool has consumed more than it has, or if members wait or may wait. */
bool siblings_quiet(const struct siblings *s, const struct allotment *a, const struct capacity *c,
                    const struct threshold t[static RULE_COUNT_], bool before);
/* The other pool with the most free units for this pool's kinds of members; the sum of all others.
 */
struct sibling_room siblings_most(const struct siblings *s, size_t at, const struct allotment *a);
int64_t siblings_free(const struct siblings *s, const struct allotment *a,
                      const struct capacity *c);

/* ---- poll.c ---- */

/* Sets cause, section and hint. */
int poll_context(const struct poll_state *p, const struct tenant_health *h,
                 struct alert_context *f);

/* ---- pools.c, sku_scope.c, subscriptions.c, errors.c: append the observations of their kinds ----
 */

int pools_judge(struct tenant_evaluation *e, const struct groups *g, const struct presences *presences);
/* Called by pools_judge with scope = "sku". */
int skus_judge(struct tenant_evaluation *e, const struct groups *g, const struct presences *presences);
int subscriptions_judge(struct tenant_evaluation *e, const struct groups *g);
/* One subscription of one pool. */
struct backing {
    const struct subscription *s;
    size_t at; /* of the allotment */
};
/* Appends the event of the rule unused about an active, paid subscription of these n pools, if there is one,
 * and remembers that in *k. `date`: its next one. */
int unused_judge(struct tenant_evaluation *e, const struct groups *g, const struct backing *backing, size_t n,
                 int32_t date, struct known_subscription *k);
/* Appends the events of the rule inventory. */
int inventory_judge(struct tenant_evaluation *e, struct groups *g, const struct presences *presences);
int errors_judge(struct tenant_evaluation *e, struct groups *g);
