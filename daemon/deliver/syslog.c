/* SPDX-License-Identifier: MIT */
/* deliver/syslog.c: the receiver type syslog: its options, and lines for the local syslog socket. With
 * `server`, messages go over the network instead: see syslog_5424.c.
 *
 * glibc's syslog(3) reports no errors: without a daemon behind the socket its messages are lost.
 * So we send the datagram ourselves, without blocking, and keep what is not accepted in the outbox.
 * The format is that of RFC 3164 as glibc writes it: journald parses no other on this socket. */
#include "deliver/syslog.h"

#include "base/clock.h"
#include "deliver/late_prefix.h"
#include "deliver/lines.h"
#include "deliver/notification_put.h"
#include "deliver/receiver.h"
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SOCKET_DEFAULT "/dev/log"
#define IDENTIFIER_MAX 48
#define IDENTIFIER_CHARACTERS                                                                      \
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/"
#define LINE_BYTES 8192   /* rsyslog's default maxMessageSize; only a digest comes near */

static const struct {
    const char *name;
    int facility;
} FACILITIES[] = {
    {"daemon", LOG_DAEMON},     {"user", LOG_USER},     {"auth", LOG_AUTH},
    {"authpriv", LOG_AUTHPRIV}, {"cron", LOG_CRON},     {"syslog", LOG_SYSLOG},
    {"local0", LOG_LOCAL0},     {"local1", LOG_LOCAL1}, {"local2", LOG_LOCAL2},
    {"local3", LOG_LOCAL3},     {"local4", LOG_LOCAL4}, {"local5", LOG_LOCAL5},
    {"local6", LOG_LOCAL6},     {"local7", LOG_LOCAL7},
};

static int facility_parse(const char *name)
{
    if (!name || !name[0])
        return LOG_DAEMON;
    for (size_t i = 0; i < N_ELEMENTS(FACILITIES); i++)
        if (text_equal(FACILITIES[i].name, name))
            return FACILITIES[i].facility;
    return -EINVAL;
}

static int facility_check(const char *text, struct failure *ret_failure)
{
    if (facility_parse(text) >= 0)
        return 0;
    return failure_set(
        ret_failure, FAILURE_CONFIG, EINVAL, "%s",
        "not a syslog facility; write \"daemon\", \"user\" or \"local0\" to \"local7\"");
}

/* RFC 5424 section 6.2.5: APP-NAME is 1 to 48 printable ASCII characters. */
static int identifier_check(const char *text, struct failure *ret_failure)
{
    if (*text && strlen(text) <= IDENTIFIER_MAX && text[strspn(text, IDENTIFIER_CHARACTERS)] == '\0')
        return 0;
    return failure_set(ret_failure, FAILURE_CONFIG, EINVAL, "%s",
                       "not an identifier; use 1 to 48 letters, digits and . _ - /");
}

static const struct conf_key ROWS[] = {
    {.name = "facility", .type = CONF_TEXT, CONF_AT(syslog_options, facility), .def = "daemon",
     .what = "a facility", .check = facility_check, .help = "Syslog facility."},
    {.name = "identifier", .type = CONF_TEXT, CONF_AT(syslog_options, identifier),
     .def = SYSLOG_IDENTIFIER, .what = "an identifier", .check = identifier_check,
     .help = "Program name in the syslog line, before the colon."},
    {.name = "socket", .type = CONF_TEXT, CONF_AT(syslog_options, socket), .def = "",
     .what = "a path, or empty", .check = socket_path_check, .example = SOCKET_DEFAULT,
     .help = "Local socket to write to; empty selects the default socket of the system."},
    {.name = "server", .type = CONF_TEXT, CONF_AT(syslog_options, server), .def = "",
     .what = "tls://HOST:PORT, tcp://HOST:PORT or udp://ADDRESS:PORT, or empty",
     .check = syslog_server_check, .example = "tls://siem.example:6514",
     .help = "Syslog server that gets the messages (RFC 5424) instead of the local socket."},
    {.name = "sd_id", .type = CONF_TEXT, CONF_AT(syslog_options, sd_id), .def = "",
     .shown_def = "required with server", .what = "NAME@NUMBER", .check = syslog_sd_id_check,
     .example = "seatwatch@64000",
     .help = "Name of the structured data: the number is the private enterprise number of your "
             "organisation (RFC 5424 section 7.2.2)."},
    {.name = "ca_file", .type = CONF_FILE, CONF_AT(syslog_options, ca_file), .def = "",
     .file = FILE_CA, .example = "/etc/seatwatchd/hook-ca.pem",
     .help = "Certificate authorities for this receiver, in PEM."},
    {.name = "certificate_file", .type = CONF_FILE, CONF_AT(syslog_options, certificate_file),
     .def = "", .file = FILE_PUBLIC, .example = "siem.crt",
     .help = "Certificate in PEM that this daemon shows to the server."},
    {.name = "private_key_file", .type = CONF_FILE, CONF_AT(syslog_options, private_key_file),
     .def = "", .file = FILE_SECRET, .example = "siem.key",
     .help = "Private key of the certificate, in PEM."},
};

