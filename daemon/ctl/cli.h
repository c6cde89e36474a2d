/* SPDX-License-Identifier: MIT */
/* ctl/cli.h: the command line of seatwatchctl. */
#pragma once
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

enum {
    CTL_OK = 0,
    CTL_REFUSED = 1,      /* the daemon answers with an error */
    CTL_UNKNOWN = 3,      /* check, room: any trouble */
    CTL_USAGE = 64,
    CTL_UNAVAILABLE = 69, /* no daemon, or no answer */
    CTL_INTERNAL = 70,
    CTL_PERMISSION = 77,  /* this user may not use the socket */
    CTL_CONFIGURATION = 78, /* reload: the new configuration is refused */
};

enum ctl_option {
    OPTION_JSON,
    OPTION_SOCKET,
    OPTION_INSTANCE,
    OPTION_HELP,
    OPTION_VERSION,
    OPTION_ALL, /* from here on: of single commands */
    OPTION_FAILED,
    OPTION_FOR,
    OPTION_FROM,
    OPTION_UNTIL,
    OPTION_WEEKLY,
    OPTION_TIMEZONE,
    OPTION_COMMENT,
    OPTION_AUTHOR,
    OPTION_HOLD,
    OPTION_NOT,
    OPTION_TENANT,
    OPTION_SKU,
    OPTION_SEVERITY,
    OPTION_AT,
    OPTION_DAYS,
    OPTION_CSV,
    OPTION_NAMES,
    OPTION_LIFE,
    OPTION_DRY_RUN,
    OPTION_COUNT_
};
#define OPTION_BIT(o) (1u << (o))
#define COMMAND_CHECKS (1u << 31) /* among the bits of a command: wrong usage is CTL_UNKNOWN, too */

struct ctl;
struct ctl_command {
    const char *name; /* "status", "silence add" */
    const char *args; /* "[TENANT]", for people */
    size_t min_args, max_args;
    unsigned options; /* bits of its own options */
    int (*run)(const struct ctl *c); /* the exit code; errors were printed */
    const char *help;
};
struct ctl {
    const struct ctl_command *command;
    const char *option[OPTION_COUNT_]; /* NULL: not given; "": given, without a value */
    char *const *arg;                  /* what follows the name of the command */
    size_t n_args;
    char control[PATH_MAX], read[PATH_MAX]; /* sockets; with --socket both are that one */
};

/* -1: *ret is what to run; otherwise the exit code, and everything was printed. Without a command, the first of the
 * table. */
int ctl_parse(int argc, char **argv, const struct ctl_command *table, size_t n, struct ctl *ret);
/* "seatwatchctl: TEXT" on stderr, for each line of it, cleaned. */
void ctl_complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
