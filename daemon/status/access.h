/* SPDX-License-Identifier: MIT */
/* status/access.h: who may use the status endpoint. Pure but for access_listen(). */
#pragma once
#include "base/failure.h"
#include <stdbool.h>
#include <stddef.h>

/* A listening TCP socket at an address of base/listen.h. -EADDRINUSE, -EADDRNOTAVAIL, ... */
int access_listen(const char *address, int *ret_fd, struct failure *ret_failure);
/* Whether a request with this header Host (NULL: it has none) is meant for this server. A page of another site can make
 * its own name mean an address of this machine (DNS rebinding), and a browser would then send its requests here; it
 * cannot do that with an address, with "localhost", or with a name of `hosts`. Programs that send no Host are no
 * browsers. */
bool access_host(const char *host, char *const *hosts, size_t n_hosts);
/* Whether this header Authorization has the bearer token. The time tells nothing about it. */
bool access_token(const char *authorization, const char *token, size_t len);
