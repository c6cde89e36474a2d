/* SPDX-License-Identifier: MIT */
/* runtime/reload.h: replaces the configuration while the daemon runs. */
#pragma once
struct app;

/* `code` is EXIT_OK, or the exit code that a start would have; `reason` (NULL with EXIT_OK) says why the old options
 * stay, a line for each problem. */
typedef void reload_ended_fn(void *userdata, int code, const char *reason);
/* Asynchronous: deliveries in flight may end (up to 5 s), then the options are swapped. On an error the old
 * options stay. While a reload is under way, another one follows it; of several requests for that one, the last is
 * answered. `ended` may be NULL, and is not called if the daemon stops before. */
void reload_begin(struct app *app, reload_ended_fn *ended, void *userdata);
