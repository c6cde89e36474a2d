/* SPDX-License-Identifier: MIT */
/* runtime/tenant.c: the state of one tenant: loaded from the store at a start or a reload, freed with its timers. */
#include "runtime/tenant.h"

#include <errno.h>

#include "base/text.h"
#include "runtime/app.h"
#include "runtime/backoff_until.h"
#include "runtime/pool_past.h"
#include "runtime/silence_list.h"
#include "store/history.h"

struct zone tenant_zone(const struct tenant_options *t, usec_t at)
{
    struct zone zone = {0}; /* an unknown zone was refused with the configuration */
    (void)clock_zone(t ? t->identity.timezone : "", at, &zone);
    return zone;
}

int32_t tenant_utc_offset(const void *options, usec_t at)
{
    return tenant_zone(options, at).offset;
}

/* ... of the tenant that is evaluated. */
static int32_t utc_offset(const void *userdata, usec_t at)
{
    const struct tenant *t = userdata;
    return tenant_utc_offset(t->options, at);
}

int tenant_set_machine_zone(struct alert_context *f, usec_t at)
{
    const struct zone zone = tenant_zone(NULL, at);
    return context_set_zone(f, &zone);
}

/* By the boot-time clock where that is possible: the wall clock may have been corrected in between. */
static bool is_since(const struct instant *when, const struct instant *then)
{
    bool same = when->boot == then->boot && when->boot != 0;
    return same ? when->mono >= then->mono : when->at >= then->at;
}

static bool drop_acknowledged(const void *userdata, const char *subject, const struct instant *since)
{
    const struct instant now = clock_now();
    const struct tenant *t = userdata;
    const struct silences all = app_silence_list(t->app);
    const struct alert *a =
        registry_find(t->app->registry, KIND_CAPACITY, t->options->identity.tenant_id, subject);
    for (size_t i = 0; a && i < all.n; i++)
        if (silence_acknowledges(&all.silence[i], a, &now) && is_since(&all.silence[i].created, since))
            return true;
    return false;
}

/* The members that waited at most and the units consumed at most may be of different hours; a pool that
 * is full long enough for members to wait has both all day. */
static size_t past_demand(const void *userdata, const char *allotment_id, int64_t today,
                          struct trend_day ret[static TREND_DAYS])
{
    const struct tenant *t = userdata;
    CLEANUP(free) struct history_point *point = NULL;
    size_t n = 0, kept = 0;
    usec_t to_at = (usec_t)today * USEC_PER_DAY, window = TREND_DAYS * USEC_PER_DAY;
    if (!t->app->store || today < TREND_DAYS ||
        store_history(t->app->store, t->options->identity.tenant_id, allotment_id, to_at - window, to_at, HISTORY_DAY,
                      &point, &n, NULL) < 0)
        return 0;
    for (size_t i = 0; i < n && kept < TREND_DAYS; i++) {
        int64_t waiting = point[i].waiting == NUMBER_UNKNOWN ? 0 : point[i].waiting, demand;
        if (!__builtin_add_overflow(point[i].max, waiting, &demand))
            ret[kept++] = (struct trend_day){(int64_t)(point[i].at / USEC_PER_DAY), demand};
    }
    return kept;
}

struct judge_context tenant_judge_context(const struct tenant *t, usec_t at)
{
    return (struct judge_context){.options = &t->app->options->rules,
                                  .tenant = &t->options->identity,
                                  .zone = tenant_zone(t->options, at),
                                  .drop_acknowledged = drop_acknowledged,
                                  .past_demand = past_demand,
                                  .pool_past = tenant_pool_past,
                                  .utc_offset = utc_offset,
                                  .userdata = t};
}

int tenant_load(struct tenant *w, struct failure *why)
{
    const struct tenant_options *t = w->options;
    w->asleep_read = clock_asleep();
    w->health.broken_config = t->broken != NULL;
    if (w->app->store) {
        int r = store_load_tenant(w->app->store, t->identity.tenant_id, &w->memory, &w->health, why);
        if (r < 0 && r != -ENOENT)
            return r;
        r = store_tenant_lost(w->app->store, t->identity.tenant_id, why);
        if (r < 0)
            return r;
        w->lost = r > 0;
    }
    w->health.broken_config = t->broken != NULL;
    if (t->broken) {
        (void)snprintf(w->health.text, sizeof w->health.text, "%s", t->broken);
        return 0;
    }
    if (!t->enabled)
        return 0;
    int r = graph_new(&t->graph, w->app->http, w->app->event, &w->graph, why);
    if (r >= 0 && w->memory)
        graph_set_answered(w->graph, w->memory->source);
    if (r >= 0)
        graph_set_refusals(w->graph, w->health.api_refusals);
    if (r >= 0)
        backoff_load(w);
    return r;
}

void tenant_clear(struct tenant *t)
{
    graph_free(t->graph);
    tenant_memory_free(t->memory);
    snapshot_free(t->last.snapshot);
    snapshot_free(t->judged.snapshot);
    sd_event_source_disable_unref(t->timer);
    sd_event_source_disable_unref(t->look);
}

struct tenant *tenant_find(struct tenant *tenant, size_t n, const char *tenant_id)
{
    for (size_t i = 0; i < n; i++)
        if (text_equal(tenant[i].options->identity.tenant_id, tenant_id))
            return &tenant[i];
    return NULL;
}

bool tenant_is_stale(const struct tenant *t)
{
    return t->graph && clock_slept(t->asleep_read);
}
