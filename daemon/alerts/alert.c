/* SPDX-License-Identifier: MIT */
/* alerts/alert.c: copies and frees alerts and planned changes. */
#include "alerts/alerts.h"

#include "base/text.h"
#include <errno.h>
#include <string.h>

int alert_copy(const struct alert *src, struct alert **ret)
{
    CLEANUP(alert_free) struct alert *a = malloc(sizeof *a);
    if (!a)
        return -ENOMEM;
    *a = *src;
    a->tenant_id = a->subject = NULL;
    a->context = context_share(src->context);
    memset(a->next, 0, sizeof a->next);
    a->at = NULL;
    if (text_copy(src->tenant_id, &a->tenant_id) < 0 || text_copy(src->subject, &a->subject) < 0)
        return -ENOMEM;
    *ret = TAKE(a);
    return 0;
}

void alert_free(struct alert *a)
{
    if (!a)
        return;
    free(a->tenant_id);
    free(a->subject);
    context_free(a->context);
    free(a);
}

bool changes_empty(const struct changes *c)
{
    return c->n_alerts == 0 && c->n_events == 0 && c->n_removed == 0 && c->n_deferrals == 0;
}

void changes_free(struct changes *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->n_alerts; i++)
        alert_free(c->alert[i]);
    for (size_t i = 0; i < c->n_events; i++) {
        notification_free(c->event[i].notification);
        digest_free(c->event[i].digest);
    }
    free(c->alert);
    free(c->event);
    free(c->deferral);
    free(c->removed);
    free(c);
}
