/* SPDX-License-Identifier: MIT */
/* ctl/why.h: commands that show how the daemon decides. */
#pragma once
#include "ctl/cli.h"

int run_why(const struct ctl *c);
