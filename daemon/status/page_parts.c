/* SPDX-License-Identifier: MIT */
/* status/page_parts.c: escaping, numbers, times, bars, links and tables of the pages. */
#include "status/page_parts.h"

#include <inttypes.h>
#include <string.h>

#include "base/date.h"

#define FOREIGN_MAX 512 /* bytes of a name that are shown */

void page_add(struct page *p, const char *html)
{
    text_add(&p->text, html);
}

void page_text(struct page *p, const char *s)
{
    static const struct {
        char c;
        const char *as;
    } ESCAPES[] = {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#39;"}};
    char clean[FOREIGN_MAX];
    const char *at = s ? text_clean(clean, sizeof clean, s, strlen(s)) : "";
    for (size_t plain; *at; at += plain + (at[plain] != '\0')) {
        plain = strcspn(at, "&<>\"'");
        text_add_bytes(&p->text, at, plain);
        for (size_t i = 0; at[plain] && i < N_ELEMENTS(ESCAPES); i++)
            if (ESCAPES[i].c == at[plain])
                page_add(p, ESCAPES[i].as);
    }
}

static void add_dash(struct page *p, const char *word)
{
    text_addf(&p->text, "<span class=u><span aria-hidden=true>&ndash;</span><span class=r>%s</span></span>", word);
}

void page_number(struct page *p, int64_t n)
{
    if (n == NUMBER_UNKNOWN)
        add_dash(p, "unknown");
    else
        text_addf(&p->text, "%" PRId64, n);
}

void page_ago(struct page *p, usec_t at)
{
    char stamp[RFC3339_MAX], age[DURATION_MAX];
    usec_t now = p->s->at;
    if (!at) {
        add_dash(p, "never");
        return;
    }
    text_addf(&p->text, "<time datetime=\"%s\" title=\"%s\">", rfc3339_print(at, stamp), stamp);
    if (at > now)
        text_addf(&p->text, "in %s</time>", duration_human(at - now, age));
    else
        text_addf(&p->text, "%s ago</time>", duration_human(now - at, age));
}

void page_day(struct page *p, usec_t at)
{
    char stamp[RFC3339_MAX];
    if (!at)
        add_dash(p, "unknown");
    else
        text_addf(&p->text, "<time datetime=\"%s\">%.10s</time>", rfc3339_print(at, stamp), stamp);
}

void page_level(struct page *p, const char *level)
{
    const char *word = level ? level : "unknown";
    text_addf(&p->text, "<span class=\"b %s\">%s</span>", word, word);
}

/* The numbers stand beside it. Beyond 100 % the bar is full. */
void page_bar(struct page *p, const struct status_pool *pool)
{
    const int64_t LIMITS[] = {pool->warning_bp, pool->critical_bp};
    if (pool->allotted == NUMBER_UNKNOWN || pool->consumed == NUMBER_UNKNOWN)
        return;
    int64_t bp = pool->allotted > 0 ? pool->consumed * 10000 / pool->allotted : pool->consumed > 0 ? 10000 : 0;
    bp = bp < 0 ? 0 : bp > 10000 ? 10000 : bp;
    text_addf(&p->text, "<svg class=\"bar %s\" viewBox=\"0 0 10000 8\" preserveAspectRatio=none aria-hidden=true><rect class=t width=10000 "
                        "height=8 /><rect class=f width=%" PRId64 " height=8 />", pool->level ? pool->level : "unknown", bp);
    for (size_t i = 0; i < N_ELEMENTS(LIMITS); i++)
        if (LIMITS[i] > 0 && LIMITS[i] < 10000)
            text_addf(&p->text, "<rect class=l x=%" PRId64 " width=60 height=8 />", LIMITS[i]);
    page_add(p, "</svg>");
}

void page_link_tenant(struct page *p, const char *tenant)
{
    bool plain = p->request->self_contained || !tenant;
    if (!plain) {
        page_add(p, "<a href=\"/tenants/");
        text_add_encoded(&p->text, tenant);
        page_add(p, "\">");
    }
    page_text(p, tenant);
    page_add(p, plain ? "" : "</a>");
}

void page_link_pool(struct page *p, const char *tenant, const char *pool, const char *text)
{
    bool plain = p->request->self_contained || !tenant || !pool;
    if (!plain) {
        page_add(p, "<a href=\"/pools/");
        text_add_encoded(&p->text, pool);
        page_add(p, "?tenant=");
        text_add_encoded(&p->text, tenant);
        page_add(p, "\">");
    }
    page_text(p, text);
    page_add(p, plain ? "" : "</a>");
}

/* ---- the frame ---- */

void page_begin(struct page *p, const char *title)
{
    page_add(p, "<!doctype html>\n<html lang=en>\n<head>\n<meta charset=utf-8>\n"
                "<meta name=viewport content=\"width=device-width, initial-scale=1\">\n<meta name=color-scheme content=\"light dark\">\n");
    if (p->request->refresh)
        page_add(p, "<meta http-equiv=refresh content=60>\n");
    if (p->request->self_contained) {
        page_add(p, "<style>");
        page_add(p, status_page_style);
        page_add(p, "</style>\n");
    } else {
        page_add(p, "<link rel=stylesheet href=\"/style.css\">\n");
    }
    page_add(p, "<title>");
    page_text(p, title);
    page_add(p, "</title>\n</head>\n<body>\n");
    if (!p->request->self_contained) {
        page_add(p, "<a class=skip href=\"#main\">Skip to the content</a>\n<header><a class=home href=\"/\">seatwatchd</a>"
                    "<form role=search action=\"/\" method=get><label class=r for=q>Name or id</label>"
                    "<input id=q name=q type=search placeholder=\"Name or id\" value=\"");
        page_text(p, p->request->search);
        page_add(p, "\"><button>Search</button></form></header>\n");
    }
    page_add(p, "<main id=main>\n<h1>");
    page_text(p, title);
    page_add(p, "</h1>\n");
}

void page_end(struct page *p)
{
    char now[RFC3339_MAX], age[DURATION_MAX];
    text_addf(&p->text, "</main>\n<footer>seatwatchd %s, running for %s. As of %.10s %.5s UTC.", p->s->version,
              duration_human(p->s->running, age), rfc3339_print(p->s->at, now), now + 11);
    page_add(p, p->request->self_contained || p->request->refresh ? "" : " <a href=\"/?refresh\">Load again each minute</a>.");
    page_add(p, "</footer>\n</body>\n</html>\n");
}

/* ---- tables ---- */

static const char *class_of(const char *column)
{
    return strncmp(column, "-#", 2) == 0 ? " class=\"w n\"" : *column == '-' ? " class=w" : *column == '#' ? " class=n" : *column == '~' ? " class=x" : "";
}

bool page_table(struct page *p, const char *heading, size_t n, const char *none, const char *const *column)
{
    text_addf(&p->text, "<section>\n<h2>%s <span class=c>%zu</span></h2>\n", heading, n);
    if (n == 0) {
        text_addf(&p->text, "<p class=none>%s</p>\n</section>\n", none);
        return false;
    }
    text_addf(&p->text, "<div class=box tabindex=0 role=region aria-label=\"%s\"><table>\n<thead><tr>", heading);
    for (; *column; column++)
        text_addf(&p->text, "<th scope=col%s>%s", class_of(*column), *column + strspn(*column, "-#~"));
    page_add(p, "</tr></thead>\n<tbody>\n");
    return true;
}

void page_cell(struct page *p, const char *column)
{
    text_addf(&p->text, "<td%s>", class_of(column));
}

void page_table_end(struct page *p)
{
    page_add(p, "</tbody>\n</table></div>\n</section>\n");
}
