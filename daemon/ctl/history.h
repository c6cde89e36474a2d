/* SPDX-License-Identifier: MIT */
/* ctl/history.h: commands about what pools were and will be. */
#pragma once
#include "ctl/cli.h"

int run_history(const struct ctl *c);
int run_forecast(const struct ctl *c);
