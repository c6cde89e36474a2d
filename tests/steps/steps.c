/* SPDX-License-Identifier: MIT */
/* The callback of -fsanitize-coverage=trace-pc. */
#include "steps/steps.h"

#include <stdio.h>
#include <stdlib.h>

void __sanitizer_cov_trace_pc(void);

static uint64_t taken, allowed = UINT64_MAX;
static const char *doing;

void steps_allow(const char *what, size_t n, uint64_t per_item)
{
    uint64_t log2 = 64 - (uint64_t)__builtin_clzll(n);
    doing = what;
    taken = 0;
    allowed = per_item * n * log2;
}

uint64_t steps_taken(void)
{
    return taken;
}

void __sanitizer_cov_trace_pc(void)
{
    if (++taken <= allowed)
        return;
    fprintf(stderr, "%s: more than %llu basic blocks\n", doing, (unsigned long long)allowed);
    _Exit(1);
}
