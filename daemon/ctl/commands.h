/* SPDX-License-Identifier: MIT */
/* ctl/commands.h: the commands of seatwatchctl. */
#pragma once
#include "ctl/cli.h"

/* The first one is run if none is given. */
const struct ctl_command *ctl_commands(size_t *ret_n);
