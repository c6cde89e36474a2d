/* SPDX-License-Identifier: MIT */
/* deliver/mail.c: the SMTP transport: reads the password, and says what the answer of the server
 * means. The recipients are those of the message's header. */
#include "http/mail.h"

#include "base/alloc.h"
#include "base/stamp.h"
#include "deliver/application.h"
#include "deliver/mime.h"
#include <assert.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

struct receiver_handle {
    const struct receiver_options *options;
    struct http *http;
    struct mail_target target;
    char host[sizeof((struct mail_target *)0)->host + 2]; /* IPv6 in brackets */
    char origin[MAIL_ORIGIN_MAX];
    struct secret *password;
    uint64_t stamp;                /* of the password's file as it was read */
    bool stale;                    /* read it again, whatever its stamp: the server refused us */
    struct signed_in *application; /* NULL: no token is needed */
    bool warned;                   /* of its permissions */
    struct payload payload; /* of the attempt under way; its bytes are borrowed from the entry */
    char *to[MAIL_TO_MAX];
    size_t n_to;
    struct http_mail *mail;
    handle_done *done;
    void *userdata;
};

/* ---- recipients ---- */

static void forget_recipients(struct receiver_handle *h)
{
    while (h->n_to > 0)
        free(h->to[--h->n_to]);
}

/* -EBADMSG: the bytes are not ours. -ENOMEM */
static int add_recipient(struct receiver_handle *h, const char *address, size_t len)
{
    char *copy = h->n_to < MAIL_TO_MAX ? strndup(address, len) : NULL;
    if (!copy)
        return h->n_to < MAIL_TO_MAX ? -ENOMEM : -EBADMSG;
    h->to[h->n_to++] = copy;
    return mail_address_check(copy, NULL) < 0 ? -EBADMSG : 0;
}

/* From "To: <a@example.com>,\r\n <b@example.com>\r\n". */
static int read_recipients(struct receiver_handle *h, const struct payload *p)
{
    const char *to = strstr(p->body, "\r\nTo: "), *end = strstr(p->body, "\r\n\r\n");
    forget_recipients(h);
    if (!to || !end || to > end)
        return -EBADMSG;
    for (to += strlen("\r\nTo: ");; to += strlen(",\r\n ")) {
        size_t len = strcspn(to, ">\r");
        int r = *to == '<' && to[len] == '>' ? add_recipient(h, to + 1, len - 1) : -EBADMSG;
        if (r < 0)
            return r;
        to += len + 1;
        if (strncmp(to, ",\r\n ", 4) != 0)
            return strncmp(to, "\r\n", 2) == 0 ? 0 : -EBADMSG;
    }
}

/* ---- the receiver ---- */

static struct http_mail_call call_of(const struct receiver_handle *h)
{
    const struct mail_target *t = &h->target;
    return (struct http_mail_call){
        .host = h->host,
        .port = t->port,
        .security = t->security == TARGET_TLS        ? MAIL_TLS
                    : t->security == TARGET_STARTTLS ? MAIL_STARTTLS
                                                     : MAIL_PLAIN,
        .ca_file = t->ca_file,
        .from = t->from,
        .timeout = t->timeout,
    };
}

/* A file that cannot be read is tried again at the next attempt. */
static int read_password(struct receiver_handle *h, struct failure *ret_failure)
{
    const char *path = h->target.password_file;
    if (!path || !path[0])
        return 0;
    uint64_t stamp = stamp_add(STAMP_NONE, path);
    if (stamp == h->stamp && h->password && !h->stale)
        return 0;
    h->stamp = stamp;
    secret_free(TAKE(h->password));
    int r = secret_read(path, h->origin, &h->password, ret_failure);
    h->stale = r < 0;
    return r;
}

static void mail_close(struct receiver_handle *h)
{
    if (!h)
        return;
    http_mail_free(h->mail);
    application_close(h->options, h->application);
    forget_recipients(h);
    secret_free(h->password);
    alloc_release(h);
}
DEFINE_CLEANUP(struct receiver_handle *, mail_close)

