/* SPDX-License-Identifier: MIT */
/* tests/fuzz/fuzz_duration.c: whatever is taken for a duration prints as one that is read the same,
 * and no text makes it longer than the hundred years that are the limit. */
#include "base/clock.h"
#include "base/date.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool truth)
{
    if (!truth)
        abort();
}

static void try_duration(const char *text)
{
    usec_t first, second;
    struct failure f = {0};
    char buf[DURATION_MAX];
    int r = duration_parse(text, &first, &f);
    if (r < 0) {
        require((r == -EINVAL || r == -ERANGE) && f.text[0]);
        return;
    }
    require(first % USEC_PER_SEC == 0 && first <= 36525 * USEC_PER_DAY);
    require(strlen(duration_print(first, buf)) <= strlen(text) || text[0] == '0');
    require(duration_parse(buf, &second, NULL) == 0 && first == second);
    require(duration_human(first, buf)[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    require(text);
    memcpy(text, data, size);
    text[size] = '\0';
    try_duration(text);
    free(text);
    return 0;
}
