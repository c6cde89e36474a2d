/* SPDX-License-Identifier: MIT */
/* tests/fuzz/fuzz_page_app.c: whatever the entry of an application is, it ends with a moment or
 * with a failure that has words. */
#include "graph/app_entry.h"
#include "json/json.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool truth)
{
    if (!truth)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool ready;
    struct failure f = {0};
    usec_t at = 0;
    if (!ready)
        json_init();
    ready = true;
    int r = page_secret_end((const char *)data, size, "99999999-aaaa-4bbb-8ccc-dddddddddddd", "abc",
                            &at, &f);
    require(r == 0 ? at > 0 : (r == -EBADMSG || r == -ENOENT) && f.text[0] && at == 0);
    return 0;
}
