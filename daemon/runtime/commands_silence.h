/* SPDX-License-Identifier: MIT */
/* runtime/commands_silence.h: commands about silences and acknowledgements, for the table in runtime/commands.c. */
#pragma once
#include "status/control.h"

control_handler command_get_silences, command_post_silence, command_delete_silence, command_post_acknowledgement,
    command_delete_acknowledgement;
