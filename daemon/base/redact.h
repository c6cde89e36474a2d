/* SPDX-License-Identifier: MIT */
/* base/redact.h: removes secrets from foreign text.
 *
 * A server may echo what it was sent: in an error code, a header, the first bytes of a page. Such
 * text passes redact_clean() before it enters a failure, with the secrets of its tenant or
 * receiver. Matches become "[redacted]": the whole secret or any REDACT_PART consecutive bytes of
 * it, in any case, plain, percent-encoded or base64-encoded.
 * Pure; copies no secret; takes time linear in the text and in each secret. */
#pragma once
#include "base/secret.h"
#include <stdbool.h>

#define REDACT_PART 8
#define REDACT_WHOLE \
    4 /* secrets and URL pieces shorter than REDACT_PART match as a whole */
#define REDACT_ITEMS 12
#define REDACT_TEXT_MAX 4096 /* bytes of a text; the rest is dropped */

/* Borrows the bytes. {0} is the empty set. */
struct redact {
    struct redact_item {
        const char *bytes;
        size_t len;
        bool url; /* pieces between its separators match, too */
    } item[REDACT_ITEMS];
    size_t n;
};
/* NULL and "" add nothing. At most REDACT_ITEMS. */
void redact_add(struct redact *r, const char *bytes, size_t len);
void redact_add_secret(struct redact *r, const struct secret *s);
/* The part after the host: path and query are the credential. */
void redact_add_url(struct redact *r, const struct secret *url);

/* Redacts a complete failure text. `r` may be NULL. */
void redact_failure(struct failure *f, const struct redact *r);
/* Redacts `src`, then applies text_clean(). `r` may be NULL. Returns dst. */
char *redact_clean(char *dst, size_t size, const char *src, size_t len, const struct redact *r);
#define REDACT_WORD 65 /* bytes of the longest id or code, with its NUL */
/* For ids and codes: the text if it looks like one (1 to 64 of A-Z a-z 0-9 _ - . :) and contains
 * no secret, "[redacted]" if it contains one, else "". Returns dst; `size` is at least REDACT_WORD. */
char *redact_word(char *dst, size_t size, const char *src, size_t len, const struct redact *r);
