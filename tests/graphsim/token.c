/* SPDX-License-Identifier: MIT */
/* graphsim/token.c: the token endpoint for client credentials, and the tokens it has issued.
 *
 * A token carries tenant, serial and end of life under our signature, so that there is no table to
 * fill and a token of another process or another test is simply not good. */
#include "base/clock.h"
#include "graphsim/sim.h"
#include <string.h>

#define TOKEN_PARTS 3
#define PADDING 700 /* real ones are about this much longer than their context */
#define HEADER "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9"

const char *bearer_name(enum bearer b)
{
    static const char *const NAMES[] = {[BEARER_NONE] = "none",
                                        [BEARER_BAD] = "bad",
                                        [BEARER_EXPIRED] = "expired",
                                        [BEARER_REVOKED] = "revoked",
                                        [BEARER_OK] = "ok"};
    return NAMES[b];
}

char *url64(const void *bytes, size_t len)
{
    char *out = malloc(4 * ((len + 2) / 3) + 1);
    if (!out)
        abort();
    (void)base64url_encode(bytes, len, out);
    return out;
}

char *url64_decode(const char *text, size_t len, size_t *ret_len)
{
    size_t room = (len + 3) / 4 * 4;
    CLEANUP(free) char *plain = malloc(room + 1);
    CLEANUP(free) char *bytes = malloc(room + 1);
    if (!plain || !bytes)
        abort();
    for (size_t i = 0; i < len; i++) {
        if (strchr("+/=", text[i]))
            return NULL;
        plain[i] = text[i] == '-' ? '+' : text[i] == '_' ? '/' : text[i];
    }
    memset(plain + len, '=', room - len);
    int n = base64_decode(plain, room, (uint8_t *)bytes, room);
    if (n < 0)
        return NULL;
    bytes[n] = '\0';
    *ret_len = (size_t)n;
    return TAKE(bytes);
}

static char *signature(const struct sim *sim, const char *text, size_t len)
{
    uint8_t mac[SHA256_SIZE];
    if (hmac_sha256(sim->key, sizeof sim->key, text, len, mac) < 0)
        abort();
    return url64(mac, sizeof mac);
}

char *token_make(struct sim *sim, const struct tenant *t, int64_t life_s)
{
    usec_t until = clock_now().mono + (usec_t)life_s * USEC_PER_SEC;
    CLEANUP(text_free) struct text context = TEXT_INIT(8192);
    text_addf(&context, "%s\n%llu\n%llu\n", t->id, (unsigned long long)++sim->tokens,
              (unsigned long long)until);
    while (context.len < PADDING)
        text_add(&context, "padding like the claims of a real one ");
    CLEANUP(free) char *payload = url64(context.data, context.len);
    CLEANUP(text_free) struct text token = TEXT_INIT(65536);
    text_addf(&token, HEADER ".%s", payload);
    CLEANUP(free) char *mac = signature(sim, token.data, token.len);
    text_addf(&token, ".%s", mac);
    char *result = text_take(&token);
    if (!result)
        abort();
    sim_issued(sim, result);
    return result;
}

/* The context of a token that is signed by us; NULL otherwise. For free(). */
static char *token_context(const struct sim *sim, const char *token)
{
    const char *payload = strchr(token, '.');
    const char *mac = payload ? strchr(payload + 1, '.') : NULL;
    if (!mac || strchr(mac + 1, '.'))
        return NULL;
    CLEANUP(free) char *want = signature(sim, token, (size_t)(mac - token));
    if (strcmp(want, mac + 1) != 0)
        return NULL;
    size_t len;
    return url64_decode(payload + 1, (size_t)(mac - payload - 1), &len);
}

enum bearer token_check(struct sim *sim, const char *authorization, struct tenant **ret)
{
    static const char SCHEME[] = "Bearer ";
    if (!authorization)
        return BEARER_NONE;
    if (strncasecmp(authorization, SCHEME, sizeof SCHEME - 1) != 0)
        return BEARER_BAD;
    CLEANUP(free) char *context = token_context(sim, authorization + sizeof SCHEME - 1);
    char *rest = context ? strchr(context, '\n') : NULL;
    if (!rest)
        return BEARER_BAD;
    *rest++ = '\0';
    unsigned long long serial = strtoull(rest, &rest, 10);
    unsigned long long until = strtoull(rest, NULL, 10);
    struct tenant *t = scenario_tenant(sim->scenario, context);
    if (!t)
        return BEARER_BAD;
    *ret = t;
    if (clock_now().mono >= until)
        return BEARER_EXPIRED;
    return serial <= t->revoked_below ? BEARER_REVOKED : BEARER_OK;
}

/* The client's id and secret by HTTP Basic (RFC 6749 section 2.3.1), decoded into `ret`. */
static void read_basic(struct call *c, char ret[static 1024], const char **id, const char **secret)
{
    static const char SCHEME[] = "Basic ";
    const char *header = request_header(c->request, "Authorization");
    if (!header || strncasecmp(header, SCHEME, sizeof SCHEME - 1) != 0)
        return;
    const char *text = header + sizeof SCHEME - 1;
    int n = base64_decode(text, strlen(text), (uint8_t *)ret, 1023);
    if (n < 0)
        return;
    ret[n] = '\0';
    char *colon = strchr(ret, ':');
    if (!colon)
        return;
    *colon = '\0';
    *id = ret;
    *secret = colon + 1;
}

