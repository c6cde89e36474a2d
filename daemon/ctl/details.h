/* SPDX-License-Identifier: MIT */
/* ctl/details.h: commands that make the daemon ask Graph. */
#pragma once
#include "ctl/cli.h"

int run_allotment(const struct ctl *c);
int run_user(const struct ctl *c);
int run_group(const struct ctl *c);
int run_device(const struct ctl *c);
int run_get(const struct ctl *c);
int run_compare(const struct ctl *c);
