/* SPDX-License-Identifier: MIT */
/* config/tenants.c: reads the tenants of the main file and of tenants.d.
 *
 * A problem of one tenant does not stop the others. A missing secret, or a mistake in tenants.d,
 * breaks that tenant only. So does a mistake in an entry of the main file, unless no tenant is
 * right: then it is fatal, because somebody is writing a first configuration. */
#include "config/load.h"

#include "base/array.h"
#include "base/text.h"
#include <dirent.h>
#include <errno.h>
#include <string.h>

#define TENANTS_DIRECTORY "tenants.d"
#define SLOW_POLL (30 * USEC_PER_SEC)

/* ---- the files of tenants.d ---- */

static int is_tenant_file(const struct dirent *d)
{
    size_t len = strlen(d->d_name);
    return d->d_name[0] != '.' && len > 5 && strcmp(d->d_name + len - 5, ".conf") == 0;
}

/* Not alphasort(): the order must not depend on a locale. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int add_source(struct load *l, const char *path, struct conf_source **ret)
{
    if (array_room(&l->source, l->n_sources, sizeof *l->source) < 0)
        return -ENOMEM;
    int r = source_new(path, (unsigned)l->n_sources, ret);
    if (r >= 0)
        l->source[l->n_sources++] = *ret;
    return r;
}

static int read_tenant_file(struct load *l, const char *name)
{
    struct conf_source *source;
    struct failure why;
    CLEANUP(free) char *text = NULL;
    CLEANUP(free) char *shown = NULL;
    size_t len;
    const char *main_path = source_path(l->source[0]), *slash = strrchr(main_path, '/');
    CLEANUP(free)
    char *path = text_printf("%s/" TENANTS_DIRECTORY "/%s", l->places.directory, name);
    shown = text_printf("%.*s" TENANTS_DIRECTORY "/%s", slash ? (int)(slash - main_path + 1) : 0,
                        main_path, name);
    if (!path || !shown || add_source(l, shown, &source) < 0)
        return -ENOMEM;
    int r = source_read_file(path, SOURCE_MAX, &text, &len, &why);
    if (r == -ENOMEM)
        return r;
    if (r < 0) {
        report_add(&l->report, CONF_TENANT, (struct conf_where){source, 1}, "this file %s",
                   why.text);
        source->unreadable = true;
        return 0;
    }
    r = source_parse(source, text, len, CONF_TENANT, &l->report);
    source->unreadable = r < 0;
    return r == -ENOMEM ? r : 0;
}

static int read_directory(struct load *l)
{
    struct dirent **entry = NULL;
    CLEANUP(free) char *path = text_printf("%s/" TENANTS_DIRECTORY, l->places.directory);
    if (!path)
        return -ENOMEM;
    int n = scandir(path, &entry, is_tenant_file, by_name), r = 0;
    if (n < 0) {
        if (errno == ENOMEM)
            return -ENOMEM;
        if (errno == ENOENT)
            return 0;
        report_add(&l->report, CONF_TENANT, l->top,
                   TENANTS_DIRECTORY " cannot be read: %s; make it readable by the daemon's user",
                   strerror(errno));
        l->options->tenants_incomplete = true;
        return 0;
    }
    for (int i = 0; i < n; i++) {
        if (r >= 0)
            r = read_tenant_file(l, entry[i]->d_name);
        free(entry[i]);
    }
    free(entry);
    return r;
}

/* ---- one tenant ---- */

static enum conf_gravity gravity_of(const struct conf_source *s)
{
    return source_order(s) == 0 ? CONF_MISTAKE : CONF_TENANT;
}

/* "tenants.d/x.conf:3": a name for an entry whose own cannot be used. */
static int name_by_place(struct tenant_options *t, struct conf_where where)
{
    const char *path = source_path(where.source), *cut = path;
    for (const char *c = path; *c; c++)
        if (*c == '/' && strncmp(c + 1, TENANTS_DIRECTORY "/", sizeof TENANTS_DIRECTORY) == 0)
            cut = c + 1;
    if (cut == path && strncmp(path, TENANTS_DIRECTORY "/", sizeof TENANTS_DIRECTORY) != 0 &&
        strrchr(path, '/'))
        cut = strrchr(path, '/') + 1;
    char *name = text_printf("%s:%d", cut, where.line);
    char *id = name ? strdup(name) : NULL;
    if (!id) {
        free(name);
        return -ENOMEM;
    }
    free(t->identity.name);
    free(t->identity.tenant_id);
    t->identity.name = name;
    t->identity.tenant_id = id;
    t->nameless = true;
    return 0;
}

