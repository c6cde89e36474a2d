/* SPDX-License-Identifier: MIT */
/* base/digest.c: wraps libcrypto, and implements base64, hex, UUIDs and FNV-1a. */
#include "base/digest.h"

#include "base/alloc.h"
#include "base/clock.h"
#include <errno.h>
#include <limits.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

static void *crypto_get(size_t size, const char *file, int line)
{
    (void)file, (void)line;
    return alloc_get(size);
}

static void *crypto_resize(void *p, size_t size, const char *file, int line)
{
    (void)file, (void)line;
    return alloc_resize(p, size);
}

static void crypto_release(void *p, const char *file, int line)
{
    (void)file, (void)line;
    alloc_release(p);
}

/* CRYPTO_set_mem_functions is refused once libcrypto has allocated; then its memory is not wiped, which
 * is acceptable. The calls below make libcrypto initialise itself now: it does so on the first use of
 * each kind, and version 3.0 crashes if memory runs out then. */
void digest_init(void)
{
    uint8_t unused[SHA256_SIZE];
    (void)CRYPTO_set_mem_functions(crypto_get, crypto_resize, crypto_release);
    (void)sha256("", 0, unused);
    (void)hmac_sha256("", 0, "", 0, unused);
    (void)random_bytes(unused, sizeof unused);
}

int sha256(const void *bytes, size_t len, uint8_t ret[static SHA256_SIZE])
{
    return EVP_Digest(bytes, len, ret, NULL, EVP_sha256(), NULL) == 1 ? 0 : -EIO;
}

int hmac_sha256(const void *key, size_t key_len, const void *bytes, size_t len,
                uint8_t ret[static SHA256_SIZE])
{
    if (key_len > INT_MAX)
        return -EIO;
    /* HMAC() treats a NULL key as "reuse the previous key". */
    if (!HMAC(EVP_sha256(), key_len ? key : "", (int)key_len, bytes, len, ret, NULL))
        return -EIO;
    return 0;
}

/* ---- encodings ---- */

static const char BASE64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t base64_encode(const void *bytes, size_t len, char *dst)
{
    const uint8_t *s = bytes;
    char *out = dst;
    for (; len >= 3; len -= 3, s += 3) {
        uint32_t group = (uint32_t)s[0] << 16 | (uint32_t)s[1] << 8 | s[2];
        for (int shift = 18; shift >= 0; shift -= 6)
            *out++ = BASE64[group >> shift & 63];
    }
    if (len) {
        uint32_t group = (uint32_t)s[0] << 16 | (len == 2 ? (uint32_t)s[1] << 8 : 0);
        *out++ = BASE64[group >> 18];
        *out++ = BASE64[group >> 12 & 63];
        *out++ = len == 2 ? BASE64[group >> 6 & 63] : '=';
        *out++ = '=';
    }
    *out = '\0';
    return (size_t)(out - dst);
}

size_t base64url_encode(const void *bytes, size_t len, char *dst)
{
    size_t n = base64_encode(bytes, len, dst);
    while (n > 0 && dst[n - 1] == '=')
        dst[--n] = '\0';
    for (char *c = dst; *c; c++)
        *c = *c == '+' ? '-' : *c == '/' ? '_' : *c;
    return n;
}

static int base64_value(char c)
{
    return c >= 'A' && c <= 'Z'   ? c - 'A'
           : c >= 'a' && c <= 'z' ? c - 'a' + 26
           : c >= '0' && c <= '9' ? c - '0' + 52
           : c == '+'             ? 62
           : c == '/'             ? 63
                                  : -1;
}

int base64_decode(const char *text, size_t len, uint8_t *dst, size_t size)
{
    if (len % 4 != 0 || len > INT_MAX)
        return -EINVAL;
    size_t padding = 0, out = 0;
    while (padding < 2 && padding < len && text[len - 1 - padding] == '=')
        padding++;
    for (size_t i = 0; i < len; i += 4) {
        size_t missing = i + 4 == len ? padding : 0, n = 3 - missing;
        uint32_t group = 0;
        for (size_t k = 0; k < 4; k++) {
            int value = k < 4 - missing ? base64_value(text[i + k]) : 0;
            if (value < 0)
                return -EINVAL;
            group = group << 6 | (uint32_t)value;
        }
        if (group & ((1u << 8 * missing) - 1))
            return -EINVAL; /* non-zero padding bits: not the canonical encoding */
        if (n > size - out)
            return -E2BIG;
        for (size_t k = 0; k < n; k++)
            dst[out++] = (uint8_t)(group >> (16 - 8 * k));
    }
    return (int)out;
}

void hex_encode(const uint8_t *bytes, size_t len, char *dst)
{
    static const char HEX[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        *dst++ = HEX[bytes[i] >> 4];
        *dst++ = HEX[bytes[i] & 15];
    }
    *dst = '\0';
}

/* ---- random bytes and ids ---- */

int random_bytes(void *dst, size_t len)
{
    return len <= INT_MAX && RAND_bytes(dst, (int)len) == 1 ? 0 : -EIO;
}

/* Version and variant, RFC 9562 section 4, then 8-4-4-4-12. */
static void uuid_print(uint8_t id[static 16], unsigned version, char ret[static UUID_TEXT])
{
    id[6] = (uint8_t)((id[6] & 0x0F) | version << 4);
    id[8] = (uint8_t)((id[8] & 0x3F) | 0x80);
    for (size_t i = 0; i < 16; i++) {
        hex_encode(id + i, 1, ret);
        ret += 2;
        if (i == 3 || i == 5 || i == 7 || i == 9)
            *ret++ = '-';
    }
    *ret = '\0';
}

int uuid_v7(usec_t at, char ret[static UUID_TEXT])
{
    uint8_t id[16];
    int r = random_bytes(id, sizeof id);
    if (r < 0)
        return r;
    uint64_t msec = at / (USEC_PER_SEC / 1000);
    for (int i = 0; i < 6; i++)
        id[i] = (uint8_t)(msec >> (40 - 8 * i));
    uuid_print(id, 7, ret);
    return 0;
}

int uuid_v4(char ret[static UUID_TEXT])
{
    uint8_t id[16];
    int r = random_bytes(id, sizeof id);
    if (r < 0)
        return r;
    uuid_print(id, 4, ret);
    return 0;
}

uint64_t fnv1a(const void *bytes, size_t len, uint64_t seed)
{
    const uint8_t *s = bytes;
    uint64_t hash = seed;
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ s[i]) * UINT64_C(0x100000001b3);
    return hash;
}
