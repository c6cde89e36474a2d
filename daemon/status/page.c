/* SPDX-License-Identifier: MIT */
/* status/page.c: the pages about all tenants, about one, and about one pool. */
#include "status/page_parts.h"

#include <errno.h>
#include <string.h>

#define PAGE_MAX ((size_t)32 << 20)

/* ---- the top of each page ---- */

static void add_problems(struct page *p)
{
    const char *problem[STATUS_PROBLEMS_MAX];
    size_t n = status_problems(p->s, problem);
    page_add(p, n ? "<div class=banner role=status>\n" : "");
    for (size_t i = 0; i < n; i++) {
        page_add(p, "<p>");
        page_text(p, problem[i]);
        page_add(p, "</p>\n");
    }
    page_add(p, n ? "</div>\n" : "");
}

static void add_card(struct page *p, const char *what, const char *class, int64_t n)
{
    text_addf(&p->text, "<div class=\"%s\"><dt>%s</dt><dd>", n != 0 ? class : "", what);
    page_number(p, n);
    page_add(p, "</dd></div>\n");
}

/* Unknown if one of them is. */
static int64_t count_waiting(const struct status *s)
{
    int64_t sum = 0;
    for (size_t i = 0; i < s->n_pools; i++) {
        if (s->pool[i].waiting == NUMBER_UNKNOWN)
            return NUMBER_UNKNOWN;
        sum += s->pool[i].waiting;
    }
    return s->n_pools ? sum : NUMBER_UNKNOWN;
}

static void add_cards(struct page *p)
{
    const struct status *s = p->s;
    int64_t failing = 0;
    for (size_t i = 0; i < s->n_tenants; i++)
        failing += s->tenant[i].enabled && s->tenant[i].failing;
    page_add(p, "<dl class=cards>\n");
    add_card(p, "Critical alerts", "critical", (int64_t)s->n_firing[LEVEL_CRITICAL]);
    add_card(p, "Warnings", "warning", (int64_t)s->n_firing[LEVEL_WARNING]);
    add_card(p, "Members waiting", "", count_waiting(s));
    add_card(p, "Tenants", "", (int64_t)s->n_tenants);
    add_card(p, "Tenants failing", "warning", failing);
    add_card(p, "Messages to deliver", "", s->pending);
    add_card(p, "Messages given up", "warning", s->parked);
    page_add(p, "</dl>\n");
}

/* ---- */

static void add_all(struct page *p)
{
    const char *search = p->request->search && *p->request->search ? p->request->search : NULL;
    CLEANUP(free) char *title = text_printf(search ? "Licences: %s" : "Licences", search);
    page_begin(p, title ? title : "Licences");
    add_problems(p);
    if (!search)
        add_cards(p);
    page_alerts(p);
    page_pools(p);
    page_tenants(p);
    if (search)
        return;
    page_silences(p);
    page_receivers(p);
}

static void add_tenant(struct page *p)
{
    page_begin(p, p->request->tenant);
    page_tenants(p);
    page_alerts(p);
    page_pools(p);
}

static void add_subscriptions(struct page *p, const struct status_pool *pool)
{
    static const char *const COLUMNS[] = {"Subscription", "Next date", NULL};
    size_t n = 0;
    for (size_t i = 0; i < p->s->n_subscriptions; i++)
        n += text_equal(p->s->subscription[i].tenant, pool->tenant) && text_equal(p->s->subscription[i].sku_id, pool->sku_id);
    if (!page_table(p, "Subscriptions of this product", n, "None is known.", COLUMNS))
        return;
    for (size_t i = 0; i < p->s->n_subscriptions; i++) {
        const struct status_subscription *b = &p->s->subscription[i];
        if (!text_equal(b->tenant, pool->tenant) || !text_equal(b->sku_id, pool->sku_id))
            continue;
        page_add(p, "<tr>");
        page_cell(p, COLUMNS[0]);
        page_text(p, b->id);
        page_cell(p, COLUMNS[1]);
        page_day(p, b->next_lifecycle_date > 0 ? (usec_t)b->next_lifecycle_date * USEC_PER_DAY : 0);
        page_add(p, "</tr>\n");
    }
    page_table_end(p);
}

static void add_pool(struct page *p, const struct status_pool *pool)
{
    const char *product = pool->sku_name ? pool->sku_name : pool->sku_part_number ? pool->sku_part_number : pool->id;
    CLEANUP(free) char *title = text_printf("%s: %s%s%s%s", pool->tenant, product, pool->name ? " (" : "", pool->name ? pool->name : "",
                                            pool->name ? ")" : "");
    page_begin(p, title ? title : pool->id);
    page_pools(p);
    page_alerts(p);
    add_subscriptions(p, pool);
}

static bool has_tenant(const struct status *s, const char *name)
{
    for (size_t i = 0; i < s->n_tenants; i++)
        if (text_equal(s->tenant[i].name, name))
            return true;
    return false;
}

static const struct status_pool *find_pool(const struct status *s, const struct page_request *r)
{
    for (size_t i = 0; i < s->n_pools; i++)
        if (text_equal(s->pool[i].id, r->pool) && text_equal(s->pool[i].tenant, r->tenant))
            return &s->pool[i];
    return NULL;
}

int status_page(const struct status *s, const struct page_request *request, char **ret)
{
    struct page p = {.text = TEXT_INIT(PAGE_MAX), .s = s, .request = request};
    const struct status_pool *pool = request->pool ? find_pool(s, request) : NULL;
    int found = 0;
    if (pool) {
        add_pool(&p, pool);
    } else if (!request->pool && request->tenant && has_tenant(s, request->tenant)) {
        add_tenant(&p);
    } else if (!request->pool && !request->tenant) {
        add_all(&p);
    } else {
        found = -ENOENT;
        page_begin(&p, "Not found");
        page_add(&p, "<p>There is no such pool or tenant now. A pool is shown while its tenant is polled completely.</p>\n");
    }
    page_end(&p);
    int r = p.text.error;
    if (r >= 0)
        *ret = text_take(&p.text);
    text_free(&p.text);
    return r < 0 ? r : found;
}
