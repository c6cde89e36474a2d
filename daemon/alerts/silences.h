/* SPDX-License-Identifier: MIT */
/* alerts/silences.h: silences, acknowledgements and maintenance windows. Pure.
 *
 * While one of them covers an alert, nothing but its end is notified; its state goes on. It no longer
 * covers an alert that got worse than it was when it was silenced, until that alert is clear once,
 * unless it says `hold`. What alerts were then is in struct silenced, which the store keeps with them.
 *
 * An acknowledgement is a silence of one episode of one alert. A maintenance window is a silence from
 * the configuration. */
#pragma once
#include "alerts/hours.h"
#include "base/digest.h"
#include "rules/judge.h"

#define SILENCES_MAX 1000                  /* stored ones; and as many acknowledgements */
#define SILENCE_LONGEST (366 * USEC_PER_DAY) /* from start to end */
#define SILENCE_TEXT_MAX 1000              /* bytes of author, comment and each part of a match */

struct alert;

struct silence {
    char *id; /* UUIDv7; of a maintenance window its name */
    char *author, *comment;
    struct match match;  /* of the alert as it is now: deciding rule, severity; at least one key */
    char *alert_id;      /* an acknowledgement, of this alert; NULL: a silence */
    uint32_t episode;    /* acknowledgement: of this episode */
    struct instant created; /* maintenance window: unset */
    usec_t start_at;     /* 0: none was given: in force from `created` on */
    usec_t end_at;       /* the first moment after it; 0: without end */
    bool lasts;          /* "for 2h": end_at is a duration after `created`, by the boot-time clock */
    struct hours weekly; /* n_ranges 0: all the time between start and end */
    char *zone;          /* of `weekly`, as in struct tenant_identity; NULL: none */
    int32_t utc_offset;  /* of that zone now, seconds; the caller of a plan keeps it right */
    bool hold;           /* covers alerts that get worse, too */
};
void silence_clear(struct silence *s); /* frees the members and zeroes *s */
DEFINE_CLEANUP_IN_PLACE(struct silence, silence_clear)

struct silences { /* borrowed */
    const struct silence *silence;
    size_t n;
};

/* What an alert was when it was silenced; zero: it is not silenced. */
struct silenced {
    usec_t at; /* wall time; not 0: notifications are suppressed, and what is due when they no longer
                * are is planned by alerts_plan_unsilenced */
    usec_t broken_at; /* when it got worse: silences that were in force then do not cover it; 0: never */
    enum level level;
    enum rule rule;
    int64_t value, waiting;
};

/* A begin and an end that were given hold by the wall clock. One that was made without a begin is in force
 * from then on, and one that `lasts` ends by the boot-time clock, however the wall clock is set. Across boots
 * only the wall clock is known. */

/* Both by the wall clock as it is now; 0: none. */
usec_t silence_begin_at(const struct silence *s, const struct instant *now);
usec_t silence_end_at(const struct silence *s, const struct instant *now);
bool silence_is_over(const struct silence *s, const struct instant *now);
/* It is over, also by the clock that ran when it was made: no correction of the clock puts it in force again. */
bool silence_is_past(const struct silence *s, const struct instant *now);
/* Has begun, is not over, and its weekly hours are open. */
bool silence_is_active(const struct silence *s, const struct instant *now);
/* "silence", "acknowledgement", "maintenance" */
const char *silence_kind(const struct silence *s);
/* The silence in force for this alert, which is firing or recovering; NULL: none. One with `hold`
 * comes first, then an acknowledgement, then the newest. */
const struct silence *silences_find(const struct silences *list, const struct alert *a,
                                    const struct instant *now);
/* The better of two of them by the same order; either may be NULL. */
const struct silence *silences_first(const struct silence *a, const struct silence *b, const struct instant *now);
/* It is an acknowledgement of the present episode of `a`, which has not got worse since. */
bool silence_acknowledges(const struct silence *s, const struct alert *a, const struct instant *now);
/* An acknowledgement that covers nothing any more: its episode is over or got worse. `a`: its alert;
 * NULL: it is gone. */
bool silence_is_spent(const struct silence *s, const struct alert *a, const struct instant *now);
