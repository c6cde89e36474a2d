/* SPDX-License-Identifier: MIT */
/* hookcatch/signature.h: is a delivery signed as Standard Webhooks 1.0.0 says?
 *
 * Written from the specification's text and apart from the daemon, so that both sides sharing a
 * misreading would show. */
#pragma once
#include "base/failure.h"
#include "peers/server.h"

/* "ok", "missing" (not all three headers), "stale" (more than five minutes off), or "bad" (none of
 * its signatures is by one of the keys). `key_file` holds one whsec_ key a line and is read afresh,
 * so that a test can rotate keys. */
const char *signature_verdict(const char *key_file, const struct request *r);
