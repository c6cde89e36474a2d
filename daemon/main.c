/* SPDX-License-Identifier: MIT */
/* main.c: argv -> a program -> an exit code; nothing else. */
#include "runtime/cli.h"
#include "runtime/run.h"

int main(int argc, char **argv)
{
    struct cli cli;
    int code = cli_parse(argc, argv, &cli);
    return code >= 0 ? code : run(&cli);
}
