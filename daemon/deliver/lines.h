/* SPDX-License-Identifier: MIT */
/* deliver/lines.h: a message as plain text lines, for the local receivers. Internal to deliver/. */
#pragma once
#include "base/text.h"
#include "deliver/receiver.h"
#include <syslog.h>

/* Severity and type ("critical firing: ", "resolved: "), title, description and next step, one a
 * line, every line cleaned; a digest has a line for each of its alerts. Nothing is cut: `t` must be large
 * enough. */
void lines_add(struct text *t, const struct message *m);
/* LOG_CRIT, LOG_WARNING or LOG_NOTICE: critical, warning, and resolved or nothing in particular;
 * a digest has that of its worst alert. */
int message_priority(const struct message *m);
/* The first `max` - 1 bytes of `s` at most, cleaned for one line, appended. NULL adds nothing. */
void clean_add(struct text *t, const char *s, size_t max);
