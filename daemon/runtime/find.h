/* SPDX-License-Identifier: MIT */
/* runtime/find.h: what the words of a person name: tenants and SKUs, by a name in any case or by its begin. What does not
 * exist is refused with the nearest name. */
#pragma once
#include "status/control.h"

struct app;
struct tenant;

/* The tenant of this name or id; NULL: the call was answered with an error. */
struct tenant *find_tenant(struct app *app, struct control_call *call, const char *word);
/* The tenant that the parameter "tenant" names; NULL: the call has none. False: answered with an error. */
bool find_named_tenant(struct app *app, struct control_call *call, struct tenant **ret);
/* False: the configuration of the tenant is broken or it is disabled; answered with an error. */
bool check_polled(const struct tenant *t, struct control_call *call);
/* A SKU of which the tenant has, or had, a pool. */
struct found_sku {
    const char *sku_id, *part_number, *name; /* borrowed until the next poll; each may be NULL */
};
/* By part number, id, display name, or id of a pool. False: answered with an error. */
bool find_sku(const struct tenant *t, struct control_call *call, const char *word, struct found_sku *ret);
/* The pool or SKU belongs to this SKU. */
bool sku_is(const struct found_sku *sku, const char *sku_id, const char *part_number);
