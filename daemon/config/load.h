/* SPDX-License-Identifier: MIT */
/* config/load.h: what the steps of one loading share. Internal to config/ and its fuzzer. */
#pragma once
#include "config/files.h"

struct load {
    struct options *options;
    struct report report;
    struct walk walk;
    struct file_places places;
    struct conf_source **source; /* [0] is the main file */
    size_t n_sources;
    struct conf_where top; /* line 1 of the main file: where problems without a line belong */
};

/* The main file as bytes. `directory` NULL: nothing on disk is read or looked at, neither
 * tenants.d nor secrets; then `path` only names the text. Otherwise as options_load. */
int options_load_text(const char *path, const char *text, size_t len, const char *directory,
                      struct options **ret, struct problems *ret_problems);

/* tenants.c: tenant_defaults, tenants and tenants.d. -ENOMEM. */
int load_tenants(struct load *l);
/* check_sign_in.c: what a tenant's kind of sign-in needs, and what it has no use for. The first
 * before the names of files are resolved, the others after. -ENOMEM. */
int check_sign_in(struct load *l, struct tenant_options *t, const config_setting_t *entry,
                  struct conf_where where);
void check_sign_in_files(struct load *l, const struct tenant_options *t, struct conf_where where);
void warn_sign_in_files(struct load *l, const struct tenant_options *t, struct conf_where where);
/* Warn of what has expired. `path`: "tenants" or "receivers". */
void warn_secret_end(struct load *l, const char *path, const char *expires, struct conf_where where);
void warn_certificate_end(struct load *l, const char *path, const char *file, struct conf_where where);
/* check.c, check_receivers.c: what no single key can know. Fill in what depends on other keys. */
void check_thresholds(struct load *l);
void check_overrides(struct load *l);
void check_maintenance(struct load *l);
void check_alerts(struct load *l);
int check_rights(struct load *l);    /* -ENOMEM */
int check_receivers(struct load *l); /* -ENOMEM */
void warn_receivers(struct load *l); /* warn_receivers.c: of those in the file; names are right */
/* A match that names one tenant, rule or receiver must name one that there is. */
void check_match(struct load *l, const struct match *m, const char *path, struct conf_where where);
/* check_info.c: matches of severity info that have no effect. */
void check_info_route(struct load *l, const struct route *route, struct conf_where where);
void check_info_silence(struct load *l, const struct match *m, struct conf_where where);
/* The same for a key of its own: `path` and `key` are "overrides" and ".match.tenant". */
void check_tenant(struct load *l, char *const *name, const char *path, const char *key,
                  struct conf_where where);
/* What names a SKU must not be the name of a product: that matches nothing, and nobody hears of it. */
void check_sku(struct load *l, char *const *sku, const char *path, const char *key,
               struct conf_where where);
