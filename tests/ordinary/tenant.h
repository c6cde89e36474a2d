/* SPDX-License-Identifier: MIT */
/* ordinary/tenant.h: a company like many, and what happens to its licences from one reading to the
 * next: people come and go on working days, seats change hands, subscriptions renew.
 *
 * The same seed gives the same company. What Graph would answer at a moment is written as JSON. */
#pragma once
#include "base/text.h"
#include "base/cleanup.h"
#include "base/clock.h"

enum habit {
    HABIT_STILL,
    HABIT_STAFF, /* joiners and leavers on working days, around the number it began with */
    HABIT_SEAT,  /* a few named seats: one falls free now and then, and is taken again */
    HABIT_CROWD, /* people help themselves, any time */
};
struct pool {
    const char *part, *sku_id; /* borrowed from the product table */
    unsigned number;           /* its ids are made of it */
    int64_t allotted, consumed, usual, swing;
    int64_t waiting;
    usec_t waiting_since_at;
    enum habit habit;
    const char *state, *tags;
    int32_t start_date, next_date, months; /* next_date moves on by so many months; 0: it stays */
    usec_t back_at;                        /* when the free seat is taken again; 0: none is free */
    bool unlisted;
};
#define ERROR_GROUPS 5
struct errors {
    const char *part, *code;
    int64_t usual, count;
};
#define POOLS_MAX 96
struct simulated_tenant {
    uint64_t dice;
    struct pool pool[POOLS_MAX];
    size_t n_pools;
    struct errors errors[ERROR_GROUPS];
    /* what Graph does with whoever asks */
    bool graph_down, errors_down, secret_expired;
};

void tenant_found(struct simulated_tenant *t, uint64_t seed, usec_t now_at);
void tenant_live(struct simulated_tenant *t, usec_t now_at); /* what happens until then, since the last time */
struct pool *tenant_pool(struct simulated_tenant *t, const char *part, unsigned which); /* 0: the first one */
/* The same pool under new ids, as a renewal does it. */
void pool_replace(struct pool *p);
void pool_wait(struct pool *p, int64_t members, usec_t now_at);

/* GET /admin/cloudLicensing/allotments?$expand=waitingMembers and .../assignmentErrors. */
void tenant_allotments(const struct simulated_tenant *t, struct text *ret);
void tenant_errors(const struct simulated_tenant *t, struct text *ret);
