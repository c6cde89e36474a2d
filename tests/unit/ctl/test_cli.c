/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "ctl/ask.h"
#include "ctl/cli.h"
#include <getopt.h>

static int run_nothing(const struct ctl *c)
{
    (void)c;
    return CTL_OK;
}

static const struct ctl_command TABLE[] = {
    {"status", "", 0, 0, 0, run_nothing, "first"},
    {"alerts", "[--all]", 0, 0, OPTION_BIT(OPTION_ALL), run_nothing, "alerts"},
    {"poll", "[TENANT]", 0, 1, 0, run_nothing, "poll"},
    {"silence", "", 0, 0, 0, run_nothing, "one word"},
    {"silence add", "KEY=GLOB...", 1, 9, 0, run_nothing, "two words"},
};

/* Splits `line` at blanks, "-" is an empty word; what the parser prints goes to *said. */
static int parse(const char *line, struct ctl *c, char said[static 4096])
{
    static char copy[4096], *argv[16];
    int argc = 1;
    (void)snprintf(copy, sizeof copy, "%s", line);
    argv[0] = copy + sizeof copy - 1;
    for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
        argv[argc++] = strcmp(word, "-") == 0 ? word + 1 : word;
    argv[argc] = NULL;
    optind = 0; /* glibc: begins anew */
    CLEANUP(fclose) FILE *out = tmpfile();
    int kept = dup(STDERR_FILENO);
    (void)fflush(stderr);
    (void)dup2(fileno(out), STDERR_FILENO);
    int code = ctl_parse(argc, argv, TABLE, N_ELEMENTS(TABLE), c);
    (void)fflush(stderr);
    (void)dup2(kept, STDERR_FILENO);
    (void)close(kept);
    rewind(out);
    said[fread(said, 1, 4095, out)] = '\0';
    return code;
}

static void words_select_a_command(void **state)
{
    static const struct {
        const char *line, *command;
        size_t n_args;
        const char *arg;
    } CASES[] = {
        {"", "status", 0, NULL},
        {"--json", "status", 0, NULL},
        {"alerts --all", "alerts", 0, NULL},
        {"--all alerts", "alerts", 0, NULL},
        {"poll", "poll", 0, NULL},
        {"poll contoso", "poll", 1, "contoso"},
        {"silence", "silence", 0, NULL},
        {"silence add a=b c=d", "silence add", 2, "a=b"},
        {"poll -- --json", "poll", 1, "--json"},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct ctl c;
        char said[4096];
        assert_int_equal(parse(CASES[i].line, &c, said), -1);
        assert_string_equal(c.command->name, CASES[i].command);
        assert_int_equal(c.n_args, CASES[i].n_args);
        if (CASES[i].arg)
            assert_string_equal(c.arg[0], CASES[i].arg);
    }
}

static void wrong_usage_says_what_is_right(void **state)
{
    static const struct {
        const char *line, *words;
    } CASES[] = {
        {"stauts", "there is no command \"stauts\"; did you mean \"status\"?"},
        {"silence ad x=y", "usage: seatwatchctl silence"},
        {"silense add x=y", "did you mean \"silence add\"?"},
        {"nonsense", "try --help"},
        {"poll -", "argument 1 is empty; usage: seatwatchctl poll [TENANT]"},
        {"--instance - status", "--instance is empty"},
        {"--sockt x", "there is no option --sockt; did you mean --socket?"},
        {"--socket", "--socket needs a value"},
        {"status --all", "status does not have --all"},
        {"poll a b", "usage: seatwatchctl poll [TENANT]"},
        {"silence add", "usage: seatwatchctl silence"},
        {"--instance ../x", "is not the name of an instance"},
        {"--instance a --socket /b", "exclude each other"},
        {"\x1b[31mred", "there is no command \"\\u{1b}[31mred\""},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct ctl c;
        char said[4096];
        if (parse(CASES[i].line, &c, said) != CTL_USAGE || !strstr(said, CASES[i].words))
            fail_msg("%s -> %s", CASES[i].line, said);
    }
}

static void the_sockets_follow_from_the_instance(void **state)
{
    struct ctl c;
    char said[4096];
    (void)state;
    assert_int_equal(parse("status", &c, said), -1);
    assert_string_equal(c.control, "/run/seatwatchd/control.sock");
    assert_string_equal(c.read, "/run/seatwatchd/read.sock");
    assert_int_equal(parse("status --instance north", &c, said), -1);
    assert_string_equal(c.control, "/run/seatwatchd/north/control.sock");
    assert_string_equal(c.read, "/run/seatwatchd/north/read.sock");
    assert_int_equal(parse("status --socket /x/y", &c, said), -1);
    assert_string_equal(c.control, "/x/y");
    assert_string_equal(c.read, "/x/y");
}

static void a_value_is_escaped_in_a_target(void **state)
{
    CLEANUP(free) char *target = ask_target("/v1/poll", "tenant", "a b&c=\xc3\xbc/%.-_~Z9");
    (void)state;
    assert_string_equal(target, "/v1/poll?tenant=a%20b%26c%3D%C3%BC%2F%25.-_~Z9");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_select_a_command),
        cmocka_unit_test(wrong_usage_says_what_is_right),
        cmocka_unit_test(the_sockets_follow_from_the_instance),
        cmocka_unit_test(a_value_is_escaped_in_a_target),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
