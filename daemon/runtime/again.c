/* SPDX-License-Identifier: MIT */
/* runtime/again.c: judges the last poll of each tenant by new options, right after a reload. A tenant whose last
 * poll has no complete list is judged after its next one. */
#include "runtime/again.h"

#include "base/log.h"
#include "runtime/app.h"
#include "runtime/commit.h"
#include "runtime/tenant.h"

static int judge(struct tenant *t, struct failure *why)
{
    struct judge_context judging = tenant_judge_context(t, t->judged.snapshot->taken.at);
    struct plan_context planning = commit_context(t->app, t, clock_now());
    CLEANUP(observations_free) struct observations *observations = NULL;
    struct changes *changes = NULL;
    judging.clock_ahead = t->judged.clock_ahead;
    planning.again = true;
    int r = judge_again(&judging, t->judged.snapshot, t->memory, &observations, why);
    if (r >= 0)
        r = alerts_plan(&planning, t->app->registry, observations, &changes, why);
    return r < 0 ? r : commit_changes(t->app, &planning, changes, why);
}

void again_judge(struct app *app)
{
    for (size_t i = 0; i < app->n_tenants; i++) {
        struct tenant *t = &app->tenant[i];
        struct failure why = {0};
        if (!t->options->enabled || !t->judged.snapshot || !t->memory || t->lost)
            continue;
        if (judge(t, &why) < 0 && !app->store_failing)
            log_failure(LOG_ERR, &why, t->options->identity.name,
                        "the last poll is not judged by the new options; the next one is");
    }
}
