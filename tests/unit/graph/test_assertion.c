/* SPDX-License-Identifier: MIT */
/* The signed statement of a certificate sign-in: its parts and its signature are checked with
 * libcrypto's verifier; wrong files are refused in words. */
#include "base/clock.h"
#include "base/digest.h"
#include "graph/assertion.h"
#include "json/json.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#define AT (UINT64_C(1800000000) * USEC_PER_SEC)
static char dir[] = "/tmp/seatwatch-assertion-XXXXXX";
static X509 *certificate;
static EVP_PKEY *key;

static const char *in_dir(const char *name)
{
    static char path[16][256];
    static unsigned turn;
    char *out = path[turn++ % N_ELEMENTS(path)];
    (void)snprintf(out, sizeof *path, "%s/%s", dir, name);
    return out;
}

static void write_text(const char *name, const char *content, mode_t mode)
{
    FILE *f = fopen(in_dir(name), "w");
    assert_non_null(f);
    assert_true(fputs(content, f) >= 0);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(in_dir(name), mode), 0);
}

static void write_key(const char *name, EVP_PKEY *k, const char *password)
{
    FILE *f = fopen(in_dir(name), "w");
    assert_non_null(f);
    assert_int_equal(PEM_write_PKCS8PrivateKey(f, k, password ? EVP_aes_256_cbc() : NULL, password,
                                               password ? (int)strlen(password) : 0, NULL, NULL),
                     1);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(in_dir(name), 0600), 0);
}

static X509 *self_signed(EVP_PKEY *k, long seconds)
{
    X509 *x = X509_new();
    X509_NAME *name = X509_get_subject_name(x);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"watch", -1, -1, 0);
    X509_set_issuer_name(x, name);
    ASN1_TIME_set(X509_getm_notBefore(x), (time_t)(AT / USEC_PER_SEC) - 1000);
    ASN1_TIME_set(X509_getm_notAfter(x), (time_t)(AT / USEC_PER_SEC) + seconds);
    X509_set_pubkey(x, k);
    assert_true(X509_sign(x, k, EVP_sha256()) > 0);
    return x;
}

static void write_certificate(const char *name, X509 *x)
{
    FILE *f = fopen(in_dir(name), "w");
    assert_non_null(f);
    assert_int_equal(PEM_write_X509(f, x), 1);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(in_dir(name), 0644), 0);
}

static int begin(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(dir));
    key = EVP_RSA_gen(2048);
    certificate = self_signed(key, 86400);
    write_certificate("app.crt", certificate);
    write_key("app.key", key, NULL);
    return 0;
}

static int end(void **state)
{
    static const char *const NAMES[] = {
        "app.crt",    "app.key", "other.key", "linked.crt", "linked.key", "locked.key", "word",
        "wrong.word", "ec.key",  "ec.crt",    "short.key",  "text",       "open.key"};
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(NAMES); i++)
        (void)unlink(in_dir(NAMES[i]));
    X509_free(certificate);
    EVP_PKEY_free(key);
    return rmdir(dir);
}

/* base64url without padding; our own decoder, since the production code only encodes. */
static size_t decode(const char *text, size_t len, uint8_t *dst, size_t size)
{
    char padded[8192];
    size_t n = 0;
    assert_true(len + 4 < sizeof padded);
    for (; n < len; n++) {
        assert_null(memchr("+/=", text[n], 3));
        padded[n] = text[n] == '-' ? '+' : text[n] == '_' ? '/' : text[n];
    }
    while (n % 4)
        padded[n++] = '=';
    int got = base64_decode(padded, n, dst, size);
    assert_true(got > 0);
    return (size_t)got;
}

