/* SPDX-License-Identifier: MIT */
/* ctl/silences.h: commands that silence and acknowledge. */
#pragma once
#include "base/date.h"
#include "ctl/cli.h"

int run_silence_add(const struct ctl *c);
int run_silence_end(const struct ctl *c);
int run_ack(const struct ctl *c);
int run_unack(const struct ctl *c);

/* For tests. A time as a person writes it: RFC 3339, or "2026-12-24 19:00" or "2026-12-24" of this machine's zone. -EINVAL. */
int silence_time(const char *text, char ret[static RFC3339_MAX]);
/* The JSON of a new silence, for free(), from "KEY=GLOB" words and options; NULL: wrong, which was printed, or no memory. */
char *silence_json(const struct ctl *c);
