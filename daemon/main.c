/* SPDX-License-Identifier: MIT */
/* main.c: argv -> a program -> an exit code; nothing else. */
#include "base/stdfds.h"
#include "runtime/cli.h"
#include "runtime/run.h"

int main(int argc, char **argv)
{
    struct cli cli;
    if (stdfds_ensure_open() < 0)
        return EXIT_INTERNAL; /* there is nowhere to say so */
    int code = cli_parse(argc, argv, &cli);
    return code >= 0 ? code : run(&cli);
}
