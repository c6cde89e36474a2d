/* SPDX-License-Identifier: MIT */
/* tests/unit/graph/test_token_roles.c: permissions in an access token. */
#include "base/cleanup.h"
#include "base/digest.h"
#include "base/text.h"
#include "graph/token_roles.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void roles_are_read_from_the_claims_and_from_nothing_else(void **state)
{
    static const struct {
        const char *claims;
        bool has;
    } CASES[] = {
        {"{\"aud\":\"https://graph.microsoft.com\",\"roles\":[\"User.Read.All\",\"Mail.Send\"]}", true},
        {"{\"roles\":[\"Mail.Send\"],\"name\":\"\xc3\xbc\xc3\xbf>?\"}", true},
        {"{\"roles\":[\"Mail.Send.Shared\",\"mail.send\",1,null]}", false},
        {"{\"roles\":\"Mail.Send\"}", false},
        {"{\"scp\":\"Mail.Send\",\"x\":{\"roles\":[\"Mail.Send\"]}}", false},
        {"{\"roles\":[]}", false},
        {"[\"Mail.Send\"]", false},
        {"", false},
        {"{\"roles\":[\"Mail.Send\"]", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        char encoded[512];
        (void)base64url_encode(CASES[i].claims, strlen(CASES[i].claims), encoded);
        CLEANUP(free) char *token = text_printf("eyJhbGciOiJub25lIn0.%s.c2ln", encoded);
        if (token_has_role(token, "Mail.Send") != CASES[i].has)
            fail_msg("%s", CASES[i].claims);
    }
}

static void a_token_of_another_format_has_no_roles(void **state)
{
    static const char *const TOKENS[] = {"", "opaque", ".", "..", "a.b", "a.!!!!.c", "a.e30.c", "a.e.c"};
    (void)state;
    for (size_t i = 0; i < sizeof TOKENS / sizeof *TOKENS; i++)
        assert_false(token_has_role(TOKENS[i], "Mail.Send"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(roles_are_read_from_the_claims_and_from_nothing_else),
        cmocka_unit_test(a_token_of_another_format_has_no_roles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