static const char *or_default(const char *s, const char *dflt)
{
    return s && s[0] ? s : dflt;
}

/* ---- the line ---- */

/* key=value, quoted where necessary, so that parsers find its end. */
static void pair(struct text *t, const char *key, const char *value)
{
    char clean[TEXT_CLEAN_MAX];
    if (!value || !value[0])
        return;
    text_clean(clean, sizeof clean, value, strlen(value));
    for (char *p = clean; *p; p++)
        if (*p == '"')
            *p = '\'';
    text_addf(t, strpbrk(clean, " =,;[]") ? " %s=\"%s\"" : " %s=%s", key, clean);
}

static void pair_number(struct text *t, const char *key, int64_t value)
{
    if (value != NUMBER_UNKNOWN)
        text_addf(t, " %s=%" PRId64, key, value);
}

/* What filters and people need if they see this line only. */
static void pairs_of_notification(struct text *t, const struct notification *n)
{
    char number[NUMBER_TEXT];
    pair(t, "rule", rule_name(n->rule));
    pair(t, "value", notification_number(n->value, n->unit, number));
    pair(t, "threshold", notification_number(n->threshold, n->unit, number));
    pair(t, "unit", n->value != NUMBER_UNKNOWN ? unit_name(n->unit) : NULL);
    if (n->context) {
        pair(t, "tenant", n->context->tenant_name);
        pair(t, "sku",
             n->context->sku_part_number ? n->context->sku_part_number : n->context->sku_id);
        pair(t, "allotment", n->context->allotment_id);
        pair_number(t, "allotted", n->context->allotted);
        pair_number(t, "consumed", n->context->consumed);
        pair_number(t, "waiting", n->context->waiting);
        pair(t, "receiver", n->context->receiver);
    }
    if (n->type == EVENT_INFO)
        return;
    pair(t, "alert", n->alert_id);
    text_addf(t, " episode=%" PRIu32 " seq=%" PRIu64, n->episode, n->seq);
}

/* "critical alert.firing: TITLE; NEXT STEP [rule=... value=...]" */
static void line_of_notification(struct text *t, const struct notification *n)
{
    const char *level = notification_severity(n);
    text_addf(t, "%s%s%s: ", level ? level : "", level ? " " : "", event_type_name(n->type));
    clean_add(t, n->title, 1024);
    if (n->next_step && n->next_step[0]) {
        text_add(t, "; ");
        clean_add(t, n->next_step, 512);
    }
    text_add(t, " [event=");
    text_add(t, n->event_id);
    if (n->type != EVENT_TEST)
        pairs_of_notification(t, n);
    text_add(t, "]");
}

/* Twenty titles must fit: each is cut, and followed by the id of its alert. */
static void line_of_digest(struct text *t, const struct message *m)
{
    const struct digest *d = m->digest;
    char late[64];
    const char *level = level_word(d->worst);
    text_addf(t, "%s%salert.digest: ", level ? level : "", level ? " " : "");
    if (lateness(d->at, m->now_at, late, sizeof late)[0])
        text_addf(t, "(%s) ", late);
    clean_add(t, d->title, 512);
    for (size_t i = 0; i < d->n_notifications; i++) {
        text_addf(t, "; %s ", severity_name(d->notification[i]->level));
        clean_add(t, d->notification[i]->title, 256);
        if (d->notification[i]->alert_id[0])
            text_addf(t, " (%s)", d->notification[i]->alert_id);
    }
    text_addf(t, " [event=%s part=%" PRIu32 "/%" PRIu32, d->event_id, d->part, d->parts);
    pair(t, "tenant", d->tenant_name);
    text_add(t, "]");
}

