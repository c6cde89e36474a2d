/* SPDX-License-Identifier: MIT */
/* runtime/commands_room.h: whether new members find a licence, for the table in runtime/commands.c. */
#pragma once
#include "status/control.h"

control_handler command_get_room;
