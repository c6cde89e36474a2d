/* SPDX-License-Identifier: MIT */
/* runtime/endpoint_commands.h: what the status endpoint serves: health, metrics, the page, and the lists of the control
 * sockets. */
#pragma once
#include "status/control.h"

/* Their userdata is the struct app. */
const struct control_command *endpoint_commands(size_t *ret_n);
