/* SPDX-License-Identifier: MIT */
/* base/certificates.c: checks a PEM file of certificate authorities before it is used. */
#include "base/certificates.h"

#include "base/cleanup.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

DEFINE_CLEANUP(BIO *, BIO_free_all)

static void infos_free(STACK_OF(X509_INFO) *infos)
{
    sk_X509_INFO_pop_free(infos, X509_INFO_free);
}
DEFINE_CLEANUP(STACK_OF(X509_INFO) *, infos_free)

static bool out_of_memory(void)
{
    bool found = false;
    for (unsigned long code; (code = ERR_get_error());)
        found = found || ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE;
    return found;
}

int certificates_check(const char *path, const char *pem, size_t len, struct failure *ret_failure)
{
    static char no_password[] = ""; /* otherwise libcrypto prompts on the terminal */
    CLEANUP(BIO_free_all) BIO *bio = BIO_new_mem_buf(pem, len > INT_MAX ? INT_MAX : (int)len);
    ERR_clear_error();
    CLEANUP(infos_free)
    STACK_OF(X509_INFO) *infos = bio ? PEM_X509_INFO_read_bio(bio, NULL, NULL, no_password) : NULL;
    if (!bio || out_of_memory())
        return failure_oom(ret_failure);
    if (!infos)
        return failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                           "a certificate in %s is malformed or truncated; replace it with complete PEM "
                           "certificates",
                           path);
    for (int i = 0; i < sk_X509_INFO_num(infos); i++)
        if (sk_X509_INFO_value(infos, i)->x509)
            return 0;
    return failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                       "%s contains no certificate; it must contain PEM certificates", path);
}
