/* SPDX-License-Identifier: MIT */
/* deliver/email.c: the receiver type email: mail through an SMTP server. */
#include "deliver/email.h"

#include "deliver/application.h"
#include "deliver/outline.h"
#include "deliver/server.h"
#include <errno.h>
#include <string.h>

#define BODY_MAX (512 * 1024) /* servers take 10 MB and more */

struct email_options {
    char *server;
    enum { SIGN_IN_NONE, SIGN_IN_PASSWORD, SIGN_IN_XOAUTH2 } auth;
    char *user, *password_file, *from;
    char *tenant_id, *client_id, *client_secret_file, *client_secret_expires, *login_url;
    char **to;
    size_t n_to;
    char *ca_file;
    bool allow_http;
    usec_t timeout;
};

/* ---- options ---- */

static const char *const SCHEMES[] = {"smtps", "smtp", NULL};

static int server_check(const char *text, struct failure *ret_failure)
{
    struct server_address at;
    if (!*text || server_parse(text, SCHEMES, &at) >= 0)
        return 0;
    return failure_set(ret_failure, FAILURE_CONFIG, EINVAL, "%s",
                       "not a mail server; write \"smtps://HOST:465\" or \"smtp://HOST:587\"");
}

static const struct conf_key ROWS[] = {
    {.name = "server",
     .type = CONF_TEXT,
     CONF_AT(email_options, server),
     .required = true,
     .what = "smtps://HOST:PORT or smtp://HOST:PORT",
     .check = server_check,
     .example = "smtps://mail.example:465",
     .help =
         "Mail server: smtps:// with TLS from the beginning, smtp:// with STARTTLS, without which "
         "nothing is sent."},
    {.name = "auth",
     .type = CONF_WORD,
     CONF_AT(email_options, auth),
     .words = CONF_WORDS("none", "password", "xoauth2"),
     .def = "none",
     .help = "How the daemon signs in to the mail server."},
    {.name = "user",
     .type = CONF_TEXT,
     CONF_AT(email_options, user),
     .def = "",
     .what = "a user",
     .example = "seats@example.com",
     .help = "User name for the mail server."},
    {.name = "password_file",
     .type = CONF_FILE,
     CONF_AT(email_options, password_file),
     .def = "",
     .file = FILE_RECEIVER,
     .example = "mail.pw",
     .help = "File with the password of user."},
    {.name = "tenant_id",
     .type = CONF_TEXT,
     CONF_AT(email_options, tenant_id),
     .def = "",
     .letters = CASE_GUID,
     .what = "a tenant",
     .example = "11111111-2222-3333-4444-555555555555",
     .help = "Tenant of the mailbox, for auth xoauth2."},
    {.name = "client_id",
     .type = CONF_TEXT,
     CONF_AT(email_options, client_id),
     .def = "",
     .letters = CASE_GUID,
     .what = "a client id",
     .example = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
     .help = "Application that signs in with auth xoauth2, which must not be one that watches a "
             "tenant."},
    {.name = "client_secret_file",
     .type = CONF_FILE,
     CONF_AT(email_options, client_secret_file),
     .def = "",
     .file = FILE_CLIENT_SECRET,
     .example = "sender.secret",
     .help = "File with the client secret of that application."},
    APPLICATION_EXPIRES_ROW(email_options),
    APPLICATION_LOGIN_ROW(email_options),
    {.name = "from",
     .type = CONF_TEXT,
     CONF_AT(email_options, from),
     .required = true,
     .what = "a mail address",
     .check = mail_address_check,
     .example = "seats@example.com",
     .help = "Address of the sender."},
    {.name = "to",
     .type = CONF_NAMES,
     CONF_COUNTED(email_options, to, n_to),
     .shown_def = "required",
     .example = "[ \"oncall@example.com\" ]",
     .help = EMAIL_TO_HELP},
    {.name = "ca_file",
     .type = CONF_FILE,
     CONF_AT(email_options, ca_file),
     .def = "",
     .file = FILE_CA,
     .example = "/etc/seatwatchd/hook-ca.pem",
     .help = "Certificate authorities for this receiver, in PEM."},
    {.name = "allow_http",
     .type = CONF_BOOL,
     CONF_AT(email_options, allow_http),
     .def = "false",
     .help = "Whether smtp:// does without TLS for hosts other than this machine."},
    {.name = "timeout",
     .type = CONF_DURATION,
     CONF_AT(email_options, timeout),
     .min = "1s",
     .max = "30s",
     .def = "15s",
     .help = "Maximum duration of one request to this receiver."},
};

