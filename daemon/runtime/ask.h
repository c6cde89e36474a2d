/* SPDX-License-Identifier: MIT */
/* runtime/ask.h: both ends of --reload. */
#pragma once
#include <sys/types.h>

struct cli;

int reload_ask(const struct cli *cli); /* the exit code is what the daemon answers */
void reload_answer(pid_t asker, int code);
