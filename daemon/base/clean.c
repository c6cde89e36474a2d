/* SPDX-License-Identifier: MIT */
/* base/clean.c: decodes UTF-8 (RFC 3629), and makes foreign text safe to print. */
#include "base/text.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define ASCII_WORD UINT64_C(0x8080808080808080)

static bool between(unsigned char c, unsigned char low, unsigned char high)
{
    return c >= low && c <= high;
}

/* Overlong forms, surrogates and values beyond U+10FFFF show in the second byte (Unicode 15, table
 * 3-7). A bad sequence skips its longest well-formed prefix, so that one broken character becomes one
 * replacement character (Unicode 15, 3.9, "best practice"). */
int text_decode(const void *bytes, size_t len, uint32_t *ret)
{
    const unsigned char *s = bytes;
    assert(len > 0);
    if (s[0] < 0x80) {
        *ret = s[0];
        return 1;
    }
    int n = between(s[0], 0xC2, 0xDF)   ? 2
            : between(s[0], 0xE0, 0xEF) ? 3
            : between(s[0], 0xF0, 0xF4) ? 4
                                        : 0;
    if (n == 0)
        return -1;
    unsigned char low = s[0] == 0xE0 ? 0xA0 : s[0] == 0xF0 ? 0x90 : 0x80;
    unsigned char high = s[0] == 0xED ? 0x9F : s[0] == 0xF4 ? 0x8F : 0xBF;
    uint32_t c = s[0] & (0x7Fu >> n);
    for (int i = 1; i < n; i++) {
        if ((size_t)i >= len || !between(s[i], low, high))
            return -i;
        c = c << 6 | (s[i] & 0x3Fu);
        low = 0x80;
        high = 0xBF;
    }
    *ret = c;
    return n;
}

size_t text_bom(const void *bytes, size_t len)
{
    return len >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
}

bool text_is_utf16(const void *bytes, size_t len)
{
    const unsigned char *b = bytes;
    if (len < 2)
        return false;
    bool mark = (b[0] == 0xFF && b[1] == 0xFE) || (b[0] == 0xFE && b[1] == 0xFF);
    return mark || (len % 2 == 0 && (b[0] == 0) != (b[1] == 0)); /* units of two bytes */
}

bool text_is_utf8(const void *bytes, size_t len)
{
    const unsigned char *s = bytes, *end = s + len;
    while (s < end) {
        uint64_t word;
        if ((size_t)(end - s) >= sizeof word) {
            memcpy(&word, s, sizeof word);
            if (!(word & ASCII_WORD)) {
                s += sizeof word;
                continue;
            }
        }
        uint32_t c;
        int n = text_decode(s, (size_t)(end - s), &c);
        if (n < 0)
            return false;
        s += n;
    }
    return true;
}

size_t text_cut(const char *s, size_t len, size_t max)
{
    if (len <= max)
        return len;
    size_t n = max;
    /* A character has at most three continuation bytes; more are invalid. */
    while (n > 0 && max - n < 3 && ((unsigned char)s[n] & 0xC0) == 0x80)
        n--;
    return ((unsigned char)s[n] & 0xC0) == 0x80 ? max : n;
}

/* Characters that can end a line, move the cursor, reorder or hide text: controls, the bidi controls
 * of UAX #9, zero-width characters. */
bool text_is_unsafe(uint32_t c)
{
    static const struct {
        uint32_t first, last;
    } RANGES[] = {
        {0x00, 0x1F},     {0x7F, 0x9F},     {0xAD, 0xAD},     {0x34F, 0x34F},
        {0x61C, 0x61C},   {0x180E, 0x180E}, {0x200B, 0x200F}, {0x2028, 0x202E},
        {0x2060, 0x206F}, {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}, {0xE0000, 0xE007F},
    };
    if (c >= 0x20 && c < 0x7F)
        return false;
    for (size_t i = 0; i < sizeof RANGES / sizeof *RANGES; i++)
        if (c >= RANGES[i].first && c <= RANGES[i].last)
            return true;
    return false;
}

#define EACH_BYTE(b) (UINT64_C(0x0101010101010101) * (b))

/* Length of the printable ASCII prefix of `s`, which is nearly always all of it: eight bytes at a time.
 * A control character, DEL (the xor makes it 0) or a byte above 0x7F sets a top bit. */
static size_t plain_prefix(const char *s, size_t len)
{
    size_t n = 0;
    for (uint64_t word; len - n >= sizeof word; n += sizeof word) {
        memcpy(&word, s + n, sizeof word);
        uint64_t special =
            (word - EACH_BYTE(0x20)) | ((word ^ EACH_BYTE(0x7F)) - EACH_BYTE(1)) | word;
        if (special & EACH_BYTE(0x80))
            break;
    }
    while (n < len && (unsigned char)s[n] >= 0x20 && (unsigned char)s[n] < 0x7F)
        n++;
    return n;
}

char *text_clean(char *dst, size_t size, const char *src, size_t len)
{
    assert(size > 0);
    size_t out = plain_prefix(src, len < size ? len : size - 1);
    size_t cut = size - 1 < 3 ? 0 : out < size - 1 - 3 ? out : size - 1 - 3; /* leaves room for "..." */
    if (out > 0)
        memcpy(dst, src, out); /* src may be NULL if len is 0 */
    for (size_t i = out; i < len;) {
        char escaped[12];
        const char *piece = src + i;
        size_t n;
        uint32_t c;
        int used = text_decode(src + i, len - i, &c);
        if (used < 0) {
            piece = "\xEF\xBF\xBD";
            n = 3;
            used = -used;
        } else if (text_is_unsafe(c)) {
            n = (size_t)snprintf(escaped, sizeof escaped, "\\u{%x}", (unsigned)c);
            piece = escaped;
        } else {
            n = (size_t)used;
        }
        if (n > size - 1 - out) {
            size_t dots = size - 1 - cut < 3 ? size - 1 - cut : 3;
            memset(dst + cut, '.', dots);
            out = cut + dots;
            break;
        }
        memcpy(dst + out, piece, n);
        out += n;
        i += (size_t)used;
        if (size - 1 - out >= 3)
            cut = out;
    }
    dst[out] = '\0';
    return dst;
}
