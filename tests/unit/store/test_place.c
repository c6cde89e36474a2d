/* SPDX-License-Identifier: MIT */
#include "store/place.h"
#include "fixture.h"

static void a_network_file_system_is_known_by_its_number(void **state)
{
    static const struct {
        unsigned long type;
        const char *want;
    } CASES[] = {{0x6969, "NFS"},   {0xff534d42, "CIFS"}, {0xfe534d42, "SMB2"}, {0x01021997, "9P"},
                 {0xef53, NULL},    {0x01021994, NULL},   {0x9123683e, NULL},   {0x58465342, NULL},
                 {0x65735546, NULL}}; /* ext4, tmpfs, btrfs, xfs, FUSE */
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++)
        if (!text_equal(place_network_name(CASES[i].type), CASES[i].want))
            fail_msg("%lx", CASES[i].type);
}

static void damaged_file_never_replaces_an_older_one(void **state)
{
    CLEANUP(close) int fd = open(*state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    char name[2][96];
    struct failure f = {0};
    for (int i = 0; i < 2; i++) {
        static const char *const FILES[] = {STORE_FILE, STORE_FILE "-wal", STORE_PART};
        for (size_t k = 0; k < N_ELEMENTS(FILES); k++)
            assert_int_equal(close(open(file_in(*state, FILES[k]), O_CREAT | O_WRONLY | O_CLOEXEC, 0600)), 0);
        place_name_aside(fd, T0, name[i], sizeof name[i]);
        ok(place_exchange(fd, *state, name[i], &f), &f);
        assert_int_equal(access(file_in(*state, STORE_FILE), F_OK), 0);
        assert_int_equal(access(file_in(*state, STORE_FILE "-wal"), F_OK), -1);
    }
    assert_string_not_equal(name[0], name[1]);
    for (int i = 0; i < 2; i++) {
        CLEANUP(free) char *wal = text_printf("%s-wal", name[i]);
        assert_int_equal(access(file_in(*state, name[i]), F_OK), 0);
        assert_int_equal(access(file_in(*state, wal), F_OK), 0);
    }
}

static void a_missing_directory_is_only_made_on_request(void **state)
{
    CLEANUP(free) char *missing = text_printf("%s/missing", (char *)*state);
    CLEANUP(free) char *path = NULL;
    CLEANUP(close) int fd = -1;
    struct failure f = {0};
    assert_int_equal(place_open(missing, false, &path, &fd, &f), -ENOENT);
    ok(place_open(missing, true, &path, &fd, &f), &f);
    assert_string_equal(path, missing);
}

static void a_directory_is_checked_without_being_made(void **state)
{
    CLEANUP(free) char *missing = text_printf("%s/missing", (char *)*state);
    CLEANUP(free) char *deeper = text_printf("%s/missing/deeper/", (char *)*state);
    struct failure f = {0};
    ok(store_check_directory(*state, &f), &f);
    ok(store_check_directory(missing, &f), &f);
    assert_int_equal(access(missing, F_OK), -1);
    assert_int_equal(store_check_directory(deeper, &f), -ENOENT);
    assert_non_null(strstr(f.text, "create the directory above it"));
    assert_int_equal(chmod(*state, 0755), 0);
    assert_int_equal(store_check_directory(*state, &f), -EPERM);
    assert_non_null(strstr(f.text, "chmod 0700"));
    assert_int_equal(chmod(*state, 0700), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, dir_make, dir_remove)
    const struct CMUnitTest tests[] = {
        TEST(a_network_file_system_is_known_by_its_number),
        TEST(damaged_file_never_replaces_an_older_one),
        TEST(a_missing_directory_is_only_made_on_request),
        TEST(a_directory_is_checked_without_being_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
