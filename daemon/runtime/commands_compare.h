/* SPDX-License-Identifier: MIT */
/* runtime/commands_compare.h: compares the two sources of a tenant; see runtime/commands.h. */
#pragma once
#include "status/control.h"

void command_get_comparison(void *userdata, struct control_call *call);
