/* SPDX-License-Identifier: MIT */
/* unit/http/sim.h: the Graph simulator as a child process (tests/scenarios/README.md). */
#pragma once
#include "base/cleanup.h"

#include <assert.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

struct sim {
    pid_t pid;
    int hold; /* its standard input: it ends when this is closed, however the test ends */
    char dir[64], http[64], https[64], ca_file[160], ledger[160];
};

static inline void sim_member(const char *ready, const char *name, char *dst, size_t size)
{
    char key[32];
    (void)snprintf(key, sizeof key, "\"%s\":\"", name);
    const char *at = strstr(ready, key);
    dst[0] = '\0';
    if (at)
        (void)snprintf(dst, size, "%.*s", (int)strcspn(at + strlen(key), "\""), at + strlen(key));
}

static inline void sim_write(const struct sim *s, const char *name, const char *text, mode_t mode)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", s->dir, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    ssize_t n = write(fd, text, strlen(text));
    assert(n == (ssize_t)strlen(text));
    (void)n;
    (void)close(fd);
}

/* `certificate`: NULL for plain http, else sound, expired, wrong-name or unknown-issuer. */
static inline void sim_start(struct sim *s, const char *scenario, const char *certificate)
{
    int in[2], out[2];
    char path[128], ready[1024];
    *s = (struct sim){.dir = "/tmp/seatwatch-sim-XXXXXX"};
    bool ok = mkdtemp(s->dir) && pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0;
    assert(ok);
    sim_write(s, "scenario.json", scenario, 0600);
    (void)snprintf(path, sizeof path, "%s/scenario.json", s->dir);
    s->pid = fork();
    assert(s->pid >= 0);
    if (s->pid == 0) {
        const char *argv[] = {BINARY_ROOT "/tests/graphsim",
                              "--scenario",
                              path,
                              "--dir",
                              s->dir,
                              "--fixtures",
                              FIXTURES "/graph/examples",
                              "--until-eof",
                              certificate ? "--https" : "--http",
                              certificate ? "--certificate" : NULL,
                              certificate,
                              NULL};
        (void)dup2(in[0], 0);
        (void)dup2(out[1], 1);
        (void)execv(argv[0], (char *const *)argv);
        _exit(127);
    }
    (void)close(in[0]);
    (void)close(out[1]);
    s->hold = in[1];
    size_t len = 0;
    for (ssize_t n;
         len < sizeof ready - 1 && (n = read(out[0], ready + len, sizeof ready - 1 - len)) > 0;) {
        len += (size_t)n;
        if (memchr(ready, '\n', len))
            break;
    }
    ready[len] = '\0';
    (void)close(out[0]);
    sim_member(ready, "http", s->http, sizeof s->http);
    sim_member(ready, "https", s->https, sizeof s->https);
    sim_member(ready, "ca_file", s->ca_file, sizeof s->ca_file);
    sim_member(ready, "ledger", s->ledger, sizeof s->ledger);
    if (!s->ledger[0])
        fprintf(stderr, "the simulator did not start: build the target graphsim; '%s'\n", ready);
    assert(s->ledger[0]);
}

static inline void sim_stop(struct sim *s)
{
    static const char *const FILES[] = {"scenario.json", "ca.pem", "ledger.jsonl", "events.jsonl",
                                        "secret"};
    int status = 0;
    (void)close(s->hold);
    (void)waitpid(s->pid, &status, 0);
    for (size_t i = 0; i < N_ELEMENTS(FILES); i++) {
        char path[128];
        (void)snprintf(path, sizeof path, "%s/%s", s->dir, FILES[i]);
        (void)unlink(path);
    }
    (void)rmdir(s->dir);
    assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static inline char *sim_ledger(const struct sim *s)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    FILE *in = fopen(s->ledger, "re");
    for (int c; in && (c = getc(in)) != EOF;)
        (void)putc(c, out);
    if (in)
        (void)fclose(in);
    (void)fclose(out);
    return text;
}

/* Lines of the ledger that hold both texts; NULL matches all. */
static inline int sim_count(const struct sim *s, const char *a, const char *b)
{
    CLEANUP(free) char *text = sim_ledger(s);
    int n = 0;
    char *rest = text;
    for (char *line; (line = strsep(&rest, "\n"));)
        n += *line && (!a || strstr(line, a)) && (!b || strstr(line, b));
    return n;
}
