/* SPDX-License-Identifier: MIT */
/* runtime/endpoint.h: the status endpoint of the service, on TCP and on a UNIX socket. */
#pragma once
#include "status/control.h"

struct app;
struct endpoint;

/* Serves what app->options->status asks for, and app->status_fd. `command`: all read-only, borrowed. What cannot be
 * served is logged and left out. NULL: out of memory, which was logged. */
struct endpoint *endpoint_open(struct app *app, const struct control_command *command, size_t n_commands);
/* After a reload: opens and closes what has changed, and reads the token again. NULL is fine. */
void endpoint_follow(struct endpoint *e);
void endpoint_close(struct endpoint *e); /* before `app` ends; NULL is fine */
