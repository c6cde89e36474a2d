/* SPDX-License-Identifier: MIT */
/* deliver/teams.c: the receiver type teams: Adaptive Cards through a workflow with the trigger
 * "When a Teams webhook request is received" (adaptivecards.io, "Schema Explorer", version 1.4).
 *
 * TextBlock and FactSet interpret Markdown and have no escape; RichTextBlock does not interpret
 * anything, so all text is in RichTextBlocks, one for each line. The flow accepts a card with 202
 * before it is posted: a card that is too large disappears later, without an error. */
#include "deliver/application.h"
#include "deliver/http_post.h"
#include "deliver/markup.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Teams allows about 28 KB; cards of 21 KB have been seen to fail. */
#define BODY_MAX 20000
#define SPACING USEC_PER_SEC
#define NO_MAX 65536 /* of a text that is short anyway */

#define AUDIENCE "https://service.flow.microsoft.com/" /* of the public cloud; the slash counts */

static int resource_check(const char *text, struct failure *ret_failure)
{
    struct origin origin;
    return *text ? origin_parse(text, false, &origin, ret_failure) : 0;
}

struct teams_options {
    char *url_file; /* the URL is a credential if it has a parameter "sig": the signature */
    char *auth_tenant, *client_id, *client_secret_file, *client_secret_expires, *resource, *login_url;
    struct http_post_options http;
};
static const struct conf_key ROWS[] = {
    HTTP_URL_ROW(teams_options),
    {.name = "auth_tenant", .type = CONF_TEXT, CONF_AT(teams_options, auth_tenant), .def = "",
     .letters = CASE_GUID, .what = "a tenant", .example = "11111111-2222-3333-4444-555555555555",
     .help = "Tenant of a workflow that only signed-in callers may start; empty if anyone may."},
    {.name = "client_id", .type = CONF_TEXT, CONF_AT(teams_options, client_id), .def = "",
     .letters = CASE_GUID, .what = "a client id", .example = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
     .help = "Application of that tenant that starts the workflow."},
    {.name = "client_secret_file", .type = CONF_FILE, CONF_AT(teams_options, client_secret_file),
     .def = "", .file = FILE_CLIENT_SECRET, .example = "teams.secret",
     .help = "File with the client secret of that application."},
    APPLICATION_EXPIRES_ROW(teams_options),
    {.name = "resource", .type = CONF_TEXT, CONF_AT(teams_options, resource), .def = "",
     .what = "an audience", .check = resource_check, .example = "https://gov.service.flow.microsoft.us/",
     .help = "Audience of the token; empty selects that of the public cloud."},
    APPLICATION_LOGIN_ROW(teams_options),
    HTTP_POST_ROWS(teams_options),
};

/* ---- the card ---- */

/* Limits of one draft, in UTF-16 units, each at most three bytes; `what` is limited in lines, too.
 * The first draft that fits is sent; the last one fits whatever the texts are. */
struct draft {
    size_t title, what, what_lines, next, fact, lines, link;
};
static const struct draft DRAFTS[] = {
    /* title, what, its lines, next, fact, lines, link */
    {400, 4000, 30, 1500, 300, 6000, 2000},
    {250, 1200, 15, 600, 150, 2400, 1000},
    {200, 300, 8, 300, 80, 1200, 500},
    {150, 100, 4, 100, 50, 800, 0},
};

/* Clients have values for them in light and in dark themes. */
static const struct {
    const char *colour, *style;
} TONES[TONE_COUNT_] = {
    [TONE_CRITICAL] = {"Attention", "attention"},
    [TONE_WARNING] = {"Warning", "warning"},
    [TONE_INFO] = {"Accent", "accent"},
    [TONE_RESOLVED] = {"Good", "good"},
};

struct look { /* of a run; NULL: the default */
    const char *weight, *size, *colour;
    bool subtle;
};
static const struct look PLAIN, BOLD = {.weight = "Bolder"},
                                SUBTLE = {.size = "Small", .subtle = true},
                                TITLE = {.weight = "Bolder", .size = "Medium"};

