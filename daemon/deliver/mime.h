/* SPDX-License-Identifier: MIT */
/* deliver/mime.h: encodings of a mail's parts and headers. Pure. Output is ASCII, its lines end
 * with CRLF. */
#pragma once
#include "base/clock.h"
#include "base/failure.h"
#include "base/text.h"

/* Text with "\n" between its lines, in quoted-printable (RFC 2045 section 6.7). The last line ends
 * with CRLF, too. */
void mime_quoted_printable(struct text *t, const char *s);
/* "NAME: TEXT", folded. What is not plain ASCII becomes encoded words (RFC 2047). Control
 * characters become blanks: a header never ends early. */
void mime_header(struct text *t, const char *name, const char *s);
/* "Date: Sun, 22 Nov 2026 01:02:03 +0000" (RFC 5322 section 3.3) */
void mime_date(struct text *t, usec_t at);

#define MAIL_TO_MAX 20 /* recipients */
#define MAIL_ADDRESS_MAX 254
/* LOCAL@DOMAIN in letters, digits and the characters of an atom (RFC 5322 section 3.2.3): without
 * quotes, comments, display names and blanks. kind CONFIG */
int mail_address_check(const char *address, struct failure *ret_failure);
