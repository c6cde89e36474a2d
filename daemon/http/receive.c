/* SPDX-License-Identifier: MIT */
/* http/receive.c: libcurl's write and header callbacks. They bound the size of an answer and keep
 * the few headers that are used. */
#include "http/internal.h"

#include "base/alloc.h"
#include "base/text.h"

#include <string.h>
#include <strings.h>

#define SPEED_MIN 64L /* bytes per second */

/* Counts decoded bytes. CURLOPT_MAXFILESIZE does not: it looks at Content-Length only and lets a
 * compressed bomb pass. */
size_t want_body(char *bytes, size_t one, size_t len, void *userdata)
{
    struct slot *slot = userdata;
    struct http_request *r = slot->request;
    (void)one; /* always 1, see CURLOPT_WRITEFUNCTION(3) */
    size_t given = len, room = r->max_body - slot->len;
    if (len > room) {
        r->stop = STOP_BODY;
        if (!r->status_only)
            return 0;
        len = room;
    }
    if (slot->size - slot->len < len + 1) {
        size_t size = slot->size ? slot->size : BODY_FIRST;
        while (size - slot->len < len + 1)
            size *= 2; /* ends below 2 * max_body */
        char *more = alloc_resize(slot->bytes, size);
        if (!more) {
            r->stop = STOP_MEMORY;
            return 0;
        }
        slot->bytes = more;
        slot->size = size;
    }
    memcpy(slot->bytes + slot->len, bytes, len);
    slot->len += len;
    slot->bytes[slot->len] = '\0';
    return len == given ? len : 0; /* anything but `given` ends the transfer */
}

/* True if the line is the header `name`; *ret is its value without the surrounding blanks. */
static bool header_is(const char *line, size_t len, const char *name, const char **ret,
                      size_t *ret_len)
{
    size_t n = strlen(name);
    if (len <= n || line[n] != ':' || strncasecmp(line, name, n) != 0)
        return false;
    const char *value = line + n + 1;
    const char *end = line + len;
    while (value < end && (*value == ' ' || *value == '\t'))
        value++;
    while (end > value && (end[-1] == '\r' || end[-1] == '\n' || end[-1] == ' ' || end[-1] == '\t'))
        end--;
    *ret = value;
    *ret_len = (size_t)(end - value);
    return true;
}

static void keep(char *dst, size_t size, const char *value, size_t len)
{
    if (len >= size)
        len = size - 1;
    memcpy(dst, value, len);
    dst[len] = '\0';
    for (size_t i = 0; i < len; i++)
        if (dst[i] == '\0')
            dst[i] = ' '; /* a NUL would hide the rest of the value */
}

void heads_clear(struct heads *h)
{
    h->retry_after[0] = h->load[0] = h->date[0] = h->content_type[0] = h->request_id[0] = '\0';
    h->www_authenticate[0] = h->redirect[0] = '\0';
    h->status = 0;
}

/* "HTTP/1.1 200 OK", "HTTP/2 200". */
static int status_of(const char *line, size_t len)
{
    const char *blank = memchr(line, ' ', len);
    if (!blank || len - (size_t)(blank - line) < 4)
        return 0;
    int status = 0;
    for (int i = 1; i <= 3; i++)
        if (blank[i] >= '0' && blank[i] <= '9')
            status = status * 10 + (blank[i] - '0');
        else
            return 0;
    return status;
}

/* Keeps the origin only: path and query of a Location may hold secrets. */
static void keep_redirect(struct slot *slot, const char *value, size_t len)
{
    struct heads *h = &slot->heads;
    struct origin to;
    bool same_scheme = len >= 2 && value[0] == '/' && value[1] == '/'; /* RFC 3986, 4.2 */
    if (h->status < 300 || h->status > 399)
        return;
    CLEANUP(free)
    char *url = text_printf("%s%s%.*s", same_scheme ? slot->to.scheme : "", same_scheme ? ":" : "",
                            len < URL_MAX ? (int)len : URL_MAX, value);
    if (!same_scheme && len > 0 && value[0] == '/')
        memcpy(h->redirect, slot->to.text, sizeof slot->to.text);
    else if (url && origin_parse(url, true, &to, NULL) >= 0)
        memcpy(h->redirect, to.text, sizeof to.text);
}

/* libcurl measures the speed from the start of the request. Were the limit set then, it would cut
 * an answer whose first byte takes as long as the deadline allows. Curl_speedcheck() in
 * lib/speedcheck.c reads both options anew each time, so they are set with the first header.
 * Setting two numbers cannot fail. */
static void limit_speed(struct http_request *r)
{
    usec_t seconds = r->crawl / USEC_PER_SEC;
    (void)curl_easy_setopt(r->slot->easy, CURLOPT_LOW_SPEED_TIME, seconds < 1 ? 1L : (long)seconds);
    (void)curl_easy_setopt(r->slot->easy, CURLOPT_LOW_SPEED_LIMIT, SPEED_MIN);
}

size_t want_header(char *line, size_t one, size_t len, void *userdata)
{
    struct slot *slot = userdata;
    struct heads *h = &slot->heads;
    const char *value;
    size_t n;
    (void)one;
    if (len > HEADERS_MAX - h->bytes) {
        slot->request->stop = STOP_HEADERS;
        return 0;
    }
    h->bytes += len;
    if (len > 5 && strncmp(line, "HTTP/", 5) == 0) {
        heads_clear(h); /* drop the headers of a preceding 1xx answer */
        h->status = status_of(line, len);
        limit_speed(slot->request);
    } else if (header_is(line, len, "Location", &value, &n)) {
        keep_redirect(slot, value, n);
    } else if (header_is(line, len, "Retry-After", &value, &n)) {
        keep(h->retry_after, sizeof h->retry_after, value, n);
    } else if (header_is(line, len, "x-ms-throttle-limit-percentage", &value, &n)) {
        keep(h->load, sizeof h->load, value, n);
    } else if (header_is(line, len, "Date", &value, &n)) {
        keep(h->date, sizeof h->date, value, n);
    } else if (header_is(line, len, "Content-Type", &value, &n)) {
        const char *parameters = memchr(value, ';', n);
        if (parameters)
            n = (size_t)(parameters - value);
        while (n > 0 && (value[n - 1] == ' ' || value[n - 1] == '\t'))
            n--;
        (void)redact_clean(h->content_type, sizeof h->content_type, value, n, &slot->request->sent);
        for (char *c = h->content_type; *c; c++)
            if (*c >= 'A' && *c <= 'Z')
                *c = (char)(*c - 'A' + 'a');
    } else if (header_is(line, len, "request-id", &value, &n)) {
        (void)redact_word(h->request_id, sizeof h->request_id, value, n, &slot->request->sent);
    } else if (header_is(line, len, "WWW-Authenticate", &value, &n)) {
        size_t used = strlen(h->www_authenticate);
        if (used > 0 && used + 2 < sizeof h->www_authenticate) {
            memcpy(h->www_authenticate + used, ", ", 3);
            used += 2;
        }
        keep(h->www_authenticate + used, sizeof h->www_authenticate - used, value, n);
    }
    return len;
}
