/* SPDX-License-Identifier: MIT */
/* store/event.h: writes rows of the table event. Inside a transaction. Internal to store/. */
#pragma once
#include "store/internal.h"

/* digest_id, folded_into: of the digest that contains it; NULL and 0: none. *ret_size: bytes of the content. */
int event_put_notification(struct store *s, const struct notification *n, const char *digest_id,
                           int64_t folded_into, int64_t *ret_id, int64_t *ret_size,
                           struct failure *f);
/* And its members, which refer to it. */
int event_put_digest(struct store *s, const struct digest *d, int64_t *ret_id, int64_t *ret_size,
                     struct failure *f);
