/* SPDX-License-Identifier: MIT */
/* graph/challenge.h: the claims challenge of a 401. */
#pragma once

#define CLAIMS_MAX 2048
/* The claims that a WWW-Authenticate header asks for ("insufficient_claims"), as JSON text. Pure.
 * -ENOENT: it asks for none. -EBADMSG: they make no sense. */
int challenge_claims(const char *header, char ret[static CLAIMS_MAX]);
