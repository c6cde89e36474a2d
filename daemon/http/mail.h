/* SPDX-License-Identifier: MIT */
/* http/mail.h: hands one message to an SMTP server (RFC 5321), through libcurl, which resolves
 * names without blocking and verifies certificates. No proxy is used. Nothing blocks.
 *
 * Each message has a connection of its own. It is accepted if at least one recipient was. */
#pragma once
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/failure.h"
#include "base/secret.h"
#include <stdbool.h>

struct http;
struct http_mail_call { /* all of it is borrowed until the end */
    const char *host;   /* a name or an address; IPv6 in brackets */
    unsigned port;
    enum {
        MAIL_TLS,      /* from the first byte: smtps */
        MAIL_STARTTLS, /* or nothing is sent */
        MAIL_PLAIN,
    } security;                    /* TLS 1.2 or newer; certificate and name are verified */
    const char *ca_file;           /* instead of the room's; NULL or "" */
    const char *user;              /* AUTH PLAIN or LOGIN; NULL or "": none */
    const struct secret *password; /* its audience is http_mail_origin() */
    bool xoauth2;                  /* it is an access token */
    const char *from, *const *to;  /* addresses without brackets */
    size_t n_to;                   /* at least 1 */
    const void *bytes; /* lines end with CRLF, the last one too; dots are doubled here */
    size_t len;
    usec_t timeout; /* of the whole; 0: 30 s */
};
#define MAIL_REPLY_MAX 160
#define MAIL_ORIGIN_MAX 300
struct http_mail_answer {
    int status;       /* code of the reply that ended it; 0: none, see failure */
    bool about_mail;  /* the reply is to MAIL, RCPT or DATA: not about the connection or the sign-in
                       */
    size_t n_refused; /* recipients, of a message that was accepted; `reply` is the last refusal */
    char
        reply[MAIL_REPLY_MAX]; /* first line of the reply with its code, cleaned, without secrets */
    struct failure failure;    /* if status is 0; kind AUTH: the sign-in was refused */
};
typedef void http_mail_done(void *userdata, const struct http_mail_answer *answer);
struct http_mail; /* freeing cancels it; `done` may free it */
/* "smtps://HOST:PORT" or "smtp://HOST:PORT" */
const char *http_mail_origin(const struct http_mail_call *call, char buf[static MAIL_ORIGIN_MAX]);
/* On success exactly one `done` follows, from the event loop, never from inside here. -EPERM with
 * kind SECURITY: the password is not meant for this server. */
int http_mail_start(struct http *h, const struct http_mail_call *call, http_mail_done *done,
                    void *userdata, struct http_mail **ret, struct failure *ret_failure);
void http_mail_free(struct http_mail *m);
DEFINE_CLEANUP(struct http_mail *, http_mail_free)
