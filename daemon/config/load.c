/* SPDX-License-Identifier: MIT */
/* config/load.c: loads a configuration: options, or the list of problems. */
#include "config/load.h"

#include "base/text.h"
#include <errno.h>
#include <limits.h>
#include <string.h>

#define PRODUCTS_MAX (32 * 1024 * 1024) /* Microsoft's own table is about 1 MiB */

static void tenant_clear(struct tenant_options *t)
{
    walk_free(&conf_tenant, t);
    free(t->graph.name);
    free(t->graph.tenant_id);
    free(t->file);
    free(t->credential);
    free(t->broken);
}

void options_free(struct options *o)
{
    if (!o)
        return;
    for (size_t i = 0; i < o->n_tenants; i++)
        tenant_clear(&o->tenant[i]);
    free(o->tenant);
    for (size_t i = 0; i < o->routes.n_receivers; i++)
        free(o->routes.receiver[i].name);
    free(o->routes.receiver);
    for (size_t i = 0; i < o->n_receivers; i++) {
        free(o->receiver[i].broken);
        free(o->receiver[i].credential);
    }
    walk_free(&conf_root, o);
    products_free(o->products);
    free(o->path);
    free(o);
}

/* ---- one load ---- */

static void load_clear(struct load *l)
{
    report_clear(&l->report);
    conf_walk_clear(&l->walk);
    for (size_t i = 0; i < l->n_sources; i++)
        source_free(l->source[i]);
    free(l->source);
    options_free(l->options);
}

static int load_begin(struct load *l, const char *path, const char *directory)
{
    *l = (struct load){.places = {.directory = directory ? directory : "",
                                  .credentials = directory ? getenv("CREDENTIALS_DIRECTORY") : NULL,
                                  .look = directory != NULL}};
    l->options = calloc(1, sizeof *l->options);
    l->source = calloc(1, sizeof(struct conf_source *));
    if (!l->options || !l->source)
        return -ENOMEM;
    int r = source_new(path, 0, &l->source[0]);
    if (r < 0)
        return r;
    l->n_sources = 1;
    l->top = (struct conf_where){l->source[0], 1};
    l->walk = (struct walk){.report = &l->report, .source = l->source[0], .gravity = CONF_FATAL};
    const char *slash = strrchr(path, '/');
    l->options->path = text_printf("%s/%s", l->places.directory, slash ? slash + 1 : path);
    return l->options->path ? 0 : -ENOMEM;
}

static int load_products(struct load *l)
{
    struct options *o = l->options;
    CLEANUP(free) char *csv = NULL;
    struct failure why;
    size_t len;
    if (!*o->names_file || !l->places.look)
        return 0;
    struct conf_where where = walk_where(&l->walk, MARK_VALUE, &o->names_file, l->top);
    int r = source_read_file(o->names_file, PRODUCTS_MAX, &csv, &len, &why);
    if (r < 0 && r != -ENOMEM) {
        if (!walk_wrong(&l->walk, &o->names_file))
            walk_problem(&l->walk, where, "names_file: %s %s", o->names_file, why.text);
        return 0;
    }
    if (r >= 0)
        r = products_parse(csv, len, &o->products, &why);
    if (r == -ENOMEM)
        return r;
    if (r < 0)
        walk_problem(&l->walk, where,
                     "names_file: %s: %s; take a table in the layout that Microsoft publishes",
                     o->names_file, why.text);
    o->rules.products = o->products;
    return 0;
}

static int load_all(struct load *l)
{
    int r = walk_defaults(&conf_root, l->options, true);
    if (r < 0)
        return r;
    walk_group(&l->walk, config_root_setting(&l->source[0]->config), &conf_root, l->options, "");
    r = load_tenants(l);
    if (r < 0)
        return r;
    l->walk.source = l->source[0];
    l->walk.gravity = CONF_FATAL;
    files_resolve(&l->walk, &l->places, &conf_root, l->options, NULL, l->top, "");
    r = load_products(l);
    if (r < 0)
        return r;
    check_thresholds(l);
    check_overrides(l);
    check_maintenance(l);
    check_alerts(l);
    r = check_rights(l);
    return r < 0 ? r : check_receivers(l);
}

/* Hands over options and problems; `r` is the result so far. */
static int load_end(struct load *l, int r, struct options **ret, struct problems *ret_problems)
{
    bool fatal = report_has(&l->report, CONF_FATAL);
    if (r != -ENOMEM && (l->walk.oom || report_finish(&l->report, ret_problems) < 0))
        r = -ENOMEM;
    if (r >= 0 && fatal)
        r = l->walk.local ? -EAGAIN : -EINVAL;
    if (r >= 0)
        *ret = TAKE(l->options);
    load_clear(l);
    return r < 0 ? r : 0;
}

static int load_text(const char *path, const char *text, size_t len, const char *directory,
                     bool for_service, struct options **ret, struct problems *ret_problems)
{
    struct load l;
    int r = load_begin(&l, path, directory);
    l.places.for_service = for_service;
    if (r >= 0)
        r = source_parse(l.source[0], text, len, CONF_FATAL, &l.report);
    if (r >= 0)
        r = load_all(&l);
    return load_end(&l, r, ret, ret_problems);
}

int options_load_text(const char *path, const char *text, size_t len, const char *directory,
                      struct options **ret, struct problems *ret_problems)
{
    return load_text(path, text, len, directory, false, ret, ret_problems);
}

/* The directory is resolved, so that a relative name keeps its meaning when the working directory
 * changes; the file itself may be a link and is replaced often, so it is not. */
static int directory_of(const char *path, char ret[static PATH_MAX])
{
    const char *slash = strrchr(path, '/');
    CLEANUP(free) char *directory = slash ? strndup(path, (size_t)(slash - path + 1)) : strdup(".");
    if (!directory)
        return -ENOMEM;
    return realpath(directory, ret) ? 0 : -errno;
}

/* A file that cannot be read is one problem, in its first line. */
static int refuse_file(const char *path, const struct failure *why, struct options **ret,
                       struct problems *ret_problems)
{
    struct load l;
    int r = load_begin(&l, path, NULL);
    if (r >= 0)
        report_add(&l.report, CONF_FATAL, l.top, "this file %s", why->text);
    l.walk.local = why->kind == FAILURE_LOCAL;
    return load_end(&l, r, ret, ret_problems);
}

static int load_file(const char *path, bool for_service, struct options **ret,
                     struct problems *ret_problems)
{
    char directory[PATH_MAX];
    CLEANUP(free) char *text = NULL;
    struct failure why;
    size_t len;
    int r = source_read_file(path, SOURCE_MAX, &text, &len, &why);
    if (r >= 0) {
        r = directory_of(path, directory);
        if (r < 0 && r != -ENOMEM)
            (void)failure_set(&why, FAILURE_CONFIG, EINVAL,
                              "lies in a directory that cannot be found; check the path");
    }
    if (r == -ENOMEM)
        return r;
    if (r < 0)
        return refuse_file(path, &why, ret, ret_problems);
    return load_text(path, text, len, directory, for_service, ret, ret_problems);
}

int options_load(const char *path, struct options **ret, struct problems *ret_problems)
{
    return load_file(path, false, ret, ret_problems);
}

int options_check(const char *path, struct options **ret, struct problems *ret_problems)
{
    return load_file(path, true, ret, ret_problems);
}
