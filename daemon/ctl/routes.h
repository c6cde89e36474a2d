/* SPDX-License-Identifier: MIT */
/* ctl/routes.h: who would be notified. */
#pragma once
#include "ctl/cli.h"

int run_routes_test(const struct ctl *c);
int run_receivers_test(const struct ctl *c);
