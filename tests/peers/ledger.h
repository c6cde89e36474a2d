/* SPDX-License-Identifier: MIT */
/* peers/ledger.h: what really came in, one JSON line each, for tests to read while we run.
 *
 * A line is one write(2) on an O_APPEND descriptor: a reader never sees half of one. */
#pragma once
#include "base/cleanup.h"
#include "base/failure.h"
#include "json/json.h"

struct ledger;
/* Empties the file if it is there. */
int ledger_open(const char *path, struct ledger **ret, struct failure *ret_failure);
void ledger_close(struct ledger *l);
DEFINE_CLEANUP(struct ledger *, ledger_close)
/* A writer with the line's object open and its first members, "event" and "time_us", in it. */
struct json_writer *ledger_line(const char *event);
/* Closes the object, appends the line, frees the writer. Aborts when that fails: a test that trusts
 * an incomplete ledger proves nothing. Safe from any thread. */
void ledger_append(struct ledger *l, struct json_writer *line);
