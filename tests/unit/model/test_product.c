/* SPDX-License-Identifier: MIT */
/* Names of products: our table, and the one that Microsoft publishes as CSV. */
#include "base/text.h"
#include "model/product.h"
#include "model/product_table.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#define E5 "06ebc4ee-1bb5-47dd-8120-11324bc54e06"
#define HEADER_LINE                                                          \
    "Product_Display_Name,String_Id,GUID,Service_Plan_Name,Service_Plan_Id," \
    "Service_Plans_Included_Friendly_Names\r\n"

static struct products *parse(const char *csv)
{
    struct products *p = NULL;
    struct failure f = {0};
    if (products_parse(csv, strlen(csv), &p, &f) < 0)
        fail_msg("%s", f.text);
    return p;
}

static void a_sku_is_named_by_id_before_part_number_and_by_the_user_before_us(void **state)
{
    CLEANUP(products_free)
    struct products *p = parse(
        HEADER_LINE "Ours by id,WHATEVER," E5 ",P,1,x\r\n"
                    "Ours by part,VISIOCLIENT,00000000-0000-0000-0000-000000000001,P,1,x\r\n");
    (void)state;
    assert_string_equal(product_name(NULL, E5, NULL), "Microsoft 365 E5");
    assert_string_equal(product_name(NULL, NULL, "spe_e5"), "Microsoft 365 E5");
    assert_string_equal(product_name(NULL, "06EBC4EE-1BB5-47DD-8120-11324BC54E06", "X"),
                        "Microsoft 365 E5");
    assert_string_equal(product_name(p, E5, "SPE_E5"), "Ours by id");
    assert_string_equal(product_name(p, NULL, "visioclient"), "Ours by part");
    assert_string_equal(product_name(p, NULL, "SPE_E3"), "Microsoft 365 E3");
    assert_null(product_name(p, "11111111-0000-0000-0000-000000000000", "NOBODY_KNOWS"));
    assert_null(product_name(p, NULL, NULL));
}

static void a_published_table_is_read_with_all_its_oddities(void **state)
{
    static const struct {
        const char *why, *csv, *id, *part, *want;
    } CASES[] = {
        {"a byte order mark", "\xEF\xBB\xBF" HEADER_LINE "N,P,g,a,b,c\r\n", "g", NULL, "N"},
        {"junk before the header", "Exported on Monday\n,,\n\n" HEADER_LINE "N,P,g,a,b,c\n", "g",
         NULL, "N"},
        {"columns elsewhere, other columns between",
         "GUID,x,String_Id,Product_Display_Name\ng,1,P,N\n", "g", NULL, "N"},
        {"quotes, a comma and doubled quotes", HEADER_LINE "\"A, \"\"B\"\" C\",P,g,a,b,\"c\nd\"\n",
         "g", NULL, "A, \"B\" C"},
        {"no-break spaces around names and keys",
         HEADER_LINE "\xC2\xA0N \xC2\xA0,P\xC2\xA0,\xA0g ,a,b,c\n", "g", "P", "N"},
        {"the first name of a GUID wins",
         HEADER_LINE "One,P,g,a,b,c\nTwo,Q,h,a,b,c\nThree,P,G,a,b,c\n", "g", NULL, "One"},
        {"a row per service plan", HEADER_LINE "One,P,g,a,b,c\nOne,P,g,d,e,f\nTwo,Q,h,a,b,c\n",
         NULL, "q", "Two"},
        {"a last line without its end", HEADER_LINE "N,P,g", "g", NULL, "N"},
        {"a short row names nothing", HEADER_LINE "N\nM,P,g\n", "g", NULL, "M"},
        {"a name with a line break in it stays one line", HEADER_LINE "\"A\nB\",P,g,a,b,c\n", "g",
         NULL, "A\\u{a}B"},
        {"a word that ends in a letter whose last byte is A0", HEADER_LINE "voil\xC3\xA0,P,g\n",
         "g", NULL, "voil\xC3\xA0"},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(products_free) struct products *p = parse(CASES[i].csv);
        const char *got = product_name(p, CASES[i].id, CASES[i].part);
        if (!got || strcasecmp(got, CASES[i].want) != 0)
            fail_msg("%s: got %s", CASES[i].why, got ? got : "nothing");
    }
}

