/* SPDX-License-Identifier: MIT */
#include "month/kill.h"

#include "month/seeded.h"
#include "store/store.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

static unsigned steps_left; /* 0: none is armed */
static bool under_way;
static char from_dir[160], to_dir[160];

void kill_reset(void)
{
    steps_left = 0;
    under_way = false;
}

void kill_arm(unsigned steps, const char *from, const char *to)
{
    steps_left = steps;
    (void)snprintf(from_dir, sizeof from_dir, "%s", from);
    (void)snprintf(to_dir, sizeof to_dir, "%s", to);
}

bool kill_is_under_way(void)
{
    return under_way;
}

static void copy_file(const char *name)
{
    char path[512], buf[65536];
    size_t n;
    (void)snprintf(path, sizeof path, "%s/%s", from_dir, name);
    FILE *in = fopen(path, "re");
    (void)snprintf(path, sizeof path, "%s/%s", to_dir, name);
    FILE *out = fopen(path, "wxe");
    assert_true(in && out);
    while ((n = fread(buf, 1, sizeof buf, in)) > 0)
        assert_int_equal(fwrite(buf, 1, n, out), n);
    assert_int_equal(fclose(in), 0);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(chmod(path, 0600), 0);
}

static void die(void)
{
    steps_left = 0;
    under_way = true;
    assert_int_equal(mkdir(to_dir, 0700), 0);
    DIR *d = opendir(from_dir);
    assert_non_null(d);
    for (const struct dirent *e; (e = readdir(d));)
        if (e->d_name[0] != '.')
            copy_file(e->d_name);
    assert_int_equal(closedir(d), 0);
}

void kill_now(const char *from, const char *to)
{
    kill_arm(1, from, to);
    die();
}

static void step(void)
{
    if (steps_left && --steps_left == 0)
        die();
}

/* ---- before and after each write ---- */

int __real_store_commit(struct store *s, const struct commit *c, size_t n, struct failure *f);
int __wrap_store_commit(struct store *s, const struct commit *c, size_t n, struct failure *f);
int __wrap_store_commit(struct store *s, const struct commit *c, size_t n, struct failure *f)
{
    struct seeded_commit own = {0};
    step();
    int r = __real_store_commit(s, seeded_commit(c, n, &own), n, f);
    seeded_commit_free(&own);
    step();
    return r;
}

int __real_store_attempt_begin(struct store *s, int64_t id, const char *body, size_t len,
                               struct instant now, struct failure *f);
int __wrap_store_attempt_begin(struct store *s, int64_t id, const char *body, size_t len,
                               struct instant now, struct failure *f);
int __wrap_store_attempt_begin(struct store *s, int64_t id, const char *body, size_t len,
                               struct instant now, struct failure *f)
{
    static const struct attempt_result DELIVERED = {.state = OUTBOX_DELIVERED, .status = 204};
    step();
    int r = __real_store_attempt_begin(s, id, body, len, now, f);
    if (r >= 0 && seeded_bug == BUG_DELIVERED_BEFORE_SENT)
        r = store_attempt_end(s, id, &DELIVERED, now, f);
    step();
    return r;
}

int __real_store_attempt_end(struct store *s, int64_t id, const struct attempt_result *a,
                             struct instant now, struct failure *f);
int __wrap_store_attempt_end(struct store *s, int64_t id, const struct attempt_result *a,
                             struct instant now, struct failure *f);
int __wrap_store_attempt_end(struct store *s, int64_t id, const struct attempt_result *a,
                             struct instant now, struct failure *f)
{
    step();
    int r = __real_store_attempt_end(s, id, a, now, f);
    step();
    return r;
}
