/* SPDX-License-Identifier: MIT */
/* runtime/reload.h: replaces the configuration while the daemon runs. */
#pragma once
struct app;

/* Asynchronous: deliveries in flight may end (up to 5 s), then the options are swapped. On an error the old
 * options stay. */
void reload_begin(struct app *app);