static void put_run(struct markup *m, const struct look *look, const char *s, size_t max)
{
    json_open_object(m->w, NULL);
    json_put_string(m->w, "type", "TextRun");
    markup_put(m, "text", s, max);
    if (look->weight)
        json_put_string(m->w, "weight", look->weight);
    if (look->size)
        json_put_string(m->w, "size", look->size);
    if (look->colour)
        json_put_string(m->w, "color", look->colour);
    if (look->subtle)
        json_put_bool(m->w, "isSubtle", true);
    json_close_object(m->w);
}

static void open_line(struct markup *m, const char *spacing)
{
    json_open_object(m->w, NULL);
    json_put_string(m->w, "type", "RichTextBlock");
    if (spacing)
        json_put_string(m->w, "spacing", spacing);
    json_open_array(m->w, "inlines");
}

static void close_line(struct markup *m)
{
    json_close_array(m->w);
    json_close_object(m->w);
}

static void put_line(struct markup *m, const char *spacing, const struct look *look, const char *s,
                     size_t max)
{
    open_line(m, spacing);
    put_run(m, look, s, max);
    close_line(m);
}

/* "NAME: VALUE" */
static void put_named(struct markup *m, const char *spacing, const char *name, const char *value,
                      size_t max)
{
    open_line(m, spacing);
    put_run(m, &BOLD, name, NO_MAX);
    put_run(m, &PLAIN, ": ", NO_MAX);
    put_run(m, &PLAIN, value, max);
    close_line(m);
}

/* A line break has no meaning inside a block. Takes `text`; its lines from the n-th on become one.
 */
static void put_lines(struct markup *m, char *text, size_t n)
{
    if (!text)
        json_write_oom(m->w);
    for (char *at = text; at && *at; n--) {
        char *end = strchr(at, '\n');
        for (char *p = end; n == 1 && p; p = strchr(p, '\n'))
            *p = ' ';
        end = n == 1 ? NULL : end;
        if (end)
            *end = '\0';
        if (*at)
            put_line(m, at == text ? NULL : "Small", &PLAIN, at, NO_MAX);
        at = end ? end + 1 : NULL;
    }
    free(text);
}

static void put_head(struct markup *m, const struct outline *o, const struct draft *d)
{
    const struct look state = {
        .weight = "Bolder", .size = "Medium", .colour = TONES[o->tone].colour};
    CLEANUP(free) char *line = text_printf("%s %s", o->icon, o->state);
    json_open_object(m->w, NULL);
    json_put_string(m->w, "type", "Container");
    json_put_string(m->w, "style", TONES[o->tone].style);
    json_put_bool(m->w, "bleed", true);
    json_open_array(m->w, "items");
    if (line)
        put_line(m, NULL, &state, line, NO_MAX);
    else
        json_write_oom(m->w);
    put_line(m, "Small", &TITLE, o->title, d->title);
    json_close_array(m->w);
    json_close_object(m->w);
}

static void put_body(struct markup *m, const struct outline *o, const struct draft *d)
{
    char id[MARKUP_ID_MAX];
    json_open_array(m->w, "body");
    put_head(m, o, d);
    put_lines(m, markup_text(NULL, o->what, d->what), d->what_lines);
    if (o->next[0])
        put_named(m, NULL, "Next step", o->next, d->next);
    for (size_t i = 0; i < o->n_facts; i++)
        put_named(m, i > 0 ? "None" : NULL, o->fact[i].name, o->fact[i].value, d->fact);
    put_lines(m, markup_lines(NULL, o, d->lines), o->n_lines);
    if (markup_id(o, id)[0])
        put_line(m, NULL, &SUBTLE, id, NO_MAX);
    json_close_array(m->w);
}

static void put_actions(struct markup *m, const struct outline *o, const struct draft *d)
{
    json_open_array(m->w, "actions");
    for (size_t i = 0; i < o->n_links; i++) {
        if (markup_units(o->link[i].url) > d->link)
            continue;
        json_open_object(m->w, NULL);
        json_put_string(m->w, "type", "Action.OpenUrl");
        json_put_string(m->w, "title", o->link[i].name);
        json_put_string(m->w, "url", o->link[i].url);
        json_close_object(m->w);
    }
    json_close_array(m->w);
}

