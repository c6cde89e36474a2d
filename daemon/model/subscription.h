/* SPDX-License-Identifier: MIT */
/* model/subscription.h: a subscription that backs a pool (Graph: cloudLicensing subscription).
 *
 * Words that Graph may add later are kept as cleaned text; a rule that needs their meaning yields
 * "unknown". Dates are days since 1970-01-01, UTC. */
#pragma once
#include "base/failure.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum subscription_state { /* in order of badness, as `state` may list several */
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
    int64_t licenses; /* that it brought; 0: this source does not say */
    int32_t start_date, next_lifecycle_date;
};

/* "active", or a comma list -> the worst; -1 words -> SUBSCRIPTION_UNKNOWN. Never fails. */
enum subscription_state subscription_state_parse(const char *text);
const char *subscription_state_word(enum subscription_state state); /* "active"; NULL: UNKNOWN */
bool subscription_tags_trial(const char *text);
/* Whether both say the same of the same subscription, whatever the words were. */
bool subscription_equal(const struct subscription *a, const struct subscription *b);
/* Equal ones are kept once, in their order. -EEXIST: two with one id differ, and which of them is
 * true is unknown; -ENOMEM. */
int subscriptions_unify(struct subscription *list, size_t *n);
void subscription_clear(struct subscription *s); /* frees what is inside */
void subscriptions_free(struct subscription *s, size_t n);
