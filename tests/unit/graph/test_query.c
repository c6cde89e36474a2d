/* SPDX-License-Identifier: MIT */
/* Which URLs are asked for, and what is left out when the service refuses. */
#include "graph/internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void the_full_queries_are_those_of_the_reference(void **state)
{
    static const struct {
        enum list list;
        const char *version, *id, *url;
        unsigned dropped;
    } CASES[] = {
        {LIST_ALLOTMENTS, "beta", NULL,
         "https://g/beta/admin/cloudLicensing/"
         "allotments?$select=id,skuId,skuPartNumber,allottedUnits,"
         "consumedUnits,assignableTo,subscriptions&$expand=waitingMembers($select=id,"
         "waitingSinceDateTime)&$top=100",
         0},
        {LIST_ALLOTMENTS, "beta", NULL,
         "https://g/beta/admin/cloudLicensing/"
         "allotments?$select=id,skuId,skuPartNumber,allottedUnits,"
         "consumedUnits,assignableTo,subscriptions&$top=100",
         OPTION_EXPAND},
        {LIST_ALLOTMENTS, "beta", NULL, "https://g/beta/admin/cloudLicensing/allotments",
         OPTION_TOP | OPTION_EXPAND | OPTION_SELECT},
        {LIST_WAITING, "v2", "551f1755-0184-9e51-0bc7-f32bae5a1afb",
         "https://g/v2/admin/cloudLicensing/allotments/551f1755-0184-9e51-0bc7-f32bae5a1afb/"
         "waitingMembers?$select=id,waitingSinceDateTime&$top=999",
         0},
        {LIST_WAITING, "beta", "a/b?c#d e%\xc3\xbc.~_-",
         "https://g/beta/admin/cloudLicensing/allotments/a%2Fb%3Fc%23d%20e%25%C3%BC.~_-/"
         "waitingMembers",
         OPTION_TOP | OPTION_SELECT},
        {LIST_ERRORS, "beta", NULL,
         "https://g/beta/admin/cloudLicensing/"
         "assignmentErrors?$select=id,code,skuId"
         "&$top=999",
         0},
        {LIST_SKUS, "v1.0", NULL,
         "https://g/v1.0/subscribedSkus?$select=id,skuId,skuPartNumber,consumedUnits,prepaidUnits,"
         "capabilityStatus,appliesTo",
         0},
        {LIST_SUBSCRIPTIONS, "v1.0", NULL,
         "https://g/v1.0/directory/subscriptions?$select=id,commerceSubscriptionId,skuId,status,"
         "totalLicenses,isTrial,createdDateTime,nextLifecycleDateTime",
         0},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(free)
        char *url =
            query_url("https://g", CASES[i].version, CASES[i].list, CASES[i].id, CASES[i].dropped);
        assert_string_equal(url, CASES[i].url);
    }
}

static void each_option_is_dropped_alone_before_two_are(void **state)
{
    static const struct {
        enum list list;
        const char *order;
    } CASES[] = {
        {LIST_ALLOTMENTS, "no option|$top|$expand|$select|$top and $expand|$top and $select|"
                          "$expand and $select|$top, $expand and $select|"},
        {LIST_WAITING, "no option|$top|$select|$top and $select|"},
        {LIST_ERRORS, "no option|$top|$select|$top and $select|"},
        {LIST_SKUS, "no option|$select|"},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(text_free) struct text order = TEXT_INIT(1000);
        int last = -1;
        for (int step = 0; step >= 0; step = query_next_step(query_for(CASES[i].list).options, step)) {
            text_addf(&order, "%s|", query_options(query_dropped(step)));
            last = step;
        }
        assert_string_equal(order.data, CASES[i].order);
        assert_int_equal(last, query_last_step(query_for(CASES[i].list).options));
    }
}

/* In an address '#' would begin a fragment, and "'" end a key in parentheses. */
static void names_that_entra_accepts_are_encoded_whole(void **state)
{
    static const struct {
        const char *name, *want;
    } CASES[] = {
        {"first.last_foo.com#EXT#@contoso.onmicrosoft.com", "first.last_foo.com%23EXT%23%40contoso.onmicrosoft.com"},
        {"sean.o'brien@contoso.com", "sean.o%27brien%40contoso.com"},
        {"j\xC3\xBCrgen@contoso.com", "j%C3%BCrgen%40contoso.com"},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct text t = TEXT_INIT(256);
        text_add_encoded(&t, CASES[i].name);
        CLEANUP(free) char *text = text_take(&t);
        assert_string_equal(text, CASES[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_full_queries_are_those_of_the_reference),
        cmocka_unit_test(each_option_is_dropped_alone_before_two_are),
        cmocka_unit_test(names_that_entra_accepts_are_encoded_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
