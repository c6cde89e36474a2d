/* SPDX-License-Identifier: MIT */
/* deliver/context_json.h: notifications as JSON and back. The object is the `data` of the webhook body,
 * plus a member "_" with what only a restart needs: kind, inputs of the texts, offsets. Pure; fuzzed.
 */
#pragma once
#include "alerts/notification.h"
#include "json/json.h"

int context_json_pack(const struct alert_context *f, char **ret, size_t *ret_len);
int context_json_unpack(const char *bytes, size_t len, struct alert_context **ret);
int notification_json_pack(const struct notification *n, char **ret, size_t *ret_len);
int notification_json_unpack(const char *bytes, size_t len, struct notification **ret);
int digest_json_pack(const struct digest *d, char **ret, size_t *ret_len);
int digest_json_unpack(const char *bytes, size_t len, struct digest **ret);
