/* SPDX-License-Identifier: MIT */
/* runtime/silence_body.h: decodes the JSON of silences and acknowledgements that people send. Pure. */
#pragma once
#include "json/json.h"
#include "runtime/silences.h"

/* Strings are borrowed from `body`, but those of the match are the caller's: match_clear(&ret->match). Members that
 * are not known are an error. kind CONFIG, -EINVAL; or -ENOMEM. What a silence needs, app_silence_add() checks. */
int silence_body_parse(const struct json *body, struct silence_request *ret, struct failure *ret_failure);
/* The same for an acknowledgement: author, comment, end_at and hold. */
int silence_body_parse_acknowledgement(const struct json *body, struct silence_request *ret, struct failure *ret_failure);
