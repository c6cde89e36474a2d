/* SPDX-License-Identifier: MIT */
/* Texts of certificates: whole, broken, cut short, and none. */
#include "base/certificates.h"
#include "base/cleanup.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

/* A certificate and its key, as PEM texts for free(). */
static void make(char **ret_certificate, char **ret_key)
{
    EVP_PKEY *k = EVP_EC_gen("P-256");
    X509 *x = X509_new();
    X509_gmtime_adj(X509_getm_notBefore(x), -100);
    X509_gmtime_adj(X509_getm_notAfter(x), -50); /* that it has ended is not asked here */
    X509_set_pubkey(x, k);
    assert_true(X509_sign(x, k, EVP_sha256()) > 0);
    BIO *bio = BIO_new(BIO_s_mem());
    char *data;
    assert_int_equal(PEM_write_bio_X509(bio, x), 1);
    long len = BIO_get_mem_data(bio, &data);
    *ret_certificate = strndup(data, (size_t)len);
    (void)BIO_reset(bio);
    assert_int_equal(PEM_write_bio_PrivateKey(bio, k, EVP_aes_128_cbc(), NULL, 0, NULL, "word"), 1);
    len = BIO_get_mem_data(bio, &data);
    *ret_key = strndup(data, (size_t)len);
    BIO_free(bio);
    X509_free(x);
    EVP_PKEY_free(k);
}

static void a_file_of_authorities_is_whole_or_refused_with_its_name(void **state)
{
    CLEANUP(free) char *good = NULL;
    CLEANUP(free) char *key = NULL;
    make(&good, &key);
    CLEANUP(free) char *broken = strdup(good);
    memset(broken + 40, '!', 3);
    static const struct {
        const char *why, *form; /* c: a good one, b: a broken one, k: a key, h: half of a good one */
        const char *words;
    } CASES[] = {
        {"one", "c", NULL},
        {"two", "cc", NULL},
        {"with words around", "#c#", NULL},
        {"with a locked key, which nobody is asked about", "kc", NULL},
        {"nothing", "", "/ca.pem contains no certificate"},
        {"words", "#", "/ca.pem contains no certificate"},
        {"a key", "k", "/ca.pem contains no certificate"},
        {"a broken one", "b", "a certificate in /ca.pem is malformed"},
        {"a broken one behind a good one", "cb", "a certificate in /ca.pem is malformed"},
        {"a broken one in front", "bc", "a certificate in /ca.pem is malformed"},
        {"half of one", "h", "a certificate in /ca.pem is malformed"},
        {"half of one behind a good one", "ch", "a certificate in /ca.pem is malformed"},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(text_free) struct text pem = TEXT_INIT(1 << 20);
        for (const char *c = CASES[i].form; *c; c++) {
            if (*c == 'h')
                text_add_bytes(&pem, good, strlen(good) / 2);
            else
                text_add(&pem, *c == 'c'   ? good
                               : *c == 'b' ? broken
                               : *c == 'k' ? key
                                           : "Our own authority\n\n");
        }
        struct failure why = {0};
        int r = certificates_check("/ca.pem", pem.data ? pem.data : "", pem.len, &why);
        if ((r >= 0) != !CASES[i].words || (r < 0 && !strstr(why.text, CASES[i].words)))
            fail_msg("%s: %d: %s", CASES[i].why, r, why.text);
        if (r < 0)
            assert_int_equal(why.kind, FAILURE_CONFIG);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_of_authorities_is_whole_or_refused_with_its_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