/* Which fields came, and whether the secret is the right one; its value is nobody's business. */
static void note(struct call *c, const struct odata *form, const char *client_id,
                 const char *secret)
{
    struct json_writer *line = c->answer->line;
    const char *want = c->state ? c->state->manners.client_secret : NULL;
    json_open_object(line, "token");
    json_open_array(line, "fields");
    for (size_t i = 0; i < form->n_options; i++)
        json_put_string(line, NULL, form->options[i].name);
    json_close_array(line);
    json_put_string(line, "client_id", client_id);
    json_put_string(line, "scope", odata_get(form, "scope"));
    json_put_string(line, "grant_type", odata_get(form, "grant_type"));
    json_put_string(line, "secret",
                    !secret                             ? "missing"
                    : want && strcmp(want, secret) == 0 ? "right"
                                                        : "wrong");
    if (odata_get(form, "claims"))
        json_put_string(line, "claims", odata_get(form, "claims"));
    json_put_bool(line, "basic", request_header(c->request, "Authorization") != NULL);
    json_close_object(line);
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

static bool is_object(const char *text)
{
    struct json *root = NULL;
    bool is = json_parse(text, strlen(text), &root, NULL) >= 0 && json_is_object(root);
    json_free(root);
    return is;
}

/* The number of the first thing that is wrong, and the words for it; 0: nothing. */
static int64_t judge(struct call *c, const struct odata *form, const char *client_id,
                     const char *secret, const char **why)
{
    const char *grant = odata_get(form, "grant_type"), *scope = odata_get(form, "scope");
    const char *type = request_header(c->request, "Content-Type");
    const char *assertion = odata_get(form, "client_assertion");
    const char *claims = odata_get(form, "claims");
    if (!type || strncasecmp(type, "application/x-www-form-urlencoded", 33) != 0)
        return 900144;
    if (strcmp(c->id, "common") == 0 || strcmp(c->id, "consumers") == 0 ||
        strcmp(c->id, "organizations") == 0)
        return 9001023;
    if (!c->tenant)
        return 90002;
    if (!grant || !*grant || !client_id || !*client_id || !scope || !*scope)
        return 900144;
    if (strcmp(grant, "client_credentials") != 0)
        return 70003;
    if (!text_equal_nocase(client_id, c->tenant->client_id))
        return 700016;
    if (strchr(scope, ' '))
        return 70011;
    if (!ends_with(scope, "/.default"))
        return 1002012;
    if (strcmp(scope, c->tenant->scope) != 0)
        return 500011;
    if (c->state->manners.sign_in)
        return c->state->manners.sign_in;
    if (claims && !is_object(claims))
        return 9002313;
    if (assertion && secret)
        return 9000411;
    if (assertion)
        return assertion_judge(c, odata_get(form, "client_assertion_type"), assertion, client_id,
                               why);
    if (!secret || !*secret)
        return 7000218;
    return strcmp(secret, c->state->manners.client_secret) == 0 ? 0 : 7000215;
}

void token_answer(struct call *c)
{
    CLEANUP(odata_free) struct odata form = {0};
    char why[ODATA_WHY_MAX], basic[1024];
    const char *body = c->request->body.data ? c->request->body.data : "";
    answer_header(c->answer, "Cache-Control", "no-store, no-cache");
    answer_header(c->answer, "Pragma", "no-cache");
    answer_header(c->answer, "x-ms-request-id", "%s", c->request_id);
    if (strcmp(c->request->method, "POST") != 0) {
        entra_refuse(c, 900561, NULL);
        return;
    }
    bool whole = odata_parse(body, false, &form, why) == 0;
    const char *client_id = odata_get(&form, "client_id");
    const char *secret = odata_get(&form, "client_secret");
    read_basic(c, basic, &client_id, &secret);
    note(c, &form, client_id, secret);
    const char *detail = whole ? NULL : why;
    if (odata_get(&form, "client_assertion"))
        sim_issued(c->sim, odata_get(&form, "client_assertion"));
    int64_t wrong = whole ? judge(c, &form, client_id, secret, &detail) : 9000411;
    if (wrong) {
        entra_refuse(c, wrong, detail);
        return;
    }
    int64_t life_s = c->state->manners.token_life_s;
    CLEANUP(free) char *token = token_make(c->sim, c->tenant, life_s);
    struct json_writer *w = json_writer_new(1 << 20);
    if (!w)
        abort();
    json_open_object(w, NULL);
    json_put_string(w, "token_type", "Bearer");
    json_put_int(w, "expires_in", life_s);
    json_put_int(w, "ext_expires_in", life_s);
    json_put_string(w, "access_token", token);
    json_close_object(w);
    answer_json(c->answer, w);
}
