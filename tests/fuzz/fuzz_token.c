/* SPDX-License-Identifier: MIT */
/* tests/fuzz/fuzz_token.c: whatever the sign-in answers, it is a token that can stand in a header
 * and lives a minute to a day, a refusal with a hint, or neither, which is said in clean words. */
#include "base/text.h"
#include "graph/page.h"
#include "json/json.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool truth)
{
    if (!truth)
        abort();
}

static bool is_clean(const char *s)
{
    char again[256];
    return strcmp(text_clean(again, sizeof again, s, strlen(s)), s) == 0;
}

static void try_token(const char *bytes, size_t size, usec_t now_at)
{
    struct token_answer token = {0};
    struct failure f = {0};
    if (token_parse(bytes, size, "https://graph.example", now_at, &token, &f) < 0) {
        require(!token.token && token.lifetime == 0 && f.text[0] && is_clean(f.text));
        return;
    }
    require(token.lifetime >= USEC_PER_MINUTE && token.lifetime <= USEC_PER_DAY);
    size_t len = secret_len(token.token);
    require(len > 0 && len <= TOKEN_MAX);
    for (size_t i = 0; i < len; i++)
        require(secret_bytes(token.token)[i] > ' ' && secret_bytes(token.token)[i] < 0x7F);
    secret_free(token.token);
}

static void try_refusal(const char *bytes, size_t size)
{
    struct token_error e;
    if (token_error_parse(bytes, size, &e) < 0)
        return;
    require(e.hint && e.error[0] && is_clean(e.error) && is_clean(e.correlation_id));
    require(e.n_codes <= TOKEN_ERROR_CODES_MAX);
    require(e.kind == FAILURE_AUTH || e.kind == FAILURE_TRANSIENT || e.kind == FAILURE_THROTTLED);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool ready;
    if (!ready)
        json_init();
    ready = true;
    try_token((const char *)data, size, UINT64_C(1795309200) * USEC_PER_SEC);
    try_token((const char *)data, size, UINT64_MAX);
    try_refusal((const char *)data, size);
    return 0;
}
