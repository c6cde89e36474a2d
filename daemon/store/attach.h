/* SPDX-License-Identifier: MIT */
/* store/attach.h: opens the database file and checks it. Internal to store/. */
#pragma once
#include "store/internal.h"

/* Opens and checks; writes nothing. `created`: set if the file is new; NULL: it must exist.
 * -EBADMSG: damaged or not ours. -EPROTO: newer schema. *ret_version: its schema. */
int store_attach(struct store *s, bool *created, int64_t *ret_version, struct failure *f);
