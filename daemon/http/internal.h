/* SPDX-License-Identifier: MIT */
/* http/internal.h: declarations that the files of http/ share. Internal to http/. */
#pragma once
#include "http/http.h"
#include "http/mail.h"
#include "http/stream.h"

#include <curl/curl.h>

#define HEADERS_MAX ((size_t)64 * 1024) /* bytes of all headers of an answer */
#define BODY_FIRST ((size_t)16 * 1024)  /* libcurl's own buffer: the most one callback brings */
#define SLOTS_KEPT 8                    /* idle slots */
#define IDLE_BYTES ((size_t)256 * 1024) /* of all idle buffers; more goes back at once */

/* The headers that are used. */
struct heads {
    size_t bytes;
    char retry_after[64], load[32], date[64], content_type[80], request_id[80];
    char www_authenticate[4096]; /* several such headers are joined by ", " */
    int status;                  /* of the last status line; 0: none yet */
    char redirect[ORIGIN_MAX];
};

enum stop { STOP_NOT, STOP_BODY, STOP_HEADERS, STOP_MEMORY }; /* why a callback aborted the transfer */

/* The reusable part of a transfer: the handle with its options, and the buffer for the answer,
 * which need not grow again for every page. */
struct slot {
    struct slot *next;            /* idle */
    struct http_request *request; /* whose transfer it is */
    CURL *easy;                   /* NULL: to be made */
    struct origin to;             /* the handle is for this origin and these CAs only */
    char *ca_file;
    char *bytes;
    size_t len, size;
    struct heads heads;
    char errbuf[CURL_ERROR_SIZE];
};

struct http_request {
    struct http *http;
    struct http_request *prev, *next; /* under way; NULL, NULL and no slot when done */
    struct slot *slot;
    struct curl_slist *headers;
    struct secret *secret_body;
    struct redact sent; /* points into `headers` and `secret_body` */
    void *body;
    size_t max_body;
    bool status_only;
    http_done *done;
    http_stream_done *stream_done; /* instead: it is a connection, and stays when it is made */
    void *userdata;
    bool proxied, reusable; /* its handle, by another request */
    usec_t timeout, connect_timeout, crawl, started_mono;
    enum stop stop;
};

struct http_stream {
    struct http_request *request;
};

struct http {
    sd_event *event;
    CURLM *multi;
    sd_event_source *timer, *reaper;
    struct http_request *first; /* under way */
    struct slot *idle;
    size_t n_idle, idle_bytes;
    char *ca_file, *proxy, *user_agent;
    char proxy_name[ORIGIN_MAX]; /* "scheme://host:port": what is logged */
    struct secret *proxy_password;
    bool calling; /* inside a `done` */
    bool doomed;  /* libcurl has run out of memory: all requests fail, see give_up */
};

/* http.c: a request with its slot, not under way yet; and its start. A request that could not start is
 * freed by the caller, its slot is not used again. */
int request_new(struct http *h, const struct origin *to, const char *ca_file, bool reusable,
                struct http_request **ret, struct failure *ret_failure);
int request_launch(struct http_request *r, struct failure *ret_failure);

void request_abandon(struct http_request *r); /* frees the slot of one that could not start */

/* setup.c: a call's options onto the handle of the request's slot, which is made if there is none.
 * The request owns what libcurl borrows. */
int setup_request(struct http_request *r, const struct http_call *call,
                  struct failure *ret_failure);
/* The same for a connection without a request. */
int setup_stream(struct http_request *r, const struct http_stream_call *call,
                 struct failure *ret_failure);
/* The same for a connection to an SMTP server: up to the sign-in. The request's userdata goes to `want_reply`. */
int setup_mail(struct http_request *r, const struct http_mail_call *call,
               size_t (*want_reply)(char *line, size_t one, size_t len, void *userdata),
               struct failure *ret_failure);
/* Checks that the CA file can be used. kind CONFIG, naming it. */
int setup_check_ca(const char *path, struct failure *ret_failure);
/* "scheme://host:port" of a proxy. Refuses credentials in it. kind CONFIG. */
int setup_proxy_name(const char *proxy, char ret[static ORIGIN_MAX], struct failure *ret_failure);

/* receive.c: libcurl's callbacks while an answer arrives. `userdata` is the slot. */
void heads_clear(struct heads *h); /* all but `bytes`, which counts over 1xx answers too */
size_t want_body(char *bytes, size_t one, size_t len, void *userdata);
size_t want_header(char *line, size_t one, size_t len, void *userdata);

/* answer.c */
/* Fills everything but `took`; the strings are borrowed from the slot. */
void http_answer_read(struct http_request *r, CURLcode code, struct http_answer *ret);
/* Why the transfer ended with `code`, which is not CURLE_OK. */
void transfer_failure(struct http_request *r, CURLcode code, struct failure *ret);
