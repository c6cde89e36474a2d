/* SPDX-License-Identifier: MIT */
/* base/listen.h: addresses that a server listens on: "127.0.0.1:9877", "[::1]:9877", "0.0.0.0:9877". */
#pragma once
#include "base/failure.h"
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

struct listen_address {
    struct sockaddr_storage at;
    socklen_t len;
};
/* An address and a port, 0: the kernel chooses one. No names: what they mean may change. kind CONFIG. Pure. */
int listen_parse(const char *text, struct listen_address *ret, struct failure *ret_failure);
/* Only this machine reaches it: 127.0.0.0/8, ::1, a UNIX socket. */
bool listen_is_local(const struct sockaddr *at);
/* Whether `host` is an IPv4 address, or an IPv6 address in brackets. */
bool listen_is_literal(const char *host, size_t len);
