/* SPDX-License-Identifier: MIT */
/* config/check_sign_in.c: checks the keys of each kind of sign-in, and reads those that a platform
 * sets in the environment. */
#include "config/load.h"

#include "base/clock.h"
#include "base/date.h"
#include "base/text.h"
#include "config/walk_internal.h"
#include <errno.h>
#include <string.h>

/* Azure's workload identity sets these in a container. They are used for this kind of sign-in only,
 * so that a variable cannot change any other. */
static const struct {
    const char *variable, *key;
} PLATFORM[] = {
    {"AZURE_TENANT_ID", "tenant_id"},
    {"AZURE_CLIENT_ID", "client_id"},
    {"AZURE_FEDERATED_TOKEN_FILE", "federated_token_file"},
    {"AZURE_AUTHORITY_HOST", "login_url"},
};

static int take_platform(struct load *l, struct tenant_options *t, struct conf_where where)
{
    for (size_t i = 0; i < N_ELEMENTS(PLATFORM); i++) {
        const struct conf_key *k = conf_key_find(&conf_tenant, PLATFORM[i].key);
        char **at = (char **)((char *)t + k->at);
        const char *value = getenv(PLATFORM[i].variable);
        struct failure why;
        if ((*at && **at) || !value || !*value)
            continue;
        if (k->check && k->check(value, &why) < 0) {
            walk_problem(&l->walk, where, "tenants.%s: %s of the environment: %s", k->name,
                         PLATFORM[i].variable, why.text);
            walk_mark_add(&l->walk, at, MARK_VALUE, where);
            walk_mark_wrong(&l->walk, at); /* marked wrong, not missing */
            continue;
        }
        free(*at);
        *at = strdup(value);
        if (!*at)
            return -ENOMEM;
    }
    return 0;
}

static bool is_empty(const struct tenant_options *t, const struct conf_key *k)
{
    const char *value = *(char *const *)((const char *)t + k->at);
    return !value || !*value;
}

static const char *variable_of(const struct conf_key *k)
{
    for (size_t i = 0; i < N_ELEMENTS(PLATFORM); i++)
        if (strcmp(PLATFORM[i].key, k->name) == 0)
            return PLATFORM[i].variable;
    return NULL;
}

static void say_needed(struct load *l, const struct conf_key *k, enum auth auth,
                       struct conf_where where)
{
    const char *variable = auth == AUTH_WORKLOAD_IDENTITY ? variable_of(k) : NULL;
    walk_problem(&l->walk, where, "tenants has no '%s'%s%s%s; add for example: %s = \"%s\"%s%s",
                 k->name, auth == AUTH_CLIENT_SECRET ? "" : ", which auth = \"",
                 auth == AUTH_CLIENT_SECRET ? "" : conf_auth_name(auth),
                 auth == AUTH_CLIENT_SECRET ? "" : "\" needs", k->name, k->example,
                 variable ? ", or set " : "", variable ? variable : "");
}

/* In the entry itself: tenant_defaults may serve tenants of several kinds. */
static void say_foreign(struct load *l, const struct conf_key *k, enum auth auth,
                        const config_setting_t *given)
{
    unsigned other = (unsigned)__builtin_ctz(k->auth);
    walk_problem(&l->walk,
                 (struct conf_where){l->walk.source, (int)config_setting_source_line(given)},
                 "tenants.%s: auth = \"%s\" does not use it; remove it, or write auth = \"%s\"",
                 k->name, conf_auth_name(auth), conf_auth_name((enum auth)other));
}

/* Both come from the same page of the portal, and one was copied twice. */
static void check_ids(struct load *l, const struct tenant_options *t, struct conf_where where)
{
    if (t->graph.client_id && t->identity.tenant_id &&
        text_equal_nocase(t->graph.client_id, t->identity.tenant_id))
        walk_problem(&l->walk, walk_where(&l->walk, MARK_VALUE, &t->graph.client_id, where),
                     "tenants.client_id: this is the tenant's id; copy the \"Application (client) ID\" that the "
                     "portal shows");
}

static void check_identity(struct load *l, const struct tenant_options *t, struct conf_where where)
{
    const struct graph_options *o = &t->graph;
    bool client = o->client_id && *o->client_id;
    if (client + !!*o->identity_object_id + !!*o->identity_resource_id > 1)
        walk_problem(
            &l->walk, where,
            "tenants: client_id, identity_object_id and identity_resource_id name the same "
            "thing; keep one of them");
}

