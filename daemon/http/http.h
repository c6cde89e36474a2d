/* SPDX-License-Identifier: MIT */
/* http/http.h: requests over one libcurl multi handle on sd-event. Knows no Graph and no webhook.
 *
 * Every request leaves through http_start, which checks the URL against the allowed origin and the
 * audience of each secret against the URL. Redirects are never followed.
 * Bodies are counted after decompression, in our own callback. Nothing blocks. */
#pragma once
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/redact.h"
#include "base/secret.h"
#include "http/url.h"
#include <systemd/sd-event.h>

struct http;
struct http_options {
    const char *ca_file; /* extra CA certificates in PEM; NULL or "": the system's only */
    const char *proxy;   /* NULL or "": none, whatever the environment says */
    const struct secret *proxy_password; /* user:password; NULL: none */
    const char *user_agent;
};
/* Sets our allocator for libcurl; once, in main, before any thread. kind LOCAL: libcurl, its TLS
 * library or its resolver cannot be initialised. */
int http_global_init(struct failure *ret_failure);
int http_new(sd_event *event, const struct http_options *o, struct http **ret,
             struct failure *ret_failure);
void http_free(struct http *h); /* cancels what is under way, without calling back */
DEFINE_CLEANUP(struct http *, http_free)
sd_event *http_event(const struct http *h); /* borrowed */

struct http_header {
    const char *name, *value; /* not secret */
};
struct http_call {
    const char *method;           /* "GET", "POST", "PUT" */
    const char *url;              /* used byte for byte */
    const struct origin *allowed; /* where it must go; NULL: anywhere https, a receiver's own URL */
    bool allow_http;              /* plain http beyond loopback: a receiver that says so */
    const char *ca_file;          /* instead of the CAs of the client; NULL */
    const struct http_header *headers;
    size_t n_headers;
    const struct secret *bearer; /* Authorization: Bearer; audience must be the URL's origin */
    const struct secret *basic;  /* Authorization: Basic, instead; the same holds */
    const void *body;            /* copied */
    size_t body_len;
    const struct secret *secret_body; /* instead of body: e.g. a form with a client secret, */
    size_t secret_from; /* ... which begins there and ends at an '&' or the end; see `sent` */
    usec_t timeout, connect_timeout; /* 0: 30 s and 10 s */
    usec_t crawl; /* after the first byte: less than 64 bytes/s for so long is a failure; whole
                   * seconds, 0: half of the timeout */
    size_t max_body; /* decoded bytes of the answer; more is a failure */
    /* The final status line is the answer. No compression is requested; a body that is too long,
     * cut, too slow or malformed only ends the reading. */
    bool status_only;
    bool fresh_connection; /* after a 503: avoid the overloaded instance */
};
struct http_answer {
    int status;       /* 0: no complete answer, see failure */
    const char *body; /* NUL-terminated, borrowed until `done` returns */
    size_t body_len;
    size_t wire_bytes;  /* as received, headers included */
    usec_t retry_after; /* 0: none; already clamped to 1 s .. 1 h */
    bool retry_after_clamped;
    unsigned load_percent;        /* used of a limit of the service; 0: not reported */
    usec_t date_at;               /* the Date header; 0: none */
    const char *content_type;     /* lower case, parameters cut off, redacted; "" if none */
    const char *request_id;       /* request-id header; "" if there is none that looks like an id */
    const char *www_authenticate; /* borrowed; "" */
    const char *redirect; /* 3xx: "https://host[:port]" that Location leads to; "" if not known */
    /* The secrets of this request, for redact_clean(): every quotation of the answer must pass it.
     * Borrowed until `done` returns. A receiver adds its own URL. */
    const struct redact *sent;
    struct failure failure; /* if status is 0: TRANSIENT, SECURITY, PROTOCOL (too large), ... */
    usec_t took;
};
typedef void http_done(void *userdata, const struct http_answer *answer);
struct http_request; /* freeing cancels it; `done` may free it or start another */
/* -EPERM with kind SECURITY: refused before anything left (foreign origin, http, userinfo, wrong
 * audience). On success exactly one `done` follows, from the event loop, never from inside here. */
int http_start(struct http *h, const struct http_call *call, http_done *done, void *userdata,
               struct http_request **ret, struct failure *ret_failure);
void http_request_free(struct http_request *r);
DEFINE_CLEANUP(struct http_request *, http_request_free)
/* The meaning of a status if nothing better is known; a 2xx means that another answer was expected
 * (PROTOCOL). Sets kind, retry_after and "HTTP 429 ..." without body text. */
void http_status_failure(const struct http_answer *a, struct failure *ret);
