/* SPDX-License-Identifier: MIT */
/* tests/fuzz/fuzz_retry_after.c: whatever the header says, the wait is 1 s to 1 h, and the load 0 to
 * ten times a limit. */
#include "http/retry.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const usec_t NOWS[] = {0, 1, UINT64_C(1795309200) * USEC_PER_SEC, UINT64_MAX};
    char *text = malloc(size + 1);
    if (!text)
        abort();
    memcpy(text, data, size);
    text[size] = '\0';
    for (size_t i = 0; i < sizeof NOWS / sizeof *NOWS; i++) {
        usec_t wait = 0;
        bool clamped = false;
        if (retry_after_parse(text, NOWS[i], &wait, &clamped) < 0)
            continue;
        if (wait < USEC_PER_SEC || wait > USEC_PER_HOUR)
            abort();
        if (clamped && wait != USEC_PER_SEC && wait != USEC_PER_HOUR)
            abort();
    }
    if (retry_load_parse(text) > 1000)
        abort();
    free(text);
    return 0;
}
