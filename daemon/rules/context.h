/* SPDX-License-Identifier: MIT */
/* rules/context.h: the names and numbers behind an alert. Messages are made of them, the store
 * keeps them with the alert, and the webhook sends them as `data`.
 *
 * Strings are NULL and numbers NUMBER_UNKNOWN if they are unknown or do not apply.
 *
 * Each field has one row in CONTEXT_RECORD. The functions here, and pack and unpack in
 * deliver/context_json.c, are loops over the rows.
 *
 * Ownership: a context is reference-counted (`holders`), because an observation, an alert, its
 * notifications and their lines in digests share it and end in any order. It is written only while
 * it has one holder (after context_new or context_copy). The count is not atomic: the daemon has
 * one thread. */
#pragma once
#include "base/cleanup.h"
#include "base/clock.h"
#include "rules/cause.h"
#include "rules/options.h"

#define NUMBER_UNKNOWN INT64_MIN
#define CONTEXT_TENANTS_MAX 20
#define CONTEXT_SUBSCRIPTIONS_MAX 20 /* of a pool with more, these are the ones in messages */

struct context_subscription {
    char *id, *state, *tags;
    int32_t start_date, next_lifecycle_date; /* DATE_UNKNOWN */
};
struct alert_context {
    uint32_t holders;   /* reference count; the only field without a row */
    int32_t utc_offset; /* seconds east of UTC, of the tenant's time zone at observed_at */
    char *zone;         /* its abbreviation then, "CEST"; NULL: only the offset is known */
    char *tenant_name, *tenant_id; /* NULL: not about one tenant */
    struct label *label;
    size_t n_labels;
    /* the pool; allotment_id is NULL with scope = "sku" */
    char *allotment_id, *allotment_name;
    int64_t allotted, consumed, waiting;
    int64_t reference; /* units before the drop or rise of capacity; NUMBER_UNKNOWN: there is none.
                        * unused: the most units in use, waiting members included */
    usec_t oldest_at;  /* since when the first member waits; 0: unknown, or nobody waits */
    char *sku_id, *sku_part_number;
    char *sku_name; /* display name, else part number, else id */
    struct context_subscription *subscription;
    size_t n_subscriptions; /* at most CONTEXT_SUBSCRIPTIONS_MAX */
    int64_t units_to_unblock, units_to_buy;
    /* Days after observed_at until the pool runs out, see rules/trend.h; NUMBER_UNKNOWN: not predicted */
    int64_t forecast_early, forecast_likely, forecast_late;
    /* Usage in basis points below which the alert resolves after buying units_to_buy;
     * NUMBER_UNKNOWN: another rule decides, or no order resolves it. */
    int64_t ends_below_bp;
    char *sibling_name;    /* the other pool of the SKU with the most free units */
    int64_t sibling_free;  /* its free units */
    int64_t siblings_free; /* free units of all other pools of the SKU, if this pool is beyond its
                            * limits but they keep it quiet; else NUMBER_UNKNOWN */
    /* fields of single kinds */
    char *error_code;
    int64_t error_count;
    usec_t errors_since_at; /* when this daemon first saw an error of the group; 0: unknown */
    enum cause cause;       /* poll, service, right, credential, delivery, inventory */
    int32_t expires_by_day; /* 1: only the day of expires_at is known, in UTC. Not a bool: without
                             * padding, a test can prove that each byte has a row */
    char *hint;             /* poll, service: what happened, and what to do */
    char *section;          /* poll, service: the incomplete section; NULL: the list of pools */
    char *source;           /* poll: "cloud_licensing" or "subscribed_skus"; NULL: none yet */
    char *host; /* service: the host that fails; poll: the pool and member with unusable numbers */
    int64_t tenants, tenants_failing; /* service: of so many tenants, how many fail alike */
    int64_t tenants_read;    /* service: tenants read completely since these began to fail */
    usec_t failing_since_at; /* service: since when so many fail */
    char *receiver;          /* delivery */
    int64_t parked;          /* delivery: entries */
    char *principal;         /* right: "user oncall@contoso.com" */
    char *missing_plans; /* right: names as configured, separated by blanks; NULL: the whole right
                          * is missing, or nothing */
    char *credential;    /* credential: "client_secret" or "certificate" */
    char *client_id, *file;
    char *used_by;      /* credential: names of tenants that sign in with it, one per line, at most
                         * CONTEXT_TENANTS_MAX */
    int64_t n_used_by;  /* credential: the number of all of them */
    char *receivers;    /* credential: names of receivers that sign in with it, one per line; NULL: none */
    usec_t expires_at;  /* credential: 0: unknown */
    usec_t unused_since_at; /* unused: no more than `reference` units were in use since then */
    usec_t observed_at; /* time of the poll that these numbers are from */
};

