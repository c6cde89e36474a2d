/* SPDX-License-Identifier: MIT */
/* rules/internal.h: what the files of this room share with each other and with nobody else. */
#pragma once
#include "rules/judge.h"

/* ---- finding.c: one finding from one threshold ---- */

/* State UNKNOWN, or NOT_APPLICABLE if the rule is off; limits and holds as configured. */
void finding_init(struct finding *f, enum rule rule, const struct threshold *t);
/* KNOWN with this value and these levels (keep >= raise); does nothing if the rule is off. */
void finding_set(struct finding *f, int64_t value, enum level raise, enum level keep);
void finding_not_applicable(struct finding *f);
/* The worst level whose limit is on and met: value >= limit, or value <= limit. */
enum level level_at_least(const struct threshold *t, int64_t value);
enum level level_at_most(const struct threshold *t, int64_t value);
/* `level`, or the next lower one that is switched on. */
enum level level_enabled(const struct threshold *t, enum level level);

/* ---- capacity.c: the four findings of a pool, or of a SKU under scope = "sku" ---- */

struct capacity {
    bool units_known;
    int64_t allotted, consumed;
    struct waiting waiting;
};
#define CAPACITY_FINDINGS 4
void capacity_judge(const struct capacity *c, const struct threshold t[static RULE_COUNT_],
                    usec_t now_at, struct finding ret[static CAPACITY_FINDINGS]);
/* Below its own limits for usage and remaining: no finding of the two raises or keeps a level. */
bool capacity_relaxed(const struct finding f[static CAPACITY_FINDINGS]);
/* One of the two raises a level. */
bool capacity_raised(const struct finding f[static CAPACITY_FINDINGS]);
/* The share of use in basis points below which no level of usage is kept; NUMBER_UNKNOWN: no limit
 * is on. */
int64_t usage_clears_below(const struct threshold *t);
/* The finding that says that the pool is gone, or back (`gone` false). */
void gone_judge(const struct threshold t[static RULE_COUNT_], bool gone, int64_t last_consumed,
                struct finding *ret);

/* Days since 1970 by a calendar whose days begin at `begins`, a time of day in a zone that is
 * `utc_offset` seconds east: rules on dates change their mind at an hour when somebody is there. */
int64_t day_of(usec_t at, int32_t utc_offset, usec_t begins);

/* ---- evaluation.c: one call of judge_snapshot or judge_again, and what all rules need ---- */

struct judging {
    const struct judge_context *ctx;
    const struct snapshot *snapshot;
    const struct tenant_memory *before;
    struct tenant_memory *after;
    struct observations *observations;
    size_t observations_size;
    bool list_known; /* the allotment list is complete and believed */
};
usec_t judging_now(const struct judging *j); /* the snapshot's time by the clock of its source */
/* A observation with its context begun (tenant, time), appended; NULL: no memory. Borrowed from j
 * until the next call. Takes over `subject`, also on failure; NULL counts as no memory. */
struct observation *judging_observation(struct judging *j, enum kind kind, char *subject);
int context_begin(const struct judge_context *ctx, usec_t at, struct alert_context **ret);
/* sku_id, sku_part_number and sku_name. */
int context_set_sku(struct alert_context *f, const struct rule_options *o, const char *sku_id,
                    const char *part_number);
int context_add_subscription(struct alert_context *f, const struct subscription *s);
char *lower_case(const char *s); /* ASCII; NULL: no memory */

/* ---- memory.c ---- */

/* What memory holds of it, by id; NULL. */
struct known_pool *memory_pool(const struct tenant_memory *m, const char *id);
bool pool_id_is_of(const char *id, enum source source); /* ids name their source */
int known_pool_copy(const struct known_pool *src, struct known_pool *dst); /* -ENOMEM */
void known_pool_clear(struct known_pool *p);

/* ---- absence.c: what became of the pools that were known ---- */

enum presence {
    PRESENCE_PRESENT,
    PRESENCE_UNKNOWN,  /* the list is not known or not believed, or another source knew it */
    PRESENCE_MISSING,  /* not in the list; not confirmed yet */
    PRESENCE_GONE,     /* confirmed */
    PRESENCE_REPLACED, /* its state moves to a new pool */
    PRESENCE_FORGOTTEN /* gone for so long that nothing more is said */
};
struct presences {
    enum presence *known;           /* by index into before->pool */
    const struct known_pool **past; /* by index into snapshot->allotment: what was known; or NULL */
    const struct known_pool **replaced; /* ... : the pool that this one replaces; or NULL */
};
/* Fills j->after's pools, source, emptied, mass_absence and zero_since. list_known is false
 * afterwards if the list is not believed because of zero_since. */
int absence_judge(struct judging *j, struct presences *ret);
/* All PRESENT and NULL so far: zeros. -ENOMEM; *ret is to be cleared then, too. */
int presences_new(const struct judging *j, struct presences *ret);
void presences_clear(struct presences *f);
static inline void presences_clear_at(struct presences *f)
{
    presences_clear(f);
}

/* ---- drop.c: has a pool fewer units than it had? ---- */

/* What is remembered of each pool of a SKU after this poll, one item of `ret` a pool, in the order
 * of the group; ids are borrowed. */
struct group;
struct groups;
void drops_follow(const struct judging *j, const struct groups *g, const struct group *of,
                  const struct presences *presences, struct known_drop *ret);
