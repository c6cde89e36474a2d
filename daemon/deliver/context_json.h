/* SPDX-License-Identifier: MIT */
/* deliver/context_json.h: notifications as JSON and back. The object is the `data` of the webhook
 * body (spec.md section 4), so what the store keeps is what receivers get, plus what a restart
 * needs under "_": kind, the texts' inputs, offsets. Pure; fuzzed. */
#pragma once
#include "alerts/notification.h"
#include "json/json.h"

int context_json_pack(const struct alert_context *f, char **ret, size_t *ret_len);
int context_json_unpack(const char *bytes, size_t len, struct alert_context **ret);
int notification_json_pack(const struct notification *n, char **ret, size_t *ret_len);
int notification_json_unpack(const char *bytes, size_t len, struct notification **ret);
int digest_json_pack(const struct digest *d, char **ret, size_t *ret_len);
int digest_json_unpack(const char *bytes, size_t len, struct digest **ret);
/* The alert object of `--once --json` and digests uses the same names (spec.md section 1). */
