/* SPDX-License-Identifier: MIT */
/* runtime/pool_past.h: what the stored history says about the use of a pool. */
#pragma once
#include "rules/judge.h"
#include "store/history.h"

/* For struct judge_context; `tenant` is a struct tenant. Days are those of UTC, so that up to a day before
 * `from_at` counts, too. */
bool tenant_pool_past(const void *tenant, const char *allotment_id, usec_t from_at, struct pool_past *ret);
/* The same from these days, in ascending order; `from_at` is the begin of the first. False: a day has no
 * complete poll. Pure. */
bool pool_past_of(const struct history_point *day, size_t n, usec_t from_at, usec_t now_at, struct pool_past *ret);
