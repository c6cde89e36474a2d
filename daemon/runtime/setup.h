/* SPDX-License-Identifier: MIT */
/* runtime/setup.h: what the daemon and the checks set up alike. */
#pragma once
#include "base/text.h"
#include "config/config.h"
#include "runtime/cli.h"

/* Returns the exit code; problems are on stderr or in the log. Those that decide are also added to
 * `ret_problems` (may be NULL), each on a line. */
int setup_options(const struct cli *cli, struct options **ret, struct text *ret_problems);
/* The password is the caller's; *ret borrows it and strings of `o`. */
int setup_http(const struct options *o, struct secret **ret_proxy_password, struct http_options *ret,
               struct failure *ret_failure);
