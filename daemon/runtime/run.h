/* SPDX-License-Identifier: MIT */
/* runtime/run.h: the programs behind the options. */
#pragma once
#include "runtime/cli.h"

int run(const struct cli *cli); /* returns the exit code */
