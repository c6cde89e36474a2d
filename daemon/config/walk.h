/* SPDX-License-Identifier: MIT */
/* config/walk.h: reads a tree of settings into structs by the key table, and frees them. */
#pragma once
#include "config/source.h"
#include "config/value.h"

/* Where a value was set, so that later checks can name file and line. */
enum walk_kind { MARK_VALUE, MARK_GROUP, MARK_ELEMENT }; /* which may share an address */
struct walk_mark {
    const void *at;
    enum walk_kind kind;
    bool wrong; /* it, or something in it, could not be used */
    struct conf_where where;
};
struct walk {
    struct report *report;
    const struct conf_source *source; /* the one that is being walked */
    enum conf_gravity gravity;        /* of problems found now */
    bool quiet;                       /* they were reported before */
    bool oom;
    bool local; /* a problem was this machine's (descriptors, memory, disk), not the file's */
    struct walk_mark *mark;
    size_t n_marks;
};
void conf_walk_clear(struct walk *w);

/* Fills `base` with the defaults of a section; rule groups only `with_rules` (an override says
 * nothing by itself). -ENOMEM. */
int walk_defaults(const struct conf_section *s, void *base, bool with_rules);
/* The options of a receiver whose type is known, with their defaults. -ENOMEM. */
int walk_receiver_new(struct receiver_options *r);
/* Every member of a group; problems go to the report. Lists are made; tenants are left alone. */
void walk_group(struct walk *w, const config_setting_t *group, const struct conf_section *s,
                void *base, const char *path);
/* One element of a list, which has its defaults already. */
void walk_element(struct walk *w, const config_setting_t *element, const struct conf_section *s,
                  void *base, const char *path);
/* Reports required keys that are missing in this element. */
void walk_required(struct walk *w, const struct conf_section *s, const void *base,
                   struct conf_where where, const char *path);
/* Frees all strings and lists below `base`, as the table knows them. */
void walk_free(const struct conf_section *s, void *base);

bool walk_is_set(const struct walk *w, const void *at); /* a value or a group */
bool walk_wrong(const struct walk *w,
                const void *at); /* set, but something in it could not be used */
/* Of a value or group or list element; `otherwise` if it is not set. */
struct conf_where walk_where(const struct walk *w, enum walk_kind kind, const void *at,
                             struct conf_where otherwise);
/* What to do, for failures from outside config/ that say only what is wrong; "" if they say it. Keeps in
 * mind if it is this machine that failed. */
const char *walk_advice(struct walk *w, const struct failure *f, const char *otherwise);
/* report_add with the gravity of the walk, unless quiet. */
void walk_problem(struct walk *w, struct conf_where where, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
