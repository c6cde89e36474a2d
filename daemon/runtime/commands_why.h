/* SPDX-License-Identifier: MIT */
/* runtime/commands_why.h: commands that explain decisions, for the table in runtime/commands.c. */
#pragma once
#include "status/control.h"

control_handler command_get_why, command_get_why_not;
