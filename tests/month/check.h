/* SPDX-License-Identifier: MIT */
/* month/check.h: the invariants, from what is true and from what each receiver got; nothing is
 * asked of the daemon.
 *
 *     I1   A change of an alert has one event, and each receiver that matches gets it once.
 *     I2   A receiver that was notified of an episode gets its resolved notification once.
 *     I3   A receiver gets the events of an alert in order.
 *     I4   A kill loses no event, and repeats at most one id, with the same bytes.
 *     I5   What Graph does not show resolves nothing.
 *     I6   A restart alone says nothing.
 *     I7   A jump of the wall clock by ten years says nothing, and no reminder is early.
 *     I8   The parts of a digest name every event.
 *     I9   No secret is in a message or in the database.
 *     I10  No receiver gets "resolved" while members wait, units that were removed are missing, or a
 *          subscription in use is not active. Unless it is silenced, a new or doubled breach is notified
 *          within two polls and the `for` of its rule, from when Graph, daemon and receiver work.
 */
#pragma once
#include "month/receivers.h"
#include "month/world.h"

#include <stddef.h>

#define INVARIANTS 11 /* from 1 */
#define SECRET "s3cr3t-never-in-a-message"

void check_begin(const struct world *w, usec_t interval);
void check_end(void); /* hours after the last breach: everything was notified, in full, and has resolved */
void check_free(void);

/* ---- what happens ---- */

/* A receiver has accepted a message. Returns its number. */
long check_heard(unsigned receiver, const char *event_id, const char *body, size_t len);
void check_confirmed(unsigned receiver, long message);   /* ... and the daemon has recorded that */
void check_answer_lost(unsigned receiver, long message); /* ... or will never know it */
void check_killed(void);
/* From now on, nothing but reminders may be heard; 0 ends that. Else the number of the invariant.
 */
void check_expect_silence(int invariant);

/* ---- what the test asks ---- */

const char *check_violation(int invariant); /* the first one, in words; NULL: none */
void check_note(int invariant, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
size_t check_messages(void);
size_t check_digests(void);
size_t check_repeats(void);
