/* SPDX-License-Identifier: MIT */
/* runtime/command_answer.h: what the commands of the control sockets answer alike. */
#pragma once
#include "status/control.h"

/* {"KEY": value} */
void command_answer_text(struct control_call *call, unsigned status, const char *key, const char *value);
void command_answer_count(struct control_call *call, unsigned status, const char *key, size_t n);
/* `r` is -errno: 404 for ENOENT, 409 for EPERM, EBUSY and ENOSPC, else 422 for kind CONFIG and 500 for the others. What
 * follows "; " in the text is the hint. */
void command_refuse(struct control_call *call, int r, const struct failure *why);
