/* SPDX-License-Identifier: MIT */
/* graphsim/assertion.c: whether a client assertion is good: ours of a certificate, or a federated
 * issuer's. The signature is verified with libcrypto against what the scenario registers; an answer
 * of 0 means that Entra would have nothing against it. */
#include "base/clock.h"
#include "graphsim/sim.h"
#include "peers/read.h"
#include <errno.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

#define SKEW_S 300       /* Entra's tolerance of a clock */
#define LIFE_MAX_S 86400 /* page "certificate credentials": nobody needs more */
#define MALFORMED 50013

DEFINE_CLEANUP(BIO *, BIO_free_all)
DEFINE_CLEANUP(X509 *, X509_free)
DEFINE_CLEANUP(EVP_MD_CTX *, EVP_MD_CTX_free)

struct jwt {
    size_t signed_len; /* of header and claims with the point between them */
    struct json *header, *claims;
    char *signature;
    size_t signature_len;
};

static void jwt_clear_at(struct jwt *j)
{
    json_free(j->header);
    json_free(j->claims);
    free(j->signature);
}

static struct json *decode_object(const char *text, size_t len)
{
    size_t n;
    struct json *root = NULL;
    CLEANUP(free) char *bytes = url64_decode(text, len, &n);
    if (!bytes || json_parse(bytes, n, &root, NULL) < 0)
        return NULL;
    if (!json_is_object(root)) {
        json_free(root);
        return NULL;
    }
    return root;
}

static bool read_jwt(const char *text, struct jwt *ret)
{
    const char *first = strchr(text, '.');
    const char *second = first ? strchr(first + 1, '.') : NULL;
    if (!second || strchr(second + 1, '.'))
        return false;
    ret->signed_len = (size_t)(second - text);
    ret->header = decode_object(text, (size_t)(first - text));
    ret->claims = decode_object(first + 1, (size_t)(second - first - 1));
    ret->signature = url64_decode(second + 1, strlen(second + 1), &ret->signature_len);
    return ret->header && ret->claims && ret->signature;
}

/* PEM text as it stands in the scenario, or the file that it names, as it is now. */
static X509 *read_certificate(const char *pem)
{
    bool in_line = strstr(pem, "-----BEGIN") != NULL;
    CLEANUP(BIO_free_all) BIO *bio = in_line ? BIO_new_mem_buf(pem, -1) : BIO_new_file(pem, "r");
    return bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
}

static bool is_thumbprint(const char *claimed, X509 *certificate, const EVP_MD *hash)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    if (X509_digest(certificate, hash, digest, &len) != 1)
        return false;
    CLEANUP(free) char *want = url64(digest, len);
    return strcmp(want, claimed) == 0;
}

/* RFC 7518 sections 3.3 and 3.5; the salt has to be as long as the hash, not just any. */
static bool is_signed(const char *text, const struct jwt *j, X509 *certificate, bool pss)
{
    CLEANUP(EVP_MD_CTX_free) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *settings;
    EVP_PKEY *key = X509_get0_pubkey(certificate);
    return ctx && key && EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA &&
           EVP_DigestVerifyInit(ctx, &settings, EVP_sha256(), NULL, key) == 1 &&
           (!pss || (EVP_PKEY_CTX_set_rsa_padding(settings, RSA_PKCS1_PSS_PADDING) == 1 &&
                     EVP_PKEY_CTX_set_rsa_pss_saltlen(settings, SHA256_SIZE) == 1)) &&
           EVP_DigestVerify(ctx, (const uint8_t *)j->signature, j->signature_len,
                            (const uint8_t *)text, j->signed_len) == 1;
}

static const char *string_of(const struct json *object, const char *key)
{
    const char *s = NULL;
    return json_get_string(object, key, &s) == JSON_OK ? s : "";
}

static int64_t seconds_of(const struct json *object, const char *key)
{
    int64_t n = -1;
    return json_get_int(object, key, 0, INT64_C(1) << 40, &n) == JSON_OK ? n : -1;
}

/* What may be told of an assertion: everything but its signature. */
static void note(struct json_writer *line, const struct jwt *j)
{
    static const char *const HEADER[] = {"alg", "typ", "x5t", "x5t#S256", "kid"};
    static const char *const CLAIMS[] = {"aud", "iss", "sub", "jti"};
    static const char *const TIMES[] = {"nbf", "iat", "exp"};
    json_open_object(line, "assertion");
    for (size_t i = 0; i < N_ELEMENTS(HEADER); i++)
        if (json_get(j->header, HEADER[i]))
            json_put_string(line, HEADER[i], string_of(j->header, HEADER[i]));
    for (size_t i = 0; i < N_ELEMENTS(CLAIMS); i++)
        json_put_string(line, CLAIMS[i], string_of(j->claims, CLAIMS[i]));
    for (size_t i = 0; i < N_ELEMENTS(TIMES); i++)
        json_put_int(line, TIMES[i], seconds_of(j->claims, TIMES[i]));
    json_close_object(line);
}

/* Within its time, give or take what clocks differ. */
static bool in_time(const struct json *claims, bool federated, usec_t at)
{
    int64_t now = (int64_t)(at / USEC_PER_SEC), from = seconds_of(claims, "nbf");
    int64_t until = seconds_of(claims, "exp");
    if (federated && from < 0)
        from = seconds_of(claims, "iat");
    return from >= 0 && until > from && (federated || until - from <= LIFE_MAX_S) &&
           now + SKEW_S >= from && now - SKEW_S < until;
}

