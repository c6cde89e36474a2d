/* SPDX-License-Identifier: MIT */
/* runtime/backoff_until.h: keeps Graph's Retry-After across restarts. */
#pragma once
struct graph_report;
struct tenant;

void backoff_store(const struct tenant *t, const struct graph_report *report); /* a poll has ended */
void backoff_load(struct tenant *t);                                           /* at a start or a reload */
