/* SPDX-License-Identifier: MIT */
/* base/redact.h: foreign text without the secrets that its author was told.
 *
 * A server may echo what it was sent: in an error's code, a header, the first bytes of a page. Each
 * such text passes redact_clean() where it enters a failure, with the secrets of the tenant or
 * receiver that it came from. What is found becomes "[redacted]": the whole secret or any
 * REDACT_PART consecutive bytes of it, in either case, plain, percent-encoded or base64-encoded.
 * Pure; copies no secret; takes time linear in the text and in each secret. */
#pragma once
#include "base/secret.h"
#include <stdbool.h>

#define REDACT_PART 8
#define REDACT_WHOLE \
    4 /* secrets and pieces of a URL below REDACT_PART are found if they are whole */
#define REDACT_ITEMS 8
#define REDACT_TEXT_MAX 4096 /* bytes of a text that are looked at; the rest is left out */

/* Borrows the bytes. {0} is the empty set. */
struct redact {
    struct redact_item {
        const char *bytes;
        size_t len;
        bool url; /* pieces between its separators are found, too */
    } item[REDACT_ITEMS];
    size_t n;
};
/* NULL and "" add nothing. More than REDACT_ITEMS is our own mistake. */
void redact_add(struct redact *r, const char *bytes, size_t len);
void redact_add_secret(struct redact *r, const struct secret *s);
/* What is behind the host: path and query are the credential. */
void redact_add_url(struct redact *r, const struct secret *url);

/* A failure's text, once it is whole. `r` may be NULL. */
void redact_failure(struct failure *f, const struct redact *r);
/* `src` without secrets, then as text_clean() leaves it. `r` may be NULL. Returns dst. */
char *redact_clean(char *dst, size_t size, const char *src, size_t len, const struct redact *r);
#define REDACT_WORD 65 /* bytes of the longest id or code, with its NUL */
/* For ids and codes: the text if it looks like one (1 to 64 of A-Z a-z 0-9 _ - . :) and holds no
 * secret, "[redacted]" if it holds one, else "". Returns dst; `size` is at least REDACT_WORD. */
char *redact_word(char *dst, size_t size, const char *src, size_t len, const struct redact *r);
