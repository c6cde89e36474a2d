/* SPDX-License-Identifier: MIT */
/* config/source.h: one configuration file as a tree of settings. */
#pragma once
#include "config/report.h"
#include "config/scan.h"
#include <libconfig.h>

#define SOURCE_MAX (4 * 1024 * 1024) /* bytes of one file; 10,000 tenants take less */

struct conf_source {
    char *path;     /* as messages name it */
    unsigned order; /* 0: the main file; then tenants.d */
    config_t config;
    struct scan scan;
    bool unreadable; /* there is no tree */
    bool flawed;     /* tenants.d: something beside its tenants is wrong */
};
const char *source_path(const struct conf_source *s);
unsigned source_order(const struct conf_source *s);
/* A source without settings, so that problems of the file itself have a place. -ENOMEM. */
int source_new(const char *path, unsigned order, struct conf_source **ret);
void source_free(struct conf_source *s);
DEFINE_CLEANUP(struct conf_source *, source_free)
/* parse.c. -EINVAL: there is no tree; the report has the one reason, with this gravity. Integers
 * that libconfig would wrap are reported as well, but do not prevent the tree. */
int source_parse(struct conf_source *s, const char *text, size_t len, enum conf_gravity gravity,
                 struct report *report);
/* A regular file of at most `max` bytes; symlinks are followed. The caller frees; a NUL is behind
 * it. kind CONFIG, without the path. */
int source_read_file(const char *path, size_t max, char **ret, size_t *ret_len,
                     struct failure *ret_failure);
