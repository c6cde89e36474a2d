/* SPDX-License-Identifier: MIT */
/* hookcatch/signature.c: Standard Webhooks, the verifying side. */
#include "hookcatch/signature.h"
#include "base/clock.h"
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#define TOLERANCE_S 300 /* what the reference libraries allow */
#define MAC_SIZE 32
#define KEY_MAX 256

/* The key behind "whsec_", decoded; its length, or -1. */
static int read_key(const char *line, unsigned char key[static KEY_MAX])
{
    static const char PREFIX[] = "whsec_";
    size_t len = strcspn(line, "\r\n");
    if (len <= sizeof PREFIX - 1 || strncmp(line, PREFIX, sizeof PREFIX - 1) != 0)
        return -1;
    const unsigned char *text = (const unsigned char *)line + sizeof PREFIX - 1;
    size_t n = len - (sizeof PREFIX - 1);
    if (n % 4 != 0 || n / 4 * 3 > KEY_MAX)
        return -1;
    int size = EVP_DecodeBlock(key, text, (int)n);
    for (size_t i = n; size > 0 && i > 0 && text[i - 1] == '='; i--)
        size--; /* EVP_DecodeBlock counts what the padding stands for */
    return size;
}

/* Whether one of the space separated "v1,BASE64" items is this MAC. */
static bool carries(const char *signatures, const unsigned char mac[static MAC_SIZE])
{
    unsigned char want[MAC_SIZE * 2];
    int n_want = EVP_EncodeBlock(want, mac, MAC_SIZE);
    for (const char *item = signatures; *item; item += strspn(item, " ")) {
        size_t len = strcspn(item, " ");
        if (len == (size_t)n_want + 3 && memcmp(item, "v1,", 3) == 0 &&
            CRYPTO_memcmp(item + 3, want, (size_t)n_want) == 0)
            return true;
        item += len;
    }
    return false;
}

static bool signed_by(const unsigned char *key, int n_key, const char *id, const char *timestamp,
                      const struct request *r, const char *signatures)
{
    CLEANUP(text_free) struct text text = TEXT_INIT(REQUEST_BODY_MAX + 4096);
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned n_mac = 0;
    text_addf(&text, "%s.%s.", id, timestamp);
    if (r->body.len)
        text_add_bytes(&text, r->body.data, r->body.len);
    return !text.error &&
           HMAC(EVP_sha256(), key, n_key, (unsigned char *)text.data, text.len, mac, &n_mac) &&
           n_mac == MAC_SIZE && carries(signatures, mac);
}

const char *signature_verdict(const char *key_file, const struct request *r)
{
    const char *id = request_header(r, "webhook-id");
    const char *timestamp = request_header(r, "webhook-timestamp");
    const char *signatures = request_header(r, "webhook-signature");
    CLEANUP(fclose) FILE *keys = fopen(key_file, "re");
    char line[1024];
    unsigned char key[KEY_MAX];
    if (!id || !timestamp || !signatures)
        return "missing";
    long long off = strtoll(timestamp, NULL, 10) - (long long)(clock_now().at / USEC_PER_SEC);
    if (off < -TOLERANCE_S || off > TOLERANCE_S)
        return "stale";
    while (keys && fgets(line, sizeof line, keys)) {
        int n_key = read_key(line, key);
        if (n_key > 0 && signed_by(key, n_key, id, timestamp, r, signatures))
            return "ok";
    }
    return "bad";
}