static bool verified(const char *jwt, size_t len, const uint8_t *signature, size_t n, bool pss,
                     int salt)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *settings;
    bool ok = EVP_DigestVerifyInit(ctx, &settings, EVP_sha256(), NULL,
                                   X509_get0_pubkey(certificate)) == 1;
    if (ok && pss)
        ok = EVP_PKEY_CTX_set_rsa_padding(settings, RSA_PKCS1_PSS_PADDING) == 1 &&
             EVP_PKEY_CTX_set_rsa_pss_saltlen(settings, salt) == 1;
    ok = ok && EVP_DigestVerify(ctx, signature, n, (const uint8_t *)jwt, len) == 1;
    EVP_MD_CTX_free(ctx);
    return ok;
}

static struct json *part(const char *text, size_t len)
{
    uint8_t bytes[4096];
    struct json *j = NULL;
    size_t n = decode(text, len, bytes, sizeof bytes);
    assert_int_equal(json_parse((const char *)bytes, n, &j, NULL), 0);
    return j;
}

static void assert_member(const struct json *j, const char *name, const char *value)
{
    const char *s = NULL;
    assert_int_equal(json_get_string(j, name, &s), JSON_OK);
    assert_string_equal(s, value);
}

static void assert_second(const struct json *j, const char *name, int64_t value)
{
    int64_t n = 0;
    assert_int_equal(json_get_int(j, name, 0, INT64_MAX, &n), JSON_OK);
    assert_int_equal(n, value);
}

static const struct assertion_claims CLAIMS = {.token_url =
                                                   "https://login.example/t/oauth2/v2.0/token",
                                               .client_id = "app-id",
                                               .id = "once",
                                               .at = AT};

static void assertion_has_claims_and_signature(void **state)
{
    const struct assertion_files files = {in_dir("app.crt"), in_dir("app.key"), NULL};
    (void)state;
    for (int form = ASSERTION_PS256; form <= ASSERTION_RS256; form++) {
        CLEANUP(assertion_key_free) struct assertion_key *k = NULL;
        CLEANUP(secret_free) struct secret *s = NULL;
        uint8_t signature[1024], digest[64];
        char name[128];
        unsigned digest_len;
        bool pss = form == ASSERTION_PS256;
        assert_int_equal(assertion_read(&files, &k, NULL), 0);
        assert_int_equal(assertion_sign(k, (enum assertion_form)form, &CLAIMS,
                                        "https://login.example:443", &s, NULL),
                         0);
        assert_string_equal(secret_audience(s), "https://login.example:443");

        const char *jwt = secret_bytes(s), *dot = strchr(jwt, '.'), *dot2 = strchr(dot + 1, '.');
        CLEANUP(json_free) struct json *header = part(jwt, (size_t)(dot - jwt));
        CLEANUP(json_free) struct json *claims = part(dot + 1, (size_t)(dot2 - dot - 1));
        assert_int_equal(json_count(header), 0); /* an object, no array */
        assert_member(header, "alg", pss ? "PS256" : "RS256");
        assert_member(header, "typ", "JWT");
        X509_digest(certificate, pss ? EVP_sha256() : EVP_sha1(), digest, &digest_len);
        (void)base64url_encode(digest, digest_len, name);
        assert_int_equal(strlen(name), pss ? 43 : 27);
        assert_member(header, pss ? "x5t#S256" : "x5t", name);
        assert_null(json_get(header, pss ? "x5t" : "x5t#S256"));
        assert_member(claims, "aud", CLAIMS.token_url);
        assert_member(claims, "iss", "app-id");
        assert_member(claims, "sub", "app-id");
        assert_member(claims, "jti", "once");
        assert_second(claims, "iat", 1800000000);
        assert_second(claims, "nbf", 1800000000 - 60);
        assert_second(claims, "exp", 1800000000 + 480);

        size_t n = decode(dot2 + 1, strlen(dot2 + 1), signature, sizeof signature);
        assert_true(verified(jwt, (size_t)(dot2 - jwt), signature, n, pss, 32));
        if (pss) /* the salt's length is fixed, and not one that any verifier would accept */
            assert_false(verified(jwt, (size_t)(dot2 - jwt), signature, n, pss, 20));
        assert_false(verified(jwt, (size_t)(dot2 - jwt) - 1, signature, n, pss, 32));
    }
}

