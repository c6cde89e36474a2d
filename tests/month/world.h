/* SPDX-License-Identifier: MIT */
/* month/world.h: what is true: tenants with pools, subscriptions and assignment errors, and what
 * Graph shows of them. The same seed makes the same world. It knows nothing of the daemon. */
#pragma once
#include "base/clock.h"
#include "model/snapshot.h"

#define TENANTS 4
#define POOLS 3 /* of a tenant */
#define CODES 2 /* kinds of assignment errors of a tenant */

enum graph_answer {
    GRAPH_WELL,
    GRAPH_DOWN,           /* nothing is read */
    GRAPH_ERRORS_REFUSED, /* one section is refused */
    GRAPH_ROOM_REFUSED,   /* the waiting members of the first pool are */
    GRAPH_EMPTIED,        /* lists without a row */
    GRAPH_ANSWER_COUNT_
};
struct pool {
    char id[40];
    int64_t allotted, consumed, waiting;
    int64_t reference;               /* what it had before units were removed; 0: none were */
    usec_t removed_mono, waiting_at; /* waiting_at: wall time */
    enum subscription_state subscription;
};
struct company {
    char name[8], id[40];
    struct pool pool[POOLS];
    int64_t errors[CODES];
    enum graph_answer answer;
    usec_t answer_until_mono;
};
struct world {
    uint64_t dice;
    struct company company[TENANTS];
};
uint64_t world_dice(struct world *w, uint64_t sides); /* 0 .. sides - 1 */
void world_begin(struct world *w, uint64_t seed);
void world_live(struct world *w); /* half an hour of it, before now */
void world_heal(struct world *w); /* everything becomes well, and Graph shows it */
/* What Graph shows of a tenant now; NULL: nothing. Sections that it refuses are unknown. */
struct snapshot *world_show(const struct company *c);
const char *world_sku(size_t pool);
const char *world_code(size_t code);

/* What the invariants speak of. */
enum subject_kind {
    SUBJECT_POOL,
    SUBJECT_SUBSCRIPTION,
    SUBJECT_ERRORS,
    SUBJECT_TENANT,
    SUBJECT_OTHER
};
struct subject {
    enum subject_kind kind;
    size_t tenant, n; /* n: pool or code */
};
#define SUBJECTS (TENANTS * (2 * POOLS + CODES + 1))
struct subject subject_at(size_t i);
size_t subject_index(struct subject s);
/* Graph shows the section that this subject rests on. */
bool subject_is_read(const struct world *w, struct subject s);
/* A harm that a message must report: how much; 0: none. */
int64_t subject_harm(const struct world *w, struct subject s);
/* "resolved" would be wrong now. */
bool subject_is_unresolved(const struct world *w, struct subject s);
