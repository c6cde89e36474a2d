/* SPDX-License-Identifier: MIT */
/* runtime/explain.h: explanations of alerts and pools in JSON: findings with limits and their place in the
 * configuration, reasons, messages, and what happens next. */
#pragma once
#include "alerts/why.h"
#include "json/json.h"

struct app;
struct tenant;

/* What is explained. Both may be NULL, then it is the pool `pool`, which may be NULL too. */
struct explained {
    const struct alert *alert;
    const struct observation *observation; /* see explain_observations */
    const struct known_pool *pool;         /* of a pool without an observation */
};
/* The last poll of the tenant, evaluated by the present options: pools; `all`: also subscriptions, errors, and the poll
 * itself. Of two for one subject, the first is right. Empty if its list of pools is unknown. For observations_free(). */
int explain_observations(struct tenant *t, bool all, struct observations **ret, struct failure *ret_failure);
/* Writes an object. `t` NULL: of no tenant. */
int explain_put(struct json_writer *w, struct app *app, struct tenant *t, const struct explained *e,
                struct failure *ret_failure);
