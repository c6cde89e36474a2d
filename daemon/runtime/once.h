/* SPDX-License-Identifier: MIT */
/* runtime/once.h: --once. */
#pragma once
struct app;

int once_run(struct app *app); /* exit code */
