/* SPDX-License-Identifier: MIT */
/* status/page_lists.c: the tables of the pages. */
#include "status/page_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define POOLS_MAX 200 /* rows of the page about all; the worst come first */

static bool contains(const char *text, const char *part)
{
    return text && strcasestr(text, part);
}

bool page_shows(const struct page *p, const char *tenant, const char *pool, const char *const *text, size_t n)
{
    const struct page_request *r = p->request;
    if ((r->tenant && !text_equal(r->tenant, tenant)) || (r->pool && !text_equal(r->pool, pool)))
        return false;
    bool found = !r->search || !*r->search || contains(tenant, r->search);
    for (size_t i = 0; i < n && !found; i++)
        found = contains(text[i], r->search);
    return found;
}

/* Rows that are shown, in the order of `compare`; NULL: out of memory. */
static const void **choose(struct page *p, const void *rows, size_t n, size_t size, bool (*shows)(const struct page *, const void *),
                           int (*compare)(const void *, const void *), size_t *ret_n)
{
    const void **chosen = calloc(n + 1, sizeof *chosen);
    *ret_n = 0;
    for (size_t i = 0; i < n && chosen; i++) {
        const void *row = (const char *)rows + i * size;
        if (shows(p, row))
            chosen[(*ret_n)++] = row;
    }
    if (!chosen)
        p->text.error = -ENOMEM;
    else if (compare && *ret_n > 1)
        qsort(chosen, *ret_n, sizeof *chosen, compare);
    return chosen;
}

/* ---- alerts ---- */

static bool shows_alert(const struct page *p, const void *row)
{
    const struct status_alert *a = row;
    const char *const TEXT[] = {a->title, a->sku_part_number, a->allotment_id, a->id};
    return a->state == STATUS_FIRING && page_shows(p, a->tenant, a->allotment_id, TEXT, N_ELEMENTS(TEXT));
}

static int compare_alerts(const void *a, const void *b)
{
    const struct status_alert *x = *(const struct status_alert *const *)a, *y = *(const struct status_alert *const *)b;
    if (x->level != y->level)
        return x->level > y->level ? -1 : 1;
    return x->since_at < y->since_at ? -1 : x->since_at > y->since_at;
}

static void add_silence_of(struct page *p, const struct status_alert *a)
{
    if (!a->silence.id)
        return;
    page_add(p, "<small>");
    page_text(p, a->silence.kind);
    page_add(p, a->silence.author ? " by " : "");
    page_text(p, a->silence.author);
    page_add(p, a->silence.comment && *a->silence.comment ? ": " : "");
    page_text(p, a->silence.comment);
    page_add(p, "</small>");
}

void page_alerts(struct page *p)
{
    static const char *const COLUMNS[] = {"Severity", "~What", "Since", "-Alert", NULL};
    size_t n;
    CLEANUP(free) const void **alert = choose(p, p->s->alert, p->s->n_alerts, sizeof *p->s->alert, shows_alert, compare_alerts, &n);
    if (!alert || !page_table(p, "Active alerts", n, "No alert fires.", COLUMNS))
        return;
    for (size_t i = 0; i < n; i++) {
        const struct status_alert *a = alert[i];
        page_add(p, "<tr>");
        page_cell(p, COLUMNS[0]);
        page_level(p, level_name(a->level));
        page_cell(p, COLUMNS[1]);
        page_link_pool(p, a->tenant, a->allotment_id, a->title);
        page_add(p, a->next_step ? "<small class=next>" : "");
        page_text(p, a->next_step);
        page_add(p, a->next_step ? "</small>" : "");
        add_silence_of(p, a);
        page_cell(p, COLUMNS[2]);
        page_ago(p, a->since_at);
        page_cell(p, COLUMNS[3]);
        page_text(p, rule_name(a->rule));
        page_add(p, "<small class=id>");
        page_text(p, a->id);
        page_add(p, "</small></tr>\n");
    }
    page_table_end(p);
}

/* ---- pools ---- */

