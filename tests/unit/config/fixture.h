/* SPDX-License-Identifier: MIT */
/* unit/config/fixture.h: a directory with a configuration and its files, and what loading it said.
 */
#pragma once
#include "base/cleanup.h"
#include "base/text.h"
#include "config/load.h"
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

/* libconfig (1.5 and 1.7) forgets the buffer of a string that it was reading at a syntax error. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libconfig.so\n";
}

/* Its first line holds a tenant that is right, so that line 2 is the first of a test's own. */
#define GOOD_TENANT                                                                            \
    "tenants = ( { name = \"contoso\"; tenant_id = \"11111111-2222-4333-8444-000000000001\"; " \
    "client_id = \"99999999-aaaa-4bbb-8ccc-000000000001\"; "                                   \
    "client_secret_file = \"contoso.secret\"; labels = { group = \"gold\"; }; } );\n"

struct config_fixture {
    char dir[64];
    struct options *options;
    struct problems problems;
    int r;
    bool only_logs; /* keep that warning: most configurations of the tests have no receiver that people read */
};

static inline void fixture_file(const struct config_fixture *w, const char *name, mode_t mode,
                                const char *text)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", w->dir, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    assert_int_equal(close(fd), 0);
}

static inline void fixture_directory(const struct config_fixture *w, const char *name)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", w->dir, name);
    assert_int_equal(mkdir(path, 0700), 0);
}

static inline struct config_fixture fixture_new(void)
{
    struct config_fixture w = {.dir = "/tmp/seatwatch-config-XXXXXX"};
    assert_non_null(mkdtemp(w.dir));
    assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
    fixture_file(&w, "contoso.secret", 0600, "canary-secret\n");
    fixture_file(&w, "hook.url", 0600, "https://hook.example/canary\n");
    fixture_file(&w, "hook.key", 0600, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=\n");
    return w;
}

static inline void fixture_forget(struct config_fixture *w)
{
    options_free(w->options);
    w->options = NULL;
    problems_free(&w->problems);
}

static inline void fixture_drop_only_logs(struct problems *p)
{
    size_t n = p->n;
    p->n = 0;
    for (size_t i = 0; i < n; i++)
        if (p->problem[i].warning && strstr(p->problem[i].text, "only the logs of this machine hear"))
            free(p->problem[i].text);
        else
            p->problem[p->n++] = p->problem[i];
}

static inline void fixture_load(struct config_fixture *w, const char *text)
{
    char path[256];
    fixture_forget(w);
    fixture_file(w, "seatwatchd.conf", 0644, text);
    (void)snprintf(path, sizeof path, "%s/seatwatchd.conf", w->dir);
    w->r = options_load(path, &w->options, &w->problems);
    if (!w->only_logs)
        fixture_drop_only_logs(&w->problems);
}

static inline int fixture_remove_one(const char *path, const struct stat *st, int type,
                                     struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static inline void fixture_free(struct config_fixture *w)
{
    fixture_forget(w);
    (void)nftw(w->dir, fixture_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}
static inline void fixture_free_at(struct config_fixture *w)
{
    fixture_free(w);
}

static inline void fixture_print(const struct config_fixture *w)
{
    for (size_t i = 0; i < w->problems.n; i++)
        print_error("%s  %s\n",
                    w->problems.problem[i].fatal     ? "fatal  "
                    : w->problems.problem[i].warning ? "warning"
                                                     : "tenant ",
                    w->problems.problem[i].text);
}

/* The problem that stands at FILE:LINE and has these words, or NULL. */
static inline const struct problem *fixture_find(const struct config_fixture *w, const char *file,
                                                 int line, const char *words)
{
    char place[320];
    (void)snprintf(place, sizeof place, "%s/%s:%d: ", w->dir, file, line);
    for (size_t i = 0; i < w->problems.n; i++)
        if (strncmp(w->problems.problem[i].text, place, strlen(place)) == 0 &&
            strstr(w->problems.problem[i].text, words))
            return &w->problems.problem[i];
    return NULL;
}

static inline void fixture_expect_clean(const struct config_fixture *w, const char *why)
{
    if (w->r == 0 && w->problems.n == 0)
        return;
    fixture_print(w);
    fail_msg("%s: %d, %zu problems", why, w->r, w->problems.n);
}

/* One fatal problem and nothing else. */
static inline void fixture_expect_one(const struct config_fixture *w, const char *why, int line,
                                      const char *words)
{
    const struct problem *p = fixture_find(w, "seatwatchd.conf", line, words);
    if (w->r == -EINVAL && !w->options && w->problems.n == 1 && p && p->fatal &&
        strstr(p->text, "; "))
        return;
    fixture_print(w);
    fail_msg("%s: %d, %zu problems, wanted one in line %d with: %s", why, w->r, w->problems.n, line,
             words);
}
