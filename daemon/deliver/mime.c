/* SPDX-License-Identifier: MIT */
/* deliver/mime.c: quoted-printable, encoded words, dates and addresses. */
#include "deliver/mime.h"

#include "base/date.h"
#include "base/digest.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LINE_CHARS 76     /* RFC 2045 section 6.7 (5), RFC 2047 section 2 */
#define WORD_BYTES 36     /* of text in one encoded word, behind the longest of our header names */
#define PLAIN_WORD_MAX 60 /* a longer word cannot be folded */

#define ALNUM "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

/* ---- quoted-printable ---- */

static bool stands_for_itself(const char *s, size_t len, size_t at)
{
    unsigned char c = (unsigned char)s[at];
    if (c == ' ' || c == '\t')
        return at + 1 < len;
    return c > ' ' && c < 0x7f && c != '=';
}

static void put_line(struct text *t, const char *s, size_t len)
{
    size_t column = 0;
    for (size_t i = 0; i < len; i++) {
        bool itself = stands_for_itself(s, len, i);
        size_t width = itself ? 1 : 3;
        if (column + width >= LINE_CHARS) {
            text_add(t, "=\r\n");
            column = 0;
        }
        text_addf(t, itself ? "%c" : "=%02X", (unsigned char)s[i]);
        column += width;
    }
    text_add(t, "\r\n");
}

void mime_quoted_printable(struct text *t, const char *s)
{
    for (;;) {
        size_t len = strcspn(s, "\n");
        put_line(t, s, len);
        if (!s[len])
            return;
        s += len + 1;
    }
}

/* ---- headers ---- */

/* Can be folded at its blanks, and is not taken for encoded words. */
static bool is_plain(const char *s)
{
    size_t word = 0;
    if (*s == ' ' || strstr(s, "  ") || strstr(s, "=?"))
        return false;
    for (const char *p = s; *p; p++) {
        word = *p == ' ' ? 0 : word + 1;
        if (*p < ' ' || *p >= 0x7f || word > PLAIN_WORD_MAX)
            return false;
    }
    return *s && s[strlen(s) - 1] != ' ';
}

static void put_plain(struct text *t, size_t column, const char *s)
{
    while (*s) {
        size_t len = strcspn(s, " ");
        if (column + 1 + len > LINE_CHARS) {
            text_add(t, "\r\n");
            column = 0;
        }
        text_addf(t, " %.*s", (int)len, s);
        column += 1 + len;
        s += len + (s[len] == ' ');
    }
}

static void put_encoded(struct text *t, const char *s)
{
    char bytes[WORD_BYTES], encoded[2 * WORD_BYTES];
    for (size_t left = strlen(s), len; left > 0; s += len, left -= len) {
        len = text_cut(s, left, sizeof bytes);
        for (size_t i = 0; i < len; i++)
            bytes[i] = (unsigned char)s[i] < ' ' || s[i] == 0x7f ? ' ' : s[i];
        (void)base64_encode(bytes, len, encoded);
        text_addf(t, " =?UTF-8?B?%s?=%s", encoded, len < left ? "\r\n" : "");
    }
}

void mime_header(struct text *t, const char *name, const char *s)
{
    text_addf(t, "%s:", name);
    if (is_plain(s))
        put_plain(t, strlen(name) + 1, s);
    else
        put_encoded(t, s);
    text_add(t, "\r\n");
}

/* The clock's own text, "2026-11-22T01:02:03Z", in another order. */
void mime_date(struct text *t, usec_t at)
{
    static const char DAYS[][4] = {"Thu", "Fri", "Sat", "Sun",
                                   "Mon", "Tue", "Wed"}; /* 1970-01-01 */
    static const char MONTHS[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    char s[RFC3339_MAX];
    (void)rfc3339_print(at, s);
    unsigned long month = strtoul(s + 5, NULL, 10);
    text_addf(t, "Date: %s, %.2s %s %.4s %.8s +0000\r\n", DAYS[at / USEC_PER_DAY % 7], s + 8,
              MONTHS[(month + 11) % 12], s, s + 11);
}

/* ---- addresses ---- */

/* Parts with dots between them, none of them empty. */
static bool is_dotted(const char *s, size_t len, const char *characters)
{
    char before = '.';
    for (size_t i = 0; i < len; i++) {
        if (s[i] == '.' ? before == '.' : !strchr(characters, s[i]))
            return false;
        before = s[i];
    }
    return before != '.';
}

int mail_address_check(const char *address, struct failure *ret_failure)
{
    const char *at = strrchr(address, '@');
    size_t len = strlen(address);
    if (at && len <= MAIL_ADDRESS_MAX && at - address <= 64 &&
        is_dotted(address, (size_t)(at - address), ALNUM "!#$%&'*+-/=?^_`{|}~") &&
        is_dotted(at + 1, strlen(at + 1), ALNUM "-"))
        return 0;
    return failure_set(
        ret_failure, FAILURE_CONFIG, EINVAL, "%s",
        "not a mail address; write it without a name, such as \"oncall@example.com\"");
}
