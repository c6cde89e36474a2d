/* SPDX-License-Identifier: MIT */
/* alerts/info.c: turns changes that are no alerts into events of severity info. */
#include "alerts/plan.h"

#include <errno.h>

static int notification_of(const struct plan *p, const struct info *info, struct notification **ret)
{
    CLEANUP(notification_free) struct notification *n = calloc(1, sizeof *n);
    if (!n)
        return -ENOMEM;
    n->type = EVENT_INFO;
    n->kind = info->kind;
    n->rule = n->notified_rule = info->rule;
    n->value = info->value;
    n->threshold = NUMBER_UNKNOWN;
    n->unit = rule_row(info->rule)->unit;
    n->observed_at = info->context->observed_at;
    n->at = p->ctx->now.at;
    n->context = context_share(info->context);
    int r = uuid_v7(n->at, n->event_id);
    if (r >= 0)
        r = notification_write_texts(n);
    if (r >= 0)
        *ret = TAKE(n);
    return r;
}

int plan_infos(struct plan *p, const struct observations *observations)
{
    int r = 0;
    for (size_t i = 0; r >= 0 && !p->ctx->state_lost && i < observations->n_infos; i++) {
        const struct info *info = &observations->info[i];
        struct event e = {.to = route_info(p->ctx->routes, info->rule, info->context)};
        r = notification_of(p, info, &e.notification);
        if (r >= 0)
            r = plan_add_event(p, &e);
    }
    return r;
}
