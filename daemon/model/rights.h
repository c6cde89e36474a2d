/* SPDX-License-Identifier: MIT */
/* model/rights.h: what one user, group or device may use, and what keeps it from using more.
 *
 * Four sections, each complete, unknown or not offered on its own; what lies in a section that is
 * not complete says nothing. A right is the sum of the assignments of one SKU; its plans are those
 * that can be used. Ids are opaque; GUIDs compare without case. */
#pragma once
#include "base/cleanup.h"
#include "base/clock.h"
#include "model/snapshot.h"

enum principal_kind { PRINCIPAL_USER, PRINCIPAL_GROUP, PRINCIPAL_DEVICE, PRINCIPAL_KIND_COUNT_ };
const char *principal_word(enum principal_kind k); /* "user", ... */

enum plan_state {
    PLAN_ON,      /* listed in the right, or provisioned */
    PLAN_PENDING, /* on its way; the older source only */
    PLAN_OFF,     /* switched off or failed; the older source only, the API leaves it out */
    PLAN_UNCLEAR, /* no status, or a word that is not documented; the older source only */
};
struct right_plan {
    char *id, *name; /* NULL: not said */
    enum plan_state state;
};

struct assignment {
    char *id;
    char *allotment_id, *sku_id, *sku_part_number; /* of the pool; NULL: not asked or not said */
    bool assignee_known;
    char *group_id; /* it comes through this group; NULL with assignee_known: it is a direct one */
    char **disabled_plan;
    size_t n_disabled_plans;
};

struct right_pool { /* one that stands behind a right */
    char *id;
    bool units_known;
    int64_t allotted, consumed;
};
struct right {
    char *id, *sku_id, *sku_part_number; /* NULL: not said */
    bool plans_known;
    struct right_plan *plan;
    size_t n_plans;
    bool assignments_known, pools_known; /* false: not asked or not said */
    struct assignment *assignment;
    size_t n_assignments;
    struct right_pool *pool;
    size_t n_pools;
};

struct principal_wait { /* a place in a waiting room */
    char *allotment_id, *sku_id, *sku_part_number; /* NULL: not said */
    usec_t since_at;                               /* 0: not said */
};
struct principal_error {
    char *code, *message, *sku_id; /* NULL: not said */
    usec_t occurred_at;            /* most recently; 0: not said */
};

enum rights_section {
    RIGHTS_HELD,
    RIGHTS_ASSIGNMENTS,
    RIGHTS_WAITING,
    RIGHTS_ERRORS,
    RIGHTS_SECTIONS_
};
#define RIGHTS_ROWS_MAX 1000 /* of each section; nobody has more, and a list that goes on is bad */
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
/* Takes over what is inside *row, also on failure. -ENOMEM, or -E2BIG beyond the limits. */
int rights_add(struct rights *r, struct right *row);
int rights_add_assignment(struct rights *r, struct assignment *row);
int rights_add_wait(struct rights *r, struct principal_wait *row);
int rights_add_error(struct rights *r, struct principal_error *row);
void rights_drop(struct rights *r, enum rights_section section); /* its rows; it becomes unknown */
/* The section as `from` has it, with its rows, which leave `from`. */
void rights_move(struct rights *to, struct rights *from, enum rights_section section);
void right_clear(struct right *row);
void assignment_clear(struct assignment *row);

/* Whether `wanted`, an id or a part number, means this one. */
bool right_names_sku(const char *wanted, const char *sku_id, const char *part_number);
