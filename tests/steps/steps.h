/* SPDX-License-Identifier: MIT */
/* tests/steps/steps.h: counts the basic blocks that code goes through: a measure of work that does not
 * depend on the machine. */
#pragma once
#include <stddef.h>
#include <stdint.h>

/* From now on at most per_item * n * log2(n) blocks; more end the process, with `what` as the reason:
 * quadratic work would take hours to come back. */
void steps_allow(const char *what, size_t n, uint64_t per_item);
uint64_t steps_taken(void);
