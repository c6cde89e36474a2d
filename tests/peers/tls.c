/* SPDX-License-Identifier: MIT */
/* peers/tls.c: keys and certificates for one run of a test, by libcrypto. */
#include "peers/tls.h"
#include "base/cleanup.h"
#include "base/text.h"
#include <errno.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <string.h>

#define DAY 86400

static const char *const FLAWS[TLS_FLAW_COUNT_] = {[TLS_SOUND] = "sound",
                                                   [TLS_EXPIRED] = "expired",
                                                   [TLS_WRONG_NAME] = "wrong-name",
                                                   [TLS_UNKNOWN] = "unknown-issuer"};
static const char *const LOOPBACK = "IP:127.0.0.1,IP:::1,DNS:localhost";

DEFINE_CLEANUP(EVP_PKEY *, EVP_PKEY_free)
DEFINE_CLEANUP(X509 *, X509_free)
DEFINE_CLEANUP(BIO *, BIO_free_all)

const char *tls_flaw_name(enum tls_flaw flaw)
{
    return FLAWS[flaw];
}

int tls_flaw_parse(const char *name, enum tls_flaw *ret)
{
    for (enum tls_flaw flaw = 0; flaw < TLS_FLAW_COUNT_; flaw++) {
        if (strcmp(name, FLAWS[flaw]) == 0) {
            *ret = flaw;
            return 0;
        }
    }
    return -EINVAL;
}

static bool extend(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, cert, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    bool done = extension && X509_add_ext(cert, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return done;
}

static bool describe(X509 *cert, EVP_PKEY *key, const char *name, long from, long until)
{
    uint64_t serial;
    X509_NAME *subject = X509_get_subject_name(cert);
    return RAND_bytes((unsigned char *)&serial, sizeof serial) == 1 &&
           X509_set_version(cert, X509_VERSION_3) == 1 &&
           ASN1_INTEGER_set_uint64(X509_get_serialNumber(cert), serial >> 1) == 1 &&
           X509_gmtime_adj(X509_getm_notBefore(cert), from) &&
           X509_gmtime_adj(X509_getm_notAfter(cert), until) && X509_set_pubkey(cert, key) == 1 &&
           X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1,
                                      -1, 0) == 1;
}

static X509 *authority(EVP_PKEY *key, const char *name)
{
    CLEANUP(X509_free) X509 *cert = X509_new();
    if (!cert || !describe(cert, key, name, -DAY, 365 * (long)DAY) ||
        X509_set_issuer_name(cert, X509_get_subject_name(cert)) != 1 ||
        !extend(cert, cert, NID_basic_constraints, "critical,CA:TRUE") ||
        !extend(cert, cert, NID_key_usage, "critical,keyCertSign,cRLSign") ||
        !extend(cert, cert, NID_subject_key_identifier, "hash") ||
        X509_sign(cert, key, EVP_sha256()) == 0)
        return NULL;
    return TAKE(cert);
}

/* "a,b" as OpenSSL writes it: "DNS:a,DNS:b". */
static void dns_names(const char *names, struct text *ret)
{
    for (const char *at = names; at; at = strchr(at, ',')) {
        at += *at == ',';
        text_addf(ret, "%sDNS:%.*s", ret->len ? "," : "", (int)strcspn(at, ","), at);
    }
}

static X509 *server(EVP_PKEY *key, X509 *ca, EVP_PKEY *ca_key, enum tls_flaw flaw,
                    const char *given)
{
    CLEANUP(text_free) struct text dns = TEXT_INIT(4096);
    dns_names(given, &dns);
    const char *names = flaw == TLS_WRONG_NAME ? "DNS:elsewhere.example"
                        : given                ? dns.data
                                               : LOOPBACK;
    long until = flaw == TLS_EXPIRED ? -DAY : 90 * (long)DAY;
    CLEANUP(X509_free) X509 *cert = X509_new();
    if (dns.error || !cert || !describe(cert, key, "test server", -2 * DAY, until) ||
        X509_set_issuer_name(cert, X509_get_subject_name(ca)) != 1 ||
        !extend(cert, ca, NID_basic_constraints, "critical,CA:FALSE") ||
        !extend(cert, ca, NID_key_usage, "critical,digitalSignature") ||
        !extend(cert, ca, NID_ext_key_usage, "serverAuth") ||
        !extend(cert, ca, NID_subject_alt_name, names) ||
        !extend(cert, ca, NID_subject_key_identifier, "hash") ||
        !extend(cert, ca, NID_authority_key_identifier, "keyid") ||
        X509_sign(cert, ca_key, EVP_sha256()) == 0)
        return NULL;
    return TAKE(cert);
}

/* What was written to `bio`, as text for free(); NULL without memory. */
static char *pem_text(BIO *bio)
{
    char *data;
    long len = BIO_get_mem_data(bio, &data);
    return len > 0 ? strndup(data, (size_t)len) : NULL;
}

static char *pem_certificate(X509 *cert)
{
    CLEANUP(BIO_free_all) BIO *bio = BIO_new(BIO_s_mem());
    return bio && PEM_write_bio_X509(bio, cert) == 1 ? pem_text(bio) : NULL;
}

static char *pem_key(EVP_PKEY *key)
{
    CLEANUP(BIO_free_all) BIO *bio = BIO_new(BIO_s_mem());
    return bio && PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1
               ? pem_text(bio)
               : NULL;
}

int tls_make(enum tls_flaw flaw, const char *names, struct tls_files *ret,
             struct failure *ret_failure)
{
    CLEANUP(EVP_PKEY_free) EVP_PKEY *ca_key = EVP_EC_gen("P-256");
    CLEANUP(EVP_PKEY_free) EVP_PKEY *other_key = EVP_EC_gen("P-256");
    CLEANUP(EVP_PKEY_free) EVP_PKEY *key = EVP_EC_gen("P-256");
    if (!ca_key || !other_key || !key)
        return failure_set(ret_failure, FAILURE_LOCAL, EIO, "libcrypto makes no key");
    CLEANUP(X509_free) X509 *ca = authority(ca_key, "test authority");
    CLEANUP(X509_free) X509 *other = authority(other_key, "another authority");
    bool unknown = flaw == TLS_UNKNOWN;
    CLEANUP(X509_free)
    X509 *cert =
        ca && other ? server(key, unknown ? other : ca, unknown ? other_key : ca_key, flaw, names)
                    : NULL;
    struct tls_files files = {0};
    if (cert)
        files = (struct tls_files){pem_certificate(ca), pem_certificate(cert), pem_key(key)};
    if (!files.ca || !files.certificate || !files.key) {
        tls_free(&files);
        return failure_set(ret_failure, FAILURE_LOCAL, EIO, "libcrypto makes no certificate");
    }
    *ret = files;
    return 0;
}

void tls_free(struct tls_files *t)
{
    free(t->ca);
    free(t->certificate);
    free(t->key);
    *t = (struct tls_files){0};
}
