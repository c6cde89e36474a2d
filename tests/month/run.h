/* SPDX-License-Identifier: MIT */
/* month/run.h: one seed: a month of the daemon in virtual time, with faults everywhere. What is
 * wrong is in check_violation(). */
#pragma once
#include <stddef.h>
#include <stdint.h>

struct run_totals {
    size_t polls, messages, digests, repeats, kills, restarts, reloads, silences, jumps;
};
/* Ends early when this invariant is violated; 0: goes on. */
void run_month(uint64_t seed, unsigned days, int until, struct run_totals *ret);
