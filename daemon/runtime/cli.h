/* SPDX-License-Identifier: MIT */
/* runtime/cli.h: the command line of seatwatchd, and its exit codes (seatwatchd(8)). */
#pragma once
#include <stdbool.h>

enum exit_code {
    EXIT_OK = 0,
    EXIT_INCOMPLETE = 1, /* --once: a poll is incomplete, or a delivery pending; --check-access: not usable */
    EXIT_USAGE_ERROR = 64,
    EXIT_STATE = 69,
    EXIT_INTERNAL = 70,
    EXIT_BUSY = 75,
    EXIT_CONFIGURATION = 78,
};
enum cli_mode { CLI_DAEMON, CLI_ONCE, CLI_CHECK_CONFIG, CLI_DUMP_CONFIG, CLI_CHECK_ACCESS, CLI_TEST_RECEIVER };

struct cli { /* strings are borrowed from argv and the environment */
    enum cli_mode mode;
    const char *config;
    const char *state_dir;
    const char *receiver; /* --test-receiver NAME */
    bool dry_run, json, life;
    int log_level; /* -1: as configured */
    bool state_dir_given; /* by an option: --check-config looks at it, too */
};
/* -1: go on with *ret. Otherwise the exit code; help, version or a complaint has been printed. */
int cli_parse(int argc, char **argv, struct cli *ret);
