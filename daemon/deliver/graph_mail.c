/* SPDX-License-Identifier: MIT */
/* deliver/graph_mail.c: the receiver type graph_mail: mail through Microsoft Graph (page "user:
 * sendMail"), by an application of its own.
 *
 * Graph takes no headers but those with "x-", so these mails refer to no thread: the extended
 * properties that would do it are documented for Mail.ReadWrite, which this application must not
 * have. */
#include "deliver/application.h"
#include "deliver/email.h"
#include "json/json.h"
#include <errno.h>
#include <string.h>

#define BODY_MAX (512 * 1024)
#define HTML_MAX (256 * 1024)
#define SPACING \
    (2 * USEC_PER_SEC) /* 30 messages a minute and mailbox (page "Exchange Online limits") */

struct graph_mail_options {
    char *tenant_id, *client_id, *client_secret_file, *client_secret_expires, *certificate_file, *private_key_file;
    unsigned cloud;
    char *graph_url, *login_url;
    char *from;
    char **to;
    size_t n_to;
    bool save_to_sent;
    usec_t timeout;
};

static const struct conf_key ROWS[] = {
    {.name = "tenant_id", .type = CONF_TEXT, CONF_AT(graph_mail_options, tenant_id), .required = true,
     .letters = CASE_GUID, .what = "a tenant", .example = "11111111-2222-3333-4444-555555555555",
     .help = "Tenant of the mailbox that sends."},
    {.name = "client_id", .type = CONF_TEXT, CONF_AT(graph_mail_options, client_id), .required = true,
     .letters = CASE_GUID, .what = "a client id", .example = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
     .help = "Application that sends, which must not be one that watches a tenant."},
    {.name = "client_secret_file", .type = CONF_FILE, CONF_AT(graph_mail_options, client_secret_file),
     .def = "", .shown_def = "none", .file = FILE_CLIENT_SECRET, .example = "sender.secret",
     .help = "File with the client secret of the application; give either this or a certificate."},
    APPLICATION_EXPIRES_ROW(graph_mail_options),
    {.name = "certificate_file", .type = CONF_FILE, CONF_AT(graph_mail_options, certificate_file),
     .def = "", .file = FILE_PUBLIC, .example = "sender.crt",
     .help = "Certificate of the application, in PEM."},
    {.name = "private_key_file", .type = CONF_FILE, CONF_AT(graph_mail_options, private_key_file),
     .def = "", .file = FILE_SECRET, .example = "sender.key",
     .help = "Private key of the application's certificate, in PEM."},
    {.name = "cloud", .type = CONF_WORD, CONF_AT(graph_mail_options, cloud),
     .words = CONF_WORDS("global", "usgov_l4", "usgov_l5", "china"), .def = "global",
     .help = "Microsoft cloud of the mailbox."},
    {.name = "graph_url", .type = CONF_TEXT, CONF_AT(graph_mail_options, graph_url), .def = "",
     .what = "scheme://host[:port]", .check = application_root_check, .example = "https://graph.example",
     .help = "Root URL of Microsoft Graph for this receiver; empty selects that of the cloud."},
    APPLICATION_LOGIN_ROW(graph_mail_options),
    {.name = "from", .type = CONF_TEXT, CONF_AT(graph_mail_options, from), .required = true,
     .what = "a mail address", .check = mail_address_check, .example = "seats@example.com",
     .help = "Address of the sender."},
    {.name = "to", .type = CONF_NAMES, CONF_COUNTED(graph_mail_options, to, n_to),
     .shown_def = "required", .example = "[ \"oncall@example.com\" ]", .help = EMAIL_TO_HELP},
    {.name = "save_to_sent", .type = CONF_BOOL, CONF_AT(graph_mail_options, save_to_sent), .def = "false",
     .help = "Whether messages are kept in the folder Sent Items of the mailbox."},
    {.name = "timeout", .type = CONF_DURATION, CONF_AT(graph_mail_options, timeout), .min = "1s",
     .max = "30s", .def = "15s", .help = "Maximum duration of one request to this receiver."},
};

static int graph_mail_check(const struct receiver_options *o, struct failure *ret_failure)
{
    const struct graph_mail_options *own = o->own;
    bool secret = option_given(own->client_secret_file);
    bool certificate = option_given(own->certificate_file), key = option_given(own->private_key_file);
    if (secret && (certificate || key))
        return failure_set(ret_failure, FAILURE_CONFIG, EINVAL, "%s",
                           "there are a client secret and a certificate; remove one of the two");
    if (!secret && !(certificate && key))
        return failure_set(ret_failure, FAILURE_CONFIG, EINVAL, "%s",
                           "the application needs client_secret_file, or certificate_file and "
                           "private_key_file; add them");
    if (certificate && option_given(own->client_secret_expires))
        return failure_set(ret_failure, FAILURE_CONFIG, EINVAL, "%s",
                           "client_secret_expires has no use with a certificate, which has its end in "
                           "it; remove it");
    return email_to_check(own->to, own->n_to, ret_failure);
}

static bool graph_mail_by_tenant(const struct receiver_options *o)
{
    const struct graph_mail_options *own = o->own;
    return email_to_has_label(own->to, own->n_to);
}

