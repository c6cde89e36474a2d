/* SPDX-License-Identifier: MIT */
/* Maintenance windows: what they say together. */
#include "unit/config/fixture.h"

#define WINDOW(rest) "maintenance = ( { name = \"m\"; match = { tenant = \"contoso\"; }; " rest " } );"
#define FROM "from = \"2026-12-05T22:00:00+01:00\"; "

static void window_is_weekly_or_happens_once(void **state)
{
    static const struct {
        const char *text, *words; /* NULL: fine */
    } CASES[] = {
        {WINDOW("weekly = \"Sun 01:00-04:00\"; timezone = \"Europe/Berlin\"; hold = true;"), NULL},
        {WINDOW("weekly = \"Mon-Fri 22:00-06:00\";"), NULL},
        {WINDOW(FROM "until = \"2026-12-05T23:30:00Z\"; comment = \"move\";"), NULL},
        {WINDOW(""), "write either weekly, or both from and until"},
        {WINDOW(FROM), "write either weekly, or both from and until"},
        {WINDOW("weekly = \"Sun 01:00-04:00\"; " FROM), "write either weekly, or both"},
        {WINDOW(FROM "until = \"2026-12-05T21:00:00Z\";"), "not after from"},
        {WINDOW(FROM "until = \"2028-01-01T00:00:00Z\";"), "more than a year"},
        {WINDOW(FROM "until = \"2026-12-06T00:00:00Z\"; timezone = \"UTC\";"), "timezone: this has no effect"},
        {WINDOW(FROM "until = \"tomorrow\";"), "is not a date and time with an offset"},
        {WINDOW(FROM "until = \"2026-12-06T00:00:00\";"), "is not a date and time with an offset"},
        {WINDOW("weekly = \"Sunday\";"), "is not days and times"},
        {WINDOW("weekly = \"Sun 01:00-04:00\"; timezone = \"Berlin\";"), "knows no time zone"},
        {"maintenance = ( { name = \"m\"; match = { }; weekly = \"Sun 01:00-04:00\"; } );", "names nothing"},
        {"maintenance = ( { match = { sku = \"A\"; }; weekly = \"Sun 01:00-04:00\"; } );", "has no 'name'"},
        {"maintenance = ( { name = \"m\"; weekly = \"Sun 01:00-04:00\"; } );", "has no 'match'"},
        {"maintenance = ( { name = \"m\"; match = { tenant = \"contosso\"; }; weekly = \"Sun 01:00-04:00\"; } );",
         "did you mean \"contoso\"?"},
        {"maintenance = ( { name = \"m\"; match = { severity = \"warning\"; }; weekly = \"Sun 01:00-04:00\"; },"
         " { name = \"m\"; match = { rule = \"usage\"; }; weekly = \"Sun 01:00-04:00\"; } );",
         "used twice"},
        {"maintenance = ( { name = \"m\"; match = { severity = \"info\"; }; weekly = \"Sun 01:00-04:00\"; } );",
         "severity info are not silenced"},
        {"maintenance = ( { name = \"m\"; match = { rule = \"inventory\"; }; weekly = \"Sun 01:00-04:00\"; } );",
         "severity info are not silenced"},
    };
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(free) char *text = text_printf("%s%s\n", GOOD_TENANT, CASES[i].text);
        fixture_load(&w, text);
        if (CASES[i].words)
            fixture_expect_one(&w, CASES[i].text, 2, CASES[i].words);
        else
            fixture_expect_clean(&w, CASES[i].text);
    }
}

static void dumped_window_loads_again(void **state)
{
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    CLEANUP(free) char *first = NULL;
    CLEANUP(free) char *second = NULL;
    (void)state;
    CLEANUP(free)
    char *text = text_printf("%s%s\n", GOOD_TENANT,
                             "maintenance = ( { name = \"a\"; match = { tenant = \"contoso\"; }; weekly = "
                             "\"Sun 01:00-04:00\"; timezone = \"Europe/Berlin\"; }, { name = \"b\"; match = "
                             "{ labels = { group = \"gold\"; }; }; " FROM "until = \"2026-12-06T02:00:00+01:00\"; } );");
    fixture_load(&w, text);
    fixture_expect_clean(&w, "as written");
    assert_int_equal(w.options->n_maintenance, 2);
    assert_string_equal(w.options->maintenance[0].id, "a");
    assert_int_equal(w.options->maintenance[1].start_at, UINT64_C(1796504400) * USEC_PER_SEC);
    assert_int_equal(options_dump(w.options, &first), 0);
    assert_non_null(strstr(first, "from = \"2026-12-05T21:00:00Z\""));
    fixture_load(&w, first);
    fixture_expect_clean(&w, "as dumped");
    assert_int_equal(options_dump(w.options, &second), 0);
    assert_string_equal(first, second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(window_is_weekly_or_happens_once),
        cmocka_unit_test(dumped_window_loads_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
