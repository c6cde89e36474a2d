/* SPDX-License-Identifier: MIT */
/* store/message_ref.h: what a receiver calls the message that it shows for an episode of an alert, so
 * that later notifications change that message. Internal to store/. */
#pragma once
#include "store/outbox_row.h"

/* *ret is "" if there is none for the episode of this row. A bad row goes to `bad` and counts as none:
 * the receiver then gets a new message. */
int message_ref_get(struct store *s, const struct outbox_row *o, char ret[static MESSAGE_REF_MAX],
                    struct bad_rows *bad, struct failure *f);
int message_ref_put(struct store *s, const struct outbox_row *o, const char *ref,
                    struct failure *f);
int message_ref_forget(struct store *s, const struct outbox_row *o, struct failure *f);
