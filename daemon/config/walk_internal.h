/* SPDX-License-Identifier: MIT */
/* config/walk_internal.h: what the files of walk share among themselves. */
#pragma once
#include "config/walk.h"

static inline void *walk_member(void *base, size_t at)
{
    return (char *)base + at;
}

#define WALK_PATH_MAX 160
const char *walk_join(char buf[static WALK_PATH_MAX], const char *path, const char *name);
struct conf_where walk_here(const struct walk *w, const config_setting_t *s);
void walk_mark_add(struct walk *w, const void *at, enum walk_kind kind, struct conf_where where);
void walk_mark_wrong(struct walk *w, const void *at);

/* walk_misuse.c: the words for what is wrong with a setting */
const char *walk_type_words(const config_setting_t *s);
void walk_wrong_type(struct walk *w, const config_setting_t *s, const struct conf_key *k,
                     const char *path);
void walk_unknown_key(struct walk *w, const config_setting_t *s, const struct conf_section *section,
                      const char *path);

/* walk_lists.c: lists of plain values */
void walk_names(struct walk *w, const config_setting_t *s, const struct conf_key *k, char ***list,
                size_t *n, const char *path);
void walk_labels(struct walk *w, const config_setting_t *s, const struct conf_key *k,
                 struct label **list, size_t *n, const char *path);
void walk_pool_names(struct walk *w, const config_setting_t *s, const struct conf_key *k,
                     struct label **list, size_t *n, const char *path);
