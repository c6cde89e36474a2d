/* SPDX-License-Identifier: MIT */
/* deliver/journal.c: the receiver type journal: alerts as journal entries with SEATWATCH_* fields.
 */
#include "base/journal.h"

#include "base/log.h"
#include "base/message_ids.h"
#include "base/stdfds.h"
#include "deliver/late_prefix.h"
#include "deliver/lines.h"
#include "deliver/notification_put.h"
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define IDENTIFIER "seatwatchd"
#define VALUE_MAX 1024   /* bytes of a field's cleaned value */

static const char *const MESSAGE_IDS[EVENT_TYPE_COUNT_] = {
    [EVENT_FIRING] = MESSAGE_ALERT_FIRING,           [EVENT_ESCALATED] = MESSAGE_ALERT_ESCALATED,
    [EVENT_DEESCALATED] = MESSAGE_ALERT_DEESCALATED, [EVENT_UPDATED] = MESSAGE_ALERT_UPDATED,
    [EVENT_REMINDER] = MESSAGE_ALERT_REMINDER,       [EVENT_RESOLVED] = MESSAGE_ALERT_RESOLVED,
    [EVENT_ACKNOWLEDGED] = MESSAGE_ALERT_ACKNOWLEDGED, [EVENT_DIGEST] = MESSAGE_ALERT_DIGEST,
    [EVENT_TEST] = MESSAGE_RECEIVER_TEST,
    [EVENT_INFO] = MESSAGE_ALERT_INFO,
};

/* ---- the entry ---- */

/* NULL and "" add no field. */
static void field(struct text *entry, const char *name, const char *value)
{
    CLEANUP(text_free) struct text clean = TEXT_INIT(VALUE_MAX);
    clean_add(&clean, value, VALUE_MAX);
    if (clean.len > 0)
        journal_add(entry, name, clean.data, clean.len);
    else if (clean.error)
        entry->error = clean.error;
}

static void field_number(struct text *entry, const char *name, int64_t value)
{
    if (value != NUMBER_UNKNOWN)
        journal_addf(entry, name, "%" PRId64, value);
}

static void fields_of_context(struct text *entry, const struct alert_context *f)
{
    field(entry, "SEATWATCH_TENANT", f->tenant_name);
    field(entry, "SEATWATCH_TENANT_ID", f->tenant_id);
    field(entry, "SEATWATCH_SKU", f->sku_part_number ? f->sku_part_number : f->sku_id);
    field(entry, "SEATWATCH_ALLOTMENT_ID", f->allotment_id);
    field_number(entry, "SEATWATCH_ALLOTTED_UNITS", f->allotted);
    field_number(entry, "SEATWATCH_CONSUMED_UNITS", f->consumed);
    field_number(entry, "SEATWATCH_WAITING_MEMBERS", f->waiting);
    field(entry, "SEATWATCH_RECEIVER", f->receiver);
}

static void fields_of_notification(struct text *entry, const struct notification *n)
{
    char number[NUMBER_TEXT];
    field(entry, "SEATWATCH_EVENT", event_type_name(n->type));
    field(entry, "SEATWATCH_EVENT_ID", n->event_id);
    if (n->context)
        fields_of_context(entry, n->context);
    if (n->type == EVENT_TEST)
        return;
    if (n->type != EVENT_INFO) {
        journal_addf(entry, "SEATWATCH_SEQ", "%" PRIu64, n->seq);
        field(entry, "SEATWATCH_ALERT_ID", n->alert_id);
        journal_addf(entry, "SEATWATCH_EPISODE", "%" PRIu32, n->episode);
    }
    field(entry, "SEATWATCH_RULE", rule_name(n->rule));
    field(entry, "SEATWATCH_STATE", notification_state_word(n));
    field(entry, "SEATWATCH_SEVERITY", notification_severity(n));
    field(entry, "SEATWATCH_VALUE", notification_number(n->value, n->unit, number));
    field(entry, "SEATWATCH_THRESHOLD", notification_number(n->threshold, n->unit, number));
}

static void fields_of_digest(struct text *entry, const struct digest *d)
{
    field(entry, "SEATWATCH_EVENT", event_type_name(EVENT_DIGEST));
    field(entry, "SEATWATCH_EVENT_ID", d->event_id);
    field(entry, "SEATWATCH_SEVERITY", level_word(d->worst));
    field(entry, "SEATWATCH_TENANT", d->tenant_name);
    field(entry, "SEATWATCH_TENANT_ID", d->tenant_id);
}

/* MESSAGE comes first: the fallback to stderr reads it back from there. */
static void entry_add(struct text *entry, const struct message *m)
{
    CLEANUP(text_free) struct text lines = TEXT_INIT(JOURNAL_ENTRY_MAX);
    lines_add(&lines, m);
    if (lines.error) {
        entry->error = lines.error;
        return;
    }
    journal_add(entry, "MESSAGE", lines.data ? lines.data : "", lines.len);
    journal_addf(entry, "PRIORITY", "%d", message_priority(m));
    journal_addf(entry, "MESSAGE_ID", "%s",
                 MESSAGE_IDS[m->notification ? m->notification->type : EVENT_DIGEST]);
    journal_addf(entry, "SYSLOG_IDENTIFIER", "%s", IDENTIFIER);
    journal_addf(entry, "SYSLOG_FACILITY", "%d", LOG_FAC(LOG_DAEMON));
    if (m->notification)
        fields_of_notification(entry, m->notification);
    else
        fields_of_digest(entry, m->digest);
}

