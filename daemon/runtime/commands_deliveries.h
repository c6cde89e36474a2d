/* SPDX-License-Identifier: MIT */
/* runtime/commands_deliveries.h: commands about undelivered messages, for the table in runtime/commands.c. */
#pragma once
#include "status/control.h"

control_handler command_get_deliveries, command_post_delivery_retry, command_delete_delivery;