static bool shows_pool(const struct page *p, const void *row)
{
    const struct status_pool *o = row;
    const char *const TEXT[] = {o->id, o->name, o->sku_id, o->sku_part_number, o->sku_name};
    return page_shows(p, o->tenant, o->id, TEXT, N_ELEMENTS(TEXT));
}

static int rank(const struct status_pool *p)
{
    return text_equal(p->level, "critical") ? 3 : text_equal(p->level, "warning") ? 2 : !p->level ? 1 : 0;
}

static int64_t usage(const struct status_pool *p)
{
    return p->allotted > 0 && p->consumed >= 0 ? p->consumed * 10000 / p->allotted : p->consumed > 0 ? INT64_MAX : -1;
}

static int compare_pools(const void *a, const void *b)
{
    const struct status_pool *x = *(const struct status_pool *const *)a, *y = *(const struct status_pool *const *)b;
    if (rank(x) != rank(y))
        return rank(x) > rank(y) ? -1 : 1;
    return usage(x) > usage(y) ? -1 : usage(x) < usage(y);
}

static void add_pool(struct page *p, const struct status_pool *o, const char *const *column)
{
    const char *product = o->sku_name ? o->sku_name : o->sku_part_number ? o->sku_part_number : o->sku_id ? o->sku_id : "(no product)";
    page_add(p, "<tr>");
    page_cell(p, column[0]);
    page_link_pool(p, o->tenant, o->id, product);
    page_add(p, "<small>");
    page_text(p, o->name ? o->name : o->id);
    page_add(p, "</small>");
    page_cell(p, column[1]);
    page_link_tenant(p, o->tenant);
    page_cell(p, column[2]);
    page_level(p, o->level);
    page_cell(p, column[3]);
    page_number(p, o->consumed);
    page_add(p, " of ");
    page_number(p, o->allotted);
    page_bar(p, o);
    page_cell(p, column[4]);
    page_number(p, o->free);
    page_cell(p, column[5]);
    page_number(p, o->waiting);
    if (o->waiting > 0 && o->oldest_at) {
        page_add(p, "<small>");
        page_ago(p, o->oldest_at);
        page_add(p, "</small>");
    }
    page_add(p, "</tr>\n");
}

void page_pools(struct page *p)
{
    static const char *const COLUMNS[] = {"~Product and pool", "-Tenant", "Level", "In use", "-#Free", "#Waiting", NULL};
    size_t n, max = p->request->tenant || p->request->self_contained ? SIZE_MAX : POOLS_MAX;
    CLEANUP(free) const void **pool = choose(p, p->s->pool, p->s->n_pools, sizeof *p->s->pool, shows_pool, compare_pools, &n);
    if (!pool || !page_table(p, "Pools", n, "No pools are known: no tenant was polled completely, or nothing matches.", COLUMNS))
        return;
    for (size_t i = 0; i < n && i < max; i++)
        add_pool(p, pool[i], COLUMNS);
    if (n > max)
        text_addf(&p->text, "<tr><td colspan=6>%zu more pools, none worse: search, or open a tenant.</tr>\n", n - max);
    page_table_end(p);
}

/* ---- tenants ---- */

static bool shows_tenant(const struct page *p, const void *row)
{
    const struct status_tenant *t = row;
    return page_shows(p, t->name, p->request->pool, NULL, 0);
}

static const char *state_of(const struct status_tenant *t)
{
    return !t->enabled ? "disabled" : t->complete && t->recorded ? "ok" : t->error && *t->error ? "warning" : NULL;
}