static void put_card(struct markup *m, const struct outline *o, const struct draft *d)
{
    json_open_object(m->w, "content");
    json_put_string(m->w, "$schema", "http://adaptivecards.io/schemas/adaptive-card.json");
    json_put_string(m->w, "type", "AdaptiveCard");
    json_put_string(m->w, "version", "1.4");
    json_open_object(m->w, "msteams");
    json_put_string(m->w, "width", "Full");
    json_close_object(m->w);
    markup_put_own(m, "fallbackText", markup_headline(NULL, o, d->title));
    put_body(m, o, d);
    put_actions(m, o, d);
    json_close_object(m->w);
}

static int draft(const struct outline *o, const struct draft *d, char **ret, size_t *ret_len)
{
    CLEANUP(json_writer_free) struct json_writer *w = json_writer_new(BODY_MAX);
    struct markup m = {.w = w};
    if (!w)
        return -ENOMEM;
    json_writer_clean(w);
    json_open_object(w, NULL);
    json_put_string(w, "type", "message");
    json_open_array(w, "attachments");
    json_open_object(w, NULL);
    json_put_string(w, "contentType", "application/vnd.microsoft.card.adaptive");
    json_put_null(w, "contentUrl");
    put_card(&m, o, d);
    json_close_object(w);
    json_close_array(w);
    json_close_object(w);
    return json_write_take(w, ret, ret_len);
}

static int teams_render(const struct receiver_options *o, const struct message *m, char **ret,
                        size_t *ret_len)
{
    CLEANUP(outline_free) struct outline *outline = NULL;
    int r = outline_new(m, o->links, &outline);
    if (r < 0)
        return r;
    r = -E2BIG;
    for (size_t i = 0; r == -E2BIG && i < N_ELEMENTS(DRAFTS); i++)
        r = draft(outline, &DRAFTS[i], ret, ret_len);
    return r;
}

/* ---- the request ---- */

static int teams_check(const struct receiver_options *o, struct failure *ret_failure)
{
    const struct teams_options *own = o->own;
    bool signs_in = option_given(own->auth_tenant);
    const struct {
        const char *key, *value;
        bool optional;
    } KEYS[] = {
        {"client_id", own->client_id, false},
        {"client_secret_file", own->client_secret_file, false},
        {"client_secret_expires", own->client_secret_expires, true},
        {"resource", own->resource, true},
        {"login_url", own->login_url, true},
    };
    for (size_t i = 0; i < N_ELEMENTS(KEYS); i++) {
        bool given = option_given(KEYS[i].value);
        if (given && !signs_in)
            return failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                               "%s has no effect without auth_tenant; remove it, or add auth_tenant",
                               KEYS[i].key);
        if (!given && signs_in && !KEYS[i].optional)
            return failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                               "auth_tenant needs %s; add it", KEYS[i].key);
    }
    return 0;
}

/* Page "Add OAuth authentication for HTTP request triggers" of Power Automate. */
static void teams_sign_in(const struct receiver_options *o, struct signed_in_options *ret)
{
    const struct teams_options *own = o->own;
    if (!option_given(own->auth_tenant))
        return;
    ret->tenant_id = own->auth_tenant;
    ret->client_id = own->client_id;
    ret->client_secret_file = own->client_secret_file;
    ret->client_secret_expires = own->client_secret_expires;
    ret->login_url = own->login_url;
    ret->resource = option_given(own->resource) ? own->resource : AUDIENCE;
}

static bool teams_via_microsoft(const struct receiver_options *o)
{
    (void)o;
    return true;
}

static bool is_signed(const struct secret *url)
{
    const char *s = secret_bytes(url);
    return strstr(s, "?sig=") || strstr(s, "&sig=");
}

