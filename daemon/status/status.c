/* SPDX-License-Identifier: MIT */
/* status/status.c: frees a status. */
#include "status/status.h"

void status_clear(struct status *s)
{
    for (size_t i = 0; i < s->n_tenants; i++)
        free(s->tenant[i].error);
    for (size_t i = 0; i < s->n_alerts; i++) {
        free(s->alert[i].title);
        free(s->alert[i].summary);
        free(s->alert[i].next_step);
    }
    free(s->tenant);
    free(s->pool);
    free(s->alert);
    free(s->event);
    free(s->errors);
    free(s->subscription);
    free(s->receiver);
    *s = (struct status){0};
}
