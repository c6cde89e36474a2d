/* SPDX-License-Identifier: MIT */
/* rules/options.h: the configuration of the rules. config/ fills it in and owns it; rules only
 * read.
 *
 * usage has min_units because percentages of small pools are too coarse (nine of ten is 90 %);
 * below it usage does not apply, but remaining does. */
#pragma once
#include "model/product.h"
#include "rules/rule.h"

struct label {
    char *key, *value;
};
struct match { /* all must match; globs; NULL matches everything */
    char *tenant, *sku, *allotment, *rule, *severity;
    struct label *label;
    size_t n_labels;
};
enum ignore { IGNORE_NOTHING, IGNORE_ALERTS, IGNORE_ALL };
struct override {
    struct match match;
    enum ignore ignore;
    bool set_ignore;
    struct threshold threshold[RULE_COUNT_]; /* only members named in `set` count */
    int line;                                /* in the configuration, for messages */
};
enum scope { SCOPE_AUTO, SCOPE_ALLOTMENT, SCOPE_SKU };

struct right_need {     /* an entry of usage_rights */
    char *tenant;       /* name or id */
    char *user, *group; /* one is set: an id, or the principal name of a user */
    char *sku;          /* part number or id */
    char **plan;        /* names or ids; no blanks */
    size_t n_plans;     /* 0: the right as a whole is enough */
    bool critical;      /* severity: critical, else warning */
};

struct rule_options {
    struct threshold threshold[RULE_COUNT_]; /* all members set, with defaults */
    enum scope scope;
    bool watch_free_skus;
    usec_t dates_at; /* days begin at this time after local midnight, for rules about dates */
    struct override *override;
    size_t n_overrides;
    struct label *pool_name; /* allotment ids and names, sorted by id (strcmp) */
    size_t n_pool_names;
    const struct products *products; /* borrowed */
    usec_t absence;                  /* alerts.absence */
    struct right_need *right;
    size_t n_rights;
    bool names; /* privacy = "names": alerts show users as configured, not hashed */
};

/* The names, labels and poll settings of one tenant. */
struct tenant_identity {
    char *name, *tenant_id;
    struct label *label;
    size_t n_labels;
    char *timezone;
    usec_t interval; /* between polls */
};
/* The configured name of a pool; NULL: it has none. */
const char *pool_configured_name(const struct rule_options *o, const char *allotment_id);
bool match_glob(const char *glob, const char *text); /* NULL matches everything */
void match_clear(struct match *m); /* frees the members and zeroes *m */
int match_copy(const struct match *src, struct match *ret); /* -ENOMEM leaves *ret empty */
/* Whether a match applies to a pool. sku_id, sku_part_number and allotment_id may be NULL. */
bool match_applies(const struct match *m, const struct tenant_identity *tenant, const char *sku_id,
                   const char *sku_part_number, const char *allotment_id);
/* Fills in the thresholds of one pool (SKU and allotment NULL: of the tenant). Overrides are
 * applied to the defaults from the least to the most specific (labels < tenant < SKU glob < SKU <
 * allotment); of equally specific ones the later wins. Returns what is ignored. */
enum ignore rules_for(const struct rule_options *o, const struct tenant_identity *tenant,
                      const char *sku_id, const char *sku_part_number, const char *allotment_id,
                      struct threshold ret[static RULE_COUNT_]);
/* The same; *ret_line: of the override that sets what is ignored; 0: none does. */
enum ignore rules_for_pool(const struct rule_options *o, const struct tenant_identity *tenant,
                           const char *sku_id, const char *sku_part_number, const char *allotment_id,
                           struct threshold ret[static RULE_COUNT_], int *ret_line);
