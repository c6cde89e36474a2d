/* SPDX-License-Identifier: MIT */
/* http/mail.c: hands a message to an SMTP server.
 *
 * libcurl connects, greets, starts TLS and signs in. The rest is done here: libcurl 7.88 would wait
 * for the reply to a message, and for that to QUIT, without returning (smtp_done() and
 * smtp_disconnect() in lib/smtp.c). With CURLOPT_CONNECT_ONLY it does neither. */
#include "http/mail.h"

#include "base/alloc.h"
#include "base/text.h"
#include "http/internal.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#define OUT_MAX ((size_t)2 << 20)
#define REPLY_BYTES 2048 /* RFC 5321 section 4.5.3.1.5 allows 512 */

struct http_mail {
    struct http_stream stream;
    struct http *http;
    struct http_mail_call call; /* its strings are borrowed */
    sd_event_source *io, *timer;
    enum { PHASE_BEGIN, PHASE_MAIL, PHASE_RCPT, PHASE_DATA, PHASE_MESSAGE, PHASE_OVER } phase;
    size_t rcpt, n_refused; /* commands sent; recipients refused */
    int status, refusal;    /* last reply; refusal: the first temporary one, else the last */
    char reply[MAIL_REPLY_MAX], refused[MAIL_REPLY_MAX];
    bool continued; /* more lines of this reply follow */
    char in[REPLY_BYTES];
    size_t in_len, sent; /* of `out` */
    struct text out;
    http_mail_done *done;
    void *userdata;
};

/* ---- the end ---- */

/* Says goodbye without waiting for the answer. */
static void finish(struct http_mail *m, int status, const struct failure *why)
{
    struct http_mail_answer a = {.status = status, .about_mail = m->phase > PHASE_BEGIN};
    bool refused = m->n_refused > 0 && (m->phase == PHASE_RCPT || status < 400);
    if (status == 0)
        a.failure = *why;
    else if (status < 400)
        a.n_refused = m->n_refused;
    memcpy(a.reply, refused ? m->refused : m->reply, sizeof a.reply);
    if (status != 0 && m->phase != PHASE_BEGIN)
        (void)http_stream_send(&m->stream, "QUIT\r\n", 6);
    m->phase = PHASE_OVER;
    m->io = sd_event_source_disable_unref(m->io);
    m->timer = sd_event_source_disable_unref(m->timer);
    m->done(m->userdata, &a);
}

static void fail(struct http_mail *m, enum failure_kind kind, int code, const char *what)
{
    char origin[MAIL_ORIGIN_MAX];
    struct failure why;
    (void)failure_set(&why, kind, code, "%s: %s", http_mail_origin(&m->call, origin), what);
    finish(m, 0, &why);
}

/* ---- replies ---- */

static int code_of(const char *line, size_t len)
{
    int code = 0;
    for (size_t i = 0; i < 3; i++) {
        if (i >= len || line[i] < '0' || line[i] > '9')
            return 0;
        code = 10 * code + (line[i] - '0');
    }
    return code;
}

/* Keeps the first line of a reply. Some servers repeat what they were sent. */
static void take_line(struct http_mail *m, const char *line, size_t len)
{
    while (len > 0 && (line[len - 1] == '\r' || line[len - 1] == '\n'))
        len--;
    if (!m->continued) {
        m->status = code_of(line, len);
        redact_clean(m->reply, sizeof m->reply, line, len, &m->stream.request->sent);
    }
    m->continued = len > 3 && line[3] == '-';
}

/* 1: a reply is complete. 0: more bytes must come. Negative: the connection is broken. */
static int read_reply(struct http_mail *m)
{
    for (;;) {
        const char *end = memchr(m->in, '\n', m->in_len);
        if (end) {
            size_t len = (size_t)(end + 1 - m->in);
            take_line(m, m->in, len);
            m->in_len -= len;
            memmove(m->in, m->in + len, m->in_len);
            if (!m->continued)
                return 1;
            continue;
        }
        if (m->in_len == sizeof m->in)
            return -EBADMSG;
        long n = http_stream_recv(&m->stream, m->in + m->in_len, sizeof m->in - m->in_len);
        if (n < 0)
            return n == -EAGAIN ? 0 : -EPIPE;
        m->in_len += (size_t)n;
    }
}

