/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "base/cleanup.h"
#include "base/failure.h"
#include "status/access.h"
#include "status/control.h"

static void a_host_is_an_address_localhost_or_configured(void **state)
{
    static char NAME[] = "status.example";
    static char *const HOSTS[] = {NAME};
    static const struct {
        const char *host;
        bool ok;
    } CASES[] = {
        {NULL, true},
        {"127.0.0.1:9877", true},
        {"[::1]:9877", true},
        {"[::1]", true},
        {"10.1.2.3", true},
        {"localhost:9877", true},
        {"LocalHost", true},
        {"status.example", true},
        {"STATUS.example:443", true},
        {"", false},
        {"evil.example", false},
        {"status.example.evil.example", false},
        {"localhost.evil.example", false},
        {"127.0.0.1.evil.example", false},
        {"[::1", false},
        {"[evil]:80", false},
        {"status.exampl", false},
        {"xstatus.example", false},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++)
        if (access_host(CASES[i].host, HOSTS, 1) != CASES[i].ok)
            fail_msg("%s", CASES[i].host);
}

static void only_the_whole_token_is_accepted(void **state)
{
    static const struct {
        const char *header;
        bool ok;
    } CASES[] = {{"Bearer s3cret", true},   {"bearer  s3cret", true}, {NULL, false},           {"", false},
                 {"Bearer", false},         {"Bearer ", false},       {"Bearer s3cre", false}, {"Bearer s3crets", false},
                 {"Basic s3cret", false},   {"s3cret", false},        {"Bearer S3CRET", false}};
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++)
        if (access_token(CASES[i].header, "s3cret", 6) != CASES[i].ok)
            fail_msg("%s", CASES[i].header);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_host_is_an_address_localhost_or_configured),
        cmocka_unit_test(only_the_whole_token_is_accepted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
