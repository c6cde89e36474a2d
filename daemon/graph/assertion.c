/* SPDX-License-Identifier: MIT */
/* graph/assertion.c: PEM files in, a signed JWT out. The only user of libcrypto
 * beside base/. */
#include "graph/assertion.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/text.h"
#include "json/json.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#define JWT_MAX ((size_t)16 * 1024)
#define KEY_BITS_MIN 2048 /* shorter ones Entra does not take */

struct assertion_key {
    EVP_PKEY *key;
    uint8_t sha1[20], sha256[SHA256_SIZE]; /* of the certificate, DER */
};

DEFINE_CLEANUP(BIO *, BIO_free_all)
DEFINE_CLEANUP(X509 *, X509_free)
DEFINE_CLEANUP(EVP_PKEY *, EVP_PKEY_free)
DEFINE_CLEANUP(EVP_MD_CTX *, EVP_MD_CTX_free)

void assertion_key_free(struct assertion_key *k)
{
    EVP_PKEY_free(k->key);
    alloc_release(k);
}

/* ---- reading ---- */

static BIO *reader(const struct secret *s)
{
    return BIO_new_mem_buf(secret_bytes(s), (int)secret_len(s));
}

/* Never asks a person: without this libcrypto would read from the terminal. */
struct password {
    const struct secret *secret; /* NULL: there is none */
    bool wanted;
};
static int on_password(char *buf, int size, int writing, void *userdata)
{
    struct password *p = userdata;
    (void)writing;
    p->wanted = true;
    if (!p->secret || secret_len(p->secret) > (size_t)size)
        return -1;
    memcpy(buf, secret_bytes(p->secret), secret_len(p->secret));
    return (int)secret_len(p->secret);
}

static int read_certificate(const char *path, X509 **ret, usec_t *ret_at,
                            struct failure *ret_failure)
{
    CLEANUP(secret_free) struct secret *pem = NULL;
    int r = secret_read_public(path, NULL, &pem, ret_failure);
    if (r < 0)
        return r;
    CLEANUP(BIO_free_all) BIO *bio = reader(pem);
    X509 *certificate = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
    struct tm end;
    ERR_clear_error();
    if (!certificate)
        return failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                           "there is no certificate in %s; write it there in PEM "
                           "(-----BEGIN CERTIFICATE-----)",
                           path);
    if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end) != 1) {
        X509_free(certificate);
        return failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                           "the certificate in %s does not say when it ends; make a new one", path);
    }
    time_t seconds = timegm(&end);
    *ret_at = seconds > 0 ? (usec_t)seconds * USEC_PER_SEC : 0;
    *ret = certificate;
    return 0;
}

int assertion_certificate_expires(const char *path, usec_t *ret_at, struct failure *ret_failure)
{
    CLEANUP(X509_free) X509 *certificate = NULL;
    return read_certificate(path, &certificate, ret_at, ret_failure);
}

static int read_key(const struct assertion_files *files, EVP_PKEY **ret,
                    struct failure *ret_failure)
{
    CLEANUP(secret_free) struct secret *pem = NULL;
    CLEANUP(secret_free) struct secret *word = NULL;
    int r = secret_read(files->private_key, NULL, &pem, ret_failure);
    if (r >= 0 && files->password)
        r = secret_read(files->password, NULL, &word, ret_failure);
    if (r < 0)
        return r;
    struct password password = {.secret = word};
    CLEANUP(BIO_free_all) BIO *bio = reader(pem);
    CLEANUP(EVP_PKEY_free)
    EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, on_password, &password) : NULL;
    ERR_clear_error();
    if (!key && password.wanted && !word)
        return failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                           "the private key in %s is encrypted; name the file with its password as "
                           "private_key_password_file",
                           files->private_key);
    if (!key && password.wanted)
        return failure_set(
            ret_failure, FAILURE_CONFIG, EINVAL,
            "the password in %s does not open the private key in %s; check both files",
            files->password, files->private_key);
    if (!key)
        return failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                           "there is no private key in %s; write it there in PEM "
                           "(-----BEGIN PRIVATE KEY-----)",
                           files->private_key);
    if (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA || EVP_PKEY_get_bits(key) < KEY_BITS_MIN)
        return failure_set(
            ret_failure, FAILURE_CONFIG, EINVAL,
            "the private key in %s is no RSA key of %d bits or more; Entra takes no other",
            files->private_key, KEY_BITS_MIN);
    *ret = TAKE(key);
    return 0;
}

int assertion_read(const struct assertion_files *files, struct assertion_key **ret,
                   struct failure *ret_failure)
{
    CLEANUP(X509_free) X509 *certificate = NULL;
    CLEANUP(assertion_key_free) struct assertion_key *k = alloc_zero(1, sizeof *k);
    if (!k)
        return failure_oom(ret_failure);
    usec_t ends_at;
    int r = read_certificate(files->certificate, &certificate, &ends_at, ret_failure);
    if (r >= 0)
        r = read_key(files, &k->key, ret_failure);
    if (r < 0)
        return r;
    bool match = X509_check_private_key(certificate, k->key) == 1;
    ERR_clear_error();
    if (!match)
        return failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                           "the private key in %s does not belong to the certificate in %s; when a "
                           "pair is renewed, replace both files",
                           files->private_key, files->certificate);
    unsigned len;
    if (X509_digest(certificate, EVP_sha1(), k->sha1, &len) != 1 ||
        X509_digest(certificate, EVP_sha256(), k->sha256, &len) != 1)
        return failure_oom(ret_failure);
    *ret = TAKE(k);
    return 0;
}

