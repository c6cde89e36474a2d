/* SPDX-License-Identifier: MIT */
/* runtime/silence_list.h: the stored silences and acknowledgements, in memory. */
#pragma once
#include "alerts/silences.h"

struct app;

int silences_load(struct app *app, struct failure *ret_failure);
void silences_free(struct app *app);
/* The stored ones, oldest first, acknowledgements included; maintenance windows of the configuration are
 * in options->maintenance. Borrowed until one is added or removed. */
struct silences app_silence_list(const struct app *app);
/* Before each plan: looks up the present offsets of time zones. now_at 0: in any case. */
void silences_follow_zones(struct app *app, usec_t now_at);
