/* SPDX-License-Identifier: MIT */
#include "base/cleanup.h"
#include "base/stamp.h"
#include "base/text.h"
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void write_file(const char *path, const char *text)
{
    CLEANUP(fclose) FILE *f = fopen(path, "we");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
}

/* Of the same size, and given the same modification time again. */
static void rename_over(const char *path, const char *text)
{
    struct stat st;
    CLEANUP(free) char *other = text_printf("%s.new", path);
    assert_int_equal(stat(path, &st), 0);
    write_file(other, text);
    const struct timespec times[] = {st.st_atim, st.st_mtim};
    assert_int_equal(utimensat(AT_FDCWD, other, times, 0), 0);
    assert_int_equal(rename(other, path), 0);
}

static void each_way_to_change_a_file_changes_its_stamp(void **state)
{
    char dir[] = "/tmp/seatwatch-stamp-XXXXXX";
    (void)state;
    assert_non_null(mkdtemp(dir));
    CLEANUP(free) char *path = text_printf("%s/secret", dir);
    uint64_t missing = stamp_add(STAMP_NONE, path);
    write_file(path, "one");
    uint64_t first = stamp_add(STAMP_NONE, path);
    assert_true(first == stamp_add(STAMP_NONE, path));
    rename_over(path, "two");
    uint64_t renamed = stamp_add(STAMP_NONE, path);
    write_file(path, "longer");
    uint64_t longer = stamp_add(STAMP_NONE, path);
    assert_int_equal(chmod(path, 0400), 0);
    uint64_t mode = stamp_add(STAMP_NONE, path);
    const uint64_t all[] = {STAMP_NONE, missing, first, renamed, longer, mode};
    for (size_t i = 0; i < N_ELEMENTS(all); i++)
        for (size_t k = 0; k < i; k++)
            if (all[i] == all[k])
                fail_msg("%zu is like %zu", i, k);
    assert_int_equal(unlink(path), 0);
    assert_true(stamp_add(STAMP_NONE, path) == missing);
    assert_int_equal(rmdir(dir), 0);
}

static void no_path_adds_nothing_and_several_add_up(void **state)
{
    (void)state;
    assert_true(stamp_add(STAMP_NONE, NULL) == STAMP_NONE);
    assert_true(stamp_add(STAMP_NONE, "") == STAMP_NONE);
    assert_true(stamp_add(stamp_add(STAMP_NONE, "/"), "/no such file") != stamp_add(STAMP_NONE, "/"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_way_to_change_a_file_changes_its_stamp),
        cmocka_unit_test(no_path_adds_nothing_and_several_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
