/* SPDX-License-Identifier: MIT */
/* alerts/digest.h: many notices in parts of DIGEST_LINES. Private to the room. */
#pragma once
#include "alerts/notice.h"

/* Copies the notices, worst first, into numbered parts with texts. The parts are the caller's, the
 * array is for free(). -ENOMEM, -EIO. */
int digest_parts(const struct notice *const *notice, size_t n, const char *reason, usec_t at,
                 struct digest ***ret, size_t *ret_n);
