/* SPDX-License-Identifier: MIT */
/* tests/unit/deliver/options.h: receiver options set by the names of their keys, as config/ does. */
#pragma once
#include "deliver/receiver.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define OWN_BYTES 256
#define OWN_OPTIONS 64 /* at most so many receivers are in use at the same time */

static inline struct receiver_options some_receiver(const char *name,
                                                    const struct receiver_class *class)
{
    static _Alignas(max_align_t) char own[OWN_OPTIONS][OWN_BYTES];
    static size_t used;
    assert(class->options_size <= OWN_BYTES);
    void *mine = memset(own[used++ % OWN_OPTIONS], 0, OWN_BYTES);
    return (struct receiver_options){.name = (char *)name, .class = class, .own = mine};
}

static inline void *some_option(const struct receiver_options *o, const char *key)
{
    for (size_t i = 0; i < o->class->options.n; i++)
        if (strcmp(o->class->options.key[i].name, key) == 0)
            return (char *)o->own + o->class->options.key[i].at;
    abort(); /* there is no such key */
}

/* `value` is borrowed. */
static inline void some_set(const struct receiver_options *o, const char *key, const char *value)
{
    *(const char **)some_option(o, key) = value;
}

static inline void some_set_bool(const struct receiver_options *o, const char *key, bool value)
{
    *(bool *)some_option(o, key) = value;
}
