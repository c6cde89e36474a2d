/* SPDX-License-Identifier: MIT */
/* model/rights.h: usage rights of one user, group or device, with waits and errors.
 *
 * Four sections, each complete, unknown or not offered by itself; rows of an incomplete section are
 * meaningless. A right is the sum of the assignments of one SKU; its plans are those that can be
 * used. Ids are opaque; GUIDs compare without case. */
#pragma once
#include "base/cleanup.h"
#include "base/clock.h"
#include "model/snapshot.h"

enum principal_kind { PRINCIPAL_USER, PRINCIPAL_GROUP, PRINCIPAL_DEVICE, PRINCIPAL_KIND_COUNT_ };
const char *principal_word(enum principal_kind k); /* "user", ... */

enum plan_state {
    PLAN_ON,      /* listed in the right, or provisioned */
    PLAN_PENDING, /* provisioning; subscribedSkus fallback only */
    PLAN_OFF,     /* disabled or failed; fallback only: the API omits it */
    PLAN_UNCLEAR, /* no status, or an undocumented one; fallback only */
};
struct right_plan {
    char *id, *name; /* NULL: absent */
    enum plan_state state;
};

struct assignment {
    char *id;
    char *allotment_id, *sku_id, *sku_part_number; /* of the pool; NULL: not requested or absent */
    bool assignee_known;
    char *group_id; /* inherited from this group; NULL with assignee_known: direct */
    char **disabled_plan;
    size_t n_disabled_plans;
};

struct right_pool { /* a pool that a right draws on */
    char *id;
    bool units_known;
    int64_t allotted, consumed;
};
struct right {
    char *id, *sku_id, *sku_part_number; /* NULL: absent */
    bool plans_known;
    struct right_plan *plan;
    size_t n_plans;
    bool assignments_known, pools_known; /* false: not requested or absent */
    struct assignment *assignment;
    size_t n_assignments;
    struct right_pool *pool;
    size_t n_pools;
};

struct principal_wait { /* an entry of a waiting list */
    char *allotment_id, *sku_id, *sku_part_number; /* NULL: absent */
    usec_t since_at;                               /* 0: absent */
};
struct principal_error {
    char *code, *message, *sku_id; /* NULL: absent */
    usec_t occurred_at;            /* most recently; 0: absent */
};

enum rights_section {
    RIGHTS_HELD,
    RIGHTS_ASSIGNMENTS,
    RIGHTS_WAITING,
    RIGHTS_ERRORS,
    RIGHTS_SECTIONS_
};
#define RIGHTS_ROWS_MAX 1000 /* of each section; more means a malformed list */
#define RIGHT_PLANS_MAX 1000

struct rights {
    enum source source;
    enum section section[RIGHTS_SECTIONS_];
    struct right *right;
    size_t n_rights;
    struct assignment *assignment;
    size_t n_assignments;
    struct principal_wait *wait;
    size_t n_waits;
    struct principal_error *error;
    size_t n_errors;
};
int rights_new(enum source source, struct rights **ret); /* all unknown and empty; -ENOMEM */
void rights_free(struct rights *r);
DEFINE_CLEANUP(struct rights *, rights_free)
/* Takes ownership of *row's members, also on failure. -ENOMEM, or -E2BIG beyond the limits. */
int rights_add(struct rights *r, struct right *row);
int rights_add_assignment(struct rights *r, struct assignment *row);
int rights_add_wait(struct rights *r, struct principal_wait *row);
int rights_add_error(struct rights *r, struct principal_error *row);
void rights_drop(struct rights *r, enum rights_section section); /* frees its rows; it becomes unknown */
/* Moves the section with its rows; `from` is left with an unknown one. */
void rights_move(struct rights *to, struct rights *from, enum rights_section section);
void right_clear(struct right *row);
void assignment_clear(struct assignment *row);

/* Whether `wanted`, an id or part number, matches. */
bool right_names_sku(const char *wanted, const char *sku_id, const char *part_number);
