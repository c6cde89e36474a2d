/* SPDX-License-Identifier: MIT */
/* status/page_parts.h: the elements that pages are made of. Private to status/. */
#pragma once
#include "status/page.h"

struct page {
    struct text text;
    const struct status *s;
    const struct page_request *request;
};

void page_add(struct page *p, const char *html); /* ours: not escaped */
void page_text(struct page *p, const char *s);   /* escaped; NULL: nothing */
void page_number(struct page *p, int64_t n);     /* unknown: a dash that is read as "unknown" */
void page_ago(struct page *p, usec_t at);        /* "3 h ago" or "in 3 h"; 0: "never" */
void page_day(struct page *p, usec_t at);        /* "2027-03-01"; 0: a dash */
void page_level(struct page *p, const char *level); /* a badge; NULL: unknown */
void page_bar(struct page *p, const struct status_pool *pool);
/* Links to pages; the text alone in a file by itself, and if an id is NULL. */
void page_link_tenant(struct page *p, const char *tenant);
void page_link_pool(struct page *p, const char *tenant, const char *pool, const char *text);
void page_begin(struct page *p, const char *title);
void page_end(struct page *p);
/* A heading with the number of rows and a table with these columns, NULL at the end; "-x" is a column that narrow
 * screens leave out, "#x" one of numbers, "-#x" both, "~x" one of long texts. Cells begin with page_cell(). n 0: a paragraph with `none`. */
bool page_table(struct page *p, const char *heading, size_t n, const char *none, const char *const *column);
void page_cell(struct page *p, const char *column);
void page_table_end(struct page *p);

/* page_lists.c: the tables. */
void page_alerts(struct page *p);
void page_pools(struct page *p);
void page_tenants(struct page *p);
void page_silences(struct page *p);
void page_receivers(struct page *p);
/* Whether the request shows this. Any may be NULL. */
bool page_shows(const struct page *p, const char *tenant, const char *pool, const char *const *text, size_t n);
