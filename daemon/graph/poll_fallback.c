/* SPDX-License-Identifier: MIT */
/* graph/poll_fallback.c: reads /subscribedSkus where the tenant does not offer the Cloud Licensing
 * API, and /directory/subscriptions for the dates that /subscribedSkus lacks. */
#include "graph/error_text.h"
#include "graph/poll.h"

#include <string.h>

#define PROBE_EVERY USEC_PER_DAY
/* Consecutive polls: a permission is often granted minutes after the application is registered. */
#define REFUSALS_STEADY 2

/* Only while the API has never answered: later a refusal is an alert, no reason to switch. */
bool poll_fallback_applies(struct poll *p, const struct fetch_failed *why)
{
    struct service_state *l = &p->graph->service;
    if (p->graph->o.source != SOURCE_OPTION_AUTO || l->answered)
        return false;
    if (why->failure.kind == FAILURE_PERMISSION)
        return ++l->refusals >= REFUSALS_STEADY || l->fallback;
    return error_text_api_is_absent(why);
}

void poll_fallback_begin(struct poll *p, int status)
{
    fetch_drop_lists(&p->fetch);
    poll_order_drop(p);
    p->falling_back = true;
    p->refused = p->failure;
    p->refused_status = status;
    memcpy(p->refused_id, p->request_id, sizeof p->refused_id);
    p->failure = (struct failure){0};
    if (poll_new_builder(p, SOURCE_SUBSCRIBED_SKUS) < 0 || poll_add(p, LIST_SKUS, NULL, NULL, NULL) < 0)
        poll_out_of_memory(p);
}

void poll_fallback_succeeded(struct poll *p)
{
    struct service_state *l = &p->graph->service;
    if (!l->fallback)
        fetch_note(&p->fetch,
                   "the Cloud Licensing API is refused (HTTP %d): /subscribedSkus is read instead, "
                   "which knows neither waiting members nor assignment errors",
                   p->refused_status);
    l->fallback = true;
    l->probe_mono = clock_now().mono + PROBE_EVERY;
}

/* Neither source can be read: reports the failure of the Cloud Licensing API, whose permission
 * should be granted. */
void poll_fallback_failed(struct poll *p)
{
    p->failure = p->refused;
    memcpy(p->request_id, p->refused_id, sizeof p->request_id);
    if (!p->graph->service.fallback && poll_new_builder(p, SOURCE_CLOUD_LICENSING) < 0)
        poll_out_of_memory(p);
}

/* Begun after the units are read, so that a failure costs only dates. The section is unknown until
 * the list ends. */
void poll_fallback_read_subscriptions(struct poll *p)
{
    snapshot_set_subscriptions(p->builder, SECTION_UNKNOWN);
    if (poll_add(p, LIST_SUBSCRIPTIONS, NULL, NULL, NULL) < 0)
        poll_out_of_memory(p);
}

/* A refusal is permanent: only the state of the whole SKU remains. A transient failure, or one of a
 * later page, leaves subscriptions unknown and their alerts unchanged. */
void poll_fallback_subscriptions_failed(struct poll *p, const struct failure *why, bool first_page)
{
    struct service_state *l = &p->graph->service;
    bool refused = first_page && (why->kind == FAILURE_PERMISSION || why->kind == FAILURE_ABSENT ||
                                  why->kind == FAILURE_REQUEST);
    if (refused)
        snapshot_set_subscriptions(p->builder, SECTION_NOT_OFFERED);
    if (!l->subscriptions_refused)
        fetch_note(&p->fetch, "%s; the dates of subscriptions are not known%s", why->text,
                   refused ? ", their states only by SKU" : ", nor are their states");
    l->subscriptions_refused = true;
}
