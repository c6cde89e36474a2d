/* SPDX-License-Identifier: MIT */
/* peers/program.h: what the peers have in common as programs: a directory, a ready line, signals.
 */
#pragma once
#include "base/failure.h"
#include "json/json.h"
#include <stdbool.h>
#include <stdio.h>

/* Blocks the signals that program_run waits for, in this and every later thread, and ignores
 * SIGPIPE. First thing in main. */
void program_signals(void);
/* `dir`, made if it is not there; or, for NULL, a fresh one under $TMPDIR. For free(). */
int program_dir(const char *dir, char **ret, struct failure *ret_failure);
/* DIR/NAME for free(); aborts without memory. */
char *program_path(const char *dir, const char *name);
/* Writes `content` into the file, mode 0600. */
int program_write(const char *path, const char *content, struct failure *ret_failure);
/* Prints the finished object as one line on standard output and frees the writer. */
void program_ready(struct json_writer *ready);
/* Waits for the end: SIGTERM, SIGINT, or with `until_eof` the end of standard input. on_signal is
 * told of SIGUSR1 and SIGHUP. */
void program_run(bool until_eof, void (*on_signal)(void *userdata, int signal), void *userdata);
/* The sentence on stderr, and what main should return. */
int program_fail(const char *program, const struct failure *failure);
