/* SPDX-License-Identifier: MIT */
/* deliver/webhook_sign.c: keys and signatures of Standard Webhooks 1.0.0, symmetric ("v1"). */
#include "deliver/webhook.h"

#include "base/alloc.h"
#include "base/digest.h"
#include "base/text.h"
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define PREFIX "whsec_"
#define KEY_MIN 24 /* bytes; "Signature scheme" in the specification */
#define KEY_MAX 64
#define KEYS_MAX 2
#define SIGNATURE_TEXT 45 /* base64 of SHA256_SIZE bytes, and NUL */

int webhook_key_parse(const char *text, size_t len, uint8_t ret[static 64], size_t *ret_len,
                      struct failure *ret_failure)
{
    size_t skip = sizeof PREFIX - 1;
    if (len < skip || memcmp(text, PREFIX, skip) != 0)
        return failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                           "a signing key must begin with \"" PREFIX "\"; make one with: "
                           "echo " PREFIX "$(head -c 32 /dev/urandom | base64)");
    int n = base64_decode(text + skip, len - skip, ret, KEY_MAX);
    if (n < 0 && n != -E2BIG)
        return failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                           "a signing key is not valid base64 behind \"" PREFIX "\"");
    if (n < KEY_MIN)
        return failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                           "a signing key must hold %d to %d bytes; make one with: "
                           "echo " PREFIX "$(head -c 32 /dev/urandom | base64)",
                           KEY_MIN, KEY_MAX);
    *ret_len = (size_t)n;
    return 0;
}

/* "ID.TIMESTAMP.BODY": the specification allows no '.' in the id, so it is unambiguous. */
static int sign(const char *line, size_t line_len, const struct text *content, char *ret,
                struct failure *ret_failure)
{
    uint8_t key[KEY_MAX], mac[SHA256_SIZE];
    size_t key_len = 0;
    int r = webhook_key_parse(line, line_len, key, &key_len, ret_failure);
    if (r < 0)
        return r;
    r = hmac_sha256(key, key_len, content->data, content->len, mac);
    explicit_bzero(key, sizeof key);
    if (r < 0)
        return failure_set(ret_failure, FAILURE_LOCAL, -r,
                           "cannot compute a signature: libcrypto had no memory");
    (void)base64_encode(mac, sizeof mac, ret);
    return 0;
}

static size_t trimmed(const char *line, size_t len)
{
    while (len > 0 && (line[len - 1] == '\r' || line[len - 1] == ' ' || line[len - 1] == '\t'))
        len--;
    return len;
}

static int sign_lines(const struct secret *keys, const struct text *content, struct text *items,
                      struct failure *ret_failure)
{
    const char *at = secret_bytes(keys), *end = at + secret_len(keys);
    size_t n = 0;
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *stop = newline ? newline : end;
        size_t len = trimmed(at, (size_t)(stop - at));
        char signature[SIGNATURE_TEXT];
        if (len > 0 && ++n > KEYS_MAX)
            return failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                               "more than %d signing keys; keep the new one and the one it "
                               "replaces, one a line, newest first",
                               KEYS_MAX);
        int r = len > 0 ? sign(at, len, content, signature, ret_failure) : 0;
        if (r < 0)
            return r;
        if (len > 0)
            text_addf(items, "%sv1,%s", n > 1 ? " " : "", signature);
        at = stop + 1;
    }
    return n > 0 ? 0 : failure_set(ret_failure, FAILURE_CONFIG, ENODATA, "there is no signing key");
}

int webhook_signature(const struct secret *keys, const char *id, int64_t timestamp,
                      const char *body, size_t len, char **ret, struct failure *ret_failure)
{
    CLEANUP(text_free) struct text content = TEXT_INIT(len + 128);
    CLEANUP(text_free) struct text items = TEXT_INIT(256);
    text_addf(&content, "%s.%" PRId64 ".", id, timestamp);
    text_add_bytes(&content, body, len);
    if (content.error)
        return failure_oom(ret_failure);
    int r = sign_lines(keys, &content, &items, ret_failure);
    if (r < 0)
        return r;
    char *text = text_take(&items);
    if (!text)
        return failure_oom(ret_failure);
    *ret = text;
    return 0;
}
