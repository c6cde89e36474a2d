/* SPDX-License-Identifier: MIT */
/* deliver/syslog_5424.c: messages for a syslog server: RFC 5424 with structured data, over TLS
 * (RFC 5425), TCP (RFC 6587) or UDP (RFC 5426).
 *
 * The bytes are the same in every attempt: the time is that of the event. */
#include "base/date.h"
#include "deliver/late_prefix.h"
#include "deliver/lines.h"
#include "deliver/notification_put.h"
#include "deliver/server.h"
#include "deliver/syslog.h"
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#define MESSAGE_MAX 8192 /* octets; receivers over TLS should take that many (RFC 5425 section 4.3.1) */
#define DATAGRAM_MAX 2048 /* receivers should take that many (RFC 5424 section 6.1) */
#define HEAD_MAX 7000     /* all values together are shorter */
#define HOSTNAME_MAX 256
#define SD_ID_MAX 32
#define BOM "\xef\xbb\xbf" /* MSG is UTF-8 (RFC 5424 section 6.4) */

/* ---- options ---- */

static int wrong_server(struct failure *ret_failure)
{
    return failure_set(ret_failure, FAILURE_CONFIG, EINVAL, "%s",
                       "not a syslog server; write \"tls://HOST:6514\", \"tcp://HOST:PORT\" or "
                       "\"udp://ADDRESS:514\"");
}

static int parse_server(const char *text, struct stream_target *ret, struct failure *ret_failure)
{
    static const char *const SCHEMES[] = {
        [STREAM_TLS] = "tls", [STREAM_TCP] = "tcp", [STREAM_UDP] = "udp", NULL};
    unsigned char address[sizeof(struct in6_addr)];
    struct server_address at;
    int kind = server_parse(text, SCHEMES, &at);
    if (kind < 0)
        return wrong_server(ret_failure);
    *ret = (struct stream_target){.kind = (unsigned)kind, .port = at.port};
    memcpy(ret->host, at.host, sizeof ret->host);
    if (ret->kind == STREAM_UDP && inet_pton(AF_INET, ret->host, address) != 1 &&
        inet_pton(AF_INET6, ret->host, address) != 1)
        return failure_set(ret_failure, FAILURE_CONFIG, EINVAL, "%s",
                           "UDP needs the address of the server, not its name; write for example "
                           "\"udp://192.0.2.1:514\"");
    return 0;
}

int syslog_server_check(const char *text, struct failure *ret_failure)
{
    struct stream_target target;
    return *text ? parse_server(text, &target, ret_failure) : 0;
}

/* RFC 5424 section 6.3.2; a name without a number is reserved for IANA. */
int syslog_sd_id_check(const char *text, struct failure *ret_failure)
{
    const char *at = strchr(text, '@');
    bool good = !*text || (at && at > text && at[1] && strlen(text) <= SD_ID_MAX &&
                           at[1 + strspn(at + 1, "0123456789.")] == '\0');
    for (const char *p = text; *p && good; p++)
        good = *p > ' ' && *p < 0x7f && !strchr("=]\"", *p);
    if (good)
        return 0;
    return failure_set(ret_failure, FAILURE_CONFIG, EINVAL, "%s",
                       "not NAME@NUMBER of at most 32 characters; write for example "
                       "\"seatwatch@64000\" with the private enterprise number of your organisation");
}

int syslog_check_5424(const struct syslog_options *own, struct failure *ret_failure)
{
    bool certificate = option_given(own->certificate_file);
    bool key = option_given(own->private_key_file);
    if (!option_given(own->sd_id))
        return failure_set(ret_failure, FAILURE_CONFIG, EINVAL, "%s",
                           "a syslog server needs sd_id; write for example sd_id = "
                           "\"seatwatch@64000\" with the private enterprise number of your "
                           "organisation");
    if (certificate != key)
        return failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                           "certificate_file and private_key_file need each other; add %s",
                           certificate ? "private_key_file" : "certificate_file");
    return 0;
}

int syslog_target(const struct receiver_options *o, struct stream_target *ret,
                  struct failure *ret_failure)
{
    const struct syslog_options *own = o->own;
    int r = parse_server(own->server, ret, ret_failure);
    ret->ca_file = own->ca_file;
    ret->certificate_file = own->certificate_file;
    ret->private_key_file = own->private_key_file;
    return r;
}

/* ---- the message ---- */

/* RFC 5424 section 6.3.3: exactly these three are escaped. */
static void param(struct text *t, const char *name, const char *value)
{
    char clean[TEXT_CLEAN_MAX];
    if (!value || !value[0])
        return;
    text_addf(t, " %s=\"", name);
    for (const char *p = text_clean(clean, sizeof clean, value, strlen(value)); *p; p++)
        text_addf(t, strchr("\"\\]", *p) ? "\\%c" : "%c", *p);
    text_add(t, "\"");
}

static void param_number(struct text *t, const char *name, int64_t value)
{
    if (value != NUMBER_UNKNOWN)
        text_addf(t, " %s=\"%" PRId64 "\"", name, value);
}

static void params_of_context(struct text *t, const struct alert_context *f)
{
    param(t, "tenant", f->tenant_name);
    param(t, "tenant_id", f->tenant_id);
    param(t, "sku", f->sku_part_number ? f->sku_part_number : f->sku_id);
    param(t, "allotment_id", f->allotment_id);
    param(t, "allotment", f->allotment_name);
    param_number(t, "allotted_units", f->allotted);
    param_number(t, "consumed_units", f->consumed);
    param_number(t, "waiting_members", f->waiting);
    param_number(t, "units_to_unblock", f->units_to_unblock);
    param_number(t, "units_to_buy", f->units_to_buy);
    param(t, "receiver", f->receiver);
}

