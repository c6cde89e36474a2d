/* SPDX-License-Identifier: MIT */
/* peers/answer.h: what a peer is going to answer, and how badly it will behave while doing so. */
#pragma once
#include "base/cleanup.h"
#include "base/failure.h"
#include "base/text.h"
#include "json/json.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ANSWER_BODY_MAX ((size_t)512 << 20)
#define ANSWER_HEADERS_MAX 48

struct answer {
    unsigned status;
    struct text body;
    struct {
        char *name, *value;
    } headers[ANSWER_HEADERS_MAX];
    size_t n_headers;
    bool compress; /* gzip it if the client can read that */

    usec_t delay;      /* before the first byte */
    usec_t crawl;      /* pause behind every piece of 64 bytes; 0: none */
    int64_t cut_after; /* bytes of body after which the connection is closed; -1: all of it */
    bool chunked;      /* no Content-Length */
    bool endless;      /* the body is followed by white space without end */
    bool close;        /* no answer at all */
    bool reset;        /* the same with a TCP reset */
    char *fault;       /* name of the rule that spoilt this answer; NULL: none */

    struct json_writer *line; /* the ledger's line about this request, open for more members */
};

void answer_init(struct answer *a); /* 200, empty, well-behaved */
void answer_free(struct answer *a); /* `line` belongs to the server */
static inline void answer_free_at(struct answer *a)
{
    answer_free(a);
}
/* Sets a header; one that is already there (names compare without case) is replaced. */
void answer_header(struct answer *a, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* One more of that name. */
void answer_header_add(struct answer *a, const char *name, const char *value);
const char *answer_get_header(const struct answer *a, const char *name); /* NULL: not set */
/* Replaces the body. */
void answer_body(struct answer *a, const char *content_type, const void *bytes, size_t len);
/* Replaces the body by what was written; aborts when that cannot be had: a peer has no use for
 * half an answer. Frees `w`. */
void answer_json(struct answer *a, struct json_writer *w);
