/* SPDX-License-Identifier: MIT */
/* runtime/credentials.h: what tenants and receivers sign in with, and when it expires. */
#pragma once
#include "base/clock.h"
#include <stdbool.h>
#include <stddef.h>
#include "rules/judge.h"

struct app;
struct credentials;
struct graph_report;
struct tenant;

/* Makes app->credentials: which tenants and receivers share one; reads certificates. */
int credentials_wire(struct app *app, struct failure *ret_failure);
void credentials_free(struct credentials *c);
/* A reload: what is known of unchanged credentials stays known. */
void credentials_inherit(struct app *app, const struct credentials *old, struct tenant *old_tenant, size_t n_old);
/* After a poll; perhaps asks Graph for the expiry, which runs by itself. */
void credentials_polled(struct tenant *t, const struct graph_report *report);
/* Once a minute: changed files and days to expiry. */
void credentials_look(struct app *app, struct instant now);
/* The level at which the alert about its credential reports that this tenant is refused; NONE: it does not. */
enum level credentials_notified(const struct tenant *t, const struct tenant_health *health, struct instant now);
bool credentials_known(const struct app *app, const char *subject); /* somebody signs in with it, or may */
usec_t credentials_first_end(const struct app *app);               /* the earliest expiry; 0: none is known */
usec_t credentials_end(const struct tenant *t); /* of what it signs in with; 0: unknown */