/* ---- commands ---- */

/* A dot at the beginning of a line is doubled (RFC 5321 section 4.5.2). */
static void put_message(struct http_mail *m)
{
    const char *at = m->call.bytes, *end = at + m->call.len, *line;
    for (; at < end; at = line) {
        line = memchr(at, '\n', (size_t)(end - at));
        line = line ? line + 1 : end;
        text_add(&m->out, *at == '.' ? "." : "");
        text_add_bytes(&m->out, at, (size_t)(line - at));
    }
    text_add(&m->out, ".\r\n");
}

static void put_recipient(struct http_mail *m)
{
    text_addf(&m->out, "RCPT TO:<%s>\r\n", m->call.to[m->rcpt++]);
}

static void count_refusal(struct http_mail *m)
{
    m->n_refused++;
    memcpy(m->refused, m->reply, sizeof m->refused);
    if (m->refusal == 0 || m->refusal >= 500)
        m->refusal = m->status;
}

/* Puts the next command. False: it was the end, and `m` may be freed. */
static bool answer_reply(struct http_mail *m)
{
    bool good = m->status / 100 == 2;
    bool refusal = m->status >= 400 && m->status <= 599;
    if (m->phase == PHASE_RCPT && refusal && m->status != 421) { /* 421: the server closes */
        count_refusal(m);
        good = true;
    }
    if (m->phase == PHASE_DATA)
        good = m->status == 354;
    if (!good && !refusal) {
        fail(m, FAILURE_TRANSIENT, EBADMSG, "the answer is not SMTP");
        return false;
    }
    if (!good || m->phase == PHASE_MESSAGE) {
        finish(m, m->status, NULL);
        return false;
    }
    if (m->phase == PHASE_RCPT && m->n_refused == m->call.n_to) {
        finish(m, m->refusal, NULL);
        return false;
    }
    if (m->phase == PHASE_MAIL || (m->phase == PHASE_RCPT && m->rcpt < m->call.n_to)) {
        m->phase = PHASE_RCPT;
        put_recipient(m);
    } else if (m->phase == PHASE_RCPT) {
        m->phase = PHASE_DATA;
        text_add(&m->out, "DATA\r\n");
    } else {
        m->phase = PHASE_MESSAGE;
        put_message(m);
    }
    return true;
}

/* ---- the loop ---- */

static int flush(struct http_mail *m)
{
    if (m->out.error)
        return -ENOMEM;
    while (m->sent < m->out.len) {
        long n = http_stream_send(&m->stream, m->out.data + m->sent, m->out.len - m->sent);
        if (n < 0)
            return (int)n;
        m->sent += (size_t)n;
    }
    text_free(&m->out);
    m->sent = 0;
    return 0;
}

static int on_io(sd_event_source *s, int fd, uint32_t revents, void *userdata);

static int await(struct http_mail *m, uint32_t events)
{
    int fd = http_stream_fd(&m->stream);
    if (!m->io)
        return fd < 0 ? -EPIPE : sd_event_add_io(m->http->event, &m->io, fd, events, on_io, m);
    return sd_event_source_set_io_events(m->io, events);
}

/* `m` may be freed when it returns. */
static void advance(struct http_mail *m)
{
    int r;
    do {
        r = flush(m);
        bool writing = r == -EAGAIN;
        if (r >= 0)
            r = read_reply(m);
        if (r == 0 || writing) {
            r = await(m, writing ? EPOLLOUT : EPOLLIN);
            if (r >= 0)
                return;
        }
    } while (r > 0 && answer_reply(m));
    if (r == -ENOMEM)
        fail(m, FAILURE_LOCAL, ENOMEM, "out of memory");
    else if (r == -EBADMSG)
        fail(m, FAILURE_TRANSIENT, EBADMSG, "the answer is not SMTP");
    else if (r < 0)
        fail(m, FAILURE_TRANSIENT, EIO, "the connection broke");
}

