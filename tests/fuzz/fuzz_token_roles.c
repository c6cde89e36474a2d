/* SPDX-License-Identifier: MIT */
/* tests/fuzz/fuzz_token_roles.c: any bytes as an access token. */
#include "graph/token_roles.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    if (!text)
        abort();
    memcpy(text, data, size);
    text[size] = '\0';
    (void)token_has_role(text, "Mail.Send");
    free(text);
    return 0;
}
