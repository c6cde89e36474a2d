/* SPDX-License-Identifier: MIT */
/* month/seeded.h: one mistake for each invariant, between the daemon and the world, that the
 * checker must find. */
#pragma once
#include "deliver/receiver.h"

enum bug {
    BUG_NONE,
    BUG_TWO_EVENTS,            /* I1: a transition has two events */
    BUG_NO_RESOLVED,           /* I2: a resolved event has no receivers */
    BUG_OUT_OF_ORDER,          /* I3: a message is accepted after its successor */
    BUG_DELIVERED_BEFORE_SENT, /* I4: a kill between the two loses the message */
    BUG_UNKNOWN_IS_EMPTY,      /* I5: lists that are not read are empty */
    BUG_FORGETS,               /* I6: a restart begins without alerts */
    BUG_WALL_CLOCK,            /* I7: durations follow the wall clock */
    BUG_SHORT_DIGEST,          /* I8: the last line of a digest is missing */
    BUG_SECRET,                /* I9: a message has the secret */
    BUG_FREE_IS_FINE,          /* I10: members that wait beside free units do not count */
    BUG_COUNT_
};
extern enum bug seeded_bug;

struct seeded_commit {
    struct commit commit;
    struct changes changes;
    struct event *event;
    struct notification *twin;
};
/* The commit to be made instead. Only its first part is changed. */
const struct commit *seeded_commit(const struct commit *c, size_t n, struct seeded_commit *own);
void seeded_commit_free(struct seeded_commit *own);
/* check_heard(), perhaps later. */
long seeded_heard(unsigned receiver, const struct payload *p);
void seeded_reset(void);
