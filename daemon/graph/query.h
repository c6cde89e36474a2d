/* SPDX-License-Identifier: MIT */
/* graph/query.h: the lists that are read from Graph: their URLs, permissions and query options.
 * Pure. */
#pragma once
#include "graph/call.h"

#include "base/text.h"

enum list {
    LIST_ALLOTMENTS,
    LIST_WAITING,
    LIST_ERRORS,
    LIST_SKUS,
    LIST_SUBSCRIPTIONS, /* of the fallback */
    LIST_COUNT_,
};

struct fetch_ask query_for(enum list list); /* without option_state */
/* The first page's URL below `root` ("https://host"), without the options in `dropped`. `id` is the
 * allotment's, for LIST_WAITING only. NULL: no memory. */
char *query_url(const char *root, const char *version, enum list list, const char *id,
                unsigned dropped);
/* The step after `step` when the service refuses the options of `step`; 0 is all of them.
 * `options`: those there are. -1: there is none left. */
int query_next_step(unsigned options, int step);
int query_last_step(unsigned options);                  /* no option at all */
unsigned query_dropped(int step);
const char *query_options(unsigned dropped); /* "$top and $expand" */
