/* SPDX-License-Identifier: MIT */
/* base/log.h: writes log lines. Only the outer layers log; libraries return failures.
 *
 * Under systemd (JOURNAL_STREAM names our stderr) lines go to journald, with fields. Otherwise:
 * plain lines on stderr, "warning: ...", without timestamps. Neither blocks. Lines that could not be
 * written are counted, and the next line that can be written is preceded by the number lost.
 * Messages are cleaned with text_clean.
 * Levels: LOG_ERR a person must act; LOG_WARNING handled; LOG_NOTICE a state changed; LOG_INFO life
 * cycle; LOG_DEBUG one line per request. */
#pragma once
#include "base/failure.h"
#include <stdbool.h>
#include <syslog.h>

void log_open(void);         /* selects journald or stderr */
bool log_in_journal(void);   /* log_open has selected journald */
void log_close(void);
void log_level(int level);   /* LOG_ERR .. LOG_DEBUG; the default is LOG_INFO */
int log_level_parse(
    const char *name); /* "error" "warning" "notice" "info" "debug"; -EINVAL */
void log_say(int level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* With a MESSAGE_ID (32 hex digits, see units/seatwatchd.catalog) and an optional tenant. */
void log_event(int level, const char *message_id, const char *tenant, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* "WHAT: f->text; NEXT" at `level`; next may be NULL. */
void log_failure(int level, const struct failure *f, const char *what, const char *next);
unsigned long log_lost(void); /* number of lost lines so far */