static void add_tenant(struct page *p, const struct status_tenant *t, const char *const *column)
{
    static const char *const SOURCES[] = {[SOURCE_NONE] = "", [SOURCE_CLOUD_LICENSING] = "cloudLicensing",
                                          [SOURCE_SUBSCRIBED_SKUS] = "subscribedSkus (fallback)"};
    const int64_t NUMBERS[] = {t->totals.allotments, t->totals.consumed, t->totals.allotted, t->totals.waiting, t->totals.errors};
    page_add(p, "<tr>");
    page_cell(p, column[0]);
    page_link_tenant(p, t->name);
    page_add(p, t->error && *t->error ? "<small>" : "");
    page_text(p, t->error);
    page_add(p, t->error && *t->error ? "</small>" : "");
    page_cell(p, column[1]);
    page_level(p, state_of(t));
    page_cell(p, column[2]);
    page_ago(p, t->last_complete_at);
    page_add(p, "<small>");
    page_text(p, t->last_complete_at ? SOURCES[t->last_source] : NULL);
    page_add(p, "</small>");
    for (size_t i = 0; i < N_ELEMENTS(NUMBERS); i++) {
        page_cell(p, column[3 + i]);
        page_number(p, NUMBERS[i]);
    }
    page_cell(p, column[3 + N_ELEMENTS(NUMBERS)]);
    page_day(p, t->credential_ends_at);
    page_add(p, "</tr>\n");
}

void page_tenants(struct page *p)
{
    static const char *const COLUMNS[] = {"~Tenant", "State", "Last complete poll", "-#Pools", "-#In use", "-#Units", "#Waiting", "-#Errors",
                                          "-Credential ends", NULL};
    size_t n;
    CLEANUP(free) const void **tenant = choose(p, p->s->tenant, p->s->n_tenants, sizeof *p->s->tenant, shows_tenant, NULL, &n);
    if (!tenant || !page_table(p, "Tenants", n, "No tenant has this in its name.", COLUMNS))
        return;
    for (size_t i = 0; i < n; i++)
        add_tenant(p, tenant[i], COLUMNS);
    page_table_end(p);
}

/* ---- silences, deliveries ---- */

void page_silences(struct page *p)
{
    static const char *const COLUMNS[] = {"Kind", "~What", "Until", "-Author", NULL};
    if (!page_table(p, "Silences and acknowledgements", p->s->n_silences, "Nothing is silenced.", COLUMNS))
        return;
    for (size_t i = 0; i < p->s->n_silences; i++) {
        const struct status_silence *s = &p->s->silence[i];
        page_add(p, "<tr>");
        page_cell(p, COLUMNS[0]);
        page_text(p, s->kind);
        page_add(p, s->active ? "" : "<small>not in force now</small>");
        page_cell(p, COLUMNS[1]);
        page_text(p, s->what);
        page_add(p, "<small>");
        page_text(p, s->comment);
        page_add(p, "</small>");
        page_cell(p, COLUMNS[2]);
        if (s->end_at)
            page_ago(p, s->end_at);
        else
            page_add(p, "no end");
        page_cell(p, COLUMNS[3]);
        page_text(p, s->author);
        page_add(p, "</tr>\n");
    }
    page_table_end(p);
}

void page_receivers(struct page *p)
{
    static const char *const COLUMNS[] = {"~Receiver", "#Waiting", "#Given up", "Oldest", "-#Delivered since the start", "-#Failed attempts", NULL};
    if (!page_table(p, "Deliveries", p->s->n_receivers, "No receivers.", COLUMNS))
        return;
    for (size_t i = 0; i < p->s->n_receivers; i++) {
        const struct status_receiver *r = &p->s->receiver[i];
        const int64_t TOTALS[] = {r->total[STATUS_DELIVERED], r->total[STATUS_RETRIED] + r->total[STATUS_PARKED]};
        page_add(p, "<tr>");
        page_cell(p, COLUMNS[0]);
        page_text(p, r->name);
        page_cell(p, COLUMNS[1]);
        page_number(p, r->pending);
        page_cell(p, COLUMNS[2]);
        page_number(p, r->parked);
        page_cell(p, COLUMNS[3]);
        if (r->oldest_at)
            page_ago(p, r->oldest_at);
        for (size_t k = 0; k < N_ELEMENTS(TOTALS); k++) {
            page_cell(p, COLUMNS[4 + k]);
            page_number(p, TOTALS[k]);
        }
        page_add(p, "</tr>\n");
    }
    page_table_end(p);
}
