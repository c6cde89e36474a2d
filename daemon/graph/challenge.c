/* SPDX-License-Identifier: MIT */
/* graph/challenge.c: parses the claims challenge of a 401 (page "claims challenges" of the identity
 * platform).
 *
 *   WWW-Authenticate: Bearer realm="", error="insufficient_claims", claims="<base64 of JSON>"
 *
 * Parameters come in any order, and one header may have several challenges. Addresses in them
 * (authorization_uri) are ignored: the sign-in host comes from the configuration only. */
#include "graph/challenge.h"

#include "base/digest.h"
#include "json/json.h"

#include <errno.h>
#include <string.h>

#define VALUE_MAX (CLAIMS_MAX / 3 * 4 + 4)

/* The value of the next `NAME=` at or after *at, quoted or not. False: there is none. */
static bool next_value(const char **at, const char *name, char *dst, size_t size)
{
    size_t n = strlen(name);
    bool quoted = false;
    for (const char *s = *at; *s; s++) {
        if (*s == '\\' && quoted && s[1]) {
            s++;
            continue;
        }
        if (*s == '"') {
            quoted = !quoted;
            continue;
        }
        bool begins = !quoted && (s == *at || strchr(" \t,", s[-1]));
        if (!begins || strncasecmp(s, name, n) != 0 || s[n] != '=')
            continue;
        s += n + 1;
        bool in_quotes = *s == '"';
        s += in_quotes;
        size_t len = 0;
        for (; *s && (in_quotes ? *s != '"' : !strchr(" \t,", *s)); s++) {
            if (in_quotes && *s == '\\' && s[1])
                s++;
            if (len + 1 >= size)
                return false; /* longer than any real value */
            dst[len++] = *s;
        }
        dst[len] = '\0';
        *at = *s ? s + 1 : s;
        return true;
    }
    return false;
}

/* Both alphabets of RFC 4648, with or without padding. */
static int decode(char *text, char *dst, size_t size)
{
    size_t len = strlen(text);
    for (char *c = text; *c; c++)
        *c = *c == '-' ? '+' : *c == '_' ? '/' : *c;
    while (len % 4 != 0 && len + 1 < VALUE_MAX)
        text[len++] = '=';
    text[len] = '\0';
    int n = base64_decode(text, len, (uint8_t *)dst, size - 1);
    if (n <= 0 || memchr(dst, '\0', (size_t)n))
        return -EBADMSG;
    dst[n] = '\0';
    return n;
}

int challenge_claims(const char *header, char ret[static CLAIMS_MAX])
{
    char value[VALUE_MAX], claims[CLAIMS_MAX];
    const char *at = header;
    bool asked = false;
    while (!asked && next_value(&at, "error", value, sizeof value))
        asked = strcasecmp(value, "insufficient_claims") == 0;
    at = header;
    if (!asked || !next_value(&at, "claims", value, sizeof value))
        return -ENOENT;
    int n = decode(value, claims, sizeof claims);
    if (n < 0)
        return n;
    CLEANUP(json_free) struct json *root = NULL;
    if (json_parse(claims, (size_t)n, &root, NULL) < 0 || !json_is_object(root))
        return -EBADMSG;
    memcpy(ret, claims, (size_t)n + 1);
    return 0;
}
