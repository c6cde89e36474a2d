/* SPDX-License-Identifier: MIT */
/* status/line.c: the status line that systemctl status shows. */
#include "status/status.h"

#include "base/date.h"
#include <inttypes.h>

static void add_count(struct text *t, const char *before, size_t n, const char *noun)
{
    text_addf(t, "%s%zu %s%s", before, n, noun, n == 1 ? "" : "s");
}

static void add_tenants(struct text *t, const struct status *s)
{
    size_t failing = 0, fallback = 0;
    usec_t last_at = 0;
    char when[RFC3339_MAX];
    for (size_t i = 0; i < s->n_tenants; i++) {
        const struct status_tenant *tenant = &s->tenant[i];
        failing += tenant->failing;
        fallback += tenant->last_source == SOURCE_SUBSCRIBED_SKUS;
        last_at = tenant->last_complete_at > last_at ? tenant->last_complete_at : last_at;
    }
    add_count(t, "", s->n_tenants, "tenant");
    if (failing)
        text_addf(t, " (%zu not polled completely)", failing);
    if (fallback)
        text_addf(t, " (%zu from subscribedSkus)", fallback);
    if (last_at) /* to the minute */
        text_addf(t, ", last poll %.16sZ", rfc3339_print(last_at, when));
    else
        text_add(t, ", not polled yet");
}

void status_line(const struct status *s, struct text *t)
{
    char day[RFC3339_MAX];
    size_t critical = s->n_firing[LEVEL_CRITICAL];
    add_tenants(t, s);
    if (s->credential_ends_at)
        text_addf(t, ", %s %.10s",
                  s->credential_ends_at > s->at ? "credentials valid until"
                                                : "a credential expired on",
                  rfc3339_print(s->credential_ends_at, day));
    add_count(t, ", ", s->n_firing[LEVEL_WARNING] + critical, "alert");
    if (critical)
        text_addf(t, " (%zu critical)", critical);
    if (s->pending > 0)
        text_addf(t, ", %" PRId64 " to deliver", s->pending);
    if (s->parked > 0)
        text_addf(t, ", %" PRId64 " undeliverable", s->parked);
    if (s->config_refused)
        text_add(t, "; the last reload was refused");
    if (s->store_failing)
        text_add(t, "; the state directory cannot be written");
    if (s->clock_unset)
        text_add(t, "; the clock of this machine is not set");
}
