/* SPDX-License-Identifier: MIT */
/* base/listen.c: parses the addresses that a server listens on. */
#include "base/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOST_MAX 48

/* The host without brackets, in both families; 0: neither. */
static int family_of(const char *host, size_t len, void *v4, void *v6)
{
    char text[HOST_MAX];
    bool brackets = len > 2 && host[0] == '[' && host[len - 1] == ']';
    if (len == 0 || len >= sizeof text)
        return 0;
    (void)snprintf(text, sizeof text, "%.*s", (int)(len - (brackets ? 2 : 0)), host + brackets);
    if (brackets)
        return inet_pton(AF_INET6, text, v6) == 1 ? AF_INET6 : 0;
    return inet_pton(AF_INET, text, v4) == 1 ? AF_INET : 0;
}

bool listen_is_literal(const char *host, size_t len)
{
    struct in_addr v4;
    struct in6_addr v6;
    return family_of(host, len, &v4, &v6) != 0;
}

int listen_parse(const char *text, struct listen_address *ret, struct failure *ret_failure)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    const char *colon = strrchr(text, ':');
    char *end = NULL;
    int family = colon ? family_of(text, (size_t)(colon - text), &v4.sin_addr, &v6.sin6_addr) : 0;
    unsigned long port = family && colon[1] >= '0' && colon[1] <= '9' ? strtoul(colon + 1, &end, 10) : 65536;
    if (!end || *end || port > 65535)
        return failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                           "not an address and a port; write one such as \"127.0.0.1:9877\" or \"[::1]:9877\"");
    v4.sin_port = v6.sin6_port = htons((uint16_t)port);
    *ret = (struct listen_address){.len = family == AF_INET ? sizeof v4 : sizeof v6};
    memcpy(&ret->at, family == AF_INET ? (const void *)&v4 : &v6, ret->len);
    return 0;
}

bool listen_is_local(const struct sockaddr *at)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    switch (at->sa_family) {
    case AF_UNIX:
        return true;
    case AF_INET:
        memcpy(&v4, at, sizeof v4);
        return ntohl(v4.sin_addr.s_addr) >> 24 == 127;
    case AF_INET6:
        memcpy(&v6, at, sizeof v6);
        return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr);
    default:
        return false;
    }
}
