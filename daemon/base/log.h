/* SPDX-License-Identifier: MIT */
/* base/log.h: what the daemon says about itself. Only the shell logs (style: libraries return).
 *
 * Under systemd (JOURNAL_STREAM names our stderr) lines go to journald with fields, without ever
 * blocking. Anywhere else: plain lines on stderr, "warning: ..." (no timestamps on a terminal),
 * without ever blocking either. Lines that could not be written are counted, and the next one that
 * can says how many are missing. Messages are cleaned at the sink.
 * Levels: LOG_ERR a person is needed; LOG_WARNING we cope; LOG_NOTICE a state changed; LOG_INFO
 * life cycle; LOG_DEBUG one line per request. */
#pragma once
#include "base/failure.h"
#include <stdbool.h>
#include <syslog.h>

void log_open(void);         /* decides between journald and stderr */
bool log_in_journal(void);   /* systemd has connected our stderr with journald: there is one */
void log_close(void);
void log_level(int level);   /* LOG_ERR .. LOG_DEBUG; the default is LOG_INFO */
int log_level_parse(
    const char *name); /* "error" "warning" "notification" "info" "debug"; -EINVAL */
void log_say(int level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* With a MESSAGE_ID (32 hex digits, see units/seatwatchd.catalog) and an optional tenant. */
void log_event(int level, const char *message_id, const char *tenant, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* "WHAT: f->text; NEXT" at `level`; next may be NULL. */
void log_failure(int level, const struct failure *f, const char *what, const char *next);
unsigned long log_lost(void); /* lines that could not be written so far */