/* The store keeps "<PRI>TEXT"; each attempt inserts its own time. */
static int syslog_render(const struct receiver_options *o, const struct message *m, char **ret,
                         size_t *ret_len)
{
    const struct syslog_options *own = o->own;
    int facility = facility_parse(own->facility);
    assert(facility >= 0); /* facility_check() has passed it */
    if (syslog_is_remote(own))
        return syslog_render_5424(o, facility, m, ret, ret_len);
    CLEANUP(notification_free) struct notification *late = NULL;
    CLEANUP(text_free) struct text t = TEXT_INIT(LINE_BYTES);
    int r = m->notification ? late_prefix(m->notification, m->combined, m->now_at, &late) : 0;
    if (r < 0)
        return r;
    text_addf(&t, "<%d>", facility | message_priority(m));
    if (m->notification)
        line_of_notification(&t, late ? late : m->notification);
    else
        line_of_digest(&t, m);
    size_t len = t.len;
    int error = t.error;
    char *bytes = error ? NULL : text_take(&t);
    if (!bytes)
        return error ? error : -ENOMEM;
    *ret = bytes;
    *ret_len = len;
    return 0;
}

/* ---- the datagram ---- */

static const char *syslog_path(const struct receiver_options *o)
{
    const struct syslog_options *own = o->own;
    return or_default(own->socket, SOCKET_DEFAULT);
}

/* "Nov  2 01:02:03" in the time of this machine, always in English (RFC 3164, 4.1.2). */
static void put_time(struct text *t, usec_t at)
{
    static const char MONTHS[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct zone zone = {0};
    struct tm tm;
    (void)clock_zone("", at, &zone); /* cannot be computed: UTC */
    time_t seconds = (time_t)(at / USEC_PER_SEC) + zone.offset;
    if (gmtime_r(&seconds, &tm))
        text_addf(t, "%.3s %2d %02d:%02d:%02d", MONTHS + 3 * tm.tm_mon, tm.tm_mday, tm.tm_hour,
                  tm.tm_min, tm.tm_sec);
}

static int syslog_frame(const struct receiver_options *o, const struct payload *p,
                        struct text *ret)
{
    const struct syslog_options *own = o->own;
    const char *end = memchr(p->body, '>', p->len < 5 ? p->len : 5);
    if (!end || p->body[0] != '<')
        return -EBADMSG;
    size_t head = (size_t)(end + 1 - p->body);
    text_add_bytes(ret, p->body, head);
    put_time(ret, p->now.at);
    text_addf(ret, " %s[%d]: ", or_default(own->identifier, SYSLOG_IDENTIFIER), (int)getpid());
    text_add_bytes(ret, p->body + head, p->len - head);
    return 0;
}

static void syslog_classify(const struct receiver_options *o, const struct payload *p, int r,
                            bool met, struct answer *ret)
{
    (void)p;
    (void)met;
    if (r >= 0)
        answer_set(ret, ANSWER_OK, "accepted by the syslog socket");
    else
        answer_set(ret, ANSWER_BUSY, "%s is not accepting data: %s", syslog_path(o), strerror(-r));
}

/* ---- the type ---- */

static const struct transport *syslog_choose(const struct receiver_options *o)
{
    return syslog_is_remote(o->own) ? &stream : &datagram;
}

/* A key without an effect is refused. */
static int syslog_check(const struct receiver_options *o, struct failure *ret_failure)
{
    const struct syslog_options *own = o->own;
    const struct {
        const char *key, *value;
        bool remote;
    } KEYS[] = {
        {"socket", own->socket, false},
        {"sd_id", own->sd_id, true},
        {"ca_file", own->ca_file, true},
        {"certificate_file", own->certificate_file, true},
        {"private_key_file", own->private_key_file, true},
    };
    for (size_t i = 0; i < N_ELEMENTS(KEYS); i++)
        if (option_given(KEYS[i].value) && KEYS[i].remote != syslog_is_remote(own))
            return failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                               "%s has no effect %s a server; remove one of the two", KEYS[i].key,
                               KEYS[i].remote ? "without" : "with");
    return syslog_is_remote(own) ? syslog_check_5424(own, ret_failure) : 0;
}

const struct receiver_class syslog_class = {
    .name = "syslog",
    .options = CONF_SECTION(ROWS),
    .options_size = sizeof(struct syslog_options),
    .traits = RECEIVER_MACHINE | RECEIVER_LOCAL | RECEIVER_EACH,
    .transport = &datagram,
    .choose = syslog_choose,
    .check = syslog_check,
    .render = syslog_render,
    .datagram = {syslog_path, syslog_frame, NULL, syslog_classify},
    .stream = {syslog_target, syslog_frame_octets},
};
