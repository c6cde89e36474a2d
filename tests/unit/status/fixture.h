/* SPDX-License-Identifier: MIT */
/* A status with one of everything, and one of which nothing is known. */
#pragma once
#include "base/date.h"
#include "status/status.h"

#define AT ((usec_t)1795309200 * USEC_PER_SEC) /* 2026-11-22T01:00:00Z */

static const struct snapshot_totals NOTHING_KNOWN = {
    UNITS_UNKNOWN, UNITS_UNKNOWN, UNITS_UNKNOWN, UNITS_UNKNOWN, UNITS_UNKNOWN, UNITS_UNKNOWN, 0};

struct example {
    struct status status;
    struct status_tenant tenant[3];
    struct status_pool pool[1];
    struct status_alert alert[3];
    struct status_event event[3];
};

static void example_fill(struct example *e)
{
    *e = (struct example){
        .tenant = {{.name = "contoso",
                    .enabled = true,
                    .complete = true,
                    .recorded = true,
                    .source = SOURCE_CLOUD_LICENSING,
                    .last_source = SOURCE_CLOUD_LICENSING,
                    .totals = {3, 550, 481, 4, 2, 2, AT - USEC_PER_DAY},
                    .requests = 3,
                    .bytes = 18234,
                    .took = 790999,
                    .last_complete_at = AT},
                   {.name = "off", .totals = NOTHING_KNOWN},
                   {.name = "fabrikam",
                    .enabled = true,
                    .failing = true,
                    .last_source = SOURCE_SUBSCRIBED_SKUS,
                    .error = "no answer",
                    .totals = NOTHING_KNOWN,
                    .last_complete_at = AT - USEC_PER_HOUR}},
        .pool = {{"contoso", "p1", "CSP pool", "06eb", "SPE_E5", "Microsoft 365 E5", 100, 96, 4, 26,
                  AT, "critical", 0, 0}},
        .alert = {{.id = "a1",
                   .tenant = "contoso",
                   .sku_part_number = "SPE_E5",
                   .allotment_id = "p1",
                   .state = STATUS_FIRING,
                   .episode = 7,
                   .level = LEVEL_CRITICAL,
                   .rule = RULE_USAGE,
                   .value = 9640,
                   .threshold = 9500,
                   .unit = UNIT_PERCENT,
                   .since_at = AT,
                   .notified = true,
                   .title = "96 % in use",
                   .summary = "a summary",
                   .next_step = "Order 5 units."},
                  {.id = "a2",
                   .state = STATUS_PENDING,
                   .level = LEVEL_WARNING,
                   .rule = RULE_POLL,
                   .value = NUMBER_UNKNOWN,
                   .threshold = 3600,
                   .unit = UNIT_SECONDS,
                   .title = "pending"},
                  {.id = "a3",
                   .state = STATUS_RESOLVED,
                   .level = LEVEL_WARNING,
                   .rule = RULE_WAITING,
                   .value = 0,
                   .threshold = 1,
                   .unit = UNIT_MEMBERS,
                   .notified = true,
                   .title = "resolved"}},
        .event = {{"alert.resolved", "resolved"},
                  {"alert.digest", "2 alerts"},
                  {NULL, "96 % in use"}},
    };
    e->status = (struct status){.version = "1.2.3",
                                .started_at = AT,
                                .at = AT + USEC_PER_SEC,
                                .running = 812999,
                                .tenant = e->tenant,
                                .n_tenants = 3,
                                .n_firing = {[LEVEL_WARNING] = 2, [LEVEL_CRITICAL] = 1},
                                .delivered = 2,
                                .pool = e->pool,
                                .n_pools = 1,
                                .alert = e->alert,
                                .n_alerts = 3,
                                .event = e->event,
                                .n_events = 3};
}