/* Each kind of sign-in needs all of its keys and has no use for those of the others. */
static int check_sign_in(const struct email_options *own, struct failure *ret_failure)
{
    static const char *const WORDS[] = {"none", "password", "xoauth2"};
    enum { PASSWORD = 1 << SIGN_IN_PASSWORD, XOAUTH2 = 1 << SIGN_IN_XOAUTH2 };
    const struct {
        const char *key, *value;
        unsigned with;
        bool optional;
    } KEYS[] = {
        {"user", own->user, PASSWORD | XOAUTH2, false},
        {"password_file", own->password_file, PASSWORD, false},
        {"tenant_id", own->tenant_id, XOAUTH2, false},
        {"client_id", own->client_id, XOAUTH2, false},
        {"client_secret_file", own->client_secret_file, XOAUTH2, false},
        {"client_secret_expires", own->client_secret_expires, XOAUTH2, true},
        {"login_url", own->login_url, XOAUTH2, true},
    };
    for (size_t i = 0; i < N_ELEMENTS(KEYS); i++) {
        bool used = KEYS[i].with & 1U << own->auth;
        if (option_given(KEYS[i].value) && !used)
            return failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                               "%s has no effect with auth = \"%s\"; change one of the two",
                               KEYS[i].key, WORDS[own->auth]);
        if (!option_given(KEYS[i].value) && used && !KEYS[i].optional)
            return failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                               "auth = \"%s\" needs %s; add it", WORDS[own->auth], KEYS[i].key);
    }
    return 0;
}

static bool is_loopback(const char *host)
{
    struct origin o = {0};
    (void)snprintf(o.host, sizeof o.host, strchr(host, ':') ? "[%s]" : "%s", host);
    return origin_is_loopback(&o);
}

/* This machine's own server rarely has a certificate: smtp:// is plain there, unless ca_file says
 * that it has one. */
static int email_target(const struct receiver_options *o, struct mail_target *ret,
                        struct failure *ret_failure)
{
    const struct email_options *own = o->own;
    struct server_address at;
    int scheme = server_parse(own->server, SCHEMES, &at);
    if (scheme < 0)
        return server_check(own->server, ret_failure);
    bool plain = own->allow_http || (is_loopback(at.host) && !option_given(own->ca_file));
    *ret = (struct mail_target){
        .security = scheme == 0 ? TARGET_TLS
                    : plain     ? TARGET_PLAIN
                                : TARGET_STARTTLS,
        .port = at.port,
        .from = own->from,
        .user = own->user,
        .password_file = own->password_file,
        .xoauth2 = own->auth == SIGN_IN_XOAUTH2,
        .ca_file = own->ca_file,
        .timeout = own->timeout,
    };
    memcpy(ret->host, at.host, sizeof ret->host);
    return 0;
}

static int check_security(const struct email_options *own, const struct mail_target *t,
                          struct failure *ret_failure)
{
    const char *what = NULL;
    if (own->allow_http && t->security == TARGET_TLS)
        what = "allow_http = true has no effect with smtps://; remove it";
    else if (own->allow_http && option_given(own->ca_file))
        what = "allow_http = true leaves ca_file without an effect; remove one of the two";
    else if (own->auth != SIGN_IN_NONE && t->security == TARGET_PLAIN && !is_loopback(t->host))
        what = "a password or token is not sent without TLS; remove allow_http, or write auth = "
               "\"none\"";
    return what ? failure_set(ret_failure, FAILURE_CONFIG, EINVAL, "%s", what) : 0;
}