/* Configured hosts must match the cloud. */
static int check_roots(struct load *l, const struct tenant_options *t, struct conf_where where)
{
    const struct graph_options *o = &t->graph;
    const void *const PARTS[] = {&o->cloud, &o->graph_url, &o->login_url, &o->resource};
    struct origin graph, login;
    struct failure why;
    for (size_t i = 0; i < N_ELEMENTS(PARTS); i++) {
        if (walk_wrong(&l->walk, PARTS[i]))
            return 0;
        where = walk_where(&l->walk, MARK_VALUE, PARTS[i], where);
    }
    int r = graph_roots(o, &graph, &login, &why);
    if (r < 0 && r != -ENOMEM)
        walk_problem(&l->walk, where, "tenants: %s", why.text);
    return r == -ENOMEM ? r : 0;
}

int check_sign_in(struct load *l, struct tenant_options *t, const config_setting_t *entry,
                  struct conf_where where)
{
    enum auth auth = t->graph.auth;
    if (walk_wrong(&l->walk, &t->graph.auth))
        return 0;
    if (auth == AUTH_WORKLOAD_IDENTITY && l->places.look && take_platform(l, t, where) < 0)
        return -ENOMEM;
    for (size_t i = 0; i < conf_tenant.n; i++) {
        const struct conf_key *k = &conf_tenant.key[i];
        const config_setting_t *given = config_setting_get_member(entry, k->name);
        if (k->auth && !(k->auth & 1U << auth)) {
            if (given)
                say_foreign(l, k, auth, given);
            if (k->type == CONF_FILE) /* not read, so it need not exist */
                free(TAKE(*(char **)((char *)t + k->at)));
        } else if (k->needed & 1U << auth && is_empty(t, k) &&
                   !walk_wrong(&l->walk, (const char *)t + k->at)) {
            say_needed(l, k, auth, where);
        }
    }
    check_ids(l, t, where);
    if (auth == AUTH_MANAGED_IDENTITY)
        check_identity(l, t, where);
    return check_roots(l, t, where);
}

void check_sign_in_files(struct load *l, const struct tenant_options *t, struct conf_where where)
{
    const struct graph_options *o = &t->graph;
    if (o->auth != AUTH_CERTIFICATE)
        return;
    const struct assertion_files files = {
        o->certificate_file, o->private_key_file,
        *o->private_key_password_file ? o->private_key_password_file : NULL};
    CLEANUP(assertion_key_free) struct assertion_key *key = NULL;
    struct failure why;
    if (assertion_read(&files, &key, &why) < 0)
        walk_problem(&l->walk, walk_where(&l->walk, MARK_VALUE, &o->certificate_file, where),
                     "tenants.certificate_file: %s%s", why.text, walk_advice(&l->walk, &why, ""));
}

/* The day itself still counts, whatever zone it was written down in. */
void warn_secret_end(struct load *l, const char *path, const char *expires, struct conf_where where)
{
    int32_t day;
    if (date_parse(expires, &day) >= 0 && (usec_t)(day + 2) * USEC_PER_DAY <= clock_now().at)
        report_add(&l->report, CONF_WARNING, where,
                   "%s.client_secret_expires: the secret expired on %s; renew it, or correct the date if it was "
                   "renewed",
                   path, expires);
}

void warn_certificate_end(struct load *l, const char *path, const char *file, struct conf_where where)
{
    char date[RFC3339_MAX];
    usec_t ends_at;
    if (assertion_certificate_expires(file, &ends_at, NULL) >= 0 && ends_at <= clock_now().at)
        report_add(&l->report, CONF_WARNING, where,
                   "%s.certificate_file: the certificate ended on %s, and Entra will refuse it; renew it, upload "
                   "the new one to the app registration, and replace both files",
                   path, date_print((int32_t)(ends_at / USEC_PER_DAY), date));
}

void warn_sign_in_files(struct load *l, const struct tenant_options *t, struct conf_where where)
{
    const struct graph_options *o = &t->graph;
    if (o->auth == AUTH_CLIENT_SECRET)
        warn_secret_end(l, "tenants", t->client_secret_expires,
                        walk_where(&l->walk, MARK_VALUE, &t->client_secret_expires, where));
    if (o->auth == AUTH_CERTIFICATE)
        warn_certificate_end(l, "tenants", o->certificate_file,
                             walk_where(&l->walk, MARK_VALUE, &o->certificate_file, where));
}
