/* SPDX-License-Identifier: MIT */
/* http/url.c: parses URLs with libcurl, which will also send the request.
 *
 * If two parsers read a URL differently, a request can reach the wrong host. So everything that
 * parsers are known to disagree about (userinfo, backslashes, percent signs or non-ASCII in the
 * host, missing or surplus slashes) is refused before libcurl sees it. */
#include "http/url.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

DEFINE_CLEANUP(CURLU *, curl_url_cleanup)
DEFINE_CLEANUP(char *, curl_free)

static const char *const HOST_CHARACTERS =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:[]";

/* The first syntax mistake, or NULL. */
static const char *spelling(const char *url, const char **ret_scheme)
{
    if (strnlen(url, URL_MAX + 1) > URL_MAX)
        return "it is too long";
    for (const unsigned char *c = (const unsigned char *)url; *c; c++) {
        if (*c <= ' ' || *c == 0x7f)
            return "it has a blank or a control character";
        if (*c > 0x7f)
            return "it has characters beyond ASCII (write host names in their xn-- form)";
        if (*c == '\\')
            return "it has a backslash";
        if (*c == '#')
            return "it has a fragment";
    }
    const char *authority;
    if (strncasecmp(url, "https://", 8) == 0) {
        *ret_scheme = "https";
        authority = url + 8;
    } else if (strncasecmp(url, "http://", 7) == 0) {
        *ret_scheme = "http";
        authority = url + 7;
    } else {
        return "it does not begin with https://";
    }
    size_t len = strcspn(authority, "/?");
    if (len == 0)
        return "it has no host";
    if (memchr(authority, '@', len))
        return "it carries a user name or password";
    if (strspn(authority, HOST_CHARACTERS) < len)
        return "its host has a character that no host name has";
    return NULL;
}