static int mail_open(const struct receiver_options *o, struct http *http,
                     struct receiver_handle **ret, struct failure *ret_failure)
{
    CLEANUP(mail_close) struct receiver_handle *h = alloc_zero(1, sizeof *h);
    if (!h)
        return failure_oom(ret_failure);
    h->options = o;
    h->http = http;
    int r = o->class->mail.target(o, &h->target, ret_failure);
    if (r < 0)
        return r;
    bool six = strchr(h->target.host, ':');
    (void)snprintf(h->host, sizeof h->host, "%s%s%s", six ? "[" : "", h->target.host,
                   six ? "]" : "");
    const struct http_mail_call call = call_of(h);
    (void)http_mail_origin(&call, h->origin);
    const char *ca_file = h->target.ca_file;
    if (ca_file && ca_file[0] && access(ca_file, R_OK) < 0)
        return failure_set(ret_failure, FAILURE_CONFIG, errno, "cannot read ca_file %s: %s",
                           ca_file, strerror(errno));
    r = read_password(h, ret_failure);
    if (r >= 0)
        r = application_open(o, http, &h->application, ret_failure);
    if (r < 0)
        return r;
    *ret = TAKE(h);
    return 0;
}

static int mail_check(const struct receiver_options *o, struct failure *ret_failure)
{
    CLEANUP(mail_close) struct receiver_handle *h = NULL;
    return mail_open(o, NULL, &h, ret_failure);
}

/* ---- one attempt ---- */

/* Replies about the sign-in (RFC 4954 section 6), which may come to any command: the message is not
 * at fault. */
static bool is_sign_in(int status)
{
    return status == 530 || status == 534 || status == 535 || status == 538;
}

static enum answer_class class_of(const struct http_mail_answer *got)
{
    bool permanent = got->about_mail && !is_sign_in(got->status);
    return got->status >= 200 && got->status <= 299                ? ANSWER_OK
           : got->status >= 500 && got->status <= 599 && permanent ? ANSWER_PERMANENT
                                                                   : ANSWER_RETRY;
}

static void on_answer(void *userdata, const struct http_mail_answer *got)
{
    struct receiver_handle *h = userdata;
    struct answer a = {0};
    if (got->status == 0)
        answer_set(&a, ANSWER_RETRY, "%s", got->failure.text);
    else if (got->n_refused > 0)
        answer_set(&a, class_of(got), "%s: accepted, but not for %zu of %zu recipients: %s",
                   h->origin, got->n_refused, h->n_to, got->reply);
    else
        answer_set(&a, class_of(got), "%s: %s", h->origin, got->reply);
    /* The password may have been changed without a new stamp. */
    h->stale = is_sign_in(got->status) || (got->status == 0 && got->failure.kind == FAILURE_AUTH);
    if (h->stale && h->target.xoauth2)
        h->options->signed_in->refused(h->application);
    if (a.class == ANSWER_OK)
        application_warn(h->options, h->application, &h->warned);
    http_mail_free(TAKE(h->mail));
    forget_recipients(h);
    h->done(h->userdata, &a);
}

static int begin(struct receiver_handle *h, const struct secret *password,
                 struct failure *ret_failure)
{
    struct http_mail_call call = call_of(h);
    call.to = (const char *const *)h->to;
    call.n_to = h->n_to;
    call.bytes = h->payload.body;
    call.len = h->payload.len;
    call.user = h->target.user;
    call.password = password;
    call.xoauth2 = h->target.xoauth2;
    return http_mail_start(h->http, &call, on_answer, h, &h->mail, ret_failure);
}

static void on_token(void *userdata, const struct secret *token, const struct failure *why)
{
    struct receiver_handle *h = userdata;
    struct failure failure = why ? *why : (struct failure){0};
    struct answer a = {0};
    if (token && begin(h, token, &failure) >= 0)
        return;
    answer_set(&a, ANSWER_RETRY, "%s", failure.text);
    h->done(h->userdata, &a);
}

static int start(struct receiver_handle *h, struct failure *ret_failure)
{
    const struct secret *password = NULL;
    int r;
    if (h->target.xoauth2) {
        r = h->options->signed_in->token(h->application, h->origin, h->target.timeout, &password,
                                         on_token, h, ret_failure);
        if (r <= 0)
            return r;
    } else {
        r = read_password(h, ret_failure);
        password = h->password;
    }
    return r < 0 ? r : begin(h, password, ret_failure);
}

static int mail_send(struct receiver_handle *h, const struct payload *p, struct answer *ret,
                     handle_done *done, void *userdata)
{
    struct failure why = {0};
    assert(!h->mail);
    h->done = done;
    h->userdata = userdata;
    h->payload = *p;
    int r = read_recipients(h, p);
    if (r == -EBADMSG) {
        answer_set(ret, ANSWER_PERMANENT, "the stored message has no recipients of ours");
        return 1;
    }
    if (r < 0)
        (void)failure_oom(&why);
    if (r >= 0 && start(h, &why) >= 0)
        return 0;
    answer_set(ret, ANSWER_RETRY, "%s", why.text);
    return 1;
}

const struct transport mail = {
    .check = mail_check,
    .open = mail_open,
    .close = mail_close,
    .send = mail_send,
};
