/* SPDX-License-Identifier: MIT */
/* Where relative names of files lead. */
#include "unit/config/pair.h"

#define TENANT_WITH(file)                                                          \
    "tenants = ( { name = \"contoso\"; tenant_id = \"11111111-2222-4333-8444-000000000001\"; client_id = \"99999999-aaaa-4bbb-8ccc-000000000001\"; " \
    "client_secret_file = \"" file "\"; "                                          \
    "labels = { customer = \"Fabrikam\"; up = \"../x\"; dot = \".ssh\"; }; } );"

static const char *secret_of(const struct config_fixture *w)
{
    if (w->r != 0)
        fixture_print(w);
    assert_int_equal(w->r, 0);
    return w->options->tenant[0].graph.client_secret_file;
}

static void expect_secret(const struct config_fixture *w, const char *name)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", w->dir, name);
    assert_string_equal(secret_of(w), path);
    assert_null(w->options->tenant[0].broken);
}

static void the_credentials_directory_comes_before_the_main_file(void **state)
{
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    char credentials[256];
    (void)state;
    (void)snprintf(credentials, sizeof credentials, "%s/credentials", w.dir);
    fixture_directory(&w, "credentials");
    fixture_load(&w, TENANT_WITH("contoso.secret"));
    expect_secret(&w, "contoso.secret");

    assert_int_equal(setenv("CREDENTIALS_DIRECTORY", credentials, 1), 0);
    fixture_load(&w, TENANT_WITH("contoso.secret"));
    expect_secret(&w, "contoso.secret");

    fixture_file(&w, "credentials/secrets_contoso.secret", 0400, "x\n");
    fixture_load(&w, TENANT_WITH("contoso.secret"));
    expect_secret(&w, "credentials/secrets_contoso.secret");

    fixture_file(&w, "credentials/contoso.secret", 0400, "x\n");
    fixture_load(&w, TENANT_WITH("contoso.secret"));
    expect_secret(&w, "credentials/contoso.secret");

    fixture_load(&w, TENANT_WITH("absent.secret"));
    assert_int_equal(w.r, 0);
    static const char *const PLACES[] = {"credentials/absent.secret", "credentials/secrets_absent.secret",
                                         "/absent.secret", "/secrets/absent.secret"};
    for (size_t i = 0; i < N_ELEMENTS(PLACES); i++)
        assert_non_null(strstr(w.options->tenant[0].broken, PLACES[i]));
    assert_non_null(strstr(w.options->tenant[0].broken, "LoadCredential="));
    assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
}

static void secrets_beside_the_main_file_are_found_last(void **state)
{
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    (void)state;
    fixture_directory(&w, "secrets");
    fixture_file(&w, "secrets/other.secret", 0600, "x\n");
    fixture_load(&w, TENANT_WITH("other.secret"));
    expect_secret(&w, "secrets/other.secret");

    fixture_file(&w, "other.secret", 0600, "x\n");
    fixture_load(&w, TENANT_WITH("other.secret"));
    expect_secret(&w, "other.secret");

    fixture_load(&w, TENANT_WITH("absent.secret"));
    assert_non_null(strstr(w.options->tenant[0].broken, "/absent.secret, "));
    assert_non_null(strstr(w.options->tenant[0].broken, "/secrets/absent.secret"));
}

/* A child without root's rights looks into a folder that is closed to it. */
static void a_closed_folder_is_named_with_the_user(void **state)
{
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    (void)state;
    fixture_directory(&w, "secrets");
    fixture_file(&w, "secrets/other.secret", 0600, "x\n");
    (void)chmod(w.dir, 0755);
    char folder[128];
    (void)snprintf(folder, sizeof folder, "%s/secrets", w.dir);
    bool root = geteuid() == 0;
    assert_int_equal(chmod(folder, root ? 0700 : 0), 0);
    if (root)
        assert_int_equal(seteuid(65534), 0);
    struct options *o = NULL;
    struct problems p = {0};
    char path[128];
    (void)snprintf(path, sizeof path, "%s/seatwatchd.conf", w.dir);
    if (root)
        assert_int_equal(seteuid(0), 0);
    fixture_file(&w, "seatwatchd.conf", 0644, TENANT_WITH("other.secret"));
    if (root)
        assert_int_equal(seteuid(65534), 0);
    int r = options_load(path, &o, &p);
    if (root)
        assert_int_equal(seteuid(0), 0);
    assert_int_equal(chmod(folder, 0700), 0);
    assert_int_equal(r, 0);
    assert_non_null(o->tenant[0].broken);
    if (!strstr(o->tenant[0].broken, "may not search the folder") || !strstr(o->tenant[0].broken, folder) ||
        !strstr(o->tenant[0].broken, "uid "))
        fail_msg("%s", o->tenant[0].broken);
    options_free(o);
    problems_free(&p);
}