static void params_of_notification(struct text *t, const struct notification *n)
{
    char number[NUMBER_TEXT];
    param(t, "event_id", n->event_id);
    if (n->type == EVENT_TEST)
        return;
    if (n->type != EVENT_INFO) {
        param(t, "alert_id", n->alert_id);
        text_addf(t, " episode=\"%" PRIu32 "\" seq=\"%" PRIu64 "\"", n->episode, n->seq);
        param(t, "state", notification_state_word(n));
    }
    param(t, "severity", notification_severity(n));
    param(t, "rule", rule_name(n->rule));
    param(t, "value", notification_number(n->value, n->unit, number));
    param(t, "threshold", notification_number(n->threshold, n->unit, number));
    param(t, "unit", n->value != NUMBER_UNKNOWN ? unit_name(n->unit) : NULL);
    if (n->context)
        params_of_context(t, n->context);
}

static void params_of_digest(struct text *t, const struct digest *d)
{
    param(t, "event_id", d->event_id);
    param(t, "digest_id", d->digest_id);
    text_addf(t, " part=\"%" PRIu32 "\" parts=\"%" PRIu32 "\"", d->part, d->parts);
    param(t, "severity", level_word(d->worst));
    param(t, "tenant", d->tenant_name);
}

/* RFC 5424 section 6.2.4: printable ASCII, or "-". */
static const char *host_name(char buf[static HOSTNAME_MAX])
{
    if (gethostname(buf, HOSTNAME_MAX) < 0 || !buf[0])
        return "-";
    buf[HOSTNAME_MAX - 1] = '\0';
    for (const char *p = buf; *p; p++)
        if (*p <= ' ' || *p >= 0x7f)
            return "-";
    return buf;
}

static void put_head(struct text *t, const struct syslog_options *own, int facility,
                     const struct message *m)
{
    char host[HOSTNAME_MAX], seconds[RFC3339_MAX];
    const char *identifier = option_given(own->identifier) ? own->identifier : SYSLOG_IDENTIFIER;
    usec_t at = m->notification ? m->notification->at : m->digest->at;
    (void)rfc3339_print(at, seconds);
    text_addf(t, "<%d>1 %.19s.%06uZ %s %s %d %s ", facility | message_priority(m),
              seconds, (unsigned)(at % USEC_PER_SEC), host_name(host), identifier, (int)getpid(),
              event_type_name(m->notification ? m->notification->type : EVENT_DIGEST));
}

/* One line: title and next step, or the titles of a digest. */
static void put_text(struct text *t, const struct message *m, const struct notification *n)
{
    char late[64];
    if (n) {
        clean_add(t, n->title, 1024);
        text_add(t, n->next_step && n->next_step[0] ? "; " : "");
        clean_add(t, n->next_step, 1024);
        return;
    }
    const struct digest *d = m->digest;
    if (lateness(d->at, m->now_at, late, sizeof late)[0])
        text_addf(t, "(%s) ", late);
    clean_add(t, d->title, 512);
    for (size_t i = 0; i < d->n_notifications; i++) {
        text_addf(t, "; %s ", severity_name(d->notification[i]->level));
        clean_add(t, d->notification[i]->title, 256);
        if (d->notification[i]->alert_id[0])
            text_addf(t, " (%s)", d->notification[i]->alert_id);
    }
}

/* Structured data is never cut; the text is, on a code point boundary. */
int syslog_render_5424(const struct receiver_options *o, int facility, const struct message *m,
                       char **ret, size_t *ret_len)
{
    const struct syslog_options *own = o->own;
    CLEANUP(notification_free) struct notification *late = NULL;
    CLEANUP(text_free) struct text t = TEXT_INIT(MESSAGE_MAX + HEAD_MAX);
    CLEANUP(text_free) struct text message = TEXT_INIT(MESSAGE_MAX);
    struct stream_target target = {0};
    int r = m->notification ? late_prefix(m->notification, m->combined, m->now_at, &late) : 0;
    if (r < 0)
        return r;
    const struct notification *n = late ? late : m->notification;
    put_head(&t, own, facility, m);
    text_addf(&t, "[%s", own->sd_id);
    if (n)
        params_of_notification(&t, n);
    else
        params_of_digest(&t, m->digest);
    text_addf(&t, "][origin software=\"seatwatchd\" swVersion=\"%s\"] " BOM, SEATWATCH_VERSION);
    put_text(&message, m, n);
    if (t.error || message.error)
        return t.error ? t.error : message.error;
    (void)parse_server(own->server, &target, NULL);
    size_t max = target.kind == STREAM_UDP ? DATAGRAM_MAX : MESSAGE_MAX;
    if (t.len < max)
        text_add_bytes(&t, message.data, text_cut(message.data, message.len, max - t.len));
    size_t len = t.len;
    char *bytes = text_take(&t);
    if (!bytes)
        return -ENOMEM;
    *ret = bytes;
    *ret_len = len;
    return 0;
}

void syslog_frame_octets(const struct payload *p, struct text *ret)
{
    text_addf(ret, "%zu ", p->len);
    text_add_bytes(ret, p->body, p->len);
}
