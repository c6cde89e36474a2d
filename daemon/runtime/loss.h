/* SPDX-License-Identifier: MIT */
/* runtime/loss.h: recovers from a damaged state database. */
#pragma once
#include <stdbool.h>

struct app;

/* If the database was damaged: logs it, repeats messages that may be lost, and writes down what this process
 * knows. `starting`: it knows only what could be read. */
void loss_settle(struct app *app, bool starting);
