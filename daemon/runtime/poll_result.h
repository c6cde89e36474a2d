/* SPDX-License-Identifier: MIT */
/* runtime/poll_result.h: from the result of a poll to the outbox. */
#pragma once
#include "config/config.h"

struct app;
struct tenant;

#define POLL_RESULTS_MAX 8 /* polls that one commit waits for */

struct poll_result {
    struct tenant *tenant;
    struct snapshot *snapshot; /* owned; NULL: the poll could not begin */
    struct graph_report report;
};

/* Judges, plans, commits, applies and logs the results of polls of different tenants; at most
 * POLL_RESULTS_MAX. Takes the snapshots over. */
void poll_result_take(struct app *app, struct poll_result *result, size_t n);
