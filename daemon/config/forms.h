/* SPDX-License-Identifier: MIT */
/* config/forms.h: what the texts of single keys must look like. Pure. kind CONFIG; each failure
 * says what is wrong; what to do. */
#pragma once
#include "base/failure.h"

int form_name(const char *text, struct failure *ret_failure);     /* a tenant: 1 to 100 bytes */
int form_receiver(const char *text, struct failure *ret_failure); /* 1 to 63 of A-Z a-z 0-9 . _ - */
int form_id(const char *text, struct failure *ret_failure);       /* GUID or verified domain */
int form_identity(const char *text, struct failure *ret_failure); /* "" or an id without blanks */
/* A user, a group or a SKU: 1 to 320 bytes, nothing that means something in a path. */
int form_principal(const char *text, struct failure *ret_failure);
int form_version(const char *text, struct failure *ret_failure);  /* "beta", "v1.0" */
/* "", "auto", or a day: "2027-03-01" */
int form_secret_end(const char *text, struct failure *ret_failure);
int form_zone(const char *text, struct failure *ret_failure);
int form_root(const char *text, struct failure *ret_failure);  /* "" or scheme://host[:port] */
int form_proxy(const char *text, struct failure *ret_failure); /* "" or http(s)://host[:port] */
int form_resource(const char *text, struct failure *ret_failure);
int form_facility(const char *text, struct failure *ret_failure);
int form_identifier(const char *text, struct failure *ret_failure);
int form_socket(const char *text, struct failure *ret_failure); /* "" or an absolute path */
int form_glob(const char *text, struct failure *ret_failure);
int form_rule_glob(const char *text, struct failure *ret_failure);
int form_severity_glob(const char *text, struct failure *ret_failure);
/* Any text of ours: 1 to 1000 bytes without control characters. */
int form_line(const char *text, struct failure *ret_failure);
