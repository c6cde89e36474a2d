/* SPDX-License-Identifier: MIT */
/* What a 401's WWW-Authenticate asks for. */
#include "base/cleanup.h"
#include "graph/challenge.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* base64 of {"access_token":{"nbf":{"essential":true, "value":"1604106651"}}}, the documented
 * sample */
#define SAMPLE \
    "eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZSwgInZhbHVlIjoiMTYwNDEwNjY1MSJ9fX0="
#define DECODED "{\"access_token\":{\"nbf\":{\"essential\":true, \"value\":\"1604106651\"}}}"

static void claims_are_found_in_any_order_and_in_both_alphabets(void **state)
{
    static const struct {
        const char *header;
        int r;
        const char *claims;
    } CASES[] = {
        {"Bearer realm=\"\", "
         "authorization_uri=\"https://login.microsoftonline.com/common/oauth2/authorize\", "
         "error=\"insufficient_claims\", claims=\"" SAMPLE "\"",
         0, DECODED},
        {"Bearer claims=\"" SAMPLE "\", realm=\"\", error=\"insufficient_claims\"", 0, DECODED},
        {"bearer ERROR=Insufficient_Claims, CLAIMS=" SAMPLE, 0, DECODED},
        {"Basic realm=\"x\", Bearer error=\"insufficient_claims\",claims=\"" SAMPLE "\"", 0,
         DECODED},
        {"Bearer error=\"insufficient_claims\", claims=\"e30\"", 0, "{}"}, /* without padding */
        {"Bearer error=\"insufficient_claims\", claims=\"eyJhIjoiPz8_Pj4-In0\"", 0,
         "{\"a\":\"\?\?\?>>>\"}"},
        {"", -ENOENT, NULL},
        {"Bearer realm=\"\"", -ENOENT, NULL},
        {"Bearer error=\"invalid_token\", claims=\"" SAMPLE "\"", -ENOENT, NULL},
        {"Bearer error=\"insufficient_claims\"", -ENOENT, NULL},
        {"Bearer realm=\"error=insufficient_claims, claims=e30=\"", -ENOENT, NULL},
        {"Bearer realm=\"a\\\" error=insufficient_claims, claims=e30=\"", -ENOENT, NULL},
        {"Bearer xerror=\"insufficient_claims\", claims=\"e30=\"", -ENOENT, NULL},
        {"Bearer error=\"insufficient_claims\", claims=\"\"", -EBADMSG, NULL},
        {"Bearer error=\"insufficient_claims\", claims=\"!!!!\"", -EBADMSG, NULL},
        {"Bearer error=\"insufficient_claims\", claims=\"e\"", -EBADMSG, NULL},
        {"Bearer error=\"insufficient_claims\", claims=\"W10=\"", -EBADMSG, NULL},     /* [] */
        {"Bearer error=\"insufficient_claims\", claims=\"e30gAA==\"", -EBADMSG, NULL}, /* a NUL */
        {"Bearer error=\"insufficient_claims\", claims=\"e30=", 0, "{}"},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        char claims[CLAIMS_MAX] = "untouched";
        int r = challenge_claims(CASES[i].header, claims);
        if (r != CASES[i].r || strcmp(claims, r < 0 ? "untouched" : CASES[i].claims) != 0)
            fail_msg("%s: %d, %s", CASES[i].header, r, claims);
    }
}

static void claims_are_bounded(void **state)
{
    static char header[8000] = "Bearer error=\"insufficient_claims\", claims=\"";
    char claims[CLAIMS_MAX];
    (void)state;
    size_t n = strlen(header);
    memset(header + n, 'a', sizeof header - n - 2);
    header[sizeof header - 2] = '"';
    assert_int_equal(challenge_claims(header, claims), -ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(claims_are_found_in_any_order_and_in_both_alphabets),
        cmocka_unit_test(claims_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
