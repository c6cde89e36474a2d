/* SPDX-License-Identifier: MIT */
/* model/snapshot.h: the result of one poll of one tenant: a builder, then immutable.
 *
 * A snapshot has sections (the allotment list; each allotment's waiting members; the assignment
 * errors), each complete or unknown by itself: a partly read section is unknown. Memory is
 * bounded by the pools and error groups, not by members: waiting members are folded into a count and
 * the oldest wait, errors into groups by SKU and code. Counts are licences (Graph: Int32). */
#pragma once
#include "base/cleanup.h"
#include "base/clock.h"
#include "model/subscription.h"
#include <stddef.h>

enum section { SECTION_UNKNOWN, SECTION_COMPLETE, SECTION_NOT_OFFERED /* by this source */ };
enum source { SOURCE_NONE, SOURCE_CLOUD_LICENSING, SOURCE_SUBSCRIBED_SKUS };
enum { ASSIGNABLE_USER = 1, ASSIGNABLE_GROUP = 2, ASSIGNABLE_DEVICE = 4 }; /* Graph: assigneeTypes */

struct waiting {
    enum section section;
    int64_t count;
    usec_t oldest_at; /* 0: none waits, or no member has a date */
};

struct allotment {
    char *id;              /* opaque; compared byte-wise. From subscribedSkus: "sku:" + sku id */
    char *sku_id;          /* NULL if absent; GUIDs compare without case */
    char *sku_part_number; /* NULL if absent */
    bool units_known;      /* both counts present and valid, no contradicting duplicate */
    const char *unusable;  /* a literal: the unusable member of the row; NULL: unknown */
    int64_t allotted, consumed; /* consumed above allotted is legal */
    unsigned assignable_to;
    bool subscriptions_known;
    struct subscription *subscriptions;
    size_t n_subscriptions;
    struct waiting waiting;
    bool excluded; /* of the sums, see snapshot_exclude */
};

struct error_group {
    char *sku_id; /* NULL: the group of errors without a SKU */
    char *code;   /* as sent, cleaned; grouped without case */
    int64_t count;
    bool excluded;
};

struct snapshot {
    char *tenant; /* label */
    char *tenant_id;
    enum source source;
    struct instant taken; /* when the poll began */
    enum section allotments, errors;
    struct allotment *allotment; /* sorted by id */
    size_t n_allotments;
    size_t n_skus; /* distinct SKUs of them, without excluded ones */
    struct error_group *error_group; /* sorted by SKU and code */
    size_t n_error_groups;
    int64_t other_errors; /* of kinds beyond SNAPSHOT_ERROR_GROUPS_MAX */
    bool schema_changed; /* every row lacked a required member */
};
void snapshot_free(struct snapshot *s);
DEFINE_CLEANUP(struct snapshot *, snapshot_free)
/* Discards complete sections that are implausible: they become unknown and empty. Waiting members are
 * discarded with the allotments. */
void snapshot_disbelieve(struct snapshot *s, bool allotments, bool errors);
/* Excludes pools, and error groups of SKUs (allotment_id NULL), for which `is_out` returns true, from all
 * sums. They stay in the lists. -ENOMEM. */
int snapshot_exclude(struct snapshot *s,
                     bool (*is_out)(const void *userdata, const char *sku_id,
                                    const char *sku_part_number, const char *allotment_id),
                     const void *userdata);
const struct allotment *snapshot_find(const struct snapshot *s, const char *allotment_id);

/* Sums over complete sections, without excluded items; UNITS_UNKNOWN if a section or an item is unknown. */
#define UNITS_UNKNOWN INT64_MIN
struct snapshot_totals {
    int64_t allotments, allotted, consumed, waiting, errors, skus;
    usec_t oldest_at; /* 0: none or unknown */
};
void snapshot_totals(const struct snapshot *s, struct snapshot_totals *ret);
/* Whether all sections that the source offers are complete. */
bool snapshot_complete(const struct snapshot *s);

/* The builder. Functions return 0 or -ENOMEM; or -E2BIG beyond SNAPSHOT_ALLOTMENTS_MAX, after which the
 * section cannot become complete. */
#define SNAPSHOT_ALLOTMENTS_MAX 200000
#define SNAPSHOT_ERROR_GROUPS_MAX 10000
#define SNAPSHOT_SUBSCRIPTIONS_MAX 200000 /* of separate lists */
struct snapshot_builder;
int snapshot_builder_new(const char *tenant, const char *tenant_id, enum source source,
                         struct instant taken, struct snapshot_builder **ret);
void snapshot_builder_free(struct snapshot_builder *b);
DEFINE_CLEANUP(struct snapshot_builder *, snapshot_builder_free)
/* Takes ownership of *a's members, also on failure. A second row with the same id is dropped if equal;
 * if it differs, the units become unknown. a->waiting is the state so far (see below). */
int snapshot_add_allotment(struct snapshot_builder *b, struct allotment *a);
/* Adds one waiting member of an allotment added before; since_at 0 = unknown. Ignores unknown
 * allotment ids (a pool removed between two requests). */
int snapshot_add_waiting(struct snapshot_builder *b, const char *allotment_id, usec_t since_at);
/* Discards the waiting members of this allotment, because its list is read again from the start. An
 * allotment that came twice needs this before its section can become complete: two chains of pages
 * may have been folded into it. */
void snapshot_reset_waiting(struct snapshot_builder *b, const char *allotment_id);
void snapshot_set_waiting(struct snapshot_builder *b, const char *allotment_id, enum section section);
/* Adds a subscription from a separate list, of an allotment added before; takes ownership of *s's
 * members. A complete list replaces the subscriptions of the rows. While it is unknown, no
 * allotment's subscriptions are known. NOT_OFFERED, the initial state, keeps those of the
 * rows. */
int snapshot_add_subscription(struct snapshot_builder *b, const char *allotment_id,
                              struct subscription *s);
void snapshot_set_subscriptions(struct snapshot_builder *b, enum section section);
/* Kinds beyond SNAPSHOT_ERROR_GROUPS_MAX count in other_errors. */
int snapshot_add_error(struct snapshot_builder *b, const char *sku_id, const char *code);
void snapshot_set_allotments(struct snapshot_builder *b, enum section section);
int64_t snapshot_other_errors(const struct snapshot_builder *b); /* so far */
void snapshot_set_errors(struct snapshot_builder *b, enum section section);
void snapshot_set_schema_changed(struct snapshot_builder *b);
/* Sorts and returns the snapshot; afterwards the builder can only be freed. Drops rows and counts of
 * incomplete sections. So an unknown allotment list has no allotments, and no waiting sections
 * either. */
int snapshot_finish(struct snapshot_builder *b, struct snapshot **ret);
/* Iterates, while building, over allotments whose waiting section is unknown: ids, then NULL. */
const char *snapshot_next_unread(const struct snapshot_builder *b, size_t *cursor);
/* The same for allotments with a complete waiting list of at least `count`; *ret_count is its
 * length. */
const char *snapshot_next_long(const struct snapshot_builder *b, size_t *cursor, int64_t count,
                               int64_t *ret_count);