/* ---- the rows ---- */

enum context_type {
    CONTEXT_TEXT,          /* char *; NULL: unknown. Messages may truncate it */
    CONTEXT_ID,            /* char *; NULL: unknown. Never truncated */
    CONTEXT_NUMBER,        /* int64_t; NUMBER_UNKNOWN */
    CONTEXT_INSTANT,       /* usec_t; 0: unknown */
    CONTEXT_OFFSET,        /* int32_t, seconds east of UTC */
    CONTEXT_DATE,          /* int32_t; DATE_UNKNOWN */
    CONTEXT_FLAG,          /* int32_t, 0 or 1 */
    CONTEXT_CAUSE,         /* enum cause; CAUSE_NONE: unknown. A word in JSON */
    CONTEXT_LABELS,        /* struct label *, followed by its size_t length */
    CONTEXT_SUBSCRIPTIONS, /* struct context_subscription *, followed by its size_t length */
};
enum context_part { /* the JSON object that a field belongs to, see deliver/context_json.c */
                    CONTEXT_PART_TENANT,
                    CONTEXT_PART_ALLOTMENT,
                    CONTEXT_PART_SKU,
                    CONTEXT_PART_SUBSCRIPTIONS,
                    CONTEXT_PART_UNITS,
                    CONTEXT_PART_REST,
                    CONTEXT_PART_COUNT_
};
struct context_field {
    const char *name; /* JSON member; stored contexts have it, so it must not change */
    enum context_part part;
    enum context_type type;
    size_t at, size;                 /* offset in the record, bytes; a list: pointer and length */
    const struct context_record *of; /* the elements of a list; else NULL */
};
struct context_record {
    const struct context_field *field; /* in the order of the JSON members */
    size_t n_fields, size;
};
extern const struct context_record CONTEXT_RECORD, CONTEXT_SUBSCRIPTION_RECORD,
    CONTEXT_LABEL_RECORD;
#define CONTEXT_FIELDS(f, record)                         \
    for (const struct context_field *f = (record)->field; \
         f < (record)->field + (record)->n_fields; f++)
/* Pointer to the field in a record; the type of the field says to what. */
static inline void *context_at(const void *record, const struct context_field *field)
{
    return (char *)record + field->at;
}

/* ---- all fields at once ---- */

/* A new context with one holder and all fields unknown. -ENOMEM */
int context_new(struct alert_context **ret);
/* A deep copy with one holder, which may be written. -ENOMEM */
int context_copy(const struct alert_context *src, struct alert_context **ret);
struct alert_context *context_share(struct alert_context *f); /* adds a holder; returns f or NULL */
void context_free(struct alert_context *f); /* removes a holder; the last one frees */
DEFINE_CLEANUP(struct alert_context *, context_free)
/* Ignores observed_at: a later poll with the same values has an equal context. */
bool context_equal(const struct alert_context *a, const struct alert_context *b);
/* Sets utc_offset and zone, which must not be set yet. -ENOMEM */
int context_set_zone(struct alert_context *f, const struct zone *zone);
struct zone context_zone(const struct alert_context *f);
/* Sets name, id and labels, which must not be set yet. -ENOMEM */
int context_set_tenant(struct alert_context *f, const struct tenant_identity *tenant);
