/* SPDX-License-Identifier: MIT */
/* config/walk_defaults.c: sets the defaults of options by the key table, and frees options. */
#include "config/walk_internal.h"

#include <errno.h>
#include <string.h>

static void free_own(struct receiver_options *r)
{
    if (r->own)
        walk_free(&r->class->options, r->own);
    free(r->own);
}

static void free_text(char **at)
{
    free(*at);
    *at = NULL;
}

static void free_labels(struct label **list, size_t *n)
{
    for (size_t i = 0; i < *n; i++) {
        free((*list)[i].key);
        free((*list)[i].value);
    }
    free(*list);
    *list = NULL;
    *n = 0;
}

static void free_names(char ***list, size_t *n)
{
    for (size_t i = 0; i < *n; i++)
        free((*list)[i]);
    free(*list);
    *list = NULL;
    *n = 0;
}

static void free_list(const struct conf_key *k, void *at, size_t *n)
{
    char *list;
    memcpy(&list, at, sizeof list);
    for (size_t i = 0; i < *n; i++) {
        void *element = list + i * k->element;
        if (k->type == CONF_RECEIVERS)
            free_own(element);
        walk_free(k->section, element);
    }
    free(list);
    memset(at, 0, sizeof list);
    *n = 0;
}

void walk_free(const struct conf_section *s, void *base)
{
    for (size_t i = 0; i < s->n; i++) {
        const struct conf_key *k = &s->key[i];
        void *at = walk_member(base, k->at);
        switch (k->type) {
        case CONF_GROUP:
            walk_free(k->section, at);
            break;
        case CONF_LIST:
        case CONF_RECEIVERS:
            free_list(k, at, walk_member(base, k->n_at));
            break;
        case CONF_NAMES:
            free_names(at, walk_member(base, k->n_at));
            break;
        case CONF_LABELS:
        case CONF_POOL_NAMES:
            free_labels(at, walk_member(base, k->n_at));
            break;
        case CONF_TEXT:
        case CONF_FILE:
            free_text(at);
            if (k->type == CONF_FILE && k->file == FILE_TEMPLATE)
                free_text(walk_member(base, k->n_at));
            break;
        default:
            break;
        }
    }
}

int walk_defaults(const struct conf_section *s, void *base, bool with_rules)
{
    for (size_t i = 0; i < s->n; i++) {
        const struct conf_key *k = &s->key[i];
        int r = 0;
        if (k->type == CONF_GROUP || (k->type == CONF_RULE && with_rules))
            r = walk_defaults(k->section, walk_member(base, k->at), with_rules);
        else if (k->def && k->type > CONF_REFUSED)
            r = value_store(k, k->def, walk_member(base, k->at), NULL);
        if (r < 0)
            return r;
    }
    return 0;
}

int walk_receiver_new(struct receiver_options *r)
{
    r->own = calloc(1, r->class->options_size);
    int ret = r->own ? walk_defaults(&r->class->options, r->own, false) : -ENOMEM;
    if (ret < 0) { /* half of the defaults is worse than none: nobody looks for NULL in a string */
        free_own(r);
        r->own = NULL;
    }
    return ret;
}
