/* SPDX-License-Identifier: MIT */
/* rules/facts.h: the names and numbers that stand behind an alert, as plain owned data.
 *
 * They are what a message is made of, what the store keeps with an alert (so that it can still
 * speak after a restart), and what ends up in the webhook's `data`. Strings are NULL and numbers
 * FACT_UNKNOWN where they do not apply or are not known. */
#pragma once
#include "base/cleanup.h"
#include "rules/cause.h"
#include "rules/options.h"

#define FACT_UNKNOWN INT64_MIN
#define FACT_TENANTS_MAX 20
#define FACT_SUBSCRIPTIONS_MAX 20 /* named in a message; a pool with more is summed up in words */

struct fact_subscription {
    char *id, *state, *tags;
    int32_t start_date, next_lifecycle_date; /* DATE_UNKNOWN */
};
struct facts {
    char *tenant_name, *tenant_id; /* NULL: not about a tenant (delivery) */
    struct label *label;
    size_t n_labels;
    int32_t utc_offset; /* seconds, of the tenant's time zone when the facts were taken */
    /* the pool; allotment_id NULL under scope = "sku" */
    char *allotment_id, *allotment_name;
    int64_t allotted, consumed, waiting;
    int64_t reference; /* units that there were before capacity dropped; FACT_UNKNOWN: it did not */
    usec_t oldest_at; /* 0: unknown or nobody */
    char *sku_id, *sku_part_number, *sku_name; /* sku_name: display name, else part number, else id */
    struct fact_subscription *subscription;
    size_t n_subscriptions; /* those kept, at most FACT_SUBSCRIPTIONS_MAX */
    int64_t units_to_unblock, units_to_buy;
    char *sibling_name; /* another pool of the SKU with room */
    int64_t sibling_free;
    /* the rest, by kind */
    char *error_code;
    int64_t error_count;
    usec_t errors_since_at; /* when we first saw an error of this group; 0: unknown */
    enum cause cause;   /* of kind poll, service, right, credential, delivery */
    char *hint;         /* poll, service: what to do */
    char *section;      /* poll, service: which section is not complete, NULL = all */
    char *source;       /* poll: what the tenant is read from, "cloud_licensing", "subscribed_skus"; NULL: nothing yet */
    char *host;         /* service: where it fails, for people */
    int64_t tenants, tenants_failing; /* service: those that it is about, and how many of them fail alike */
    int64_t tenants_read;    /* service: ... of the others were read since these began to fail */
    usec_t failing_since_at; /* service: since when so many do */
    char *receiver;     /* delivery */
    int64_t parked;
    char *principal;     /* right: "user oncall@contoso.com" */
    char *missing_plans; /* right: their names as configured, a blank between them; NULL: the right
                          * as a whole, or nothing */
    char *credential;    /* credential: "client_secret" or "certificate" */
    char *client_id, *file;
    char *used_by;       /* names of the tenants that sign in with it, a line each, at most
                          * FACT_TENANTS_MAX */
    int64_t n_used_by;   /* how many they are */
    usec_t expires_at;   /* 0: unknown */
    bool expires_by_day; /* only the day is known: in UTC, the one that begins at expires_at */
    usec_t observed_at; /* the poll that these numbers are from */
};
int facts_new(struct facts **ret); /* all unknown; -ENOMEM */
int facts_copy(const struct facts *src, struct facts **ret);
void facts_free(struct facts *f);
DEFINE_CLEANUP(struct facts *, facts_free)
