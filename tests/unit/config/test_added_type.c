/* SPDX-License-Identifier: MIT */
/* tests/unit/config/test_added_type.c: the keys of a receiver type come from its own table: they are
 * read, checked, dumped and listed for a type that the daemon does not know. */
#include "unit/config/fixture.h"

#include "unit/deliver/gong.h"

#define GONG(more)                                                                                 \
    "receivers = ( { name = \"g\"; type = \"gong\"; url_file = \"hook.url\"; key_file = "          \
    "\"hook.key\"; " more " } );"

static void its_options_and_traits_arrive_and_are_dumped(void **state)
{
    static const struct {
        const char *text, *dumped;
        uint32_t strikes;
    } CASES[] = {
        {GOOD_TENANT GONG(""), "strikes = 3;", 3},
        {GOOD_TENANT GONG("strikes = 5;"), "strikes = 5;", 5},
    };
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(free) char *dump = NULL;
        char path[128];
        fixture_load(&w, CASES[i].text);
        fixture_expect_clean(&w, CASES[i].text);
        const struct receiver_options *r = &w.options->receiver[0];
        assert_ptr_equal(r->class, &gong_class);
        const struct gong_options *own = r->own;
        assert_int_equal(own->strikes, CASES[i].strikes);
        (void)snprintf(path, sizeof path, "%s/hook.key", w.dir);
        assert_string_equal(own->key_file, path);
        assert_true(w.options->routes.receiver[0].pager);
        assert_false(w.options->routes.receiver[0].wants_deescalations);
        assert_int_equal(options_dump(w.options, &dump), 0);
        assert_non_null(strstr(dump, "type = \"gong\";"));
        assert_non_null(strstr(dump, CASES[i].dumped));
        assert_null(strstr(dump, "signing"));
    }
}

static void mistakes_are_found_with_its_name_and_its_ranges(void **state)
{
    static const struct {
        const char *text, *says;
    } CASES[] = {
        {GONG("strikes = 10;"), "receivers.strikes: 10 is out of range; write 1 to 9"},
        {GONG("facility = \"user\";"), "a receiver of type gong has no such key; remove it"},
        {GONG("strike = 2;"), "did you mean 'strikes'?"},
        {"receivers = ( { name = \"j\"; type = \"journal\"; strikes = 2; } );",
         "receivers.strikes: a receiver of type journal has no such key; remove it"},
        {"receivers = ( { name = \"g\"; type = \"gong\"; url_file = \"hook.url\"; } );",
         "receivers.key_file: a receiver of type gong needs this file"},
        {"receivers = ( { name = \"g\"; type = \"gongs\"; } );", "did you mean \"gong\"?"},
        {"strikes = 2;", "it belongs into 'receivers'"},
    };
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(free) char *text = text_printf("%s%s", GOOD_TENANT, CASES[i].text);
        fixture_load(&w, text);
        fixture_expect_one(&w, CASES[i].text, 2, CASES[i].says);
    }
}

static void find_row(void *userdata, const char *path, const struct conf_key *k)
{
    const char **ret = userdata;
    CLEANUP(free) char *facts = NULL;
    assert_int_equal(conf_key_context(k, &facts), 0);
    if (strcmp(path, "receivers.strikes") == 0)
        *ret = strcmp(facts, "integer, 1 to 9; default 3; type gong") == 0 ? k->help : "other facts";
}

static void the_checks_of_manual_and_sample_see_its_rows(void **state)
{
    const char *help = NULL;
    (void)state;
    conf_keys_each(find_row, &help);
    assert_non_null(help);
    assert_string_equal(help, "Number of strikes.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_options_and_traits_arrive_and_are_dumped),
        cmocka_unit_test(mistakes_are_found_with_its_name_and_its_ranges),
        cmocka_unit_test(the_checks_of_manual_and_sample_see_its_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
