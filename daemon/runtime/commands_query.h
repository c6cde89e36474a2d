/* SPDX-License-Identifier: MIT */
/* runtime/commands_query.h: queries of operators to Graph, in their own words; see runtime/commands.h. */
#pragma once
#include "status/control.h"

void command_get_graph(void *userdata, struct control_call *call);
