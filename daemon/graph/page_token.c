/* SPDX-License-Identifier: MIT */
/* graph/page_token.c: decodes the answer to a sign-in: a token, or Entra's error.
 *
 * A failure quotes only the members that are picked and cleaned here: a malformed answer must not
 * put its token into the log. */
#include "base/redact.h"
#include "base/text.h"
#include "graph/page.h"
#include "json/json.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define LIFETIME_MIN (60 * USEC_PER_SEC)
#define LIFETIME_MAX USEC_PER_DAY

/* A number of seconds; managed identities send it as a string. */
static bool get_seconds(const struct json *root, const char *key, int64_t *ret)
{
    const char *s = NULL;
    const int64_t far = INT64_C(1) << 53;
    if (json_get_int(root, key, -far, far, ret) == JSON_OK)
        return true;
    if (json_get_string(root, key, &s) != JSON_OK || !s[0] || strlen(s) > 15 ||
        strspn(s, "0123456789") != strlen(s))
        return false;
    *ret = strtoll(s, NULL, 10);
    return true;
}

static bool is_token(const char *s)
{
    size_t len = 0;
    for (; s[len]; len++)
        if (s[len] < 0x21 || s[len] > 0x7e || len >= TOKEN_MAX)
            return false;
    return len > 0;
}

static int odd(struct failure *f, const char *why)
{
    return failure_set(f, FAILURE_PROTOCOL, EBADMSG, "%s", why);
}

int token_parse(const char *bytes, size_t len, const char *audience, usec_t now_at,
                struct token_answer *ret, struct failure *ret_failure)
{
    CLEANUP(json_free) struct json *root = NULL;
    const char *token = NULL, *type = NULL;
    int64_t seconds = 0;
    int r = json_parse(bytes, len, &root, ret_failure);
    if (r < 0)
        return r;
    if (json_get_string(root, "token_type", &type) != JSON_OK || strcasecmp(type, "Bearer") != 0)
        return odd(ret_failure, "its token_type is not Bearer");
    if (json_get_string(root, "access_token", &token) != JSON_OK || !is_token(token))
        return odd(ret_failure, "its access_token is missing, too long, or has invalid bytes");
    if (!get_seconds(root, "expires_in", &seconds)) {
        if (!get_seconds(root, "expires_on", &seconds))
            return odd(ret_failure, "it does not say when the token ends");
        seconds -= (int64_t)(now_at / USEC_PER_SEC);
    }
    usec_t lifetime = seconds <= 0 ? 0 : (usec_t)seconds * USEC_PER_SEC;
    struct token_answer answer = {.lifetime = lifetime < LIFETIME_MIN   ? LIFETIME_MIN
                                              : lifetime > LIFETIME_MAX ? LIFETIME_MAX
                                                                        : lifetime};
    r = secret_new(token, strlen(token), audience, &answer.token, ret_failure);
    if (r < 0)
        return r;
    *ret = answer;
    return 0;
}

/* ---- errors (page "Microsoft Entra authentication and authorization error codes") ---- */

/* A changed file is used at once, but LoadCredential= of systemd.exec(5) hands over a copy made at
 * the start of the service. */
#define RESTART "into the secret file; where systemd runs the daemon: systemctl restart seatwatchd"
#define RENEW "create a new client secret, put it " RESTART
#define CERTIFICATE \
    "check certificate and key file, and that the certificate is uploaded to the application"
#define OTHER_CLOUD "the tenant belongs to another national cloud: set cloud"
#define SCOPE_WRONG "the requested scope is wrong: check cloud and resource"
#define ADMIN "an administrator has disabled the application or a policy blocks it"
#define CONSENT "grant admin consent to the application's permissions"

#define CLOCK "check this machine's clock, and that the token file is renewed"
#define NO_TRUST \
    "no federated credential of the application matches: check its issuer, subject and audience"