static void what_only_root_can_read_is_warned_of_before_the_service_starts(void **state)
{
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    char path[128];
    (void)state;
    fixture_file(&w, "elsewhere", 0600, "x\n");
    CLEANUP(free) char *text = text_printf(TENANT_WITH("%s/elsewhere"), w.dir);
    fixture_load(&w, text);
    fixture_expect_clean(&w, "the service itself");
    (void)snprintf(path, sizeof path, "%s/seatwatchd.conf", w.dir);
    fixture_forget(&w);
    w.r = options_check(path, &w.options, &w.problems);
    fixture_drop_only_logs(&w.problems);
    assert_int_equal(w.r, 0);
    assert_int_equal(w.problems.n, geteuid() == 0);
    if (w.problems.n) {
        assert_true(w.problems.problem[0].warning);
        assert_non_null(strstr(w.problems.problem[0].text, "only root can read"));
    }
}

static void a_client_secret_is_looked_at_before_entra_sees_it(void **state)
{
    static const struct {
        const char *content, *says; /* NULL: right */
    } CASES[] = {
        {"abc~1", NULL},
        {"\xEF\xBB\xBF" "abc~1\r\n", NULL},
        {"  abc~1 \n\n", NULL},
        {"abc~1\nsecond\n", "more than one line"},
        {"\"abc~1\"\n", "quotes around the secret"},
        {"'abc~1'", "quotes around the secret"},
        {"abc ~1", "a blank inside"},
        {" \n", "nothing but blanks"},
        {"8c3d1f00-1111-4222-8333-444455556666\n", "the id of a secret"},
    };
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        fixture_file(&w, "other.secret", 0600, CASES[i].content);
        fixture_load(&w, TENANT_WITH("other.secret"));
        const char *broken = w.options->tenant[0].broken;
        if (CASES[i].says ? !broken || !strstr(broken, CASES[i].says) || !strstr(broken, "; ") : broken != NULL)
            fail_msg("%s: %s", CASES[i].content, broken ? broken : "right");
        if (broken)
            assert_null(strstr(broken, "abc"));
    }
}

static void an_absolute_name_is_taken_as_it_is(void **state)
{
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    (void)state;
    fixture_file(&w, "elsewhere", 0600, "x\n");
    CLEANUP(free)
    char *text = text_printf("tenants = ( { name = \"a\"; tenant_id = \"11111111-2222-4333-8444-000000000001\"; client_id = \"99999999-aaaa-4bbb-8ccc-000000000002\"; "
                             "client_secret_file = \"%s/elsewhere\"; } );",
                             w.dir);
    fixture_load(&w, text);
    expect_secret(&w, "elsewhere");
}

static void a_relative_path_of_the_main_file_still_gives_absolute_names(void **state)
{
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    char before[4096];
    (void)state;
    fixture_load(&w, GOOD_TENANT);
    fixture_forget(&w);
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
        {TENANT_WITH("x-{tenant_id}"), "x-11111111-2222-4333-8444-000000000001"},
        {TENANT_WITH("{name}{customer}"), "contosoFabrikam"},
        {TENANT_WITH("{nobody}.secret"), NULL},
        {TENANT_WITH("{name"), NULL},
        {TENANT_WITH("{}"), NULL},
        {TENANT_WITH("{up}"), NULL},
        {TENANT_WITH("{dot}"), NULL},
    };
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        if (CASES[i].file)
            fixture_file(&w, CASES[i].file, 0600, "x\n");
        fixture_load(&w, CASES[i].text);
        if (CASES[i].file)
            expect_secret(&w, CASES[i].file);
        else if (w.r != 0 || !w.options->tenant[0].broken)
            fail_msg("%s", CASES[i].text);
    }
}

static void a_link_to_a_secret_is_refused_and_one_to_certificates_is_not(void **state)
{
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    char from[256], to[256];
    (void)state;
    (void)snprintf(to, sizeof to, "%s/contoso.secret", w.dir);
    (void)snprintf(from, sizeof from, "%s/link.secret", w.dir);
    assert_int_equal(symlink(to, from), 0);
    fixture_load(&w, TENANT_WITH("link.secret"));
    assert_non_null(strstr(w.options->tenant[0].broken, "symbolic link"));
    write_pair(&w, "ca.pem", "ca.key", 86400);
    (void)snprintf(to, sizeof to, "%s/ca.pem", w.dir);
    (void)snprintf(from, sizeof from, "%s/link.pem", w.dir);
    assert_int_equal(symlink(to, from), 0);
    fixture_load(&w, GOOD_TENANT "network: { ca_file = \"link.pem\"; };");
    fixture_expect_clean(&w, "link to certificates");
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
        cmocka_unit_test(secrets_beside_the_main_file_are_found_last),
        cmocka_unit_test(a_closed_folder_is_named_with_the_user),
        cmocka_unit_test(what_only_root_can_read_is_warned_of_before_the_service_starts),
        cmocka_unit_test(a_client_secret_is_looked_at_before_entra_sees_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
