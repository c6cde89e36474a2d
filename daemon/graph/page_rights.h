/* SPDX-License-Identifier: MIT */
/* graph/page_rights.h: one page about what a user, group or device may use, into struct rights.
 *
 * Pure, and as tolerant and as strict as graph/page.h: unknown members are ignored, texts come out
 * cleaned, a row without a readable id spoils its section. *ret is written on success only and is
 * the caller's to page_clear. PROTOCOL, -EBADMSG: not the answer it claims to be. LOCAL: -ENOMEM,
 * or -E2BIG beyond the limits of model/rights.h. On failure some rows may have been added: the
 * caller drops the section. Sections are the caller's to complete when the last page has come. */
#pragma once
#include "graph/page.h"
#include "model/rights.h"

/* List usageRights. */
int page_usage_rights(const char *bytes, size_t len, struct rights *into, struct page *ret,
                      struct failure *ret_failure);
/* Get usageRight, bare or wrapped, with what was expanded of assignments and allotments. */
int page_usage_right_single(const char *bytes, size_t len, struct rights *into, struct page *ret,
                            struct failure *ret_failure);
/* List assignments, of a principal or of a right; with $expand=allotment,assignedTo or without. */
int page_assignments(const char *bytes, size_t len, struct rights *into, struct page *ret,
                     struct failure *ret_failure);
/* List waitingMembers of a user or device, with $expand=allotment. */
int page_principal_waits(const char *bytes, size_t len, struct rights *into, struct page *ret,
                         struct failure *ret_failure);
/* List assignmentErrors of a user. */
int page_principal_errors(const char *bytes, size_t len, struct rights *into, struct page *ret,
                          struct failure *ret_failure);
/* List licenseDetails, of the fallback. */
int page_license_details(const char *bytes, size_t len, struct rights *into, struct page *ret,
                         struct failure *ret_failure);