/* The earlier tenant that has this one's name or id already, or NULL. */
static const struct tenant_options *twin(const struct options *o, const struct tenant_options *t)
{
    for (const struct tenant_options *other = o->tenant; other < t; other++)
        if (!other->nameless && t->identity.name && t->identity.tenant_id &&
            (text_equal_nocase(other->identity.name, t->identity.name) ||
             text_equal_nocase(other->identity.tenant_id, t->identity.tenant_id)))
            return other;
    return NULL;
}

static void check_twin(struct load *l, const struct tenant_options *t, struct conf_where where)
{
    const struct tenant_options *other = twin(l->options, t);
    if (!other)
        return;
    bool name = text_equal_nocase(other->identity.name, t->identity.name);
    const char *value = name ? t->identity.name : t->identity.tenant_id;
    struct conf_where there = walk_where(&l->walk, MARK_ELEMENT, other, l->top);
    where =
        walk_where(&l->walk, MARK_VALUE, name ? &t->identity.name : &t->identity.tenant_id, where);
    walk_problem(&l->walk, where, "tenants.%s: \"%s\" is already that of the tenant in %s:%d; %s",
                 name ? "name" : "tenant_id", value, source_path(there.source), there.line,
                 name ? "choose another name" : "watch a tenant once");
}

static int copy_for_graph(struct load *l, struct tenant_options *t)
{
    const struct options *o = l->options;
    free(t->graph.name);
    free(t->graph.tenant_id);
    t->graph.name = t->graph.tenant_id = NULL;
    if (text_copy(t->identity.name, &t->graph.name) < 0 ||
        text_copy(t->identity.tenant_id, &t->graph.tenant_id) < 0)
        return -ENOMEM;
    t->graph.requests = o->poll_requests;
    t->graph.timeout = o->poll_timeout;
    if (!t->identity.interval)
        t->identity.interval = o->poll_interval;
    return 0;
}

static const char *credential_file(const struct tenant_options *t)
{
    const char *path = t->graph.auth == AUTH_CERTIFICATE     ? t->graph.certificate_file
                       : t->graph.auth == AUTH_CLIENT_SECRET ? t->graph.client_secret_file
                                                             : NULL;
    const char *slash = path ? strrchr(path, '/') : NULL;
    return slash ? slash + 1 : path;
}

/* With its folder a name loses the prefix that systemd may have put before it. */
static int name_credential(struct tenant_options *t, bool prefixed)
{
    const char *name = credential_file(t);
    if (name && !prefixed && strncmp(name, FILES_PREFIX, sizeof FILES_PREFIX - 1) == 0)
        name += sizeof FILES_PREFIX - 1;
    free(t->credential);
    t->credential = NULL;
    return text_copy(name, &t->credential);
}

static void check_interval(struct load *l, const struct tenant_options *t)
{
    if (t->identity.interval == 0 || t->identity.interval >= SLOW_POLL)
        return;
    report_add(&l->report, CONF_WARNING,
               walk_where(&l->walk, MARK_VALUE, &t->identity.interval, l->top),
               "tenants.interval: Microsoft may throttle polls that are less than 30 s apart; take "
               "\"30s\" or more for daily work");
}

/* Walks the defaults and then the entry itself into *t. */
static int walk_tenant(struct load *l, const config_setting_t *defaults,
                       const config_setting_t *entry, const struct conf_source *source,
                       struct tenant_options *t)
{
    struct walk *w = &l->walk;
    int r = walk_defaults(&conf_tenant, t, false);
    if (r < 0)
        return r;
    w->gravity = gravity_of(source);
    if (defaults) {
        w->source = l->source[0];
        w->quiet = true; /* its problems were reported by load_tenants */
        walk_group(w, defaults, &conf_tenant, t, "tenant_defaults");
        w->quiet = false;
    }
    w->source = source;
    walk_element(w, entry, &conf_tenant, t, "tenants");
    struct conf_where where = {source, (int)config_setting_source_line(entry)};
    walk_required(w, &conf_tenant, t, where, "tenants");
    return check_sign_in(l, t, entry, where);
}

