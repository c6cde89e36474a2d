/* SPDX-License-Identifier: MIT */
/* deliver/server.c: takes "SCHEME://HOST:PORT" apart. */
#include "deliver/server.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define ADDRESS_CHARACTERS "0123456789abcdefABCDEF:."
#define NAME_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_"

static const char *after_scheme(const char *text, const char *scheme)
{
    size_t n = strlen(scheme);
    return strncmp(text, scheme, n) == 0 && strncmp(text + n, "://", 3) == 0 ? text + n + 3 : NULL;
}

static bool parse_port(const char *text, unsigned *ret)
{
    size_t digits = strspn(text, "0123456789");
    unsigned long port = digits > 0 && digits <= 5 ? strtoul(text, NULL, 10) : 0;
    *ret = (unsigned)port;
    return !text[digits] && port >= 1 && port <= 65535;
}

int server_parse(const char *text, const char *const *schemes, struct server_address *ret)
{
    const char *host = NULL;
    int i = 0;
    while (schemes[i] && !(host = after_scheme(text, schemes[i])))
        i++;
    const char *colon = host ? strrchr(host, ':') : NULL;
    *ret = (struct server_address){0};
    if (!colon || !parse_port(colon + 1, &ret->port))
        return -EINVAL;
    size_t len = (size_t)(colon - host);
    bool bracketed = len > 2 && host[0] == '[' && host[len - 1] == ']';
    host += bracketed;
    len -= bracketed ? 2 : 0;
    if (len == 0 || len >= sizeof ret->host ||
        strspn(host, bracketed ? ADDRESS_CHARACTERS : NAME_CHARACTERS) < len)
        return -EINVAL;
    memcpy(ret->host, host, len);
    return i;
}
