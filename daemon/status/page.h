/* SPDX-License-Identifier: MIT */
/* status/page.h: what the program knows, as HTML for people. Pure.
 *
 * No scripts. Every foreign string is escaped, and its control characters are shown. Works on a phone, on a wall
 * display and with a screen reader: levels are words and not only colours. */
#pragma once
#include "status/status.h"

struct page_request {
    const char *tenant;  /* the page of this tenant; NULL: all */
    const char *pool;    /* the page of this pool of `tenant`; NULL: all */
    const char *search;  /* pools, tenants and alerts with this part in a name or id; NULL or "": all */
    bool refresh;        /* the browser loads the page again each minute */
    bool self_contained; /* a file by itself: with its style, without links to other pages */
};
/* `s` has STATUS_POOLS, STATUS_ALERTS, STATUS_RECEIVERS and STATUS_SILENCES. -ENOENT: there is no such tenant or pool, and
 * *ret is a page that says so. Otherwise as status_json(). */
int status_page(const struct status *s, const struct page_request *request, char **ret);
extern const char status_page_style[]; /* /style.css */
