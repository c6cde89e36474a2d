/* SPDX-License-Identifier: MIT */
/* deliver/links.h: the links that messages carry, with their placeholders filled in. Pure.
 *
 * {alert_id}, {rule}, {tenant} and {sku} become the values of the alert, percent-encoded (RFC 3986
 * section 2.3); {sku} is the part number, else the id. What does not apply is left out. */
#pragma once
#include "alerts/notification.h"
#include "base/failure.h"

struct json_writer; /* json/json.h */

struct links { /* section `links` of the configuration; NULL or "": none */
    char *status_url, *runbook_url, *silence_url;
};
/* An absolute http or https URL whose placeholders are known and closed. kind CONFIG */
int link_check(const char *text, struct failure *ret_failure);
/* Without an alert (`n` is NULL for a digest, a test message has no context) a link with placeholders
 * is none. *ret is NULL for none. -ENOMEM */
int link_fill(const char *text, const struct notification *n, char **ret);
/* The member `links`: an object, or null if there are none. A link of more than `max` bytes is null. */
void links_put(struct json_writer *w, const struct links *links, const struct notification *n,
               size_t max);
