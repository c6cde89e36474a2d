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
    for (size_t i = 0; i < s->n_silences; i++)
        free(s->silence[i].what);
    free(s->silence);
    *s = (struct status){0};
}

size_t status_problems(const struct status *s, const char *ret[static STATUS_PROBLEMS_MAX])
{
    const struct {
        bool given;
        const char *text;
    } PROBLEMS[STATUS_PROBLEMS_MAX] = {
        {s->config_refused, "the last reload was refused; the previous configuration is active"},
        {s->store_failing, "the state directory cannot be written"},
        {s->clock_unset, "the clock of this machine is not set"},
        {s->pending == NUMBER_UNKNOWN, s->outbox_failure.text},
    };
    size_t n = 0;
    for (size_t i = 0; i < STATUS_PROBLEMS_MAX; i++)
        if (PROBLEMS[i].given)
            ret[n++] = PROBLEMS[i].text;
    return n;
}
