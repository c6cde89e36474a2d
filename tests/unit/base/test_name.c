/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/name.h"

#include <errno.h>

static void a_word_is_a_whole_name_or_the_begin_of_one_object(void **state)
{
    static const char *const NAMES[] = {"SPE_E5", "06ebc4ee", "SPE_E5_NOPSTN", NULL, "SPE_F1", "SPE_FIRSTLINE"};
    static const struct {
        const char *word;
        int want;
    } CASES[] = {{"spe_e5", 0}, {"06E", 0},      {"SPE_E5_", 1}, {"SPE_E", -EEXIST}, {"spe_f", 2},
                 {"x", -ENOENT}, {"", -ENOENT}, {"SPE_F1", 2},  {"SPE_F11", -ENOENT}};
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
        if (name_find(CASES[i].word, NAMES, sizeof NAMES / sizeof *NAMES, 2) != CASES[i].want)
            fail_msg("\"%s\"", CASES[i].word);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_word_is_a_whole_name_or_the_begin_of_one_object)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