/* The finding of a pool, or of the pools of a SKU together; a drop that begins or ends with it is
 * noted in drop[i]. *ret_reference: what it is measured against, NUMBER_UNKNOWN if there is no
 * drop. */
void drop_judge(const struct judging *j, const struct threshold *t, const struct capacity *c,
                struct known_drop *drop, size_t n, struct finding *ret, int64_t *ret_reference);
void drop_unknown(const struct threshold *t, struct finding *ret);
/* Into j->after, unless there is nothing to remember. */
int drop_remember(struct judging *j, const struct known_drop *d);
/* Those of the pools that this poll did not show; sorts the memory. After the pools were judged. */
int drops_carry(struct judging *j);

/* ---- skus.c: the pools of a tenant, SKU by SKU ---- */

struct group {
    const char *key, *sku_id, *part_number; /* borrowed; NULL. key: the id, else the part number */
    size_t first, n;                        /* in groups.order */
    bool free;                              /* by the built-in table */
    const char *name;                       /* for people; NULL if there is none */
};
struct groups {
    const struct snapshot *snapshot;
    size_t *order; /* indices of allotments, by SKU, start date, id */
    struct group *group;
    size_t n;
    /* by index of allotment; filled in by pools_judge */
    bool *silent, *ignored;
    size_t
        *observation; /* its place in judging.observations, from 1 on; 0: it has none of its own */
    const struct known_pool **known; /* one of the memory for each SKU, by SKU */
    size_t n_known;
};
int groups_new(const struct judging *j, struct groups *ret);
void groups_clear(struct groups *g);
static inline void groups_clear_at(struct groups *g)
{
    groups_clear(g);
}
const struct group *groups_find(const struct groups *g, const char *sku_id); /* NULL */
const struct allotment *groups_allotment(const struct groups *g, const struct group *of, size_t i);
/* Part number as the list or, failing that, the memory has it; NULL. */
const char *groups_part_number(const struct groups *g, const char *sku_id);
/* The configured name; else "pool 2 of 3, 50 units, since 2026-01-01"; *ret is NULL for the only
 * pool of its SKU. */
int pool_name(const struct rule_options *o, const struct groups *g, const struct group *of,
              size_t i, char **ret);
bool allotment_is_trial(const struct allotment *a);
/* NULL sorts last; without case. */
int key_compare(const char *a, const char *b);
const char *known_pool_key(const struct known_pool *p);
const char *allotment_key(const struct allotment *a);

/* ---- former.c: pools that only another source lists ---- */

/* Whether this pool is one; `ret_expired`: for so long that nothing more is expected of it. */
bool former_is(const struct judging *j, const struct known_pool *p, bool *ret_expired);
/* Marks the observation of such a pool, and fills in what the present source says of its SKU. After
 * the observations of the listed pools. */
void former_judge(const struct judging *j, const struct groups *g, const struct known_pool *p,
                  const struct threshold t[static RULE_COUNT_], struct observation *s);
/* Forgets those that have expired and that nothing in the present source holds up. After the pools.
 */
void formers_forget(const struct judging *j);

/* ---- siblings.c: the other pools of a SKU ---- */

#define ASSIGNABLE_KINDS (2 * ASSIGNABLE_DEVICE) /* combinations of the ASSIGNABLE_ bits */
#define SIBLINGS_MOST 2                          /* the pool that asks may be one of them */
struct sibling_room {
    size_t at;    /* as in siblings_add */
    int64_t free; /* units that nobody holds or waits for; 0: there is no such pool */
};
/* Backed pools of one SKU that accept the same kinds of member. */
struct sibling_sum {
    size_t n;
    bool unknown; /* units or waiting members of one of them; or the sum leaves its type */
    int64_t allotted, demand; /* units; consumed units and waiting members */
    int64_t free;
    struct sibling_room most[SIBLINGS_MOST]; /* those with the most room */
};
struct siblings {
    struct sibling_sum by_kinds[ASSIGNABLE_KINDS];
    bool missing; /* a known pool of the SKU is not in the list, and not confirmed to be gone */
};
/* Also the pool itself; not those with ignore = "all". `at`: its place among the pools of the SKU.
 */
void siblings_add(struct siblings *s, size_t at, const struct allotment *a,
                  const struct capacity *c);
/* Do usage and remaining of this pool keep quiet? By the limits `t` of the pool, applied to the
 * sums of all that accept its kinds of member: from the clear side on, up to the raise side;
 * anything unknown among the siblings leaves `before`. Never with a known excess, and never unless
 * it is known that nobody waits. */
bool siblings_quiet(const struct siblings *s, const struct allotment *a, const struct capacity *c,
                    const struct threshold t[static RULE_COUNT_], bool before);
/* The other pool with the most room for this pool's kinds of member; the room of all of them. */
struct sibling_room siblings_most(const struct siblings *s, size_t at, const struct allotment *a);
int64_t siblings_free(const struct siblings *s, const struct allotment *a,
                      const struct capacity *c);

/* ---- poll.c: words that the rule service needs, too ---- */

/* Cause, section and hint. */
int poll_context(const struct poll_state *p, const struct tenant_health *h,
                 struct alert_context *f);

/* ---- the kinds ---- */

int pools_judge(struct judging *j, const struct groups *g, const struct presences *presences);
int subscriptions_judge(struct judging *j, const struct groups *g);
int errors_judge(struct judging *j, const struct groups *g);
