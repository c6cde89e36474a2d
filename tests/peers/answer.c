/* SPDX-License-Identifier: MIT */
/* peers/answer.c: an answer under construction. */
#include "peers/answer.h"
#include <stdarg.h>
#include <string.h>
#include <strings.h>

void answer_init(struct answer *a)
{
    *a = (struct answer){.status = 200, .body = TEXT_INIT(ANSWER_BODY_MAX), .cut_after = -1};
}

void answer_free(struct answer *a)
{
    text_free(&a->body);
    for (size_t i = 0; i < a->n_headers; i++) {
        free(a->headers[i].name);
        free(a->headers[i].value);
    }
    a->n_headers = 0;
    free(a->fault);
    a->fault = NULL;
}

static size_t header_find(const struct answer *a, const char *name)
{
    size_t i = 0;
    while (i < a->n_headers && strcasecmp(a->headers[i].name, name) != 0)
        i++;
    return i;
}

void answer_header(struct answer *a, const char *name, const char *fmt, ...)
{
    char *value = NULL;
    va_list ap;
    va_start(ap, fmt);
    int len = vasprintf(&value, fmt, ap);
    va_end(ap);
    size_t i = header_find(a, name);
    if (len < 0 || i == ANSWER_HEADERS_MAX)
        abort();
    if (i < a->n_headers) {
        free(a->headers[i].value);
    } else {
        a->headers[i].name = strdup(name);
        if (!a->headers[i].name)
            abort();
        a->n_headers++;
    }
    a->headers[i].value = value;
}

void answer_header_add(struct answer *a, const char *name, const char *value)
{
    size_t i = a->n_headers++;
    if (i >= ANSWER_HEADERS_MAX)
        abort();
    a->headers[i].name = strdup(name);
    a->headers[i].value = strdup(value ? value : "");
    if (!a->headers[i].name || !a->headers[i].value)
        abort();
}

const char *answer_get_header(const struct answer *a, const char *name)
{
    size_t i = header_find(a, name);
    return i < a->n_headers ? a->headers[i].value : NULL;
}

void answer_body(struct answer *a, const char *content_type, const void *bytes, size_t len)
{
    text_free(&a->body);
    text_add_bytes(&a->body, bytes, len);
    if (a->body.error)
        abort();
    answer_header(a, "Content-Type", "%s", content_type);
}

void answer_json(struct answer *a, struct json_writer *w)
{
    CLEANUP(free) char *body = NULL;
    size_t len;
    if (json_write_take(w, &body, &len) < 0)
        abort();
    json_writer_free(w);
    answer_body(a, "application/json; charset=utf-8", body, len);
}
