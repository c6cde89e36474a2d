/* SPDX-License-Identifier: MIT */
/* rules/cause.h: why an alert is up, and for the causes of a failing poll what follows from it.
 *
 * A cause is one word in messages (detail.cause) and in the database; inside it is this enum, and
 * everything that depends on it is a column of one table. Pure. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

/* The parts of a tenant that are read. */
enum health_section {
    HEALTH_ALLOTMENTS, /* everything rests on it */
    HEALTH_WAITING,
    HEALTH_ERRORS,
    HEALTH_UNITS,                   /* the numbers of each pool, where the list is read */
    HEALTH_STORED_,                 /* what follows begins anew with the process */
    HEALTH_RIGHTS = HEALTH_STORED_, /* the look-ups of usage_rights */
    HEALTH_SECTIONS_
};
const char *section_word(enum health_section s);     /* context.section; NULL for the allotments */
enum health_section section_parse(const char *word); /* NULL and unknown words: the allotments */

enum cause {
    CAUSE_NONE, /* no word: nothing is wrong, or nobody knows why */
    /* poll, service */
    CAUSE_NETWORK,
    CAUSE_UNAVAILABLE,
    CAUSE_THROTTLED,
    CAUSE_PROTOCOL,
    CAUSE_STALE,
    CAUSE_LOCAL,
    CAUSE_AUTH,
    CAUSE_PERMISSION,
    CAUSE_CONFIG,
    CAUSE_SCHEMA_CHANGED,
    CAUSE_EMPTIED,
    CAUSE_ZERO_CONSUMPTION,
    CAUSE_ABSENT,
    CAUSE_REQUEST,
    CAUSE_PERMANENT,
    CAUSE_SECURITY,
    CAUSE_MASS_DISAPPEARANCE,
    CAUSE_UNUSABLE_NUMBERS,
    /* capacity: only in alert.notified_cause */
    CAUSE_ALLOTMENT_GONE,
    CAUSE_CAPACITY_DROP,
    /* right */
    CAUSE_WAITING,
    CAUSE_ASSIGNMENT_ERROR,
    CAUSE_NOT_ASSIGNED,
    CAUSE_PLAN_DISABLED,
    CAUSE_ASSIGNED,
    /* credential */
    CAUSE_ENDED, /* and still accepted */
    CAUSE_REFUSED,
    /* delivery */
    CAUSE_DISABLED,
    CAUSE_PARKED,
    CAUSE_COUNT_
};
const char *cause_word(enum cause c); /* "auth", ...; NULL: CAUSE_NONE */
/* NULL and words of a newer version are CAUSE_NONE. */
enum cause cause_parse(const char *word);
/* As in the database, which has kept a hash of the word since its first version; 0: CAUSE_NONE. An
 * unknown hash is CAUSE_NONE. */
uint64_t cause_hash(enum cause c);
enum cause cause_from_hash(uint64_t hash);

/* What happened, and what to do about it. */
struct cause_hint {
    const char *what, *next;
};
/* A row of the table; only causes of kind poll have more than their word. */
struct cause_row {
    const char *word;
    /* Tenants whose causes have the same likeness fail alike (rule service). All that pass by
     * themselves are alike: an outage is a time-out here, a 503 there, and a login page elsewhere.
     */
    enum cause failure_group;
    bool passes;     /* comes and goes by itself; a change to it is no message */
    bool at_once;    /* warning at once, without waiting for poll.warning */
    unsigned blinds; /* sections that do not count as read, whatever came: bits 1 << HEALTH_... */
    const char
        *because[HEALTH_SECTIONS_]; /* ": BECAUSE", by section; NULL: as for the allotments */
    /* The whole condition, instead of how long what has not been read because of what. */
    const char *tenant_says; /* in an alert of one tenant */
    const char *tenants_say; /* " ..." after "3 of 5 tenants" in an alert of the rule service */
    struct cause_hint hint;
    struct cause_hint other; /* the same word for the case that find_cause knows of */
};
const struct cause_row *cause_row(enum cause c);
