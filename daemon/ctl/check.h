/* SPDX-License-Identifier: MIT */
/* ctl/check.h: commands whose exit code is their answer, for monitoring systems and scripts. */
#pragma once
#include "ctl/cli.h"

int run_check(const struct ctl *c);
int run_room(const struct ctl *c);
