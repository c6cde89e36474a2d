/* SPDX-License-Identifier: MIT */
/* deliver/syslog.c: alerts as lines for the local syslog socket.
 *
 * glibc's syslog(3) returns nothing: with no daemon behind the socket its messages are gone without
 * a word. So the datagram is our own, never waits, and what is not taken stays in the outbox. The
 * format is the old one (RFC 3164 as glibc writes it): journald reads nothing else there. */
#include "base/alloc.h"
#include "base/clock.h"
#include "deliver/lines.h"
#include "deliver/notification_put.h"
#include "deliver/late_prefix.h"
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#define SOCKET_DEFAULT "/dev/log"
#define IDENTIFIER_DEFAULT "seatwatchd"
#define IDENTIFIER_MAX 48 /* as APP-NAME of RFC 5424 */
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

int syslog_facility_parse(const char *name)
{
    for (size_t i = 0; i < N_ELEMENTS(FACILITIES); i++)
        if (text_equal(FACILITIES[i].name, name))
            return FACILITIES[i].facility;
    return -EINVAL;
}

static const char *or_default(const char *s, const char *dflt)
{
    return s && s[0] ? s : dflt;
}

/* ---- the line ---- */

/* key=value, quoted if it needs to be, so that people and parsers find the end. */
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

/* What a filter or a person needs when this line is all there is. */
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
    pair(t, "alert", n->alert_id);
    text_addf(t, " episode=%" PRIu32 " seq=%" PRIu64, n->episode, n->seq);
}

/* "critical alert.firing: TITLE; NEXT STEP [rule=... value=...]" */
static void line_of_notification(struct text *t, const struct notification *n)
{
    const char *level = level_word(n->level);
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

/* Twenty titles must fit: each gets its share, and its alert's id so that none is anonymous. */
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
        text_addf(t, "; %s ", level_name(d->notification[i]->level));
        clean_add(t, d->notification[i]->title, 256);
        text_addf(t, " (%s)", d->notification[i]->alert_id);
    }
    text_addf(t, " [event=%s part=%" PRIu32 "/%" PRIu32, d->event_id, d->part, d->parts);
    pair(t, "tenant", d->tenant_name);
    text_add(t, "]");
}

/* What the store keeps is "<PRI>TEXT"; the time between them is that of each attempt. */
static int syslog_render(const struct receiver_options *o, const struct message *m, char **ret,
                         size_t *ret_len)
{
    int facility = syslog_facility_parse(or_default(o->facility, "daemon"));
    assert(facility >= 0); /* syslog_check has seen it */
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

/* ---- the socket ---- */

struct receiver_handle {
    const struct receiver_options *options;
    int fd; /* -1: not connected */
};

static int address_of(const struct receiver_options *o, struct sockaddr_un *ret)
{
    const char *path = or_default(o->socket, SOCKET_DEFAULT);
    size_t len = strlen(path);
    if (len >= sizeof ret->sun_path)
        return -ENAMETOOLONG;
    *ret = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(ret->sun_path, path, len + 1);
    return 0;
}

static bool identifier_ok(const char *s)
{
    size_t len = strlen(s);
    for (size_t i = 0; i < len; i++)
        if (s[i] < 33 || s[i] > 126 || strchr(":[]", s[i]))
            return false;
    return len <= IDENTIFIER_MAX;
}

static int syslog_check(const struct receiver_options *o, struct failure *ret_failure)
{
    struct sockaddr_un address;
    if (syslog_facility_parse(or_default(o->facility, "daemon")) < 0)
        return failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                           "\"%s\" is not a syslog facility; use daemon, user, auth, authpriv, "
                           "cron, syslog or local0 to local7",
                           o->facility);
    if (!identifier_ok(or_default(o->identifier, IDENTIFIER_DEFAULT)))
        return failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                           "syslog identifier \"%s\": use at most %d printable ASCII characters "
                           "without blanks, colons and brackets",
                           o->identifier, IDENTIFIER_MAX);
    if (address_of(o, &address) < 0)
        return failure_set(ret_failure, FAILURE_CONFIG, ENAMETOOLONG,
                           "the path of the syslog socket is too long for a socket: %s", o->socket);
    return 0;
}

static void syslog_close(struct receiver_handle *o)
{
    if (!o)
        return;
    close_at(&o->fd);
    alloc_release(o);
}

static int syslog_open(const struct receiver_options *o, struct http *http,
                       struct receiver_handle **ret, struct failure *ret_failure)
{
    (void)http;
    int r = syslog_check(o, ret_failure);
    if (r < 0)
        return r;
    struct receiver_handle *handle = alloc_zero(1, sizeof *handle);
    if (!handle)
        return failure_oom(ret_failure);
    handle->options = o;
    handle->fd = -1;
    *ret = handle;
    return 0;
}

static int ensure_connected(struct receiver_handle *o)
{
    struct sockaddr_un address;
    if (o->fd >= 0)
        return 0;
    int r = address_of(o->options, &address);
    if (r < 0)
        return r;
    CLEANUP(close) int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
        return -errno;
    o->fd = TAKE_FD(fd);
    return 0;
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

static int send_once(struct receiver_handle *o, const struct text *datagram)
{
    int r = ensure_connected(o);
    if (r < 0)
        return r;
    ssize_t n;
    do
        n = send(o->fd, datagram->data, datagram->len, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    if (n >= 0)
        return 0;
    r = -errno;
    /* A syslog daemon that was started again has a new socket behind the old path. */
    if (r != -EAGAIN && r != -ENOBUFS)
        (void)close(TAKE_FD(o->fd));
    return r;
}

static int syslog_deliver(struct receiver_handle *o, const struct payload *p, struct answer *ret,
                          handle_done *done, void *userdata)
{
    CLEANUP(text_free) struct text t = TEXT_INIT(LINE_BYTES + 128);
    const char *end = memchr(p->body, '>', p->len < 5 ? p->len : 5);
    (void)done;
    (void)userdata;
    if (!end || p->body[0] != '<') {
        answer_set(ret, ANSWER_PERMANENT, "the stored line is not one of ours");
        return 1;
    }
    size_t head = (size_t)(end + 1 - p->body);
    text_add_bytes(&t, p->body, head);
    put_time(&t, p->now.at);
    text_addf(&t, " %s[%d]: ", or_default(o->options->identifier, IDENTIFIER_DEFAULT),
              (int)getpid());
    text_add_bytes(&t, p->body + head, p->len - head);
    bool fresh = o->fd < 0;
    int r = t.error ? t.error : send_once(o, &t);
    if (r < 0 && !fresh && o->fd < 0)
        r = send_once(o, &t);
    if (r >= 0)
        answer_set(ret, ANSWER_OK, "the syslog socket took it");
    else
        answer_set(ret, ANSWER_BUSY, "%s takes nothing at present: %s",
                   or_default(o->options->socket, SOCKET_DEFAULT), strerror(-r));
    return 1;
}

const struct receiver_class syslog_class = {
    .name = "syslog",
    .check = syslog_check,
    .open = syslog_open,
    .close = syslog_close,
    .render = syslog_render,
    .send = syslog_deliver,
};
