/* SPDX-License-Identifier: MIT */
/* runtime/command_answer.h: what the commands of the control sockets answer alike. */
#pragma once
#include "status/control.h"

/* RFC 3339; 0: null. */
void command_put_time(struct json_writer *w, const char *key, usec_t at);
/* value / 10^decimals; NUMBER_UNKNOWN: null. */
void command_put_number(struct json_writer *w, const char *key, int64_t value, unsigned decimals);
/* What was written; `w` NULL: no memory. */
void command_answer_json(struct control_call *call, unsigned status, struct json_writer *w);
/* {"id": id, "warning": warning}; `warning` NULL: without. */
void command_answer_id(struct control_call *call, unsigned status, const char *id, const char *warning);
/* {"KEY": value} */
void command_answer_text(struct control_call *call, unsigned status, const char *key, const char *value);
void command_answer_count(struct control_call *call, unsigned status, const char *key, size_t n);
/* `r` is -errno: 404 for ENOENT, 409 for EPERM, EBUSY and ENOSPC, else 422 for kind CONFIG and 500 for the others. What
 * follows "; " in the text is the hint. */
void command_refuse(struct control_call *call, int r, const struct failure *why);
