/* SPDX-License-Identifier: MIT */
/* rules/cause.h: the causes of alerts, with the texts and properties of those of failing polls.
 *
 * Messages (detail.cause) and the database have a cause as a word, the code has it as this enum.
 * Everything that depends on the cause is a column of one table. All strings are static. Pure. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

/* The sections of a tenant: what its polls and look-ups read. */
enum health_section {
    HEALTH_ALLOTMENTS, /* the list of pools; the other sections need it */
    HEALTH_WAITING,
    HEALTH_ERRORS,
    HEALTH_UNITS,                   /* the numbers of each pool, if the list was read */
    HEALTH_STORED_,                 /* the sections from here on are not stored */
    HEALTH_RIGHTS = HEALTH_STORED_, /* the look-ups of usage_rights */
    HEALTH_SECTIONS_
};
const char *section_word(enum health_section s);     /* context.section; NULL: HEALTH_ALLOTMENTS */
enum health_section section_parse(const char *word); /* NULL, unknown words: HEALTH_ALLOTMENTS */

enum cause {
    CAUSE_NONE, /* has no word: nothing is wrong, or the reason is unknown */
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
    /* capacity: only in the alert's notified_cause */
    CAUSE_ALLOTMENT_GONE,
    CAUSE_CAPACITY_DROP,
    /* right */
    CAUSE_WAITING,
    CAUSE_ASSIGNMENT_ERROR,
    CAUSE_NOT_ASSIGNED,
    CAUSE_PLAN_DISABLED,
    CAUSE_ASSIGNED,
    /* credential */
    CAUSE_ENDED, /* expired, but still accepted */
    CAUSE_REFUSED,
    /* delivery */
    CAUSE_DISABLED,
    CAUSE_PARKED,
    CAUSE_FAILING,
    /* inventory */
    CAUSE_SKU_NEW,
    CAUSE_POOL_NEW,
    CAUSE_TRIAL_BEGAN,
    CAUSE_CAPACITY_ROSE,
    CAUSE_COUNT_
};
const char *cause_word(enum cause c); /* "auth", ...; NULL: CAUSE_NONE */
/* CAUSE_NONE for NULL and unknown words, such as those of a newer version. */
enum cause cause_parse(const char *word);
/* The database stores this hash of the word; 0: CAUSE_NONE. Unknown hashes give CAUSE_NONE. */
uint64_t cause_hash(enum cause c);
enum cause cause_from_hash(uint64_t hash);

/* Texts of the member `hint`: what happened, and what to do about it. */
struct cause_hint {
    const char *what, *next;
};
/* A row of the table. Only causes of kind poll have more than a word. */
struct cause_row {
    const char *word;
    /* Rule service: tenants whose causes have the same group fail for the same reason. All
     * temporary failures are one group: one outage shows as time-outs, 503s or login pages. */
    enum cause failure_group;
    bool passes;     /* temporary; a change to it makes no update */
    bool at_once;    /* warns at once, without waiting for poll.warning */
    unsigned discards; /* sections that count as unread: bits 1 << HEALTH_... */
    /* "the licences have not been read for 5 min: BECAUSE", by section; NULL: as for the
     * allotments. */
    const char *because[HEALTH_SECTIONS_];
    /* Replace the whole sentence; NULL: they do not. */
    const char *tenant_says; /* in an alert about one tenant */
    const char *tenants_say; /* after "3 of 5 tenants" in an alert of the rule service */
    struct cause_hint hint;
    struct cause_hint other; /* for the special case of the cause, see find_hint in poll.c */
};
const struct cause_row *cause_row(enum cause c);
