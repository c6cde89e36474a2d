/* SPDX-License-Identifier: MIT */
/* deliver/http_post.h: one POST request per message. The transport reads the secrets, again whenever
 * their files change, keeps the deadlines, and classifies answers without leaking secrets into their
 * text. A receiver type says where the request goes and with which headers. */
#pragma once
#include "base/secret.h"
#include "deliver/receiver.h"

#define HTTP_POST_SECRETS_MAX 3
#define HTTP_POST_HEADERS_MAX 6

struct http_post_options { /* of every type with this transport; see HTTP_POST_ROWS */
    char *ca_file;
    bool allow_http;
};
/* The rows that fill it, as member `http` of the type's options. */
/* clang-format off */
#define HTTP_POST_ROWS(struct_)                                                                    \
    {.name = "ca_file", .type = CONF_FILE, CONF_AT(struct_, http.ca_file), .def = "",              \
     .file = FILE_CA, .example = "/etc/seatwatchd/hook-ca.pem",                                    \
     .help = "Certificate authorities for this receiver, in PEM."},                                \
    {.name = "allow_http", .type = CONF_BOOL, CONF_AT(struct_, http.allow_http), .def = "false",   \
     .help = "Whether plain http:// is allowed for hosts other than this machine."}
/* clang-format on */

/* One attempt, filled by the type. */
struct request {
    const char *content_type; /* preset: application/json */
    struct secret *url;       /* owned; used byte for byte */
    struct origin origin;     /* of the URL: the part that may be logged */
    const struct http_post_options *options;
    struct request_header {
        const char *name;
        char *value; /* owned */
        bool secret; /* removed from what is quoted of the answer */
    } header[HTTP_POST_HEADERS_MAX];
    size_t n_headers;
};
/* The first line of a secret becomes the URL. `path`: its file, for messages. Requires `options`. */
int request_url(struct request *r, const struct secret *secret, const char *path,
                struct failure *ret_failure);
/* Takes `value`; NULL means that there was no memory for it. */
int request_header(struct request *r, const char *name, char *value, bool secret,
                   struct failure *ret_failure);
