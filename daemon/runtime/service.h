/* SPDX-License-Identifier: MIT */
/* runtime/service.h: the daemon itself. */
#pragma once
struct app;

int service_run(struct app *app); /* exit code */
