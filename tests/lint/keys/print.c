/* SPDX-License-Identifier: MIT */
/* Prints the key table, a row a line and a tab between columns, for check.py. */
#include "config/value.h"

#include <stdlib.h>

static void print_row(void *userdata, const char *path, const struct conf_key *k)
{
    char *context = NULL;
    (void)userdata;
    if (conf_key_context(k, &context) < 0)
        exit(1);
    printf("%s\t%s\t%s\t%s\t%s\n", path,
           k->section ? "group" : "key", k->def && !k->shown_def ? k->def : "-", context,
           k->help ? k->help : "-");
    free(context);
}

int main(void)
{
    conf_keys_each(print_row, NULL);
    return 0;
}
