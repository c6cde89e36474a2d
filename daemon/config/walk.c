/* SPDX-License-Identifier: MIT */
/* config/walk.c: reads libconfig's settings into structs by the key table. */
#include "config/walk.h"

#include "config/walk_internal.h"
#include <errno.h>
#include <string.h>

static void walk_setting(struct walk *w, const config_setting_t *s, const struct conf_key *k,
                         void *base, const char *path);

static void walk_scalar(struct walk *w, const config_setting_t *s, const struct conf_key *k,
                        void *at, const char *path)
{
    char number[24];
    const char *text = config_setting_get_string(s);
    enum conf_written as = WRITTEN_OTHER;
    switch (config_setting_type(s)) {
    case CONFIG_TYPE_STRING:
        as = WRITTEN_STRING;
        break;
    case CONFIG_TYPE_BOOL:
        as = WRITTEN_BOOLEAN;
        text = config_setting_get_bool(s) ? "true" : "false";
        break;
    case CONFIG_TYPE_INT:
    case CONFIG_TYPE_INT64:
        as = WRITTEN_INTEGER;
        (void)snprintf(number, sizeof number, "%lld", config_setting_get_int64(s));
        text = number;
        break;
    default:
        break;
    }
    walk_mark_add(w, at, MARK_VALUE, walk_here(w, s));
    if (as == WRITTEN_INTEGER && scan_is_wide(&w->source->scan, (int)config_setting_source_line(s)))
        return; /* reported by the scan */
    bool count_in_quotes =
        as == WRITTEN_STRING && value_written(k) == WRITTEN_INTEGER && strcmp(text, "off") != 0;
    struct failure why;
    int r = 0;
    if (!value_fits(k, as) || count_in_quotes) {
        walk_wrong_type(w, s, k, path);
        walk_mark_wrong(w, at);
    } else {
        r = value_store(k, text, at, &why);
    }
    if (r == -ENOMEM) {
        w->oom = true;
    } else if (r < 0) {
        walk_problem(w, walk_here(w, s), "%s: %s%s", path, why.text,
                     walk_advice(w, &why, "; see seatwatchd.conf(5)"));
        walk_mark_wrong(w, at);
    } else if (k->type == CONF_LIMIT) {
        ((struct limit *)at)->line = walk_here(w, s).line;
    }
}

static void walk_rule(struct walk *w, const config_setting_t *s, const struct conf_key *k,
                      struct threshold *t, const char *path)
{
    size_t seen = w->report->n_seen;
    walk_mark_add(w, t, MARK_GROUP, walk_here(w, s));
    t->line = walk_here(w, s).line;
    const char *text = config_setting_get_string(s);
    if (config_setting_is_group(s)) {
        walk_group(w, s, k->section, t, path);
        for (size_t i = 0; i < k->section->n; i++)
            if (config_setting_get_member(s, k->section->key[i].name))
                t->set |= k->section->key[i].set;
        if (w->report->n_seen > seen)
            walk_mark_wrong(w, t);
    } else if (text && strcmp(text, "off") == 0) {
        t->off = true;
        t->set |= SET_OFF;
    } else {
        walk_mark_wrong(w, t);
        walk_problem(w, walk_here(w, s),
                     "%s: this is neither a group nor \"off\"; write %s = { ... } or %s = \"off\"",
                     path, k->name, k->name);
    }
}

void walk_element(struct walk *w, const config_setting_t *element, const struct conf_section *s,
                  void *base, const char *path)
{
    walk_mark_add(w, base, MARK_ELEMENT, walk_here(w, element));
    walk_group(w, element, s, base, path);
}

/* A key of another type: read for its mistakes only. */
static void walk_foreign(struct walk *w, const config_setting_t *s, const struct conf_key *k,
                         const struct receiver_class *type, const struct receiver_options *r,
                         const char *path)
{
    size_t n_marks = w->n_marks;
    void *unused = calloc(1, type->options_size);
    if (!unused) {
        w->oom = true;
        return;
    }
    walk_setting(w, s, k, unused, path);
    w->n_marks = n_marks;
    walk_free(&type->options, unused);
    free(unused);
    if (r->class)
        walk_problem(w, walk_here(w, s), "%s: a receiver of type %s has no such key; remove it", path,
                     r->class->name);
}