/* The first problem of a file. */
static size_t first_of(const struct load *l, const struct conf_source *s)
{
    size_t i = 0;
    while (i < l->report.n && l->report.entry[i].where.source != s)
        i++;
    return i;
}

static int set_broken(struct load *l, struct tenant_options *t, size_t first, size_t n)
{
    const char *text = report_first(&l->report, first);
    if (!text)
        text = "too many problems; see seatwatchd --check-config";
    t->broken = n > 1 ? text_printf("%s (and %zu more)", text, n - 1) : strdup(text);
    return t->broken ? 0 : -ENOMEM;
}

static int name_file(struct tenant_options *t, const struct conf_source *s)
{
    const char *slash = strrchr(source_path(s), '/');
    if (source_order(s) > 0)
        t->file = text_printf(TENANTS_DIRECTORY "/%s", slash ? slash + 1 : source_path(s));
    return source_order(s) > 0 && !t->file ? -ENOMEM : 0;
}

/* *ret_right: the entry has no mistake; its secret may still be missing. */
static int load_tenant(struct load *l, const config_setting_t *defaults,
                       const config_setting_t *entry, const struct conf_source *source,
                       bool *ret_right)
{
    struct options *o = l->options;
    struct tenant_options *t = &o->tenant[o->n_tenants++];
    struct conf_where where = {source, (int)config_setting_source_line(entry)};
    size_t seen = l->report.n_seen, first = l->report.n;
    int r = name_file(t, source);
    if (r >= 0 && config_setting_is_group(entry)) {
        r = walk_tenant(l, defaults, entry, source, t);
    } else if (r >= 0) {
        l->walk.gravity = gravity_of(source);
        walk_problem(&l->walk, where, "tenants: this is no group; write { name = \"...\"; ... }");
    }
    if (r < 0)
        return r;
    check_twin(l, t, where);
    *ret_right = l->report.n_seen == seen && !source->flawed;
    check_interval(l, t);
    if (!t->identity.name || !t->identity.tenant_id || twin(o, t)) {
        o->tenants_incomplete = true;
        r = name_by_place(t, where);
    }
    if (r >= 0)
        r = copy_for_graph(l, t);
    if (r < 0)
        return r;
    size_t before_files = l->report.n_seen, at_files = l->report.n;
    l->walk.gravity = CONF_TENANT;
    const char *configured = credential_file(t);
    bool prefixed = configured && strncmp(configured, FILES_PREFIX, sizeof FILES_PREFIX - 1) == 0;
    if (t->enabled && !t->nameless) /* {tenant_id} would only repeat that it is missing */
        files_resolve(&l->walk, &l->places, &conf_tenant, t, &t->identity, where, "tenants");
    if (name_credential(t, prefixed) < 0)
        return -ENOMEM;
    if (t->enabled && l->places.look && *ret_right && l->report.n_seen == before_files)
        check_sign_in_files(l, t, where);
    size_t missing = l->report.n_seen - before_files;
    if (*ret_right && missing == 0) {
        if (t->enabled && l->places.look)
            warn_sign_in_files(l, t, where);
        return 0;
    }
    if (*ret_right)
        return set_broken(l, t, at_files, missing);
    return set_broken(l, t, source->flawed ? first_of(l, source) : first, l->report.n_seen - seen);
}

/* ---- all tenants ---- */

static const config_setting_t *tenant_list(const struct conf_source *s)
{
    return config_setting_get_member(config_root_setting(&s->config), "tenants");
}

/* A file of tenants.d has tenants and nothing else. What else it has may be a misspelt "tenants",
 * so every tenant of the file is held to be broken. */
static void check_tenant_file(struct load *l, struct conf_source *s)
{
    const config_setting_t *root = config_root_setting(&s->config), *list = tenant_list(s);
    size_t seen = l->report.n_seen;
    for (int i = 0; i < config_setting_length(root); i++) {
        const config_setting_t *e = config_setting_get_elem(root, (unsigned)i);
        if (strcmp(config_setting_name(e), "tenants") != 0)
            report_add(&l->report, CONF_TENANT,
                       (struct conf_where){s, (int)config_setting_source_line(e)},
                       "unknown key '%s'; a file of " TENANTS_DIRECTORY
                       " has tenants = ( { ... } ); and nothing else",
                       config_setting_name(e));
    }
    if (!list)
        report_add(
            &l->report, CONF_TENANT, (struct conf_where){s, 1},
            "there are no tenants in this file; write tenants = ( { ... } ); or remove the file");
    s->flawed = l->report.n_seen > seen || s->scan.n_wide > 0;
}

