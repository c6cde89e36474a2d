/* SPDX-License-Identifier: MIT */
/* A reload changes limits, overrides and scope, but no numbers: the last reading of each tenant is judged
 * by the new ones at once. Where the last poll could not read the list, the next one has to come first. */
#include "runtime/app.h"

#include "base/log.h"

static int judge(struct tenant *t, struct instant now, struct changes **ret, struct failure *why)
{
    struct judge_context judging = take_judging(t, t->judged.snapshot->taken.at);
    struct plan_context planning = take_planning(t->app, t, now);
    CLEANUP(observations_free) struct observations *observations = NULL;
    judging.clock_ahead = t->judged.clock_ahead;
    planning.again = true;
    int r = judge_again(&judging, t->judged.snapshot, t->memory, &observations, why);
    return r < 0 ? r : alerts_plan(&planning, t->app->registry, observations, ret, why);
}

void again_judge(struct app *app)
{
    for (size_t i = 0; i < app->n_tenants; i++) {
        struct tenant *t = &app->tenant[i];
        struct changes *changes = NULL;
        struct failure why = {0};
        struct instant now = clock_now();
        if (!t->options->enabled || !t->judged.snapshot || !t->memory || t->lost)
            continue;
        int r = judge(t, now, &changes, &why);
        if (r >= 0)
            r = take_changes(app, t->options->identity.tenant_id, NULL, changes, now, &why);
        if (r < 0 && !app->store_failing)
            log_failure(LOG_ERR, &why, t->options->identity.name,
                        "its last reading is not judged again; the next poll is");
    }
}
