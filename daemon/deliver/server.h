/* SPDX-License-Identifier: MIT */
/* deliver/server.h: addresses of servers as users write them: "SCHEME://HOST:PORT". Pure. */
#pragma once
#include <stddef.h>

#define SERVER_HOST_MAX 256
struct server_address {
    char host[SERVER_HOST_MAX]; /* a name or an address, without brackets */
    unsigned port;              /* 1 .. 65535 */
};
/* Index of the scheme in `schemes`, which NULL ends. IPv6 addresses are in brackets; nothing
 * follows the port. -EINVAL */
int server_parse(const char *text, const char *const *schemes, struct server_address *ret);
