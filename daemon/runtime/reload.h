/* SPDX-License-Identifier: MIT */
/* runtime/reload.h: replaces the configuration while the daemon runs. */
#pragma once
struct app;

void reload_begin(struct app *app);
