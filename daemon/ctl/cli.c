/* SPDX-License-Identifier: MIT */
/* ctl/cli.c: the command line of seatwatchctl: one table of options, one of commands. */
#include "ctl/cli.h"

#include <getopt.h>
#include <stdarg.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

#define RUN_DIRECTORY "/run/seatwatchd"
#define LINE_BYTES 1024 /* of an error */
#define COMMANDS_MAX 64

static const struct {
    const char *name, *value; /* value: what it is called; NULL: none */
    const char *help;
} OPTIONS[OPTION_COUNT_] = {
    [OPTION_JSON] = {"json", NULL, "print the answer of the daemon in JSON"},
    [OPTION_SOCKET] = {"socket", "PATH", "socket of the daemon (default " RUN_DIRECTORY "/control.sock or read.sock)"},
    [OPTION_INSTANCE] = {"instance", "NAME", "the daemon of seatwatchd@NAME.service"},
    [OPTION_HELP] = {"help", NULL, "print this"},
    [OPTION_VERSION] = {"version", NULL, "print the version"},
    [OPTION_ALL] = {"all", NULL, "also alerts that do not fire yet; of get: all pages"},
    [OPTION_FAILED] = {"failed", NULL, "only messages that are parked"},
    [OPTION_FOR] = {"for", "DURATION", "from now on, such as 2h"},
    [OPTION_FROM] = {"from", "TIME", "start, such as 2026-12-24T18:00:00Z or \"2026-12-24 19:00\" (local time)"},
    [OPTION_UNTIL] = {"until", "TIME", "end"},
    [OPTION_WEEKLY] = {"weekly", "HOURS", "days and times, such as \"Sun 01:00-04:00\""},
    [OPTION_TIMEZONE] = {"timezone", "ZONE", "of --weekly, such as Europe/Berlin (default: of the daemon's machine)"},
    [OPTION_COMMENT] = {"comment", "TEXT", "the reason"},
    [OPTION_AUTHOR] = {"author", "NAME", "who wants this (default: your login)"},
    [OPTION_HOLD] = {"hold", NULL, "also if it gets worse"},
    [OPTION_TENANT] = {"tenant", "NAME", "of this tenant only: its name or id, or the begin of one"},
    [OPTION_SKU] = {"sku", "NAME", "of this SKU only: part number, id or name, or the begin of one"},
    [OPTION_SEVERITY] = {"severity", "WORD", "warning, critical or info"},
    [OPTION_DAYS] = {"days", "N", "so far back (default 90)"},
    [OPTION_CSV] = {"csv", NULL, "print comma-separated values"},
    [OPTION_AT] = {"at", "TIME", "at this time instead of now"},
    [OPTION_NAMES] = {"names", NULL, "names of people beside their ids"},
    [OPTION_LIFE] = {"life", NULL, "a made-up alert that fires, gets worse and ends"},
    [OPTION_DRY_RUN] = {"dry-run", NULL, "show what would be sent"},
    [OPTION_NOT] = {"not", NULL, "why nothing was notified about a SKU"},
};

void ctl_complain(const char *fmt, ...)
{
    CLEANUP(text_free) struct text t = TEXT_INIT(1 << 20);
    va_list ap;
    va_start(ap, fmt);
    text_vaddf(&t, fmt, ap);
    va_end(ap);
    for (const char *line = t.data ? t.data : "out of memory"; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
        char clean[LINE_BYTES];
        fprintf(stderr, "seatwatchctl: %s\n", text_clean(clean, sizeof clean, line, strcspn(line, "\n")));
    }
}

static void print_help(const struct ctl_command *table, size_t n)
{
    fputs("seatwatchctl asks and steers a running seatwatchd.\n\nusage: seatwatchctl [options] [command]\n\ncommands:\n", stdout);
    for (size_t i = 0; i < n; i++) {
        char usage[80];
        (void)snprintf(usage, sizeof usage, "%s %s", table[i].name, table[i].args);
        printf("  %-26s %s\n", usage, table[i].help);
    }
    fputs("\noptions:\n", stdout);
    for (size_t i = 0; i < OPTION_COUNT_; i++) {
        char usage[40];
        (void)snprintf(usage, sizeof usage, "--%s %s", OPTIONS[i].name, OPTIONS[i].value ? OPTIONS[i].value : "");
        printf("  %-26s %s\n", usage, OPTIONS[i].help);
    }
    printf("\nWithout a command: %s. Manual page: seatwatchctl(1).\n", table[0].name);
}

/* ---- options ---- */

static int refuse_option(const char *name)
{
    const char *names[OPTION_COUNT_];
    for (size_t i = 0; i < OPTION_COUNT_; i++)
        names[i] = OPTIONS[i].name;
    const char *near = text_nearest(name, names, OPTION_COUNT_);
    ctl_complain("there is no option --%s; %s%s%s", name, near ? "did you mean --" : "try --help", near ? near : "", near ? "?" : "");
    return CTL_USAGE;
}

