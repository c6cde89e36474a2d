/* SPDX-License-Identifier: MIT */
/* runtime/again.h: judges the last polls of all tenants by the options of a reload. */
#pragma once
struct app;

void again_judge(struct app *app);