static int journal_render(const struct receiver_options *o, const struct message *m, char **ret,
                          size_t *ret_len)
{
    CLEANUP(notification_free) struct notification *late = NULL;
    CLEANUP(text_free) struct text entry = TEXT_INIT(JOURNAL_ENTRY_MAX);
    struct message message = *m;
    (void)o;
    int r = m->notification ? late_prefix(m->notification, m->combined, m->now_at, &late) : 0;
    if (r < 0)
        return r;
    if (late)
        message.notification = late;
    entry_add(&entry, &message);
    size_t len = entry.len;
    char *bytes = entry.error ? NULL : text_take(&entry);
    if (!bytes)
        return entry.error ? entry.error : -ENOMEM;
    *ret = bytes;
    *ret_len = len;
    return 0;
}

/* ---- the socket ---- */

struct journal_options {
    char *socket; /* "": journald's */
};
static const struct conf_key ROWS[] = {
    {.name = "socket", .type = CONF_TEXT, CONF_AT(journal_options, socket), .def = "",
     .what = "a path, or empty", .check = socket_path_check, .example = "/dev/log",
     .help = "Local socket to write to; empty selects the default socket of the system."},
};

static const char *journal_path(const struct receiver_options *o)
{
    const struct journal_options *own = o->own;
    return own->socket && own->socket[0] ? own->socket : JOURNAL_SOCKET;
}

/* The value of MESSAGE, the first field of the entries we render (see journal_add). */
static void message_of(const struct payload *p, const char **ret, size_t *ret_len)
{
    size_t name = sizeof "MESSAGE" - 1, head = name + 1 + 8;
    *ret = p->body;
    *ret_len = 0;
    if (p->len > name && p->body[name] == '=') {
        const char *end = memchr(p->body, '\n', p->len);
        *ret = p->body + name + 1;
        *ret_len = end ? (size_t)(end - *ret) : 0;
    } else if (p->len > head) {
        uint64_t len = 0;
        for (size_t i = 0; i < 8; i++)
            len |= (uint64_t)(unsigned char)p->body[name + 1 + i] << 8 * i;
        *ret = p->body + head;
        *ret_len = len < p->len - head ? (size_t)len : p->len - head;
    }
}

/* Writes one line whole or not at all. */
static bool write_stderr(const char *message, size_t len)
{
    char line[STDFDS_WRITE_MAX];
    size_t keep = text_cut(message, len, sizeof line - 1);
    memcpy(line, message, keep);
    line[keep] = '\n';
    return stdfds_write(line, keep + 1);
}

/* Without journald (started by hand, or in a container) stderr counts as delivered. */
static void write_message(const struct payload *p, int r, struct answer *ret)
{
    const char *message;
    size_t len;
    message_of(p, &message, &len);
    if (write_stderr(message, len))
        answer_set(ret, ANSWER_OK, "no journald (%s): written to stderr", strerror(-r));
    else
        answer_set(ret, ANSWER_BUSY, "no journald (%s), and stderr is not accepting data",
                   strerror(-r));
}

/* Tells "this machine has no journald" from "journald is down": the socket never existed, and
 * systemd has not connected our stderr to it either. A socket that refuses (ECONNREFUSED) belongs
 * to a journald that has died. */
static bool no_journald(int r, bool met)
{
    return r == -ENOENT && !met && !log_in_journal();
}

/* Delivered means that the socket accepted the datagram. journald does not report what it drops
 * afterwards (rate limits, full disk). */
static void journal_classify(const struct receiver_options *o, const struct payload *p, int r,
                             bool met, struct answer *ret)
{
    (void)o;
    if (r >= 0)
        answer_set(ret, ANSWER_OK, "accepted by journald");
    else if (no_journald(r, met))
        write_message(p, r, ret);
    else if (r == -EAGAIN)
        answer_set(ret, ANSWER_BUSY, "journald is not accepting data: its queue is full");
    else if (r == -ENOENT || r == -ECONNREFUSED)
        answer_set(ret, ANSWER_BUSY, "journald is not running (%s)", strerror(-r));
    else
        answer_set(ret, ANSWER_BUSY, "cannot send to journald: %s", strerror(-r));
}

const struct receiver_class journal_class = {
    .name = "journal",
    .options = CONF_SECTION(ROWS),
    .options_size = sizeof(struct journal_options),
    .traits = RECEIVER_MACHINE | RECEIVER_LOCAL | RECEIVER_EACH | RECEIVER_INFO,
    .transport = &datagram,
    .render = journal_render,
    .datagram = {journal_path, NULL, journal_send_file, journal_classify},
};
