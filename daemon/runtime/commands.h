/* SPDX-License-Identifier: MIT */
/* runtime/commands.h: the commands of the control sockets; conf/control.openapi.json describes the same. */
#pragma once
#include "status/control.h"

/* Their userdata is the struct app. */
const struct control_command *commands_table(size_t *ret_n);
