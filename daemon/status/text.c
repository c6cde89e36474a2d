/* SPDX-License-Identifier: MIT */
/* status/text.c: the report of --once for people. */
#include "status/status.h"

#include <inttypes.h>

static void put_tenant(FILE *out, const struct status_tenant *t)
{
    const struct snapshot_totals *n = &t->totals;
    if (t->error)
        fprintf(out, "%s: %s: %s\n", t->name,
                t->complete ? "polled, but not recorded" : "not polled completely", t->error);
    if (n->allotments == UNITS_UNKNOWN)
        return;
    fprintf(out, "%s: %" PRId64 " pool%s", t->name, n->allotments, n->allotments == 1 ? "" : "s");
    if (n->consumed != UNITS_UNKNOWN && n->allotted != UNITS_UNKNOWN)
        fprintf(out, ", %" PRId64 " of %" PRId64 " units consumed", n->consumed, n->allotted);
    if (n->waiting != UNITS_UNKNOWN)
        fprintf(out, ", %" PRId64 " waiting", n->waiting);
    if (n->errors != UNITS_UNKNOWN)
        fprintf(out, ", %" PRId64 " assignment errors", n->errors);
    fputc('\n', out);
}

static void put_pool(FILE *out, const struct status_pool *p)
{
    fprintf(out, "  %s: %s%s%s, %s", p->tenant, p->id, p->name ? ", " : "", p->name ? p->name : "",
            p->sku_name ? p->sku_name : "unknown product");
    if (p->sku_part_number)
        fprintf(out, " (%s)", p->sku_part_number);
    if (p->free != NUMBER_UNKNOWN)
        fprintf(out, ": %" PRId64 " of %" PRId64 " units consumed, %" PRId64 " free", p->consumed,
                p->allotted, p->free);
    else
        fputs(": units unknown", out);
    if (p->waiting != NUMBER_UNKNOWN)
        fprintf(out, ", %" PRId64 " waiting", p->waiting);
    fprintf(out, ", %s\n", p->level ? p->level : "unknown");
}

void status_text(const struct status *s, FILE *out)
{
    for (size_t i = 0; i < s->n_tenants; i++)
        if (s->tenant[i].enabled)
            put_tenant(out, &s->tenant[i]);
    fputs("pools:\n", out);
    for (size_t i = 0; i < s->n_pools; i++)
        put_pool(out, &s->pool[i]);
    fputs("open alerts:\n", out);
    for (size_t i = 0; i < s->n_alerts; i++) {
        const struct status_alert *a = &s->alert[i];
        if (a->state == STATUS_FIRING)
            fprintf(out, "  %s: %s%s\n    %s\n", level_name(a->level), a->title,
                    a->notified ? "" : " (not notified)", a->next_step);
    }
    if (s->event)
        fputs("events:\n", out);
    for (size_t i = 0; i < s->n_events; i++)
        fprintf(out, "%s%s%s\n", s->event[i].type ? s->event[i].type : "",
                s->event[i].type ? ": " : "  ", s->event[i].title);
    if (s->dry_run)
        fputs("dry run: nothing was stored or sent\n", out);
}
