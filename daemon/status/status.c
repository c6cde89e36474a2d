/* SPDX-License-Identifier: MIT */
/* status/status.c: frees a status. */
#include "status/status.h"

static void alert_clear(struct status_alert *a)
{
    free(a->title);
    free(a->summary);
    free(a->next_step);
}

void status_keep_tenant(struct status *s, const char *name)
{
    size_t tenants = 0, alerts = 0;
    for (size_t i = 0; i < s->n_tenants; i++)
        if (text_equal(s->tenant[i].name, name))
            s->tenant[tenants++] = s->tenant[i];
        else
            free(s->tenant[i].error);
    for (size_t i = 0; i < s->n_alerts; i++)
        if (text_equal(s->alert[i].tenant, name))
            s->alert[alerts++] = s->alert[i];
        else
            alert_clear(&s->alert[i]);
    s->n_tenants = tenants;
    s->n_alerts = alerts;
}

void status_clear(struct status *s)
{
    for (size_t i = 0; i < s->n_tenants; i++)
        free(s->tenant[i].error);
    for (size_t i = 0; i < s->n_alerts; i++)
        alert_clear(&s->alert[i]);
    free(s->tenant);
    free(s->pool);
    free(s->alert);
    free(s->event);
    free(s->errors);
    free(s->subscription);
    free(s->receiver);
    *s = (struct status){0};
}