enum { CONSENTED = 1, TIMELY = 2 }; /* what to add to the hint */
static const struct {
    int32_t code;
    enum failure_kind kind;
    unsigned beside;
    const char *hint;
} CODES[] = {
    {7000215, FAILURE_AUTH, 0,
     "the client secret is wrong (its value is needed, not its id): put the value " RESTART},
    {7000222, FAILURE_AUTH, 0, "the client secret has expired: " RENEW},
    {7000218, FAILURE_AUTH, 0,
     "neither secret nor certificate was accepted: check the tenant's auth key"},
    {700016, FAILURE_AUTH, CONSENTED,
     "the application is not known in this tenant: check client_id and tenant_id, "
     "and that consent was given"},
    {7000229, FAILURE_AUTH, CONSENTED, "the application is not known in this tenant yet: " CONSENT},
    {700027, FAILURE_AUTH, 0, "the signature is not valid: " CERTIFICATE},
    {700024, FAILURE_AUTH, TIMELY, "the assertion is outside its time: " CLOCK},
    {70021, FAILURE_AUTH, 0, NO_TRUST},
    {700213, FAILURE_AUTH, 0, NO_TRUST},
    {50012, FAILURE_AUTH, 0, CERTIFICATE},
    {50013, FAILURE_AUTH, 0, CERTIFICATE},
    {500133, FAILURE_AUTH, TIMELY, "the assertion has expired: " CLOCK},
    {90002, FAILURE_AUTH, 0, "the tenant was not found: check tenant_id and cloud"},
    {90038, FAILURE_AUTH, 0, OTHER_CLOUD},
    {900382, FAILURE_AUTH, 0, OTHER_CLOUD},
    {900432, FAILURE_AUTH, 0, OTHER_CLOUD},
    {500011, FAILURE_AUTH, 0,
     "the tenant does not know the requested resource: check cloud and resource"},
    {70011, FAILURE_AUTH, 0, SCOPE_WRONG},
    {700022, FAILURE_AUTH, 0, SCOPE_WRONG},
    {700023, FAILURE_AUTH, 0, SCOPE_WRONG},
    {28002, FAILURE_AUTH, 0, SCOPE_WRONG},
    {70001, FAILURE_AUTH, 0, ADMIN},
    {53003, FAILURE_AUTH, 0, ADMIN},
    {530032, FAILURE_AUTH, 0, ADMIN},
    {530035, FAILURE_AUTH, 0, ADMIN},
    {65001, FAILURE_AUTH, CONSENTED, CONSENT},
    {90094, FAILURE_AUTH, CONSENTED, CONSENT},
    {50000, FAILURE_TRANSIENT, 0, TOKEN_BUSY},
    {90006, FAILURE_TRANSIENT, 0, TOKEN_BUSY},
    {90012, FAILURE_TRANSIENT, 0, TOKEN_BUSY},
    {90024, FAILURE_TRANSIENT, 0, TOKEN_BUSY},
    {90033, FAILURE_TRANSIENT, 0, TOKEN_BUSY},
    {90090, FAILURE_TRANSIENT, 0, TOKEN_BUSY},
    {90055, FAILURE_THROTTLED, 0, "the sign-in service asks to slow down: it is tried again later"},
};

/* The first known code decides; without one, OAuth's error word. */
static void explain(struct token_error *e)
{
    for (size_t i = 0; i < e->n_codes; i++)
        for (size_t k = 0; k < N_ELEMENTS(CODES); k++)
            if (e->codes[i] == CODES[k].code) {
                e->kind = CODES[k].kind;
                e->hint = CODES[k].hint;
                e->consent = CODES[k].beside & CONSENTED;
                e->timely = CODES[k].beside & TIMELY;
                return;
            }
    if (strcmp(e->error, "temporarily_unavailable") == 0) {
        e->kind = FAILURE_TRANSIENT;
        e->hint = TOKEN_BUSY;
        return;
    }
    e->kind = FAILURE_AUTH;
    e->hint = "";
    if (e->n_codes == 0 || !e->description[0]) /* an unknown code is quoted with its description */
        e->hint =
            "check tenant_id, client_id and the credential; seatwatchd --check-access tries them";
}

int token_error_parse(const char *bytes, size_t len, struct token_error *ret)
{
    CLEANUP(json_free) struct json *root = NULL;
    const struct json *codes = NULL;
    const char *error = NULL, *id = NULL, *description = NULL;
    struct token_error e = {0};
    if (json_parse(bytes, len, &root, NULL) < 0 ||
        json_get_string(root, "error", &error) != JSON_OK || !error[0])
        return -EBADMSG;
    if (!*redact_word(e.error, sizeof e.error, error, strlen(error), NULL))
        (void)snprintf(e.error, sizeof e.error, "an unreadable error code");
    if (json_get_string(root, "error_description", &description) == JSON_OK)
        (void)text_clean(e.description, sizeof e.description, description,
                         strcspn(description, "\r\n"));
    if (json_get_string(root, "correlation_id", &id) == JSON_OK)
        (void)redact_word(e.correlation_id, sizeof e.correlation_id, id, strlen(id), NULL);
    if (json_get_array(root, "error_codes", &codes) == JSON_OK)
        for (const struct json *c = json_first(codes); c && e.n_codes < TOKEN_ERROR_CODES_MAX;
             c = json_next(c)) {
            int64_t code;
            if (json_int(c, 0, INT32_MAX, &code) == JSON_OK)
                e.codes[e.n_codes++] = code;
        }
    explain(&e);
    *ret = e;
    return 0;
}
