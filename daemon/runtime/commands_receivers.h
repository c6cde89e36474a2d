/* SPDX-License-Identifier: MIT */
/* runtime/commands_receivers.h: commands about receivers, for the table in runtime/commands.c. */
#pragma once
#include "status/control.h"

struct app;

control_handler command_post_receiver_test;
/* Ends the test that runs, and answers who waits for it: its receiver goes away. */
void receiver_test_end(struct app *app, const char *reason);
