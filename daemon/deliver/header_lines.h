/* SPDX-License-Identifier: MIT */
/* deliver/header_lines.h: secret headers from a file, one "Name: value" a line. Pure. */
#pragma once
#include "deliver/http_post.h"

#define HEADER_LINES_MAX 6
/* Adds each of them; NULL adds none. Refuses control characters and names that belong to the
 * transport or to the signature. `path`: the file, for messages, which quote no line. kind CONFIG
 */
int request_header_lines(struct request *r, const struct secret *lines, const char *path,
                         struct failure *ret_failure);
