/* SPDX-License-Identifier: MIT */
/* model/subscription.h: a subscription that backs a pool (Graph: cloudLicensing subscription).
 *
 * Values that Graph may add later are kept as cleaned text; a rule that needs them yields
 * "unknown". Dates are days since 1970-01-01, UTC. */
#pragma once
#include "base/failure.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum subscription_state { /* in ascending severity: `state` may list several */
    SUBSCRIPTION_UNKNOWN,
    SUBSCRIPTION_ACTIVE,
    SUBSCRIPTION_WARNING,
    SUBSCRIPTION_SUSPENDED,
    SUBSCRIPTION_LOCKED_OUT,
    SUBSCRIPTION_DELETED,
};
#define DATE_UNKNOWN INT32_MIN

struct subscription {
    char *id;
    enum subscription_state state; /* the worst member listed; UNKNOWN if any member is unknown */
    char *state_text;              /* as Graph wrote it, cleaned */
    char *tags_text;               /* "none", "trial", ...; cleaned; NULL if absent */
    bool trial;
    int64_t licenses; /* number it includes; 0: unknown from this source */
    int32_t start_date, next_lifecycle_date;
};

/* "active", or a comma list -> the worst; an unknown value -> SUBSCRIPTION_UNKNOWN. Never fails. */
enum subscription_state subscription_state_parse(const char *text);
const char *subscription_state_word(enum subscription_state state); /* "active"; NULL: UNKNOWN */
bool subscription_tags_trial(const char *text);
/* Whether both describe the same subscription equally, ignoring the texts. */
bool subscription_equal(const struct subscription *a, const struct subscription *b);
/* Removes duplicates, keeping the order. -EEXIST: two with the same id differ, and it is unknown which
 * is right; -ENOMEM. */
int subscriptions_unify(struct subscription *list, size_t *n);
void subscription_clear(struct subscription *s); /* frees the members */
void subscriptions_free(struct subscription *s, size_t n);
