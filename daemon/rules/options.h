/* SPDX-License-Identifier: MIT */
/* rules/options.h: what config/ fills in for judging. Owned by whoever made them; rules only read.
 *
 * min_units of usage: below it a percentage says nothing (one of ten is 90 %): usage then does not
 * apply, remaining does. */
#pragma once
#include "model/product.h"
#include "rules/rule.h"

struct label {
    char *key, *value;
};
struct match { /* globs; NULL matches everything */
    char *tenant, *sku, *allotment, *rule, *severity;
    struct label *label; /* each must match */
    size_t n_labels;
};
enum ignore { IGNORE_NOTHING, IGNORE_ALERTS, IGNORE_ALL };
struct override {
    struct match match;
    enum ignore ignore;
    bool set_ignore;
    struct threshold threshold[RULE_COUNT_]; /* only members named in `set` count */
    int line;                                /* of the configuration, for explanations */
};
enum scope { SCOPE_AUTO, SCOPE_ALLOTMENT, SCOPE_SKU };

struct right_need { /* one of usage_rights: who must hold what */
    char *tenant;   /* its name or id */
    char *user, *group; /* one of them is NULL: an id, or a user's principal name */
    char *sku;      /* part number or id */
    char **plan;    /* names or ids; without blanks */
    size_t n_plans;
    bool critical; /* severity of its loss: critical, else warning */
};

struct rule_options {
    struct threshold threshold[RULE_COUNT_]; /* complete: defaults are filled in */
    enum scope scope;
    bool watch_free_skus;
    usec_t dates_at; /* time of day, from local midnight */
    struct override *override;
    size_t n_overrides;
    struct label *pool_name; /* names: allotment id and name, in the order of strcmp on the ids */
    size_t n_pool_names;
    const struct products *products; /* borrowed */
    usec_t absence;                  /* alerts.absence */
    struct right_need *right;
    size_t n_rights;
    bool names; /* privacy = "names": people stand in alerts as they are configured */
};

/* What judging must know of a tenant; part of the options, one per tenant. */
struct tenant_identity {
    char *name, *tenant_id;
    struct label *label;
    size_t n_labels;
    char *timezone;
    usec_t interval; /* of its polls */
};
/* Its configured name; NULL. */
const char *pool_configured_name(const struct rule_options *o, const char *allotment_id);
bool match_applies(const struct match *m, const struct tenant_identity *tenant, const char *sku_id,
                   const char *sku_part_number, const char *allotment_id);
/* The thresholds that hold for one pool (sku and allotment may be NULL: a rule of the tenant):
 * defaults, then overrides from the least to the most specific (labels < tenant < glob SKU < exact
 * SKU < allotment), later ones winning ties. Returns what is ignored. */
enum ignore rules_for(const struct rule_options *o, const struct tenant_identity *tenant,
                      const char *sku_id, const char *sku_part_number, const char *allotment_id,
                      struct threshold ret[static RULE_COUNT_]);