/* libcurl has converted IPv4 addresses to dotted form ("127.1", "0x7f000001"). */
static bool host_canonical(char *host, size_t size)
{
    for (char *c = host; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    size_t len = strlen(host);
    if (host[0] != '[')
        return len > 0 && !strpbrk(host, "[]:");
    if (host[len - 1] != ']')
        return false;
    struct in6_addr address;
    char plain[INET6_ADDRSTRLEN];
    host[len - 1] = '\0';
    if (inet_pton(AF_INET6, host + 1, &address) != 1 ||
        !inet_ntop(AF_INET6, &address, plain, sizeof plain))
        return false;
    int n = snprintf(host, size, "[%s]", plain);
    return n > 0 && (size_t)n < size;
}

bool origin_is_loopback(const struct origin *o)
{
    struct in_addr v4;
    if (inet_pton(AF_INET, o->host, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    return strcmp(o->host, "[::1]") == 0 || strcmp(o->host, "localhost") == 0;
}

static const char NO_MEMORY[] =
    "out of memory"; /* compared by address: not a mistake in the URL */

/* What is wrong with the URL, or NULL, *ret and, if asked for, the path for curl_free(). */
static const char *take_apart(const char *url, struct origin *ret, char **ret_path)
{
    const char *scheme;
    const char *wrong = spelling(url, &scheme);
    if (wrong)
        return wrong;
    CLEANUP(curl_url_cleanup) CURLU *parsed = curl_url();
    CLEANUP(curl_free) char *host = NULL;
    CLEANUP(curl_free) char *port = NULL;
    CLEANUP(curl_free) char *path = NULL;
    if (!parsed)
        return NO_MEMORY;
    CURLUcode code =
        curl_url_set(parsed, CURLUPART_URL, url, CURLU_PATH_AS_IS | CURLU_DISALLOW_USER);
    if (code == CURLUE_OK)
        code = curl_url_get(parsed, CURLUPART_HOST, &host, 0);
    if (code == CURLUE_OK)
        code = curl_url_get(parsed, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT);
    if (code == CURLUE_OK)
        code = curl_url_get(parsed, CURLUPART_PATH, &path, 0);
    if (code != CURLUE_OK)
        return code == CURLUE_OUT_OF_MEMORY ? NO_MEMORY : "it is no URL";

    struct origin o = {0};
    (void)snprintf(o.scheme, sizeof o.scheme, "%s", scheme);
    int n = snprintf(o.host, sizeof o.host, "%s", host);
    if (n < 0 || (size_t)n >= sizeof o.host || !host_canonical(o.host, sizeof o.host))
        return "its host is no host name";
    long number = strtol(port, NULL, 10);
    if (number < 1 || number > 65535)
        return "its port is not within 1 .. 65535";
    o.port = (unsigned)number;
    bool usual = o.port == (strcmp(scheme, "https") == 0 ? 443U : 80U);
    if (usual)
        (void)snprintf(o.text, sizeof o.text, "%s://%s", o.scheme, o.host);
    else
        (void)snprintf(o.text, sizeof o.text, "%s://%s:%u", o.scheme, o.host, o.port);
    *ret = o;
    if (ret_path)
        *ret_path = TAKE(path);
    return NULL;
}

int origin_parse(const char *url, bool allow_http, struct origin *ret, struct failure *ret_failure)
{
    struct origin o;
    const char *wrong = take_apart(url, &o, NULL);
    if (wrong == NO_MEMORY)
        return failure_oom(ret_failure);
    if (wrong)
        return failure_set(ret_failure, FAILURE_CONFIG, EINVAL, "this URL cannot be used: %s",
                           wrong);
    if (strcmp(o.scheme, "http") == 0 && !allow_http && !origin_is_loopback(&o))
        return failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                           "%s is not encrypted; write https:// (plain http is for loopback only)",
                           o.text);
    *ret = o;
    return 0;
}

/* RFC 3986 section 6.2.2.2: "%2e" and "." are the same to a server; a "%2f" may be as good as "/".
 */
static bool climbs(const char *path)
{
    for (const char *s = path; *s;) {
        s += *s == '/';
        size_t dots = 0;
        bool only_dots = true;
        while (*s && *s != '/') {
            bool percent = *s == '%';
            if (percent && (strncasecmp(s, "%2f", 3) == 0 || strncasecmp(s, "%5c", 3) == 0))
                return true;
            bool encoded = percent && strncasecmp(s, "%2e", 3) == 0;
            if (encoded || *s == '.')
                dots++;
            else
                only_dots = false;
            s += encoded ? 3 : 1;
        }
        if (only_dots && (dots == 1 || dots == 2))
            return true;
    }
    return false;
}

static bool below(const char *path, const char *prefix)
{
    size_t len = strlen(prefix);
    if (len == 0)
        return true;
    if (strncmp(path, prefix, len) != 0)
        return false;
    return prefix[len - 1] == '/' || path[len] == '/' || path[len] == '\0';
}

int origin_check(const struct origin *o, const char *url, struct failure *ret_failure)
{
    struct origin seen;
    CLEANUP(curl_free) char *path = NULL;
    const char *wrong = take_apart(url, &seen, &path);
    if (wrong == NO_MEMORY)
        return failure_oom(ret_failure);
    if (wrong)
        return failure_set(ret_failure, FAILURE_SECURITY, EPERM,
                           "a link that should lead to %s was refused: %s", o->text, wrong);
    if (strcmp(seen.scheme, o->scheme) != 0 || strcmp(seen.host, o->host) != 0 ||
        seen.port != o->port)
        return failure_set(ret_failure, FAILURE_SECURITY, EPERM,
                           "a link to %s was refused: it leaves %s", seen.text, o->text);
    if (climbs(path) || !below(path, o->prefix))
        return failure_set(ret_failure, FAILURE_SECURITY, EPERM,
                           "a link within %s was refused: its path leaves %s", o->text,
                           *o->prefix ? o->prefix : "the path it names");
    return 0;
}
