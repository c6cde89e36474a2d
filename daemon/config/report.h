/* SPDX-License-Identifier: MIT */
/* config/report.h: collects problems with their file and line. */
#pragma once
#include "config/config.h"

struct conf_source;
struct conf_where {
    const struct conf_source *source;
    int line;
};
enum conf_gravity {
    CONF_WARNING, /* nothing is stopped */
    CONF_TENANT,  /* stops one tenant: a secret is missing, a file of tenants.d is broken; or one receiver */
    CONF_MISTAKE, /* the same while it is not known whether another one is right: in a tenant's entry of
                   * the main file, in a file of a receiver */
    CONF_FATAL,   /* stops the start */
};
struct report_entry {
    char *text; /* "FILE:LINE: what; what to do" */
    enum conf_gravity gravity;
    struct conf_where where;
};
/* Bounds the log for a file full of mistakes. */
#define REPORT_MAX 500
struct report {
    struct report_entry *entry;
    size_t n;
    size_t n_seen; /* those that were not kept included, warnings left out */
    bool full, oom;
};
/* Never fails; sets `oom` if out of memory. */
void report_add(struct report *r, enum conf_gravity gravity, struct conf_where where,
                const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* All of one gravity get another one. */
void report_raise(struct report *r, enum conf_gravity from, enum conf_gravity to);
/* The first at or behind index `from` that is no warning; NULL: it was not kept. Borrowed. */
const char *report_first(const struct report *r, size_t from);
bool report_has(const struct report *r, enum conf_gravity gravity);
/* In the order of files and lines. -ENOMEM leaves *ret alone. Empties r. */
int report_finish(struct report *r, struct problems *ret);
void report_clear(struct report *r);