/* An empty "[ ]" is accepted like "( )". */
static bool is_list(const config_setting_t *list)
{
    return config_setting_is_list(list) ||
           (config_setting_is_array(list) && config_setting_length(list) == 0);
}

static size_t count_entries(const struct conf_source *s)
{
    const config_setting_t *list = tenant_list(s);
    return list && is_list(list) ? (size_t)config_setting_length(list) : 0;
}

/* An unreadable file counts as one broken tenant. */
static int add_nameless(struct load *l, const struct conf_source *s)
{
    struct tenant_options *t = &l->options->tenant[l->options->n_tenants++];
    l->options->tenants_incomplete = true;
    int r = walk_defaults(&conf_tenant, t, false);
    if (r >= 0)
        r = name_by_place(t, (struct conf_where){s, 1});
    if (r >= 0)
        r = copy_for_graph(l, t);
    return r < 0 ? r : set_broken(l, t, first_of(l, s), 1);
}

static int load_source(struct load *l, const config_setting_t *defaults, struct conf_source *s,
                       size_t *n_right)
{
    const config_setting_t *list = s->unreadable ? NULL : tenant_list(s);
    if (list && !is_list(list))
        report_add(&l->report, source_order(s) == 0 ? CONF_FATAL : CONF_TENANT,
                   (struct conf_where){s, (int)config_setting_source_line(list)},
                   "tenants: this is no list; write tenants = ( { ... }, { ... } );");
    if (source_order(s) > 0 && (!list || !is_list(list)))
        return add_nameless(l, s);
    for (size_t i = 0, n = count_entries(s); i < n; i++) {
        bool right = false;
        int r = load_tenant(l, defaults, config_setting_get_elem(list, (unsigned)i), s, &right);
        if (r < 0)
            return r;
        *n_right += right;
    }
    return 0;
}

/* Problems of tenant_defaults are reported once, with the gravity of the main file, not per tenant. */
static int check_defaults(struct load *l, const config_setting_t *defaults)
{
    struct tenant_options scratch = {0};
    size_t marks = l->walk.n_marks;
    l->walk.source = l->source[0];
    l->walk.gravity = CONF_FATAL;
    if (!config_setting_is_group(defaults)) {
        walk_problem(&l->walk,
                     (struct conf_where){l->source[0], (int)config_setting_source_line(defaults)},
                     "tenant_defaults: this is no group; write tenant_defaults = { ... };");
        return 0;
    }
    walk_group(&l->walk, defaults, &conf_tenant, &scratch, "tenant_defaults");
    walk_free(&conf_tenant, &scratch);
    l->walk.n_marks = marks;
    return 0;
}

int load_tenants(struct load *l)
{
    struct options *o = l->options;
    const config_setting_t *root = config_root_setting(&l->source[0]->config);
    const config_setting_t *defaults = config_setting_get_member(root, "tenant_defaults");
    size_t total = 0, n_right = 0;
    int r = defaults ? check_defaults(l, defaults) : 0;
    if (r >= 0 && l->places.look)
        r = read_directory(l);
    if (r < 0)
        return r;
    for (size_t i = 0; i < l->n_sources; i++) {
        if (i > 0 && !l->source[i]->unreadable)
            check_tenant_file(l, l->source[i]);
        total += l->source[i]->unreadable ? 1 : count_entries(l->source[i]) + 1;
    }
    o->tenant = calloc(total ? total : 1, sizeof *o->tenant);
    if (!o->tenant)
        return -ENOMEM;
    if (defaults && !config_setting_is_group(defaults))
        defaults = NULL;
    for (size_t i = 0; i < l->n_sources; i++) {
        r = load_source(l, defaults, l->source[i], &n_right);
        if (r < 0)
            return r;
    }
    if (o->n_tenants == 0)
        report_add(
            &l->report, CONF_FATAL, l->top,
            "no tenant is configured; add tenants = ( { name = \"...\"; tenant_id = \"...\"; "
            "client_id = \"...\"; client_secret_file = \"...\"; } ); here or in a file of "
            "" TENANTS_DIRECTORY);
    report_raise(&l->report, CONF_MISTAKE, n_right == 0 ? CONF_FATAL : CONF_TENANT);
    return 0;
}
