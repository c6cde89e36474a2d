/* SPDX-License-Identifier: MIT */
/* month/kill.h: kill -9 at any write of the store. What the process wrote until then is copied;
 * what it does afterwards reaches nobody, and the next process begins with the copy. */
#pragma once
#include <stdbool.h>

void kill_reset(void);
/* After so many more steps of the store. `from`: the state directory; `to`: the copy, new. */
void kill_arm(unsigned steps, const char *from, const char *to);
void kill_now(const char *from, const char *to);
bool kill_is_under_way(void);
