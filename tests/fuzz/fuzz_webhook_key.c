/* SPDX-License-Identifier: MIT */
/* tests/fuzz/fuzz_webhook_key.c: whatever a key file holds, it is refused or it signs. */
#include "base/cleanup.h"
#include "deliver/webhook.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool truth)
{
    if (!truth)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t key[64];
    size_t len = 0;
    struct failure why = {0};
    struct secret *keys = NULL;
    CLEANUP(free) char *items = NULL;
    if (webhook_key_parse((const char *)data, size, key, &len, &why) == 0)
        require(len >= 24 && len <= sizeof key);
    else
        require(why.kind == FAILURE_CONFIG && why.text[0]);
    if (size > SECRET_FILE_MAX ||
        memchr(data, '\0', size)) /* secret_read() lets none of these in */
        return 0;
    require(secret_new(data, size, NULL, &keys, NULL) == 0);
    if (webhook_signature(keys, "msg_1", 1, "{}", 2, &items, &why) == 0)
        require(strlen(items) == 47 || strlen(items) == 2 * 47 + 1); /* "v1," and 44 of base64 */
    else
        require(why.kind == FAILURE_CONFIG && why.text[0] && !items);
    secret_free(keys);
    return 0;
}
