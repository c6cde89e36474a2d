/* SPDX-License-Identifier: MIT */
/* base/certificates.h: checks that a text contains PEM certificates, all of them complete. */
#pragma once
#include "base/failure.h"
#include <stddef.h>

/* As strict as the TLS library, which loads all or none. `path` is for the failure text. kind
 * CONFIG. */
int certificates_check(const char *path, const char *pem, size_t len, struct failure *ret_failure);
