/* SPDX-License-Identifier: MIT */
/* runtime/commit.h: plans against the registry of alerts and commits the result. */
#pragma once
#include "config/config.h"

struct app;
struct tenant;

/* What a plan depends on now. `t` NULL: it is about no tenant in particular. */
struct plan_context commit_context(struct app *app, const struct tenant *t, struct instant now);
/* Commits n rows that share *changes in one transaction, applies and logs. Takes *changes over. */
int commit_all(struct app *app, const struct commit *c, size_t n, struct changes *changes,
               struct failure *ret_failure);
/* The same for changes that do not come from a snapshot; nothing to do if they are empty. */
int commit_changes(struct app *app, const struct plan_context *ctx, struct changes *changes,
                   struct failure *ret_failure);
/* Plans and commits one observation outside any poll; logs a failure. */
void commit_observation(struct app *app, struct plan_context *ctx, struct observation *observation);
/* The changes are on disk: the registry follows, and the dispatcher looks for work. Takes *changes over. */
void commit_apply(struct app *app, struct changes *changes);
