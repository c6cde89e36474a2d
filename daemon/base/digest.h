/* SPDX-License-Identifier: MIT */
/* base/digest.h: SHA-256, HMAC, base64, random bytes and UUIDv7. libcrypto is used here, in
 * base/certificates.c and in graph/assertion.c. Functions that return int return -ENOMEM or -EIO if
 * libcrypto fails. */
#pragma once
#include "base/failure.h"
#include <stddef.h>
#include <stdint.h>

#define SHA256_SIZE 32
#define UUID_TEXT 37 /* 36 characters and NUL */

/* Gives libcrypto our allocator. Call once, first in main, before any other OpenSSL call. */
void digest_init(void);
int sha256(const void *bytes, size_t len, uint8_t ret[static SHA256_SIZE]);
int hmac_sha256(const void *key, size_t key_len, const void *bytes, size_t len,
                uint8_t ret[static SHA256_SIZE]);
/* RFC 4648 section 4, with padding. encode: dst needs 4 * ceil(len / 3) + 1 bytes. decode: strict;
 * returns the number of bytes, -EINVAL on any invalid character, -E2BIG if dst is too
 * small. */
size_t base64_encode(const void *bytes, size_t len, char *dst);
int base64_decode(const char *text, size_t len, uint8_t *dst, size_t size);
/* RFC 4648 section 5, without padding; needs the same size. */
size_t base64url_encode(const void *bytes, size_t len, char *dst);
void hex_encode(const uint8_t *bytes, size_t len, char *dst); /* lower case, 2 * len + 1 bytes */
int random_bytes(void *dst, size_t len);
/* RFC 9562 section 5.7 from a wall time, lower case. */
int uuid_v7(usec_t at, char ret[static UUID_TEXT]);
int uuid_v4(char ret[static UUID_TEXT]); /* client-request-id */
/* FNV-1a, 64 bits: for hash tables and checksums against accidents, not against attackers. */
uint64_t fnv1a(const void *bytes, size_t len, uint64_t seed);
#define FNV1A_SEED UINT64_C(0xcbf29ce484222325)
