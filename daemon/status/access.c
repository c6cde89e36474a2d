/* SPDX-License-Identifier: MIT */
/* status/access.c: the address, host names and token of the status endpoint. */
#include "status/access.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/digest.h"
#include "base/listen.h"

#define BACKLOG 128

int access_listen(const char *address, int *ret_fd, struct failure *ret_failure)
{
    struct listen_address a;
    int r = listen_parse(address, &a, ret_failure), yes = 1;
    if (r < 0)
        return r;
    CLEANUP(close) int fd = socket(a.at.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) < 0 ||
        bind(fd, (const struct sockaddr *)&a.at, a.len) < 0 || listen(fd, BACKLOG) < 0)
        return failure_set(ret_failure, FAILURE_LOCAL, errno, "cannot listen on %s: %m", address);
    *ret_fd = TAKE_FD(fd);
    return 0;
}

/* Without its port. */
static size_t name_length(const char *host)
{
    const char *end = *host == '[' ? strchr(host, ']') : NULL;
    return end ? (size_t)(end - host) + 1 : strcspn(host, ":");
}

bool access_host(const char *host, char *const *hosts, size_t n_hosts)
{
    if (!host)
        return true;
    size_t len = name_length(host);
    if (listen_is_literal(host, len) || (len == 9 && strncasecmp(host, "localhost", len) == 0))
        return true;
    for (size_t i = 0; i < n_hosts; i++)
        if (strlen(hosts[i]) == len && strncasecmp(host, hosts[i], len) == 0)
            return true;
    return false;
}

bool access_token(const char *authorization, const char *token, size_t len)
{
    uint8_t given[SHA256_SIZE], wanted[SHA256_SIZE], differs = 0;
    if (!authorization || strncasecmp(authorization, "Bearer ", 7) != 0)
        return false;
    authorization += 7 + strspn(authorization + 7, " ");
    if (sha256(authorization, strlen(authorization), given) < 0 || sha256(token, len, wanted) < 0)
        return false;
    for (size_t i = 0; i < SHA256_SIZE; i++)
        differs |= given[i] ^ wanted[i];
    return differs == 0;
}
