/* SPDX-License-Identifier: MIT */
/* deliver/http_post.h: one request per message, or a few in sequence. The transport reads the
 * secrets, again whenever their files change, keeps the deadlines, and classifies answers without
 * leaking secrets into their text. A receiver type says where the request goes and with which
 * headers. */
#pragma once
#include "base/secret.h"
#include "deliver/receiver.h"

#define HTTP_POST_SECRETS_MAX 3
#define HTTP_POST_HEADERS_MAX 9

struct http_post_options { /* of every type with this transport; see HTTP_POST_ROWS */
    char *ca_file;
    bool allow_http;
    usec_t timeout; /* of one request */
};
/* The rows that fill it, as member `http` of the type's options, and that of a member `url_file`. */
/* clang-format off */
#define HTTP_URL_ROW(struct_)                                                                      \
    {.name = "url_file", .type = CONF_FILE, CONF_AT(struct_, url_file), .def = "",                 \
     .shown_def = "required", .file = FILE_RECEIVER, .example = "hook.url",                        \
     .help = "File with the URL of the webhook, which is a secret."}
#define HTTP_POST_ROWS(struct_)                                                                    \
    {.name = "ca_file", .type = CONF_FILE, CONF_AT(struct_, http.ca_file), .def = "",              \
     .file = FILE_CA, .example = "/etc/seatwatchd/hook-ca.pem",                                    \
     .help = "Certificate authorities for this receiver, in PEM."},                                \
    {.name = "allow_http", .type = CONF_BOOL, CONF_AT(struct_, http.allow_http), .def = "false",   \
     .help = "Whether plain http:// is allowed for hosts other than this machine."},               \
    {.name = "timeout", .type = CONF_DURATION, CONF_AT(struct_, http.timeout), .min = "1s",        \
     .max = "30s", .def = "15s", .help = "Maximum duration of one request to this receiver."}
/* clang-format on */

/* For conf_key.check: a URL that is not secret. Whether plain http is allowed shows later. */
int http_url_check(const char *text, struct failure *ret_failure);

/* One attempt, filled by the type. */
struct request {
    const char *method;       /* preset: POST */
    const char *content_type; /* preset: application/json */
    struct secret *url;       /* owned; used byte for byte. Before it is set: that of the last request */
    struct origin origin;     /* of the URL: the part that may be logged */
    struct secret *body;      /* owned; sent instead of the payload. NULL: the payload */
    const struct http_post_options *options;
    struct request_header {
        char *name, *value; /* owned */
        bool secret; /* removed from what is quoted of the answer */
    } header[HTTP_POST_HEADERS_MAX];
    size_t n_headers;
};
/* The first line of a secret becomes the URL. `path`: its file, for messages. Requires `options`. */
int request_url(struct request *r, const struct secret *secret, const char *path,
                struct failure *ret_failure);
/* The same for a URL that is not secret. */
int request_address(struct request *r, const char *url, struct failure *ret_failure);
/* The body becomes the payload, an object, with one more member in front: the first line of
 * `secret`. The store must not hold it. Requires the URL. */
int request_member(struct request *r, const struct payload *p, const char *name,
                   const struct secret *secret, struct failure *ret_failure);
/* Copies `name` and takes `value`; NULL means that there was no memory for it. */
int request_header(struct request *r, const char *name, char *value, bool secret,
                   struct failure *ret_failure);
/* Adds the secret header "Authorization: SCHEME WORD"; the word is the first line of `secret`, printable
 * characters without blanks. `path`: its file, for messages. */
int request_authorization(struct request *r, const char *scheme, const struct secret *secret,
                          const char *path, struct failure *ret_failure);