/* An assertion that came before is somebody else's copy. */
static bool is_fresh(struct sim *sim, const char *jti)
{
    uint64_t hash = fnv1a(jti, strlen(jti), FNV1A_SEED);
    for (size_t i = 0; i < sim->n_jtis; i++)
        if (sim->jtis[i] == hash)
            return false;
    sim->jtis = reallocarray(sim->jtis, sim->n_jtis + 1, sizeof *sim->jtis);
    if (!sim->jtis)
        abort();
    sim->jtis[sim->n_jtis++] = hash;
    return *jti;
}

/* One that the application has a certificate for. The thumbprint decides which. */
static int64_t judge_own(struct call *c, const char *text, const struct jwt *j,
                         const char *client_id, const char **why)
{
    const char *alg = string_of(j->header, "alg");
    bool pss = strcmp(alg, "PS256") == 0, sha256 = json_get(j->header, "x5t#S256");
    const char *print = string_of(j->header, sha256 ? "x5t#S256" : "x5t");
    CLEANUP(free) char *url = text_printf("%s%s", c->origin, c->request->path);
    *why = NULL;
    if (!url)
        abort();
    if ((!pss && strcmp(alg, "RS256") != 0) || strcmp(string_of(j->header, "typ"), "JWT") != 0)
        *why = "alg is neither PS256 nor RS256, or typ is not JWT.";
    else if (pss && !sha256)
        *why = "PS256 goes with x5t#S256.";
    else if (strcmp(string_of(j->claims, "aud"), url) != 0)
        *why = "aud is not this endpoint.";
    else if (!text_equal_nocase(string_of(j->claims, "sub"), client_id))
        *why = "iss and sub have to be the client_id.";
    if (*why)
        return MALFORMED;
    const struct json *list = c->state->manners.certificates;
    const struct json *one = list ? json_first(list) : NULL;
    X509 *found = NULL;
    for (; one && !found; one = json_next(one)) {
        X509 *certificate = read_certificate(json_text(one));
        if (certificate && is_thumbprint(print, certificate, sha256 ? EVP_sha256() : EVP_sha1()))
            found = certificate;
        else
            X509_free(certificate);
    }
    CLEANUP(X509_free) X509 *certificate = found;
    time_t now = (time_t)(c->request->at / USEC_PER_SEC);
    if (!certificate)
        *why = "The key was not found: no such certificate is registered.";
    else if (!is_signed(text, j, certificate, pss))
        *why = "The key did not make this signature.";
    else if (X509_cmp_time(X509_get0_notAfter(certificate), &now) <= 0)
        *why = "The key used is expired.";
    return *why ? 700027 : 0;
}

/* One of an issuer that the application trusts for one subject. */
static int64_t judge_federated(const struct call *c, const char *text, const struct jwt *j,
                               const char **why)
{
    const struct json *list = c->state->manners.federated;
    const struct json *one = list ? json_first(list) : NULL;
    int64_t code = 70021;
    *why = "No federated credential has this issuer.";
    for (; one; one = json_next(one)) {
        if (strcmp(string_of(one, "issuer"), string_of(j->claims, "iss")) != 0)
            continue;
        code = 700213;
        *why = "No federated credential of this issuer has that subject and audience.";
        if (strcmp(string_of(one, "subject"), string_of(j->claims, "sub")) != 0 ||
            strcmp(string_of(one, "audience"), string_of(j->claims, "aud")) != 0)
            continue;
        CLEANUP(X509_free) X509 *certificate = read_certificate(string_of(one, "certificate"));
        bool good = strcmp(string_of(j->header, "alg"), "RS256") == 0 && certificate &&
                    is_signed(text, j, certificate, false);
        *why = good ? NULL : "The issuer did not make this signature.";
        return good ? 0 : 50013;
    }
    return code;
}

int64_t assertion_judge(struct call *c, const char *type, const char *text, const char *client_id,
                        const char **why)
{
    struct jwt j __attribute__((cleanup(jwt_clear_at))) = {0};
    static const char TYPE[] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    if (!type || strcmp(type, TYPE) != 0) {
        *why = "client_assertion_type is not jwt-bearer.";
        return 7000218;
    }
    if (!read_jwt(text, &j)) {
        *why = "It is no signed JWT.";
        return MALFORMED;
    }
    note(c->answer->line, &j);
    bool own = text_equal_nocase(string_of(j.claims, "iss"), client_id);
    int64_t wrong =
        own ? judge_own(c, text, &j, client_id, why) : judge_federated(c, text, &j, why);
    if (!wrong && !in_time(j.claims, !own, c->request->at)) {
        *why = "Check nbf and exp against the server's clock.";
        wrong = 700024;
    }
    if (!wrong && own && !is_fresh(c->sim, string_of(j.claims, "jti"))) {
        *why = "Its jti is missing, or came before.";
        wrong = MALFORMED;
    }
    return wrong;
}

int federated_check(const struct json *list, struct failure *ret_failure)
{
    static const char *const MEMBERS[] = {"issuer", "subject", "audience", "certificate", NULL};
    for (const struct json *one = json_first(list); one; one = json_next(one)) {
        int r = read_members(one, "federated", MEMBERS, ret_failure);
        for (size_t i = 0; MEMBERS[i] && r >= 0; i++)
            if (!*string_of(one, MEMBERS[i]))
                r = failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                                "\"federated\": \"%s\" is missing", MEMBERS[i]);
        if (r < 0)
            return r;
    }
    return 0;
}
