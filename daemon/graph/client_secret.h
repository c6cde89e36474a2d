/* SPDX-License-Identifier: MIT */
/* graph/client_secret.h: the file with a client secret, as people paste it. */
#pragma once
#include "base/secret.h"

/* secret_read(), without blanks and line ends around the secret. kind CONFIG, too, for what cannot
 * be one: several lines, quotes around it, a blank inside, or a GUID, which is the secret's id. */
int client_secret_read(const char *path, const char *audience, struct secret **ret,
                       struct failure *ret_failure);
