/* SPDX-License-Identifier: MIT */
/* tests/fuzz/fuzz_challenge.c: whatever a 401 says, claims are a JSON object within their bound. */
#include "graph/challenge.h"
#include "json/json.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char claims[CLAIMS_MAX];
    char *text = malloc(size + 1);
    if (!text)
        abort();
    memcpy(text, data, size);
    text[size] = '\0';
    if (challenge_claims(text, claims) >= 0) {
        struct json *root = NULL;
        if (strnlen(claims, CLAIMS_MAX) == CLAIMS_MAX ||
            json_parse(claims, strlen(claims), &root, NULL) < 0)
            abort();
        json_free(root);
    }
    free(text);
    return 0;
}
