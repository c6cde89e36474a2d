/* SPDX-License-Identifier: MIT */
/* The command line: one mode at a time, and 64 for everything that makes no sense. */
#include <getopt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "base/cleanup.h"
#include "runtime/cli.h"

static int parse(const char *line, struct cli *ret)
{
    static char copy[256];
    char *argv[16] = {"seatwatchd"};
    int argc = 1;
    (void)snprintf(copy, sizeof copy, "%s", line);
    for (char *rest = copy, *word; (word = strsep(&rest, " "));)
        if (*word)
            argv[argc++] = word;
    optind = 0; /* glibc: start anew */
    return cli_parse(argc, argv, ret);
}

static void options_become_one_mode_and_its_details(void **state)
{
    static const struct {
        const char *line;
        struct cli want;
    } CASES[] = {
        {"", {.mode = CLI_DAEMON, .log_level = -1}},
        {"-c /x.conf --state-dir /s", {.mode = CLI_DAEMON, .config = "/x.conf", .state_dir = "/s", .log_level = -1, .state_dir_given = true}},
        {"--once --dry-run --json", {.mode = CLI_ONCE, .dry_run = true, .json = true, .log_level = -1}},
        {"--json --once", {.mode = CLI_ONCE, .json = true, .log_level = -1}},
        {"--test-receiver pager --log-level debug", {.mode = CLI_TEST_RECEIVER, .receiver = "pager", .log_level = LOG_DEBUG}},
        {"--life --test-receiver pager", {.mode = CLI_TEST_RECEIVER, .receiver = "pager", .life = true, .log_level = -1}},
        {"--check-config --config=/y", {.mode = CLI_CHECK_CONFIG, .config = "/y", .log_level = -1}},
        {"--check-access", {.mode = CLI_CHECK_ACCESS, .log_level = -1}},
        {"--dump-config", {.mode = CLI_DUMP_CONFIG, .log_level = -1}},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        const struct cli *want = &CASES[i].want;
        struct cli got;
        assert_int_equal(parse(CASES[i].line, &got), -1);
        assert_int_equal(got.mode, want->mode);
        assert_string_equal(got.config, want->config ? want->config : "/etc/seatwatchd/seatwatchd.conf");
        assert_string_equal(got.state_dir, want->state_dir ? want->state_dir : "/var/lib/seatwatchd");
        assert_true(want->receiver ? got.receiver && !strcmp(got.receiver, want->receiver) : !got.receiver);
        assert_int_equal(got.dry_run, want->dry_run);
        assert_int_equal(got.json, want->json);
        assert_int_equal(got.life, want->life);
        assert_int_equal(got.log_level, want->log_level);
        assert_int_equal(got.state_dir_given, want->state_dir_given);
    }
}

static void nonsense_is_wrong_usage(void **state)
{
    static const char *const LINES[] = {
        "--nonsense", "word", "--once word", "--json", "--dry-run", "--once --check-config",
        "--check-access --test-receiver x", "--test-receiver", "--life", "--once --life", "--config", "--log-level shouting",
        "--dry-run --check-config",
    };
    struct cli cli;
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(LINES); i++)
        if (parse(LINES[i], &cli) != EXIT_USAGE_ERROR)
            fail_msg("accepted: %s", LINES[i]);
}

static void systemd_says_where_state_lives(void **state)
{
    struct cli cli;
    (void)state;
    assert_int_equal(setenv("STATE_DIRECTORY", "/run/elsewhere", 1), 0);
    assert_int_equal(parse("", &cli), -1);
    assert_string_equal(cli.state_dir, "/run/elsewhere");
    assert_int_equal(parse("--state-dir /mine", &cli), -1);
    assert_string_equal(cli.state_dir, "/mine");
    assert_int_equal(unsetenv("STATE_DIRECTORY"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_become_one_mode_and_its_details),
        cmocka_unit_test(nonsense_is_wrong_usage),
        cmocka_unit_test(systemd_says_where_state_lives),
    };
    (void)unsetenv("STATE_DIRECTORY");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
