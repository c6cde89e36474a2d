/* SPDX-License-Identifier: MIT */
/* config/keys_find.c: finds rows of the key table. Receivers have keys that all types share, and those
 * of their type. */
#include "config/keys.h"

#include "base/text.h"
#include <assert.h>
#include <string.h>

#define NAMES_MAX CONF_RECEIVER_KEYS_MAX /* of the largest section */

const struct conf_key *conf_key_find(const struct conf_section *s, const char *name)
{
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->key[i].name, name) == 0)
            return &s->key[i];
    return NULL;
}

const char *conf_key_nearest(const struct conf_section *s, const char *name)
{
    const char *names[NAMES_MAX];
    size_t n = 0;
    for (size_t i = 0; i < s->n && n < NAMES_MAX; i++)
        names[n++] = s->key[i].name;
    return text_nearest(name, names, n);
}

/* ---- receivers ---- */

const struct conf_key *conf_receiver_key(const struct receiver_class *class, const char *name,
                                         const struct receiver_class **ret_type)
{
    const struct conf_key *shared = conf_key_find(&conf_receiver, name);
    const struct conf_key *own = class ? conf_key_find(&class->options, name) : NULL;
    *ret_type = own ? class : NULL;
    if (own || shared)
        return own ? own : shared;
    for (size_t i = 0; receiver_types[i]; i++) {
        const struct conf_key *other = conf_key_find(&receiver_types[i]->options, name);
        if (!other)
            continue;
        *ret_type = receiver_types[i];
        return other;
    }
    return shared;
}

static size_t index_of(const struct conf_key *list, size_t n, const char *name)
{
    size_t i = 0;
    while (i < n && strcmp(list[i].name, name) != 0)
        i++;
    return i;
}

/* Before the next key of its type that is listed already, so that each type keeps its order. */
static size_t place_of(const struct conf_section *s, size_t from, const struct conf_key *list,
                       size_t n)
{
    for (size_t i = from; i < s->n; i++) {
        size_t at = index_of(list, n, s->key[i].name);
        if (at < n)
            return at;
    }
    return n;
}

static void add_keys(struct conf_key *list, size_t *n, const struct conf_section *s)
{
    for (size_t i = 0; i < s->n; i++) {
        if (index_of(list, *n, s->key[i].name) < *n)
            continue;
        assert(*n < CONF_RECEIVER_KEYS_MAX);
        size_t at = place_of(s, i + 1, list, *n);
        memmove(list + at + 1, list + at, (*n - at) * sizeof *list);
        list[at] = s->key[i];
        ++*n;
    }
}

struct conf_section conf_receiver_keys(struct conf_key buf[static CONF_RECEIVER_KEYS_MAX])
{
    size_t n = 0;
    add_keys(buf, &n, &conf_receiver);
    for (size_t i = 0; receiver_types[i]; i++)
        add_keys(buf, &n, &receiver_types[i]->options);
    return (struct conf_section){buf, n};
}

const char *const *conf_key_words(const struct conf_key *k,
                                  const char *buf[static RECEIVER_TYPES_MAX])
{
    size_t n = 0;
    if (k->type != CONF_RECEIVER_TYPE)
        return k->words;
    for (; receiver_types[n]; n++) {
        assert(n + 1 < RECEIVER_TYPES_MAX);
        buf[n] = receiver_types[n]->name;
    }
    buf[n] = NULL;
    return buf;
}

/* ---- groups of the top level ---- */

const char *conf_key_home(const char *name)
{
    struct conf_key keys[CONF_RECEIVER_KEYS_MAX];
    struct conf_section receivers = conf_receiver_keys(keys);
    for (size_t i = 0; i < conf_root.n; i++) {
        const struct conf_key *k = &conf_root.key[i];
        const struct conf_section *s = k->type == CONF_RECEIVERS ? &receivers : k->section;
        if (s && conf_key_find(s, name))
            return k->name;
    }
    return NULL;
}

const struct conf_key *conf_rule_key(enum rule rule)
{
    const struct conf_section *thresholds = conf_key_find(&conf_root, "thresholds")->section;
    const struct conf_key *k = conf_key_find(thresholds, rule_name(rule));
    return k && k->type == CONF_RULE ? k : NULL;
}
