/* SPDX-License-Identifier: MIT */
/* base/secret.h: keeps secrets, and the origin that each may be sent to.
 *
 * They are in separate pages: locked, excluded from core dumps, wiped when freed. There is no
 * function that prints one, on purpose. */
#pragma once
#include "base/cleanup.h"
#include "base/failure.h"
#include <stddef.h>
#include <sys/types.h>

#define SECRET_FILE_MAX 8192 /* bytes; no secret we know of is longer */

struct secret;
/* Copies `len` bytes. `audience` is an origin ("https://host:port") that http/ compares
 * with the URL before it sends the secret; NULL: never sent (a signing key). */
int secret_new(const void *bytes, size_t len, const char *audience, struct secret **ret,
               struct failure *ret_failure);
void secret_free(struct secret *s); /* wipes; NULL is fine */
DEFINE_CLEANUP(struct secret *, secret_free)
const char *secret_bytes(const struct secret *s); /* NUL-terminated; borrowed */
size_t secret_len(const struct secret *s);
const char *secret_audience(const struct secret *s);

/* Reads a secret from a private file: a regular file, no symlink, mode at most 0600, or
 * 0640 root:group; 1 .. SECRET_FILE_MAX bytes, no NUL; a byte order mark in front and one trailing
 * newline are stripped.
 * kind CONFIG on all of these, with the path and what to do. */
int secret_read(const char *path, const char *audience, struct secret **ret,
                struct failure *ret_failure);
/* The same for a file that others may read, also through a symlink: a certificate, a federated token
 * that a platform writes. */
int secret_read_public(const char *path, const char *audience, struct secret **ret,
                       struct failure *ret_failure);
/* The same for a file that another program provides: any mode, but
 * not a symlink. */
int secret_read_handed(const char *path, const char *audience, struct secret **ret,
                       struct failure *ret_failure);
/* Makes the process non-dumpable, core limit 0. Call before the first secret is read. */
int secret_protect_process(struct failure *ret_failure);
