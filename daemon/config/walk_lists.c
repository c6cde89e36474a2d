/* SPDX-License-Identifier: MIT */
/* config/walk_lists.c: reads lists of names, labels and pool names. */
#include "config/walk_internal.h"

#include "base/array.h"
#include "config/forms.h"
#include "config/value.h"
#include <string.h>

static const char *string_of(struct walk *w, const config_setting_t *s, const char *path)
{
    struct failure why;
    const char *text = config_setting_get_string(s);
    if (!text)
        walk_problem(w, walk_here(w, s), "%s: this is %s; write a string in quotes", path,
                     walk_type_words(s));
    else if (form_line(text, &why) < 0)
        walk_problem(w, walk_here(w, s), "%s: %s", path, why.text);
    else
        return text;
    return NULL;
}

void walk_names(struct walk *w, const config_setting_t *s, const struct conf_key *k, char ***list,
                size_t *n, const char *path)
{
    if (!(config_setting_is_array(s) || config_setting_is_list(s))) {
        walk_mark_wrong(w, list);
        walk_wrong_type(w, s, k, path);
        return;
    }
    int length = config_setting_length(s);
    for (int i = 0; i < length; i++) {
        const char *text = string_of(w, config_setting_get_elem(s, (unsigned)i), path);
        bool again = false;
        for (size_t j = 0; text && j < *n; j++)
            again = again || strcmp((*list)[j], text) == 0;
        if (again)
            walk_problem(w, walk_here(w, s), "%s: \"%s\" is named twice; once is enough", path,
                         text);
        if (!text || again)
            continue;
        char *copy = strdup(text);
        if (copy)
            value_fold(k, copy);
        if (!copy || array_room(list, *n, sizeof **list) < 0) {
            free(copy);
            w->oom = true;
            return;
        }
        (*list)[(*n)++] = copy;
    }
}

/* A later one replaces an earlier one of the same key: a tenant's own label beats the default. */
static void put_label(struct walk *w, struct label **list, size_t *n, const char *key,
                      const char *value)
{
    struct label *l = NULL;
    for (size_t i = 0; i < *n && !l; i++)
        if (strcmp((*list)[i].key, key) == 0)
            l = &(*list)[i];
    char *copy = strdup(value), *name = l ? NULL : strdup(key);
    if (!copy || (!l && (!name || array_room(list, *n, sizeof **list) < 0))) {
        free(copy);
        free(name);
        w->oom = true;
        return;
    }
    if (l)
        free(l->value);
    else
        (l = &(*list)[(*n)++])->key = name;
    l->value = copy;
}

void walk_labels(struct walk *w, const config_setting_t *s, const struct conf_key *k,
                 struct label **list, size_t *n, const char *path)
{
    if (!config_setting_is_group(s)) {
        walk_wrong_type(w, s, k, path);
        return;
    }
    int length = config_setting_length(s);
    for (int i = 0; i < length; i++) {
        const config_setting_t *e = config_setting_get_elem(s, (unsigned)i);
        char buf[WALK_PATH_MAX];
        const char *text = string_of(w, e, walk_join(buf, path, config_setting_name(e)));
        if (text)
            put_label(w, list, n, config_setting_name(e), text);
    }
}

static void walk_pool_name(struct walk *w, const config_setting_t *e, struct label **list,
                           size_t *n, const char *path)
{
    bool group = config_setting_is_group(e);
    config_setting_t *id = group ? config_setting_get_member(e, "allotment") : NULL;
    config_setting_t *name = group ? config_setting_get_member(e, "name") : NULL;
    if (!id || !name || config_setting_length(e) != 2) {
        walk_problem(w, walk_here(w, e),
                     "%s: this is no name of a pool; write { allotment = \"ID\"; name = \"...\"; }",
                     path);
        return;
    }
    const char *key = string_of(w, id, path), *value = string_of(w, name, path);
    for (size_t i = 0; key && i < *n; i++)
        if (strcmp((*list)[i].key, key) == 0) {
            walk_problem(w, walk_here(w, e),
                         "%s: allotment %s has a name already; remove one of the two", path, key);
            return;
        }
    if (key && value)
        put_label(w, list, n, key, value);
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp(((const struct label *)a)->key, ((const struct label *)b)->key);
}

void walk_pool_names(struct walk *w, const config_setting_t *s, const struct conf_key *k,
                     struct label **list, size_t *n, const char *path)
{
    bool is_list = config_setting_is_list(s);
    int length = is_list ? config_setting_length(s) : 0;
    if (!is_list)
        walk_labels(w, s, k, list, n, path);
    for (int i = 0; i < length; i++)
        walk_pool_name(w, config_setting_get_elem(s, (unsigned)i), list, n, path);
    if (*n > 1)
        qsort(*list, *n, sizeof **list, compare_keys);
}
