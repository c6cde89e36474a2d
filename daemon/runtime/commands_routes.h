/* SPDX-License-Identifier: MIT */
/* runtime/commands_routes.h: who would be notified, for the table in runtime/commands.c. */
#pragma once
#include "status/control.h"

control_handler command_get_routes;