static void an_encrypted_key_opens_with_its_password_only(void **state)
{
    struct assertion_files files = {in_dir("app.crt"), in_dir("locked.key"), in_dir("word")};
    struct assertion_key *k = NULL;
    struct failure why;
    (void)state;
    write_key("locked.key", key, "pass phrase");
    write_text("word", "pass phrase\n", 0600);
    write_text("wrong.word", "another\n", 0600);
    assert_int_equal(assertion_read(&files, &k, NULL), 0);
    assertion_key_free(k);
    files.password = in_dir("wrong.word");
    assert_int_equal(assertion_read(&files, &k, &why), -EINVAL);
    assert_non_null(strstr(why.text, "does not open"));
    assert_null(strstr(why.text, "another"));
    files.password = NULL;
    assert_int_equal(assertion_read(&files, &k, &why), -EINVAL);
    assert_non_null(strstr(why.text, "private_key_password_file"));
}

static void wrong_files_are_refused_with_the_reason(void **state)
{
    static const struct {
        const char *certificate, *private_key, *says;
        int r;
    } CASES[] = {
        {"app.crt", "other.key", "does not belong", -EINVAL},
        {"ec.crt", "ec.key", "no RSA key", -EINVAL},
        {"app.crt", "short.key", "2048 bits", -EINVAL},
        {"app.crt", "text", "no private key in", -EINVAL},
        {"text", "app.key", "no certificate in", -EINVAL},
        {"app.key", "app.key", "no certificate in", -EINVAL},
        {"app.crt", "app.crt", "mode", -EPERM}, /* a key that everybody may read is none */
        {"app.crt", "open.key", "mode", -EPERM},
        {"app.crt", "linked.key", "symbolic link", -ELOOP},
        {"missing.crt", "app.key", "missing.crt", -ENOENT},
        {"linked.crt", "app.key", NULL, 0}, /* what a tool for renewal leaves behind */
    };
    (void)state;
    EVP_PKEY *other = EVP_RSA_gen(2048), *small = EVP_RSA_gen(1024), *ec = EVP_EC_gen("P-256");
    X509 *of_ec = self_signed(ec, 86400);
    write_key("other.key", other, NULL);
    write_key("short.key", small, NULL);
    write_key("ec.key", ec, NULL);
    write_certificate("ec.crt", of_ec);
    write_text("text", "nothing of the kind\n", 0600);
    write_key("open.key", key, NULL);
    assert_int_equal(chmod(in_dir("open.key"), 0644), 0);
    assert_int_equal(symlink("app.crt", in_dir("linked.crt")), 0);
    assert_int_equal(symlink("app.key", in_dir("linked.key")), 0);
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        const struct assertion_files files = {in_dir(CASES[i].certificate),
                                              in_dir(CASES[i].private_key), NULL};
        CLEANUP(assertion_key_free) struct assertion_key *k = NULL;
        struct failure why = {0};
        assert_int_equal(assertion_read(&files, &k, &why), CASES[i].r);
        if (CASES[i].says) {
            assert_non_null(strstr(why.text, CASES[i].says));
            assert_int_equal(why.kind, FAILURE_CONFIG);
        }
    }
    X509_free(of_ec);
    EVP_PKEY_free(other);
    EVP_PKEY_free(small);
    EVP_PKEY_free(ec);
}

static void the_end_of_a_certificate_is_read_without_its_key(void **state)
{
    usec_t at = 0;
    (void)state;
    assert_int_equal(assertion_certificate_expires(in_dir("app.crt"), &at, NULL), 0);
    assert_int_equal(at, AT + USEC_PER_DAY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(assertion_has_claims_and_signature),
        cmocka_unit_test(an_encrypted_key_opens_with_its_password_only),
        cmocka_unit_test(wrong_files_are_refused_with_the_reason),
        cmocka_unit_test(the_end_of_a_certificate_is_read_without_its_key),
    };
    digest_init();
    return cmocka_run_group_tests(tests, begin, end);
}
