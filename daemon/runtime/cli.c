/* SPDX-License-Identifier: MIT */
/* runtime/cli.c: parses the command line: one table of long options, one mode at a time. */
#include "runtime/cli.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

#define DEFAULT_CONFIG "/etc/seatwatchd/seatwatchd.conf"
#define DEFAULT_STATE_DIR "/var/lib/seatwatchd"

static const char HELP[] =
    "seatwatchd watches the licence capacity of Microsoft 365 tenants and sends alerts before it "
    "runs out.\n\n"
    "usage: seatwatchd [options]\n\n"
    "  -c, --config FILE       configuration (default " DEFAULT_CONFIG ")\n"
    "      --state-dir DIR     state directory (default $STATE_DIRECTORY, else " DEFAULT_STATE_DIR
    ")\n"
    "      --check-config      check everything a start would refuse, with --state-dir also that "
    "directory; change nothing\n"
    "      --dump-config       print every effective value as a configuration\n"
    "      --check-access      sign in and try each call that the configuration needs\n"
    "      --test-receiver NAME  send one test message to this receiver\n"
    "      --life              with --test-receiver: a made-up alert that fires, gets worse and ends\n"
    "      --once              poll every tenant once, evaluate, deliver, exit\n"
    "      --dry-run           with --once: store and send nothing\n"
    "      --json              with --once: print one JSON object\n"
    "      --log-level LEVEL   error, warning, notice, info or debug\n"
    "      --version           print the version\n"
    "      --help              print this\n\n"
    "Signals: HUP reload, USR1 poll every tenant now, TERM and INT stop.\n"
    "Manual pages: seatwatchd(8), seatwatchd.conf(5).\n";

static const char VERSION[] =
    "seatwatchd " SEATWATCH_VERSION "\n"
    "Microsoft Graph Cloud Licensing API, version beta: Microsoft may change it at any time.\n";

enum {
    OPT_STATE_DIR = 256,
    OPT_CHECK_CONFIG,
    OPT_DUMP_CONFIG,
    OPT_CHECK_ACCESS,
    OPT_TEST_RECEIVER,
    OPT_LIFE,
    OPT_ONCE,
    OPT_DRY_RUN,
    OPT_JSON,
    OPT_LOG_LEVEL,
    OPT_VERSION,
    OPT_HELP,
};
static const struct option OPTIONS[] = {
    {"config", required_argument, NULL, 'c'},
    {"state-dir", required_argument, NULL, OPT_STATE_DIR},
    {"check-config", no_argument, NULL, OPT_CHECK_CONFIG},
    {"dump-config", no_argument, NULL, OPT_DUMP_CONFIG},
    {"check-access", no_argument, NULL, OPT_CHECK_ACCESS},
    {"test-receiver", required_argument, NULL, OPT_TEST_RECEIVER},
    {"life", no_argument, NULL, OPT_LIFE},
    {"once", no_argument, NULL, OPT_ONCE},
    {"dry-run", no_argument, NULL, OPT_DRY_RUN},
    {"json", no_argument, NULL, OPT_JSON},
    {"log-level", required_argument, NULL, OPT_LOG_LEVEL},
    {"version", no_argument, NULL, OPT_VERSION},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

static int complain(const char *what, const char *about)
{
    fprintf(stderr, "seatwatchd: %s%s%s; try --help\n", what, about ? ": " : "", about ? about : "");
    return EXIT_USAGE_ERROR;
}

static int set_mode(struct cli *cli, enum cli_mode mode)
{
    if (cli->mode != CLI_DAEMON && cli->mode != mode)
        return complain("only one of --once, --check-config, --dump-config, --check-access "
                        "and --test-receiver can be given at a time",
                        NULL);
    cli->mode = mode;
    return -1;
}

static int parse_option(struct cli *cli, int option)
{
    switch (option) {
    case 'c': cli->config = optarg; return -1;
    case OPT_STATE_DIR:
        cli->state_dir = optarg;
        cli->state_dir_given = true;
        return -1;
    case OPT_CHECK_CONFIG: return set_mode(cli, CLI_CHECK_CONFIG);
    case OPT_DUMP_CONFIG: return set_mode(cli, CLI_DUMP_CONFIG);
    case OPT_CHECK_ACCESS: return set_mode(cli, CLI_CHECK_ACCESS);
    case OPT_TEST_RECEIVER: cli->receiver = optarg; return set_mode(cli, CLI_TEST_RECEIVER);
    case OPT_LIFE: cli->life = true; return -1;
    case OPT_ONCE: return set_mode(cli, CLI_ONCE);
    case OPT_DRY_RUN: cli->dry_run = true; return -1;
    case OPT_JSON: cli->json = true; return -1;
    case OPT_LOG_LEVEL:
        cli->log_level = log_level_parse(optarg);
        return cli->log_level < 0 ? complain("--log-level is one of error, warning, notice, info, debug", optarg)
                                  : -1;
    case OPT_VERSION: fputs(VERSION, stdout); return EXIT_OK;
    case OPT_HELP: fputs(HELP, stdout); return EXIT_OK;
    default: return EXIT_USAGE_ERROR; /* getopt has named the option */
    }
}

int cli_parse(int argc, char **argv, struct cli *ret)
{
    const char *from_systemd = getenv("STATE_DIRECTORY"); /* systemd.exec(5) */
    struct cli cli = {.config = DEFAULT_CONFIG,
                      .state_dir = from_systemd && *from_systemd ? from_systemd : DEFAULT_STATE_DIR,
                      .log_level = -1};
    int option, code = -1;
    while (code < 0 && (option = getopt_long(argc, argv, "c:", OPTIONS, NULL)) != -1)
        code = parse_option(&cli, option);
    if (code < 0 && optind < argc)
        code = complain("unexpected argument", argv[optind]);
    if (code < 0 && (cli.dry_run || cli.json) && cli.mode != CLI_ONCE)
        code = complain("--dry-run and --json go with --once", NULL);
    if (code < 0 && cli.life && cli.mode != CLI_TEST_RECEIVER)
        code = complain("--life goes with --test-receiver", NULL);
    if (code == EXIT_USAGE_ERROR && option == '?')
        fputs("try: seatwatchd --help\n", stderr);
    *ret = cli;
    return code;
}
