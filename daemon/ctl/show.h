/* SPDX-License-Identifier: MIT */
/* ctl/show.h: prints answers of the daemon for people. What the daemon says is hostile, like any input. */
#pragma once
#include "base/clock.h"
#include "json/json.h"

#define SHOW_NUMBER_MAX 24

/* A string member; NULL: missing, null or another type. */
const char *show_text(const struct json *object, const char *key);
/* A whole number; "?" if it is not known. */
const char *show_number(const struct json *object, const char *key, char buf[static SHOW_NUMBER_MAX]);
/* A member with a time: on this machine's clock ("02:00 CET"); NULL: not known. For free(). */
char *show_time(const struct json *object, const char *key, usec_t now);
/* "NAME         TEXT", cleaned. */
void show_line(const char *name, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void show_status(const struct json *root, usec_t now);
/* False: not written. */
bool show_tenants(const struct json *root, usec_t now);
bool show_alerts(const struct json *root, usec_t now);
bool show_allotments(const struct json *root, usec_t now);
bool show_permissions(const struct json *root, usec_t now);
bool show_deliveries(const struct json *root, usec_t now);
bool show_silences(const struct json *root, usec_t now);
