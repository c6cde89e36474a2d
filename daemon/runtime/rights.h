/* SPDX-License-Identifier: MIT */
/* runtime/rights.h: looks up usage_rights after each poll. */
#pragma once
#include <stdbool.h>

struct app;
struct graph_report;
struct right_need;
struct tenant;
struct tenant_identity;

void rights_begin(struct tenant *t, const struct graph_report *report); /* after a poll; runs by itself */
/* The next poll begins: what was found counts, the rest is unknown. */
void rights_interrupt(struct tenant *t);
void rights_clear(struct tenant *t);
bool rights_about(const struct right_need *need, const struct tenant_identity *tenant);
/* usage_rights still has the entry with this subject. */
bool rights_named(const struct app *app, const struct tenant_identity *tenant, const char *subject);