static void walk_receiver(struct walk *w, const config_setting_t *element,
                          struct receiver_options *r, const char *path)
{
    const char *word = NULL;
    walk_mark_add(w, r, MARK_ELEMENT, walk_here(w, element));
    if (config_setting_lookup_string(element, "type", &word))
        r->class = receiver_type_find(word);
    if (r->class && walk_receiver_new(r) < 0) {
        w->oom = true;
        return;
    }
    int length = config_setting_length(element);
    for (int i = 0; i < length; i++) {
        const config_setting_t *e = config_setting_get_elem(element, (unsigned)i);
        const struct receiver_class *type;
        const struct conf_key *k = conf_receiver_key(r->class, config_setting_name(e), &type);
        char buf[WALK_PATH_MAX];
        if (!k) {
            struct conf_key keys[CONF_RECEIVER_KEYS_MAX];
            struct conf_section known = conf_receiver_keys(keys);
            walk_unknown_key(w, e, &known, path);
        } else if (type && type != r->class) {
            walk_foreign(w, e, k, type, r, walk_join(buf, path, k->name));
        } else {
            walk_setting(w, e, k, type ? r->own : r, walk_join(buf, path, k->name));
        }
    }
    if (r->class)
        walk_required(w, &r->class->options, r->own, walk_here(w, element), path);
}

static void walk_list(struct walk *w, const config_setting_t *s, const struct conf_key *k,
                      void *base, const char *path)
{
    size_t *n = walk_member(base, k->n_at), length = (size_t)config_setting_length(s);
    if (!config_setting_is_list(s) && (length > 0 || !config_setting_is_aggregate(s))) {
        walk_wrong_type(w, s, k, path);
        return;
    }
    if (length == 0)
        return;
    char *list = calloc(length, k->element);
    if (!list) {
        w->oom = true;
        return;
    }
    memcpy(walk_member(base, k->at), &list, sizeof list);
    for (size_t i = 0; i < length; i++) {
        const config_setting_t *e = config_setting_get_elem(s, (unsigned)i);
        void *at = list + i * k->element;
        if (walk_defaults(k->section, at, false) < 0)
            w->oom = true;
        *n = i + 1;
        if (!config_setting_is_group(e)) {
            walk_mark_add(w, at, MARK_ELEMENT, walk_here(w, e));
            walk_problem(w, walk_here(w, e), "%s: this is %s; write a group { ... }", path,
                         walk_type_words(e));
            continue;
        }
        if (k->type == CONF_RECEIVERS)
            walk_receiver(w, e, at, path);
        else
            walk_element(w, e, k->section, at, path);
        walk_required(w, k->section, at, walk_here(w, e), path);
    }
}

static void walk_group_setting(struct walk *w, const config_setting_t *s, const struct conf_key *k,
                               void *at, const char *path)
{
    size_t seen = w->report->n_seen;
    walk_mark_add(w, at, MARK_GROUP, walk_here(w, s));
    if (config_setting_is_group(s))
        walk_group(w, s, k->section, at, path);
    else
        walk_problem(w, walk_here(w, s), "%s: this is %s; write %s = { ... }", path,
                     walk_type_words(s), k->name);
    if (w->report->n_seen > seen)
        walk_mark_wrong(w, at);
}

static void walk_setting(struct walk *w, const config_setting_t *s, const struct conf_key *k,
                         void *base, const char *path)
{
    void *at = walk_member(base, k->at);
    switch (k->type) {
    case CONF_GROUP:
        walk_group_setting(w, s, k, at, path);
        break;
    case CONF_LIST:
    case CONF_RECEIVERS:
        walk_list(w, s, k, base, path);
        break;
    case CONF_RULE:
        walk_rule(w, s, k, at, path);
        break;
    case CONF_NAMES:
        walk_mark_add(w, at, MARK_VALUE, walk_here(w, s));
        walk_names(w, s, k, at, walk_member(base, k->n_at), path);
        break;
    case CONF_LABELS:
        walk_mark_add(w, at, MARK_VALUE, walk_here(w, s));
        walk_labels(w, s, k, at, walk_member(base, k->n_at), path);
        break;
    case CONF_POOL_NAMES:
        walk_pool_names(w, s, k, at, walk_member(base, k->n_at), path);
        break;
    case CONF_REFUSED:
        walk_problem(w, walk_here(w, s), "%s: %s", path, k->what);
        break;
    case CONF_TENANTS:
        break;
    default:
        walk_scalar(w, s, k, at, path);
    }
}

void walk_group(struct walk *w, const config_setting_t *group, const struct conf_section *s,
                void *base, const char *path)
{
    int length = config_setting_length(group);
    for (int i = 0; i < length; i++) {
        const config_setting_t *e = config_setting_get_elem(group, (unsigned)i);
        const struct conf_key *k = conf_key_find(s, config_setting_name(e));
        char buf[WALK_PATH_MAX];
        if (k)
            walk_setting(w, e, k, base, walk_join(buf, path, k->name));
        else
            walk_unknown_key(w, e, s, path);
    }
}