static int graph_mail_check_tenant(const struct receiver_options *o,
                                   const struct tenant_identity *tenant,
                                   struct failure *ret_failure)
{
    const struct graph_mail_options *own = o->own;
    return email_to_check_tenant(o->name, own->to, own->n_to, tenant, ret_failure);
}

/* ---- the message ---- */

static void put_recipients(struct json_writer *w, const struct email_envelope *e)
{
    json_open_array(w, "toRecipients");
    for (size_t i = 0; i < e->n_to; i++) {
        json_open_object(w, NULL);
        json_open_object(w, "emailAddress");
        json_put_string(w, "address", e->to[i]);
        json_close_object(w);
        json_close_object(w);
    }
    json_close_array(w);
}

static void put_message(struct json_writer *w, const struct outline *o,
                        const struct email_envelope *e, const char *subject, const char *html)
{
    json_open_object(w, "message");
    json_put_string(w, "subject", subject);
    json_put_string(w, "importance", o->tone == TONE_CRITICAL ? "high" : "normal");
    json_open_object(w, "body");
    json_put_string(w, "contentType", "HTML");
    json_put_string(w, "content", html);
    json_close_object(w);
    put_recipients(w, e);
    json_open_array(w, "internetMessageHeaders");
    json_open_object(w, NULL);
    json_put_string(w, "name", "x-auto-response-suppress");
    json_put_string(w, "value", "All");
    json_close_object(w);
    json_close_array(w);
    json_close_object(w);
}

static int graph_mail_render(const struct receiver_options *o, const struct message *m, char **ret,
                             size_t *ret_len)
{
    const struct graph_mail_options *own = o->own;
    CLEANUP(outline_free) struct outline *outline = NULL;
    CLEANUP(text_free) struct text html = TEXT_INIT(HTML_MAX);
    CLEANUP(json_writer_free) struct json_writer *w = json_writer_new(BODY_MAX);
    struct email_envelope e;
    int r = w ? outline_new(m, o->links, &outline) : -ENOMEM;
    if (r < 0)
        return r;
    CLEANUP(free) char *subject = email_subject(outline);
    email_write_html(&html, m, outline);
    if (!subject || html.error)
        return -ENOMEM;
    email_to_find(own->to, own->n_to, own->from, m, &e);
    json_open_object(w, NULL);
    put_message(w, outline, &e, subject, html.data);
    json_put_bool(w, "saveToSentItems", own->save_to_sent);
    json_close_object(w);
    return json_write_take(w, ret, ret_len);
}

/* ---- the request ---- */

static void graph_mail_sign_in(const struct receiver_options *o, struct signed_in_options *ret)
{
    const struct graph_mail_options *own = o->own;
    *ret = (struct signed_in_options){.tenant_id = own->tenant_id,
                                      .client_id = own->client_id,
                                      .client_secret_file = own->client_secret_file,
                                      .client_secret_expires = own->client_secret_expires,
                                      .certificate_file = own->certificate_file,
                                      .private_key_file = own->private_key_file,
                                      .cloud = own->cloud,
                                      .graph_url = own->graph_url,
                                      .login_url = own->login_url,
                                      .exclusive = true};
}

static bool graph_mail_via_microsoft(const struct receiver_options *o)
{
    (void)o;
    return true;
}

static char *graph_mail_path(const struct receiver_options *o)
{
    static const char PLAIN[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~@";
    const struct graph_mail_options *own = o->own;
    struct text t = TEXT_INIT(4 * MAIL_ADDRESS_MAX);
    text_add(&t, "users/");
    for (const char *p = own->from; *p; p++)
        text_addf(&t, strchr(PLAIN, *p) ? "%c" : "%%%02X", (unsigned char)*p);
    text_add(&t, "/sendMail");
    return text_take(&t);
}

static usec_t graph_mail_timeout(const struct receiver_options *o)
{
    return ((const struct graph_mail_options *)o->own)->timeout;
}

/* 401, 403 and 404 are about the application or the mailbox, which can be put right. */
static void graph_mail_classify(const struct http_answer *got, struct answer *a)
{
    if (a->class == ANSWER_OK && got->status != 202)
        a->class = ANSWER_RETRY;
    else if (got->status == 400 || got->status == 413)
        a->class = ANSWER_PERMANENT;
    else if (got->status == 410)
        a->class = ANSWER_RETRY;
}

const struct receiver_class graph_mail_class = {
    .name = "graph_mail",
    .options = CONF_SECTION(ROWS),
    .options_size = sizeof(struct graph_mail_options),
    .traits = RECEIVER_CHAT,
    .body_max = BODY_MAX,
    .spacing = SPACING,
    .transport = &graph_post,
    .check = graph_mail_check,
    .check_tenant = graph_mail_check_tenant,
    .by_tenant = graph_mail_by_tenant,
    .via_microsoft = graph_mail_via_microsoft,
    .render = graph_mail_render,
    .sign_in = graph_mail_sign_in,
    .graph = {graph_mail_path, graph_mail_timeout, graph_mail_classify},
};
