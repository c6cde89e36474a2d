/* SPDX-License-Identifier: MIT */
/* base/certificates.h: does a text hold certificates in PEM, every one of them whole? */
#pragma once
#include "base/failure.h"
#include <stddef.h>

/* As strict as what loads them for TLS, which takes all or none. `path` is for the sentence. kind
 * CONFIG. */
int certificates_check(const char *path, const char *pem, size_t len, struct failure *ret_failure);
