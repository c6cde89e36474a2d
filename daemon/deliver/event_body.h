/* SPDX-License-Identifier: MIT */
/* deliver/event_body.h: the alert object or digest as `data` of an envelope, shortened until it
 * fits. Pure. */
#pragma once
#include "deliver/receiver.h"
#include "json/json.h"

/* Bytes of an envelope with its data: Standard Webhooks 1.0.0 asks for less than 20 kB, CloudEvents
 * 1.0 for less than 64 KiB. */
#define EVENT_BODY_MAX (20 * 1024)
/* Writes the members beside `data`; together far below EVENT_BODY_MAX. `n` or `d` is set. */
typedef void envelope_put(struct json_writer *w, const struct notification *n,
                          const struct digest *d, const void *userdata);
/* An object of the envelope's members and `data`. Longer lists and texts are cut and say so. The
 * texts of a late or combined message say so. -ENOMEM */
int event_body(const struct message *m, const struct links *links, envelope_put *put,
               const void *userdata, char **ret, size_t *ret_len);
