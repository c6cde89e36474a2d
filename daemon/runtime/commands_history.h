/* SPDX-License-Identifier: MIT */
/* runtime/commands_history.h: commands about what pools were and will be; see runtime/commands.h. */
#pragma once
#include "status/control.h"

void command_get_history(void *userdata, struct control_call *call);
void command_get_forecast(void *userdata, struct control_call *call);
