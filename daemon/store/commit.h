/* SPDX-License-Identifier: MIT */
/* store/commit.h: the parts of a commit. Each runs inside its transaction. Internal to store/. */
#pragma once
#include "store/internal.h"

int alert_put(struct store *s, const struct alert *a, struct failure *f);
int alert_remove(struct store *s, const char *id, struct failure *f);
int memory_put(struct store *s, const char *tenant_id, const struct tenant_memory *m,
               struct failure *f);
int health_put(struct store *s, const char *tenant_id, const struct tenant_health *h,
               struct failure *f);
int history_put(struct store *s, const struct snapshot *snapshot, struct failure *f);
int silence_put(struct store *s, const struct silence *one, struct failure *f);
int silence_remove(struct store *s, const char *id, struct failure *f);
int events_put(struct store *s, const struct commit *c, struct failure *f);
/* Records how far a removed alert had counted. */
int past_put(struct store *s, const struct removal *gone, usec_t now_at, struct failure *f);
/* Writes the deferred notifications of the changes; after events_put. */
int deferred_put(struct store *s, const struct commit *c, struct failure *f);
/* Drops deferred notifications of this alert; receiver NULL: of all receivers. */
int deferred_forget(struct store *s, const char *alert_id, const char *receiver, struct failure *f);
/* Adds to the counters of one receiver. */
int tally_add(struct store *s, const char *receiver, int delivered, int dropped, struct failure *f);
/* Records tenants that lost state, and clears damage that this commit settles. */
int damage_settle(struct store *s, const struct commit *c, struct failure *f);
