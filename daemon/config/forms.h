/* SPDX-License-Identifier: MIT */
/* config/forms.h: what the texts of single keys must look like. Pure. kind CONFIG; each failure
 * says what is wrong; what to do. */
#pragma once
#include "base/failure.h"
#include <stdbool.h>

int form_name(const char *text, struct failure *ret_failure);     /* a tenant: 1 to 100 bytes */
int form_receiver(const char *text, struct failure *ret_failure); /* 1 to 63 of A-Z a-z 0-9 . _ - */
/* A GUID or a verified domain; a GUID. Nothing but zeros is the placeholder of an example. */
int form_tenant_id(const char *text, struct failure *ret_failure);
int form_client_id(const char *text, struct failure *ret_failure);
int form_identity(const char *text, struct failure *ret_failure); /* "" or an id without blanks */
/* A user or a group, a SKU: 1 to 320 bytes. A guest's '#', apostrophes and letters beyond ASCII are
 * right; slashes, '?' and '*' are not. */
int form_principal(const char *text, struct failure *ret_failure);
int form_sku(const char *text, struct failure *ret_failure);
int form_version(const char *text, struct failure *ret_failure);  /* "beta", "v1.0" */
/* "", "auto", or a day: "2027-03-01" */
int form_secret_end(const char *text, struct failure *ret_failure);
int form_zone(const char *text, struct failure *ret_failure);
int form_root(const char *text, struct failure *ret_failure);  /* "" or scheme://host[:port] */
int form_proxy(const char *text, struct failure *ret_failure); /* "" or http(s)://host[:port] */
int form_resource(const char *text, struct failure *ret_failure);
int form_glob(const char *text, struct failure *ret_failure);
bool form_is_glob(const char *text); /* it has '*' or '?' */
int form_rule_glob(const char *text, struct failure *ret_failure);
int form_severity_glob(const char *text, struct failure *ret_failure);
int form_listen(const char *text, struct failure *ret_failure); /* "" or an address of base/listen.h */
int form_own_socket(const char *text, struct failure *ret_failure); /* "" or the absolute path of a UNIX socket */
int form_host(const char *text, struct failure *ret_failure); /* a host name without a port */
int form_socket(const char *text, struct failure *ret_failure); /* "off" or the absolute path of a UNIX socket */
/* Any text of ours: 1 to 1000 bytes without control characters. */
int form_line(const char *text, struct failure *ret_failure);
