/* SPDX-License-Identifier: MIT */
/* status/json_parts.h: the parts that the reports in JSON share. Private to status/. */
#pragma once
#include "json/json.h"
#include "status/status.h"

#define STATUS_JSON_MAX (64u << 20) /* 200,000 alerts of 300 bytes */

/* value / 10^decimals; an unknown number and an unknown time are null. */
void status_put_number(struct json_writer *w, const char *key, int64_t value, unsigned decimals);
void status_put_time(struct json_writer *w, const char *key, usec_t at);
void status_put_tenant_members(struct json_writer *w, const struct status_tenant *t);
void status_put_alert_members(struct json_writer *w, const struct status_alert *a);
void status_put_deliveries(struct json_writer *w, const struct status *s);
void status_put_pool(struct json_writer *w, const struct status_pool *p);
