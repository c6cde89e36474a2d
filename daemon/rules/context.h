/* SPDX-License-Identifier: MIT */
/* rules/context.h: the names and numbers behind an alert: what messages are made of, what the store
 * keeps with an alert, and what the webhook's `data` contains. Strings are NULL and numbers
 * NUMBER_UNKNOWN where they do not apply or are not known.
 *
 * Each field has one row in CONTEXT_RECORD. New, free, copy and equal here, pack and unpack in
 * deliver/context_json.c follow from the rows.
 *
 * Ownership: the observation, the alert in the registry, its notifications and their lines in the
 * digests of several receivers hold the same context, and none of them outlives the others for
 * sure: the registry replaces an alert while its notifications are being written, a digest ends
 * before or after the alert. So context count their holders. They are written while there is one
 * holder (after context_new or context_copy), and never again once they are shared. The daemon has
 * one thread; so does the count. */
#pragma once
#include "base/cleanup.h"
#include "base/clock.h"
#include "rules/cause.h"
#include "rules/options.h"

#define NUMBER_UNKNOWN INT64_MIN
#define CONTEXT_TENANTS_MAX 20
#define CONTEXT_SUBSCRIPTIONS_MAX \
    20 /* named in a message; a pool with more is summed up in words */

struct context_subscription {
    char *id, *state, *tags;
    int32_t start_date, next_lifecycle_date; /* DATE_UNKNOWN */
};
struct alert_context {
    uint32_t holders;   /* context_share and context_free count; the only field without a row */
    int32_t utc_offset; /* seconds, of the tenant's time zone when the context were taken */
    char *zone;         /* what it was called then, "CEST"; NULL: only the offset is known */
    char *tenant_name, *tenant_id; /* NULL: not about a tenant (delivery) */
    struct label *label;
    size_t n_labels;
    /* the pool; allotment_id NULL under scope = "sku" */
    char *allotment_id, *allotment_name;
    int64_t allotted, consumed, waiting;
    int64_t
        reference; /* units that there were before capacity dropped; NUMBER_UNKNOWN: it did not */
    usec_t oldest_at; /* 0: unknown or nobody */
    char *sku_id, *sku_part_number,
        *sku_name; /* sku_name: display name, else part number, else id */
    struct context_subscription *subscription;
    size_t n_subscriptions; /* those kept, at most CONTEXT_SUBSCRIPTIONS_MAX */
    int64_t units_to_unblock, units_to_buy;
    int64_t ends_below_bp; /* the share of use below which units_to_buy ends the alert, in basis
                            * points; NUMBER_UNKNOWN: another rule decides, or no order ends it */
    char *sibling_name;    /* another pool of the SKU with room */
    int64_t sibling_free;
    int64_t siblings_free; /* units free in all other pools of the SKU, if they keep this pool quiet
                            * although it is beyond limits of its own; else NUMBER_UNKNOWN */
    /* the rest, by kind */
    char *error_code;
    int64_t error_count;
    usec_t errors_since_at; /* when we first saw an error of this group; 0: unknown */
    enum cause cause;       /* of kind poll, service, right, credential, delivery */
    int32_t expires_by_day; /* 1: of expires_at only the day is known, in UTC; it begins then. No
                             * bool: without padding, a test can prove that each byte has a row */
    char *hint;             /* poll, service: what to do */
    char *section;          /* poll, service: which section is not complete, NULL = all */
    char *source; /* poll: what the tenant is read from, "cloud_licensing", "subscribed_skus"; NULL:
                     nothing yet */
    char *host;   /* service: where it fails, for people; poll: the pool whose numbers cannot
                   * be used, and the member */
    int64_t tenants,
        tenants_failing;     /* service: those that it is about, and how many of them fail alike */
    int64_t tenants_read;    /* service: ... of the others were read since these began to fail */
    usec_t failing_since_at; /* service: since when so many do */
    char *receiver;          /* delivery */
    int64_t parked;
    char *principal;     /* right: "user oncall@contoso.com" */
    char *missing_plans; /* right: their names as configured, a blank between them; NULL: the right
                          * as a whole, or nothing */
    char *credential;    /* credential: "client_secret" or "certificate" */
    char *client_id, *file;
    char *used_by;      /* names of the tenants that sign in with it, a line each, at most
                         * CONTEXT_TENANTS_MAX */
    int64_t n_used_by;  /* how many they are */
    usec_t expires_at;  /* 0: unknown */
    usec_t observed_at; /* the poll that these numbers are from */
};

/* ---- the rows ---- */

enum context_type {
    CONTEXT_TEXT,          /* char *; NULL: unknown. A message may cut it short */
    CONTEXT_ID,            /* char *; NULL: unknown. Never cut */
    CONTEXT_NUMBER,        /* int64_t; NUMBER_UNKNOWN */
    CONTEXT_INSTANT,       /* usec_t; 0: unknown */
    CONTEXT_OFFSET,        /* int32_t, seconds east of UTC */
    CONTEXT_DATE,          /* int32_t; DATE_UNKNOWN */
    CONTEXT_FLAG,          /* int32_t, 0 or 1 */
    CONTEXT_CAUSE,         /* enum cause; CAUSE_NONE: unknown. JSON has its word */
    CONTEXT_LABELS,        /* struct label *, followed by its size_t length */
    CONTEXT_SUBSCRIPTIONS, /* struct context_subscription *, followed by its size_t length */
};
enum context_part { /* where in the JSON object a field is, see deliver/context_json.c */
                    CONTEXT_PART_TENANT,
                    CONTEXT_PART_ALLOTMENT,
                    CONTEXT_PART_SKU,
                    CONTEXT_PART_SUBSCRIPTIONS,
                    CONTEXT_PART_UNITS,
                    CONTEXT_PART_REST,
                    CONTEXT_PART_COUNT_
};
struct context_field {
    const char *name; /* the JSON member: stored rows have it, so it never changes */
    enum context_part part;
    enum context_type type;
    size_t at, size;                 /* in the record; of a list: pointer and length */
    const struct context_record *of; /* a list's elements; otherwise NULL */
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
/* The field inside a record, to be read or, if the record may be, written as its type says. */
static inline void *context_at(const void *record, const struct context_field *field)
{
    return (char *)record + field->at;
}

/* ---- all fields at once ---- */

int context_new(struct alert_context **ret); /* all unknown, one holder; -ENOMEM */
int context_copy(const struct alert_context *src,
                 struct alert_context **ret); /* one holder, to be written; -ENOMEM */
struct alert_context *
context_share(struct alert_context *f);     /* one holder more; NULL is NULL. Returns f */
void context_free(struct alert_context *f); /* one holder less; the last one frees */
DEFINE_CLEANUP(struct alert_context *, context_free)
/* observed_at is not compared: the same context read again later are equal. */
bool context_equal(const struct alert_context *a, const struct alert_context *b);
/* Offset and name, into context that have none; -ENOMEM. */
int context_set_zone(struct alert_context *f, const struct zone *zone);
struct zone context_zone(const struct alert_context *f);
/* Name, id and labels, into context that have none; -ENOMEM. */
int context_set_tenant(struct alert_context *f, const struct tenant_identity *tenant);
