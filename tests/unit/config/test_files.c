/* SPDX-License-Identifier: MIT */
/* Where relative names of files lead. */
#include "unit/config/pair.h"

#define TENANT_WITH(file)                                                          \
    "tenants = ( { name = \"contoso\"; tenant_id = \"t-1\"; client_id = \"c-1\"; " \
    "client_secret_file = \"" file "\"; "                                          \
    "labels = { customer = \"Fabrikam\"; up = \"../x\"; dot = \".ssh\"; }; } );"

static const char *secret_of(const struct world *w)
{
    if (w->r != 0)
        world_print(w);
    assert_int_equal(w->r, 0);
    return w->options->tenant[0].graph.client_secret_file;
}

static void expect_secret(const struct world *w, const char *name)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", w->dir, name);
    assert_string_equal(secret_of(w), path);
    assert_null(w->options->tenant[0].broken);
}

static void the_credentials_directory_comes_before_the_main_file(void **state)
{
    CLEANUP(world_free) struct world w = world_new();
    char credentials[256];
    (void)state;
    (void)snprintf(credentials, sizeof credentials, "%s/credentials", w.dir);
    world_directory(&w, "credentials");
    world_load(&w, TENANT_WITH("contoso.secret"));
    expect_secret(&w, "contoso.secret");

    assert_int_equal(setenv("CREDENTIALS_DIRECTORY", credentials, 1), 0);
    world_load(&w, TENANT_WITH("contoso.secret"));
    expect_secret(&w, "contoso.secret");

    world_file(&w, "credentials/secrets_contoso.secret", 0400, "x\n");
    world_load(&w, TENANT_WITH("contoso.secret"));
    expect_secret(&w, "credentials/secrets_contoso.secret");

    world_file(&w, "credentials/contoso.secret", 0400, "x\n");
    world_load(&w, TENANT_WITH("contoso.secret"));
    expect_secret(&w, "credentials/contoso.secret");

    world_load(&w, TENANT_WITH("absent.secret"));
    assert_int_equal(w.r, 0);
    assert_non_null(strstr(w.options->tenant[0].broken, "secrets_"));
    assert_non_null(strstr(w.options->tenant[0].broken, "LoadCredential="));
    assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
}

static void an_absolute_name_is_taken_as_it_is(void **state)
{
    CLEANUP(world_free) struct world w = world_new();
    (void)state;
    world_file(&w, "elsewhere", 0600, "x\n");
    CLEANUP(free)
    char *text = text_printf("tenants = ( { name = \"a\"; tenant_id = \"1\"; client_id = \"c\"; "
                             "client_secret_file = \"%s/elsewhere\"; } );",
                             w.dir);
    world_load(&w, text);
    expect_secret(&w, "elsewhere");
}

static void a_relative_path_of_the_main_file_still_gives_absolute_names(void **state)
{
    CLEANUP(world_free) struct world w = world_new();
    char before[4096];
    (void)state;
    world_load(&w, GOOD_TENANT);
    world_forget(&w);
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(w.dir), 0);
    w.r = options_load("seatwatchd.conf", &w.options, &w.problems);
    assert_int_equal(chdir(before), 0);
    expect_secret(&w, "contoso.secret");
    assert_int_equal(w.options->path[0], '/');
}

static void labels_stand_for_their_texts_in_names_of_a_tenants_files(void **state)
{
    static const struct {
        const char *text, *file; /* NULL: broken */
    } CASES[] = {
        {TENANT_WITH("{customer}.secret"), "Fabrikam.secret"},
        {TENANT_WITH("{name}.secret"), "contoso.secret"},
        {TENANT_WITH("x-{tenant_id}"), "x-t-1"},
        {TENANT_WITH("{name}{customer}"), "contosoFabrikam"},
        {TENANT_WITH("{nobody}.secret"), NULL},
        {TENANT_WITH("{name"), NULL},
        {TENANT_WITH("{}"), NULL},
        {TENANT_WITH("{up}"), NULL},
        {TENANT_WITH("{dot}"), NULL},
    };
    CLEANUP(world_free) struct world w = world_new();
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        if (CASES[i].file)
            world_file(&w, CASES[i].file, 0600, "x\n");
        world_load(&w, CASES[i].text);
        if (CASES[i].file)
            expect_secret(&w, CASES[i].file);
        else if (w.r != 0 || !w.options->tenant[0].broken)
            fail_msg("%s", CASES[i].text);
    }
}

static void a_link_to_a_secret_is_refused_and_one_to_certificates_is_not(void **state)
{
    CLEANUP(world_free) struct world w = world_new();
    char from[256], to[256];
    (void)state;
    (void)snprintf(to, sizeof to, "%s/contoso.secret", w.dir);
    (void)snprintf(from, sizeof from, "%s/link.secret", w.dir);
    assert_int_equal(symlink(to, from), 0);
    world_load(&w, TENANT_WITH("link.secret"));
    assert_non_null(strstr(w.options->tenant[0].broken, "symbolic link"));
    write_pair(&w, "ca.pem", "ca.key", 86400);
    (void)snprintf(to, sizeof to, "%s/ca.pem", w.dir);
    (void)snprintf(from, sizeof from, "%s/link.pem", w.dir);
    assert_int_equal(symlink(to, from), 0);
    world_load(&w, GOOD_TENANT "network: { ca_file = \"link.pem\"; };");
    world_expect_clean(&w, "link to certificates");
    assert_string_equal(w.options->ca_file, from);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_credentials_directory_comes_before_the_main_file),
        cmocka_unit_test(an_absolute_name_is_taken_as_it_is),
        cmocka_unit_test(a_relative_path_of_the_main_file_still_gives_absolute_names),
        cmocka_unit_test(labels_stand_for_their_texts_in_names_of_a_tenants_files),
        cmocka_unit_test(a_link_to_a_secret_is_refused_and_one_to_certificates_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
