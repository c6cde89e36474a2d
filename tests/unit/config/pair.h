/* SPDX-License-Identifier: MIT */
/* unit/config/pair.h: a certificate of its own and the key that belongs to it, as files. */
#pragma once
#include "unit/config/fixture.h"

#include <openssl/pem.h>
#include <openssl/x509.h>

/* Ends `seconds` from now. */
static inline void write_pair(const struct config_fixture *w, const char *certificate,
                              const char *key, long seconds)
{
    char path[256];
    EVP_PKEY *k = EVP_RSA_gen(2048);
    X509 *x = X509_new();
    ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), -100000);
    X509_gmtime_adj(X509_getm_notAfter(x), seconds);
    X509_set_pubkey(x, k);
    assert_true(X509_sign(x, k, EVP_sha256()) > 0);
    (void)snprintf(path, sizeof path, "%s/%s", w->dir, certificate);
    FILE *f = fopen(path, "w");
    assert_int_equal(PEM_write_X509(f, x), 1);
    assert_int_equal(fclose(f), 0);
    fixture_file(w, key, 0600, "");
    (void)snprintf(path, sizeof path, "%s/%s", w->dir, key);
    f = fopen(path, "w");
    assert_int_equal(PEM_write_PrivateKey(f, k, NULL, NULL, 0, NULL, NULL), 1);
    assert_int_equal(fclose(f), 0);
    X509_free(x);
    EVP_PKEY_free(k);
}