static void a_file_without_the_columns_is_refused_with_their_names(void **state)
{
    static const char *const CASES[] = {"", "\n\n", "Product_Display_Name,GUID\nN,g\n",
                                        "\"Product_Display_Name", "String_Id\nGUID\n"};
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct products *p = NULL;
        struct failure f = {0};
        assert_int_equal(products_parse(CASES[i], strlen(CASES[i]), &p, &f), -EINVAL);
        assert_int_equal(f.kind, FAILURE_CONFIG);
        assert_non_null(strstr(f.text, "Product_Display_Name, String_Id and GUID"));
        assert_null(p);
    }
}

static void a_file_in_utf_16_is_named_as_such(void **state)
{
    static const char TEXT[] = "\xFF\xFEP\0r\0o\0";
    struct products *p = NULL;
    struct failure f = {0};
    (void)state;
    assert_int_equal(products_parse(TEXT, sizeof TEXT - 1, &p, &f), -EINVAL);
    assert_non_null(strstr(f.text, "UTF-16"));
    assert_int_equal(products_parse(TEXT + 2, sizeof TEXT - 3, &p, &f), -EINVAL);
    assert_non_null(strstr(f.text, "UTF-16"));
}

static void a_product_is_found_by_its_name(void **state)
{
    static const char CSV[] = HEADER_LINE "Ours,OUR_PART,g-1,a,b,c\nNo part,,g-2,a,b,c\n";
    CLEANUP(products_free) struct products *p = NULL;
    (void)state;
    assert_int_equal(products_parse(CSV, sizeof CSV - 1, &p, NULL), 0);
    assert_string_equal(product_named(NULL, "microsoft 365 e5"), "SPE_E5");
    assert_string_equal(product_named(p, "Microsoft 365 E5"), "SPE_E5");
    assert_string_equal(product_named(p, "ours"), "OUR_PART");
    assert_string_equal(product_named(p, "No part"), "g-2");
    assert_null(product_named(NULL, "Ours"));
    assert_null(product_named(p, "SPE_E5"));
}

static void free_skus_are_known_by_part_number_in_any_case(void **state)
{
    static const char *const FREE[] = {
        "FLOW_FREE",         "POWER_BI_STANDARD",      "STREAM",    "WINDOWS_STORE",
        "POWERAPPS_VIRAL",   "POWERAPPS_DEV",          "flow_free", "RIGHTSMANAGEMENT_ADHOC",
        "TEAMS_EXPLORATORY", "CCIBOTS_PRIVPREV_VIRAL",
    };
    static const char *const PAID[] = {"SPE_E5",
                                       "ENTERPRISEPACK",
                                       "Microsoft_365_Copilot",
                                       "PHONESYSTEM_VIRTUALUSER",
                                       "Microsoft_Teams_Rooms_Basic",
                                       "FLOW",
                                       "FLOW_FREE2"};
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(FREE); i++)
        if (!product_is_free(NULL, FREE[i]))
            fail_msg("%s costs nothing", FREE[i]);
    for (size_t i = 0; i < N_ELEMENTS(PAID); i++)
        if (product_is_free(NULL, PAID[i]))
            fail_msg("%s can run out and hurt", PAID[i]);
    assert_true(product_is_free("F30DB892-07E9-47E9-837C-80727F46FD3D", NULL));
    assert_false(product_is_free(NULL, NULL));
}

static void every_entry_of_our_table_is_unique_and_names_its_source(void **state)
{
    (void)state;
    assert_true(N_PRODUCTS >= 60);
    for (size_t i = 0; i < N_PRODUCTS; i++) {
        assert_int_equal(strlen(PRODUCTS[i].sku_id), 36);
        assert_int_equal(strspn(PRODUCTS[i].sku_id, "0123456789abcdef-"), 36);
        assert_int_equal(strncmp(PRODUCTS[i].source, "learn.microsoft.com/", 20), 0);
        for (size_t k = 0; k < i; k++)
            if (strcasecmp(PRODUCTS[i].sku_id, PRODUCTS[k].sku_id) == 0 ||
                strcasecmp(PRODUCTS[i].part_number, PRODUCTS[k].part_number) == 0)
                fail_msg("%s is there twice", PRODUCTS[i].part_number);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sku_is_named_by_id_before_part_number_and_by_the_user_before_us),
        cmocka_unit_test(a_published_table_is_read_with_all_its_oddities),
        cmocka_unit_test(a_file_without_the_columns_is_refused_with_their_names),
        cmocka_unit_test(a_file_in_utf_16_is_named_as_such),
        cmocka_unit_test(a_product_is_found_by_its_name),
        cmocka_unit_test(free_skus_are_known_by_part_number_in_any_case),
        cmocka_unit_test(every_entry_of_our_table_is_unique_and_names_its_source),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
