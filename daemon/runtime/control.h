/* SPDX-License-Identifier: MIT */
/* runtime/control.h: the control sockets of the service. */
#pragma once
struct app;
struct control_sockets;

/* Serves the sockets that systemd has passed, or those of the configuration. One that cannot be served is logged and
 * left out: the daemon does its work without it. NULL: out of memory, which was logged. */
struct control_sockets *control_sockets_open(struct app *app);
void control_sockets_close(struct control_sockets *s); /* before `app` ends; NULL is fine */
