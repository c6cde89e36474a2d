/* SPDX-License-Identifier: MIT */
/* runtime/backoff_until.c: stores a Retry-After that reaches beyond the poll, so that a daemon that restarts every
 * few seconds does not ignore it. */
#include "runtime/backoff_until.h"

#include <string.h>

#include "base/digest.h"
#include "base/log.h"
#include "runtime/app.h"
#include "runtime/tenant.h"

#define WHO_MAX 300 /* "tenant ", and an id or a domain's name */

static void name(const struct tenant *t, char ret[static WHO_MAX])
{
    (void)snprintf(ret, WHO_MAX, "tenant %s", t->options->identity.tenant_id);
}

/* The deadline is one of this host; another cloud did not set it. */
static int64_t mark(const struct tenant *t)
{
    const char *host = graph_host(t->graph, false);
    return (int64_t)fnv1a(host, strlen(host), FNV1A_SEED);
}

void backoff_store(const struct tenant *t, const struct graph_report *report)
{
    struct instant now = clock_now();
    char who[WHO_MAX];
    struct failure why = {0};
    if (report->resume_at_mono <= now.mono || t->app->cli->dry_run)
        return;
    name(t, who);
    if (store_backoff_until(t->app->store, who, mark(t), now, report->resume_at_mono - now.mono,
                            &why) < 0 &&
        !t->app->store_failing)
        log_failure(LOG_WARNING, &why, t->options->identity.name,
                    "a restart would not keep the Retry-After of Graph");
}

void backoff_load(struct tenant *t)
{
    struct instant now = clock_now();
    char who[WHO_MAX];
    if (t->app->cli->mode == CLI_ONCE) /* the user wants the state of now */
        return;
    name(t, who);
    usec_t left = t->app->store ? store_backoff_left(t->app->store, who, mark(t), now) : 0;
    if (left == 0)
        return;
    t->last.report.resume_at_mono = now.mono + left;
    graph_backoff_until(t->graph, now.mono + left);
}