/* ---- signing ---- */

static int header_json(const struct assertion_key *k, enum assertion_form form, char **ret,
                       size_t *ret_len)
{
    char name[4 * SHA256_SIZE];
    CLEANUP(json_writer_free) struct json_writer *w = json_writer_new(JWT_MAX);
    if (!w)
        return -ENOMEM;
    bool pss = form == ASSERTION_PS256;
    (void)base64url_encode(pss ? k->sha256 : k->sha1, pss ? sizeof k->sha256 : sizeof k->sha1,
                           name);
    json_open_object(w, NULL);
    json_put_string(w, "alg", pss ? "PS256" : "RS256");
    json_put_string(w, "typ", "JWT");
    json_put_string(w, pss ? "x5t#S256" : "x5t", name);
    json_close_object(w);
    return json_write_take(w, ret, ret_len);
}

static int claims_json(const struct assertion_claims *c, char **ret, size_t *ret_len)
{
    CLEANUP(json_writer_free) struct json_writer *w = json_writer_new(JWT_MAX);
    if (!w)
        return -ENOMEM;
    usec_t from = c->at > ASSERTION_BEFORE ? c->at - ASSERTION_BEFORE : 0;
    json_open_object(w, NULL);
    json_put_string(w, "aud", c->token_url);
    json_put_string(w, "iss", c->client_id);
    json_put_string(w, "sub", c->client_id);
    json_put_string(w, "jti", c->id);
    json_put_int(w, "nbf", (int64_t)(from / USEC_PER_SEC));
    json_put_int(w, "iat", (int64_t)(c->at / USEC_PER_SEC));
    json_put_int(w, "exp", (int64_t)((c->at + ASSERTION_LASTS) / USEC_PER_SEC));
    json_close_object(w);
    return json_write_take(w, ret, ret_len);
}

/* Nothing of it is left in memory: for its ten minutes a statement is as good as a password. */
static int add_part(struct text *t, const void *bytes, size_t len)
{
    size_t room = 4 * ((len + 2) / 3) + 1;
    CLEANUP(free) char *encoded = malloc(room);
    if (!encoded)
        return -ENOMEM;
    (void)base64url_encode(bytes, len, encoded);
    text_add(t, encoded);
    explicit_bzero(encoded, room);
    return t->error;
}

static int add_signature(const struct assertion_key *k, enum assertion_form form, struct text *t)
{
    CLEANUP(EVP_MD_CTX_free) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *settings; /* part of ctx */
    size_t len = (size_t)EVP_PKEY_get_size(k->key);
    CLEANUP(free) uint8_t *signature = malloc(len);
    if (!ctx || !signature || EVP_DigestSignInit(ctx, &settings, EVP_sha256(), NULL, k->key) != 1)
        return -EIO;
    /* RFC 7518 section 3.5: the salt is as long as the hash. */
    if (form == ASSERTION_PS256 &&
        (EVP_PKEY_CTX_set_rsa_padding(settings, RSA_PKCS1_PSS_PADDING) != 1 ||
         EVP_PKEY_CTX_set_rsa_pss_saltlen(settings, RSA_PSS_SALTLEN_DIGEST) != 1))
        return -EIO;
    if (EVP_DigestSign(ctx, signature, &len, (const uint8_t *)t->data, t->len) != 1)
        return -EIO;
    text_add(t, ".");
    int r = add_part(t, signature, len);
    explicit_bzero(signature, len);
    return r;
}

int assertion_sign(const struct assertion_key *k, enum assertion_form form,
                   const struct assertion_claims *claims, const char *audience, struct secret **ret,
                   struct failure *ret_failure)
{
    CLEANUP(text_free) struct text jwt = TEXT_INIT(JWT_MAX);
    CLEANUP(free) char *header = NULL;
    CLEANUP(free) char *body = NULL;
    size_t header_len, body_len;
    int r = header_json(k, form, &header, &header_len);
    if (r >= 0)
        r = claims_json(claims, &body, &body_len);
    if (r >= 0)
        r = add_part(&jwt, header, header_len);
    text_add(&jwt, ".");
    if (r >= 0)
        r = add_part(&jwt, body, body_len);
    if (r >= 0)
        r = add_signature(k, form, &jwt);
    ERR_clear_error();
    if (r == -ENOMEM)
        return failure_oom(ret_failure);
    if (r < 0)
        return failure_set(ret_failure, FAILURE_LOCAL, -r,
                           "the sign-in statement could not be signed");
    r = secret_new(jwt.data, jwt.len, audience, ret, ret_failure);
    explicit_bzero(jwt.data, jwt.len);
    return r;
}
