/* SPDX-License-Identifier: MIT */
/* ctl/main.c: seatwatchctl: argv -> a command -> an exit code; nothing else. */
#include <locale.h>
#include <stdio.h>

#include "base/stdfds.h"
#include "ctl/commands.h"

int main(int argc, char **argv)
{
    struct ctl c;
    size_t n;
    const struct ctl_command *table = ctl_commands(&n);
    if (stdfds_ensure_open() < 0)
        return CTL_INTERNAL; /* there is nowhere to say so */
    (void)setlocale(LC_ALL, ""); /* first: libsmartcols asks it what can be printed */
    int code = ctl_parse(argc, argv, table, n, &c);
    code = code < 0 ? c.command->run(&c) : code;
    if (fflush(stdout) != 0 && code == CTL_OK) {
        ctl_complain("cannot write to standard output");
        return CTL_INTERNAL;
    }
    return code;
}