static int email_check(const struct receiver_options *o, struct failure *ret_failure)
{
    const struct email_options *own = o->own;
    struct mail_target target;
    int r = email_to_check(own->to, own->n_to, ret_failure);
    if (r >= 0)
        r = check_sign_in(own, ret_failure);
    if (r >= 0)
        r = email_target(o, &target, ret_failure);
    return r < 0 ? r : check_security(own, &target, ret_failure);
}

/* Page "Authenticate an IMAP, POP or SMTP connection using OAuth": the permission is
 * SMTP.SendAsApp. */
static void email_sign_in(const struct receiver_options *o, struct signed_in_options *ret)
{
    const struct email_options *own = o->own;
    if (own->auth != SIGN_IN_XOAUTH2)
        return;
    ret->tenant_id = own->tenant_id;
    ret->client_id = own->client_id;
    ret->client_secret_file = own->client_secret_file;
    ret->client_secret_expires = own->client_secret_expires;
    ret->login_url = own->login_url;
    ret->resource = "https://outlook.office365.com";
    ret->exclusive = true;
}

static bool email_via_microsoft(const struct receiver_options *o)
{
    static const char *const DOMAINS[] = {".office365.com", ".outlook.com"};
    struct mail_target target;
    if (email_target(o, &target, NULL) < 0)
        return false;
    size_t len = strlen(target.host);
    for (size_t i = 0; i < N_ELEMENTS(DOMAINS); i++) {
        size_t tail = strlen(DOMAINS[i]);
        if (len > tail && text_equal_nocase(target.host + len - tail, DOMAINS[i]))
            return true;
    }
    return false;
}

/* "SMTP AUTH" in Microsoft's "Deprecation of Basic authentication in Exchange Online": the end of
 * 2026 for tenants that exist, at once for new ones. */
static int email_warn(const struct receiver_options *o, struct secret *const *secret,
                      struct failure *ret_warning)
{
    const struct email_options *own = o->own;
    struct mail_target target;
    (void)secret;
    if (own->auth != SIGN_IN_PASSWORD || email_target(o, &target, NULL) < 0 ||
        !text_equal_nocase(target.host, "smtp.office365.com"))
        return 0;
    return failure_set(
        ret_warning, FAILURE_CONFIG, EINVAL,
        "Exchange Online stops accepting passwords at %s at the end of December 2026; "
        "write auth = \"xoauth2\" or type = \"graph_mail\", or send through a server of "
        "your own",
        target.host);
}

static bool email_by_tenant(const struct receiver_options *o)
{
    const struct email_options *own = o->own;
    return email_to_has_label(own->to, own->n_to);
}

static int email_check_tenant(const struct receiver_options *o,
                              const struct tenant_identity *tenant, struct failure *ret_failure)
{
    const struct email_options *own = o->own;
    return email_to_check_tenant(o->name, own->to, own->n_to, tenant, ret_failure);
}

static int email_render(const struct receiver_options *o, const struct message *m, char **ret,
                        size_t *ret_len)
{
    const struct email_options *own = o->own;
    struct email_envelope e;
    email_to_find(own->to, own->n_to, own->from, m, &e);
    return email_write(m, o->links, &e, ret, ret_len);
}

const struct receiver_class email_class = {
    .name = "email",
    .options = CONF_SECTION(ROWS),
    .options_size = sizeof(struct email_options),
    .traits = RECEIVER_CHAT,
    .body_max = BODY_MAX,
    .transport = &mail,
    .check = email_check,
    .warn = email_warn,
    .check_tenant = email_check_tenant,
    .by_tenant = email_by_tenant,
    .via_microsoft = email_via_microsoft,
    .sign_in = email_sign_in,
    .render = email_render,
    .mail = {email_target},
};
