/* SPDX-License-Identifier: MIT */
/* alerts/digest.h: digests: many notifications in numbered parts. Pure. */
#pragma once
#include "alerts/notification.h"

/* Alerts that are counted in a digest but notified individually. */
struct digest_counts {
    uint32_t n[RULE_COUNT_][LEVEL_COUNT_];
};
/* Copies the notifications, worst first and resolved ones last, into numbered parts of at most `lines`
 * with texts. The caller frees the parts and the array. `more`: NULL if nothing else is counted.
 * -ENOMEM, -EIO. */
int digest_parts(const struct notification *const *notification, size_t n, size_t lines,
                 const struct digest_counts *more, const char *reason, usec_t at,
                 struct digest ***ret, size_t *ret_n);
/* A message about the daemon itself: a digest without alerts, level warning. */
int digest_story(const char *title, const char *story, const char *reason, usec_t at,
                 struct digest **ret);