static int parse_options(int argc, char **argv, struct ctl *c)
{
    struct option options[OPTION_COUNT_ + 1] = {0};
    int code = -1, option;
    for (int i = 0; i < OPTION_COUNT_; i++)
        options[i] = (struct option){OPTIONS[i].name, OPTIONS[i].value ? required_argument : no_argument, NULL, 256 + i};
    opterr = 0;
    while (code < 0 && (option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
        const char *word = argv[optind - 1];
        if (option == 'h') {
            c->option[OPTION_HELP] = "";
        } else if (option == ':') {
            ctl_complain("%s needs a value; try --help", word);
            code = CTL_USAGE;
        } else if (option == '?') {
            code = refuse_option(word + strspn(word, "-"));
        } else {
            c->option[option - 256] = OPTIONS[option - 256].value ? optarg : "";
        }
    }
    return code;
}

static int check_options(const struct ctl *c)
{
    for (unsigned i = OPTION_ALL; i < OPTION_COUNT_; i++)
        if (c->option[i] && !(c->command->options & OPTION_BIT(i))) {
            ctl_complain("%s does not have --%s; try --help", c->command->name, OPTIONS[i].name);
            return CTL_USAGE;
        }
    return -1;
}

/* ---- commands ---- */

/* How many of the words are the name of the command; 0: they are another one. */
static size_t words_of(const char *name, char *const *word, size_t n)
{
    size_t used = 0;
    while (*name && used < n) {
        size_t len = strcspn(name, " ");
        if (strlen(word[used]) != len || memcmp(word[used], name, len) != 0)
            return 0;
        used++;
        name += len + (name[len] == ' ');
    }
    return *name ? 0 : used;
}

static int refuse_command(char *const *word, size_t n_words, const struct ctl_command *table, size_t n)
{
    const char *names[COMMANDS_MAX], *near;
    char two[128];
    n = n < COMMANDS_MAX ? n : COMMANDS_MAX;
    for (size_t i = 0; i < n; i++)
        names[i] = table[i].name;
    (void)snprintf(two, sizeof two, "%s%s%s", word[0], n_words > 1 ? " " : "", n_words > 1 ? word[1] : "");
    near = text_nearest(two, names, n);
    near = near ? near : text_nearest(word[0], names, n);
    ctl_complain("there is no command \"%s\"; %s%s%s", word[0], near ? "did you mean \"" : "try --help", near ? near : "",
                 near ? "\"?" : "");
    return CTL_USAGE;
}

/* The variable of a script that is not set. An empty id would be the beginning of every id. */
static int refuse_empty(const struct ctl *c)
{
    for (size_t i = 0; i < c->n_args; i++)
        if (!*c->arg[i]) {
            ctl_complain("argument %zu is empty; usage: seatwatchctl %s %s", i + 1, c->command->name, c->command->args);
            return CTL_USAGE;
        }
    for (size_t i = 0; i < OPTION_COUNT_; i++)
        if (c->option[i] && OPTIONS[i].value && !*c->option[i]) {
            ctl_complain("--%s is empty; leave it out, or give it a value", OPTIONS[i].name);
            return CTL_USAGE;
        }
    return check_options(c);
}

static int parse_command(char *const *word, size_t n_words, const struct ctl_command *table, size_t n, struct ctl *c)
{
    size_t used = 0, longest = 0;
    c->command = n_words ? NULL : &table[0];
    for (size_t i = 0; i < n; i++) {
        used = words_of(table[i].name, word, n_words);
        if (used > longest) {
            longest = used;
            c->command = &table[i];
        }
    }
    if (!c->command)
        return refuse_command(word, n_words, table, n);
    c->arg = word + longest;
    c->n_args = n_words - longest;
    if (c->n_args < c->command->min_args || c->n_args > c->command->max_args) {
        ctl_complain("usage: seatwatchctl %s %s", c->command->name, c->command->args);
        return CTL_USAGE;
    }
    return refuse_empty(c);
}

/* ---- sockets ---- */

static int find_sockets(struct ctl *c)
{
    const char *socket = c->option[OPTION_SOCKET], *instance = c->option[OPTION_INSTANCE];
    if (instance && (!*instance || strchr(instance, '/') || instance[0] == '.')) {
        ctl_complain("\"%s\" is not the name of an instance; write NAME of seatwatchd@NAME.service", instance);
        return CTL_USAGE;
    }
    if ((socket && (instance || strlen(socket) >= sizeof c->control)) || (instance && strlen(instance) > NAME_MAX)) {
        ctl_complain("--socket and --instance exclude each other, and neither is longer than a path");
        return CTL_USAGE;
    }
    const char *between = instance ? "/" : "";
    (void)snprintf(c->control, sizeof c->control, RUN_DIRECTORY "%s%s/control.sock", between, instance ? instance : "");
    (void)snprintf(c->read, sizeof c->read, RUN_DIRECTORY "%s%s/read.sock", between, instance ? instance : "");
    if (socket) {
        (void)snprintf(c->control, sizeof c->control, "%s", socket);
        (void)snprintf(c->read, sizeof c->read, "%s", socket);
    }
    return -1;
}

int ctl_parse(int argc, char **argv, const struct ctl_command *table, size_t n, struct ctl *ret)
{
    *ret = (struct ctl){0};
    int code = parse_options(argc, argv, ret);
    if (code < 0 && ret->option[OPTION_HELP]) {
        print_help(table, n);
        code = CTL_OK;
    }
    if (code < 0 && ret->option[OPTION_VERSION]) {
        puts("seatwatchctl " SEATWATCH_VERSION);
        code = CTL_OK;
    }
    if (code < 0)
        code = parse_command(argv + optind, (size_t)(argc - optind), table, n, ret);
    if (code < 0)
        code = find_sockets(ret);
    return code == CTL_USAGE && ret->command && ret->command->options & COMMAND_CHECKS ? CTL_UNKNOWN : code;
}
