/* SPDX-License-Identifier: MIT */
/* runtime/run.h: runs the mode selected by the command line. */
#pragma once
#include "runtime/cli.h"

int run(const struct cli *cli); /* returns the exit code */
