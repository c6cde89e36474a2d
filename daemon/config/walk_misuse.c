/* SPDX-License-Identifier: MIT */
/* config/walk_misuse.c: messages for wrong settings that say what to write instead. */
#include "config/walk_internal.h"

#include <string.h>

const char *walk_type_words(const config_setting_t *s)
{
    switch (config_setting_type(s)) {
    case CONFIG_TYPE_GROUP:
        return "a group";
    case CONFIG_TYPE_LIST:
        return "a list";
    case CONFIG_TYPE_ARRAY:
        return "an array";
    case CONFIG_TYPE_INT:
    case CONFIG_TYPE_INT64:
        return "an integer";
    case CONFIG_TYPE_FLOAT:
        return "a number with a point";
    case CONFIG_TYPE_BOOL:
        return "true or false";
    default:
        return "a string";
    }
}

void walk_wrong_type(struct walk *w, const config_setting_t *s, const struct conf_key *k,
                     const char *path)
{
    CLEANUP(free) char *identity = NULL;
    struct text example = TEXT_INIT(256);
    value_example(k, &example);
    CLEANUP(free) char *shown = text_take(&example);
    if (!shown || conf_key_context(k, &identity) < 0) {
        w->oom = true;
        return;
    }
    identity[strcspn(identity, ";,")] = 0;
    walk_problem(w, walk_here(w, s), "%s: this is %s, but should be: %s; write for example: %s",
                 path, walk_type_words(s), identity, shown);
}

/* "tenant_id, client_id, ..." of a section. */
static char *known_keys(const struct conf_section *s)
{
    struct text t = TEXT_INIT(8192); /* those of all receiver types */
    for (size_t i = 0, n = 0; i < s->n; i++)
        if (s->key[i].type != CONF_REFUSED)
            text_addf(&t, "%s%s", n++ ? ", " : "", s->key[i].name);
    return text_take(&t);
}

void walk_unknown_key(struct walk *w, const config_setting_t *s, const struct conf_section *section,
                      const char *path)
{
    const char *name = config_setting_name(s);
    char with_file[80];
    (void)snprintf(with_file, sizeof with_file, "%.70s_file", name);
    const char *near = conf_key_nearest(section, name), *home = conf_key_home(name);
    CLEANUP(free) char *known = known_keys(section);
    const char *in = *path ? " in " : "";
    if (!known)
        w->oom = true;
    else if (conf_key_find(section, with_file))
        walk_problem(
            w, walk_here(w, s),
            "unknown key '%s'%s%s; secrets never stand in the configuration: put it into a file of "
            "mode 0600 and name that with '%s'",
            name, in, path, with_file);
    else if (near)
        walk_problem(w, walk_here(w, s), "unknown key '%s'%s%s; did you mean '%s'?", name, in, path,
                     near);
    else if (home && strcmp(home, path) != 0)
        walk_problem(w, walk_here(w, s), "unknown key '%s'%s%s; it belongs into '%s'", name, in,
                     path, home);
    else if (conf_key_find(&conf_root, name) && *path)
        walk_problem(w, walk_here(w, s),
                     "unknown key '%s'%s%s; it belongs to the top level of the file", name, in,
                     path);
    else
        walk_problem(w, walk_here(w, s), "unknown key '%s'%s%s; known here are: %s", name, in, path,
                     known);
}

void walk_required(struct walk *w, const struct conf_section *s, const void *base,
                   struct conf_where where, const char *path)
{
    for (size_t i = 0; i < s->n; i++) {
        const struct conf_key *k = &s->key[i];
        if (!k->required || walk_is_set(w, (const char *)base + k->at))
            continue;
        struct text example = TEXT_INIT(256);
        if (k->type == CONF_GROUP)
            text_addf(&example, "%s = { ... }", k->name);
        else
            value_example(k, &example);
        CLEANUP(free) char *shown = text_take(&example);
        if (!shown)
            w->oom = true;
        else
            walk_problem(w, where, "%s has no '%s'; add for example: %s", path, k->name, shown);
    }
}
