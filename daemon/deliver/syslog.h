/* SPDX-License-Identifier: MIT */
/* deliver/syslog.h: what the two formats of the receiver type syslog share. Internal to deliver/. */
#pragma once
#include "deliver/receiver.h"

#define SYSLOG_IDENTIFIER "seatwatchd"

struct syslog_options {
    char *facility;   /* "daemon" */
    char *identifier; /* SYSLOG_IDENTIFIER */
    char *socket;     /* "": /dev/log */
    char *server;     /* "": the local socket */
    char *sd_id;      /* required with server */
    char *ca_file, *certificate_file, *private_key_file; /* of a TLS connection */
};
static inline bool syslog_is_remote(const struct syslog_options *o)
{
    return option_given(o->server);
}
/* syslog_5424.c: one message (RFC 5424), without a frame. */
int syslog_render_5424(const struct receiver_options *o, int facility, const struct message *m,
                       char **ret, size_t *ret_len);
/* Octet counting (RFC 6587 section 3.4.1, RFC 5425 section 4.3). */
void syslog_frame_octets(const struct payload *p, struct text *ret);
int syslog_target(const struct receiver_options *o, struct stream_target *ret,
                  struct failure *ret_failure);
int syslog_check_5424(const struct syslog_options *own, struct failure *ret_failure);
int syslog_server_check(const char *text, struct failure *ret_failure);
int syslog_sd_id_check(const char *text, struct failure *ret_failure);