static int on_io(sd_event_source *s, int fd, uint32_t revents, void *userdata)
{
    (void)s, (void)fd, (void)revents;
    advance(userdata);
    return 0;
}

static int on_deadline(sd_event_source *s, uint64_t due, void *userdata)
{
    struct http_mail *m = userdata;
    char text[64];
    (void)s, (void)due;
    (void)snprintf(text, sizeof text, "time-out: no complete answer within %llu s",
                   (unsigned long long)(m->stream.request->timeout / USEC_PER_SEC));
    fail(m, FAILURE_TRANSIENT, ETIMEDOUT, text);
    return 0;
}

static void on_connected(void *userdata, const struct failure *why)
{
    struct http_mail *m = userdata;
    if (m->phase == PHASE_OVER)
        return; /* libcurl gives up a connection that is not used any more */
    if (why) {
        finish(m, m->phase == PHASE_BEGIN && m->status >= 400 ? m->status : 0, why);
        return;
    }
    m->phase = PHASE_MAIL;
    m->status = 0;
    text_addf(&m->out, "MAIL FROM:<%s>\r\n", m->call.from);
    advance(m);
}

/* ---- the beginning ---- */

/* Replies to libcurl. */
static size_t want_reply(char *line, size_t one, size_t len, void *userdata)
{
    struct http_mail *m = userdata;
    struct http_request *r = m->stream.request;
    (void)one;
    if (len > HEADERS_MAX - r->slot->heads.bytes) {
        r->stop = STOP_HEADERS;
        return 0;
    }
    r->slot->heads.bytes += len;
    take_line(m, line, len);
    return len;
}

const char *http_mail_origin(const struct http_mail_call *call, char buf[static MAIL_ORIGIN_MAX])
{
    (void)snprintf(buf, MAIL_ORIGIN_MAX, "%s://%s:%u",
                   call->security == MAIL_TLS ? "smtps" : "smtp", call->host, call->port);
    return buf;
}

static int set_up(struct http_mail *m, struct failure *ret_failure)
{
    struct http_request *r = m->stream.request;
    r->stream_done = on_connected;
    r->userdata = m;
    redact_add_secret(&r->sent, m->call.password);
    int e = setup_mail(r, &m->call, want_reply, ret_failure);
    if (e < 0)
        return e;
    if (sd_event_add_time_relative(m->http->event, &m->timer, CLOCK_BOOTTIME, r->timeout, 0,
                                   on_deadline, m) < 0)
        return failure_oom(ret_failure);
    return request_launch(r, ret_failure);
}

int http_mail_start(struct http *h, const struct http_mail_call *call, http_mail_done *done,
                    void *userdata, struct http_mail **ret, struct failure *ret_failure)
{
    struct origin to = {.port = call->port};
    CLEANUP(http_mail_free) struct http_mail *m = alloc_zero(1, sizeof *m);
    if (!m)
        return failure_oom(ret_failure);
    m->http = h;
    m->call = *call;
    m->out = TEXT_INIT(OUT_MAX);
    m->done = done;
    m->userdata = userdata;
    (void)snprintf(to.scheme, sizeof to.scheme, "%s",
                   call->security == MAIL_TLS ? "smtps" : "smtp");
    (void)snprintf(to.host, sizeof to.host, "%s", call->host);
    (void)http_mail_origin(call, to.text);
    if (call->password && !text_equal(secret_audience(call->password), to.text))
        return failure_set(ret_failure, FAILURE_SECURITY, EPERM,
                           "a secret that is not meant for %s was not sent there", to.text);
    int r = request_new(h, &to, call->ca_file, false, &m->stream.request, ret_failure);
    if (r < 0)
        return r;
    r = set_up(m, ret_failure);
    if (r < 0) {
        request_abandon(m->stream.request);
        return r;
    }
    *ret = TAKE(m);
    return 0;
}

void http_mail_free(struct http_mail *m)
{
    if (!m)
        return;
    (void)sd_event_source_disable_unref(m->io);
    (void)sd_event_source_disable_unref(m->timer);
    http_request_free(m->stream.request);
    text_free(&m->out);
    alloc_release(m);
}
