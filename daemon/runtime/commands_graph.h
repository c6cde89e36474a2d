/* SPDX-License-Identifier: MIT */
/* runtime/commands_graph.h: commands that ask Graph with the daemon's permissions; see runtime/commands.h. */
#pragma once
#include "runtime/inquiry.h"

struct app;
struct tenant;

/* The tenant that the parameter "tenant" names, or the only one. NULL: answered with an error. */
struct tenant *command_tenant(struct app *app, struct control_call *call);
/* Begins an inquiry with these parts, or answers with an error. */
void command_begin(struct command_inquiry *q, const enum detail *parts, size_t n);

void command_get_allotment(void *userdata, struct control_call *call);
void command_get_user(void *userdata, struct control_call *call);
void command_get_group(void *userdata, struct control_call *call);
void command_get_device(void *userdata, struct control_call *call);
