/* SPDX-License-Identifier: MIT */
/* runtime/outage.h: one alert for an outage of Graph that many tenants share. */
#pragma once
#include "rules/judge.h"

struct app;
struct outage;
struct tenant;

struct outage *outage_new(void); /* NULL: out of memory */
void outage_free(struct outage *o);
/* Counts the tenants that fail alike, and raises or resolves the alert. */
void outage_look(struct app *app, struct instant now);
/* The same, after a poll of this tenant left it with this health. */
void outage_polled(struct tenant *t, const struct tenant_health *health, bool at_sign_in, struct instant now);
void outage_reset(struct app *app); /* other tenants are configured */
/* Another alert reports the failure that this observation of the rule poll would: the one about the outage,
 * or the one about the tenant's credential. After one of the two. */
bool outage_covers(const struct tenant *t, const struct tenant_health *health, const struct observation *poll,
                   struct instant now);
