/* SPDX-License-Identifier: MIT */
/* http/url.h: origins, and whether a URL stays on one. URLs are parsed by libcurl only. Pure. */
#pragma once
#include "base/failure.h"
#include <stdbool.h>

#define URL_MAX (16 * 1024) /* bytes; longer ones are refused */
#define ORIGIN_MAX 300
struct origin {
    char scheme[8], host[256]; /* lower case */
    unsigned port;             /* never 0: the scheme's default is filled in */
    char prefix[128];          /* path prefix that must match at a '/' boundary; "" = any path */
    char text[ORIGIN_MAX];     /* "https://host[:port]" without a default port: what is logged */
};
/* Refuses userinfo, fragments, control characters, blanks, hosts that are empty, other schemes.
 * http is refused unless loopback (127.0.0.0/8, [::1], localhost) or `allow_http`. The prefix is
 * left empty. kind CONFIG. */
int origin_parse(const char *url, bool allow_http, struct origin *ret, struct failure *ret_failure);
/* Does the URL stay on the origin: same scheme, host, port, no userinfo, path under the prefix (no
 * "..", no encoded slash or dot segments)? kind SECURITY, naming scheme and host only. */
int origin_check(const struct origin *o, const char *url, struct failure *ret_failure);
/* 127.0.0.0/8, [::1] or localhost: never proxied, and plain http is fine there. */
bool origin_is_loopback(const struct origin *o);
