/* SPDX-License-Identifier: MIT */
/* runtime/commands_permissions.h: what the configuration needs, for the table in runtime/commands.c. */
#pragma once
#include "status/control.h"

control_handler command_get_permissions;