static int teams_request(const struct receiver_options *o, struct secret *const *secret,
                         const struct payload *p, struct request *ret, struct failure *ret_failure)
{
    const struct teams_options *own = o->own;
    (void)p;
    ret->options = &own->http;
    if (option_given(own->auth_tenant) && is_signed(secret[0]))
        return failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                           "%s: the URL has a signature (sig=), which Microsoft refuses together "
                           "with a token; remove auth_tenant, or copy the URL again after the "
                           "workflow was restricted to callers of the tenant",
                           own->url_file);
    return request_url(ret, secret[0], own->url_file, ret_failure);
}

/* ---- warnings ---- */

static const struct {
    const char *domain, *ended;
} ENDED[] = {
    {"webhook.office.com", "in May 2026"},
    {"outlook.office.com", "in May 2026"},
    {"logic.azure.com", "on 30 November 2025"},
};
#define FLOWS "api.powerplatform.com" /* today's */

static bool is_below(const char *host, const char *domain)
{
    size_t len = strlen(host), tail = strlen(domain);
    return len >= tail && strcmp(host + len - tail, domain) == 0 &&
           (len == tail || host[len - tail - 1] == '.');
}

/* These URLs still look right, and nothing reaches Teams through them. */
static int teams_warn(const struct receiver_options *o, struct secret *const *secret,
                      struct failure *ret_warning)
{
    const struct teams_options *own = o->own;
    struct request r = {.options = &own->http};
    int e = request_url(&r, secret[0], own->url_file, ret_warning);
    secret_free(r.url);
    for (size_t i = 0; e >= 0 && i < N_ELEMENTS(ENDED); i++)
        if (is_below(r.origin.host, ENDED[i].domain))
            return failure_set(
                ret_warning, FAILURE_CONFIG, EINVAL,
                "%s: Microsoft switched off %s %s; create a workflow with the trigger "
                "\"When a Teams webhook request is received\" and use its URL",
                own->url_file, r.origin.host, ENDED[i].ended);
    if (e >= 0 && is_below(r.origin.host, FLOWS) && !is_signed(secret[0]) &&
        !option_given(own->auth_tenant))
        return failure_set(ret_warning, FAILURE_CONFIG, EINVAL,
                           "%s: the URL has no signature (sig=), so %s will refuse it; let anyone "
                           "start the workflow and copy its URL again, or set auth_tenant",
                           own->url_file, r.origin.host);
    return 0;
}

static const struct {
    const char *code, *advice;
} CODES[] = {
    {"DirectApiAuthorizationRequired",
     "the workflow wants a token or a signed URL; set auth_tenant, or copy the signed URL again"},
    {"DirectApiRequestHasMoreThanOneAuthorization",
     "the URL has a signature; copy the URL of the restricted workflow, or remove auth_tenant"},
    {"MisMatchingOAuthClaims",
     "the workflow does not accept this application; allow it in the trigger, and check auth_tenant "
     "and resource"},
};

/* Usually 202 without a body; a flow with a response action may answer anything. A page is from
 * something between Microsoft and us. */
static void teams_classify(const struct receiver_options *o, const struct payload *p,
                           const struct http_answer *got, struct answer *a)
{
    (void)o;
    static const int REFUSED[] = {400, 401, 403, 404};
    (void)p;
    bool page = got->body[0] == '<';
    if (a->class == ANSWER_OK && page)
        a->class = ANSWER_RETRY;
    for (size_t i = 0; i < N_ELEMENTS(REFUSED); i++)
        if (got->status == REFUSED[i] && !page)
            a->class = ANSWER_PERMANENT;
    for (size_t i = 0; i < N_ELEMENTS(CODES); i++)
        if (strstr(got->body, CODES[i].code)) {
            answer_set(a, a->class, "HTTP %d: %s: %s", got->status, CODES[i].code, CODES[i].advice);
            return;
        }
}

const struct receiver_class teams_class = {
    .name = "teams",
    .options = CONF_SECTION(ROWS),
    .options_size = sizeof(struct teams_options),
    .traits = RECEIVER_CHAT,
    .body_max = BODY_MAX,
    .spacing = SPACING,
    .transport = &http_post,
    .check = teams_check,
    .via_microsoft = teams_via_microsoft,
    .warn = teams_warn,
    .render = teams_render,
    .sign_in = teams_sign_in,
    .http = {.request = teams_request, .classify = teams_classify},
};
