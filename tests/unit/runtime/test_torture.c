/* SPDX-License-Identifier: MIT */
/* The whole program in a child of its own, again and again, each time with another allocation that
 * fails, alone or with all that follow: no crash, no leak, an exit code that the manual names, a
 * word on why, and the next run finds everything in order.
 *
 * The linker sends every allocation of ours through the functions below; libcurl, libcrypto, SQLite
 * and cJSON come along, since they use base/alloc.h. TORTURE_POINTS=N takes another number of
 * points than usual; more than there are allocations means each one. TORTURE_TRACE=1 shows where
 * they are, TORTURE_TEST=GLOB takes some tests only. */
#include "unit/http/sim.h"
#include "base/digest.h"
#include "runtime/cli.h"
#include "runtime/run.h"

#include <errno.h>
#include <ftw.h>
#include <getopt.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define TENANT "11111111-2222-4333-8444-555555555555"
#define CLIENT "99999999-aaaa-4bbb-8ccc-dddddddddddd"

#ifdef __SANITIZE_ADDRESS__
int __lsan_do_recoverable_leak_check(void);
void __sanitizer_print_stack_trace(void);
static bool leaks(void)
{
    return __lsan_do_recoverable_leak_check() != 0;
}
static void trace(void)
{
    __sanitizer_print_stack_trace();
}
#else
static bool leaks(void)
{
    return false;
}
static void trace(void)
{
}
#endif

/* ---- every allocation ---- */

static struct shared { /* between the test and its child */
    atomic_size_t counted;
    size_t fail_at; /* 0: none */
    bool for_good;
} *shared;
static bool armed; /* in the child, while it is tortured */

static bool must_fail(void)
{
    if (!armed)
        return false;
    size_t n = atomic_fetch_add(&shared->counted, 1) + 1;
    if (n == shared->fail_at && getenv("TORTURE_TRACE"))
        trace();
    return shared->fail_at && (n == shared->fail_at || (n > shared->fail_at && shared->for_good));
}

#define WRAP(type, name, parameters, ...)                                                          \
    type __real_##name parameters;                                                                 \
    type __wrap_##name parameters;                                                                 \
    type __wrap_##name parameters                                                                  \
    {                                                                                              \
        if (must_fail()) {                                                                         \
            errno = ENOMEM;                                                                        \
            return 0;                                                                              \
        }                                                                                          \
        return __real_##name(__VA_ARGS__);                                                         \
    }
WRAP(void *, malloc, (size_t size), size)
WRAP(void *, calloc, (size_t n, size_t size), n, size)
WRAP(void *, realloc, (void *p, size_t size), p, size)
WRAP(void *, reallocarray, (void *p, size_t n, size_t size), p, n, size)
WRAP(char *, strdup, (const char *s), s)
WRAP(char *, strndup, (const char *s, size_t n), s, n)

int __real_vasprintf(char **ret, const char *format, va_list ap);
int __wrap_vasprintf(char **ret, const char *format, va_list ap);
__attribute__((format(printf, 2, 0))) int __wrap_vasprintf(char **ret, const char *format, va_list ap)
{
    if (must_fail()) {
        *ret = NULL;
        errno = ENOMEM;
        return -1;
    }
    return __real_vasprintf(ret, format, ap);
}

/* ---- the world ---- */

struct world {
    struct sim sim;
    pid_t hook;
    int hold;
    char hook_log[160], said[160];
    size_t n_points;
};

static const char SCENARIO[] =
    "{\"tenants\": [{\"id\": \"" TENANT "\", \"client_id\": \"" CLIENT "\", \"client_secret\": \"canary\","
    " \"scope\": \"https://graph.microsoft.com/.default\", \"states\": [{\"allotments\": ["
    "  {\"id\": \"full\", \"skuPartNumber\": \"SPE_E5\", \"allottedUnits\": 100, \"consumedUnits\": 100,"
    "   \"waiting\": {\"count\": 26, \"since\": \"@now-2h\"}},"
    "  {\"id\": \"well\", \"skuPartNumber\": \"SPE_E3\", \"allottedUnits\": 100, \"consumedUnits\": 10}],"
    " \"errors\": {\"count\": 7, \"code\": \"CountViolation\"}}]}]}";

static void hook_start(struct world *w, char *ret_url, size_t size)
{
    int in[2], out[2];
    char ready[1024];
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    w->hook = fork();
    if (w->hook == 0) {
        char *argv[] = {BINARY_ROOT "/tests/hookcatch", "--dir", w->sim.dir, "--until-eof", NULL};
        (void)dup2(in[0], 0);
        (void)dup2(out[1], 1);
        (void)execv(argv[0], argv);
        _exit(127);
    }
    (void)close(in[0]);
    (void)close(out[1]);
    w->hold = in[1];
    ssize_t n = read(out[0], ready, sizeof ready - 1); /* one line, written at once */
    (void)close(out[0]);
    ready[n > 0 ? n : 0] = '\0';
    sim_member(ready, "url", ret_url, size);
    sim_member(ready, "log", w->hook_log, sizeof w->hook_log);
    assert_true(w->hook_log[0] != '\0');
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st, (void)type, (void)at;
    return remove(path);
}

static void remove_tree(const char *path)
{
    (void)nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static int world_make(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    char url[160], text[4096];
    sim_start(&w->sim, SCENARIO, NULL);
    hook_start(w, url, sizeof url);
    sim_write(&w->sim, "tenant.secret", "canary\n", 0600);
    sim_write(&w->sim, "hook.url", url, 0600);
    sim_write(&w->sim, "hook.key", "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=\n", 0600);
    int n = snprintf(
        text, sizeof text,
        "poll: { timeout = \"5s\"; };\n"
        "tenants = ( { name = \"contoso\"; tenant_id = \"" TENANT "\"; client_id = \"" CLIENT "\";"
        " client_secret_file = \"tenant.secret\"; graph_url = \"%s\"; login_url = \"%s\";"
        " labels = { group = \"gold\"; }; } );\n"
        "receivers = ( { name = \"hook\"; type = \"webhook\"; url_file = \"hook.url\";"
        " signing_key_file = \"hook.key\"; } );\n"
        "routes = ( { match = { tenant = \"contoso\"; }; to = [\"hook\"]; } );\n"
        "alerts: { for = \"0s\"; min_samples = 1; first_run = \"each\"; };\n"
        "thresholds: { waiting = { warning = 1; critical = 25; for = \"0s\"; min_samples = 1; };"
        " assignment_errors = { for = \"0s\"; min_samples = 1; }; };\n",
        w->sim.http, w->sim.http);
    assert_true(n > 0 && (size_t)n < sizeof text);
    sim_write(&w->sim, "seatwatchd.conf", text, 0600);
    (void)snprintf(w->said, sizeof w->said, "%s/said", w->sim.dir);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(shared, MAP_FAILED);
    const char *points = getenv("TORTURE_POINTS");
    w->n_points = points ? strtoul(points, NULL, 10) : 40;
    *state = w;
    return 0;
}

static int world_end(void **state)
{
    struct world *w = *state;
    int status;
    (void)close(w->hold);
    (void)waitpid(w->hook, &status, 0);
    char dir[sizeof w->sim.dir];
    memcpy(dir, w->sim.dir, sizeof dir);
    sim_stop(&w->sim);
    remove_tree(dir);
    (void)munmap(shared, sizeof *shared);
    free(w);
    return 0;
}

/* What the last run said. Static: a failed test must not leave memory behind for its children. */
static const char *said_by(const struct world *w)
{
    static char text[1 << 16];
    FILE *in = fopen(w->said, "re");
    size_t n = in ? fread(text, 1, sizeof text - 1, in) : 0;
    text[n] = '\0';
    if (in)
        (void)fclose(in);
    return text;
}

static int count_messages(const struct world *w)
{
    int n = 0;
    FILE *in = fopen(w->hook_log, "re");
    for (int c; in && (c = getc(in)) != EOF;)
        n += c == '\n';
    if (in)
        (void)fclose(in);
    return n;
}

/* ---- one run ---- */

enum { LEAKED = 99 };
/* cmocka catches what kills a test, and would go on in the child; the sanitizer's report is wanted. */
static const int DEADLY[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGSYS, SIGABRT};
static struct sigaction before_cmocka[N_ELEMENTS(DEADLY)];

static void child(const struct world *w, const char *options)
{
    char config[128], copy[256];
    char *argv[16] = {"seatwatchd", "-c", config};
    int argc = 3;
    struct cli cli;
    (void)snprintf(config, sizeof config, "%s/seatwatchd.conf", w->sim.dir);
    (void)snprintf(copy, sizeof copy, "%s", options);
    for (char *rest = copy, *word; (word = strsep(&rest, " "));)
        argv[argc++] = word;
    int fd = open(w->said, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    (void)dup2(fd, 1);
    (void)dup2(fd, 2);
    (void)close(fd);
    for (size_t i = 0; i < N_ELEMENTS(DEADLY); i++)
        (void)sigaction(DEADLY[i], &before_cmocka[i], NULL);
    optind = 0;
    digest_init(); /* what libcrypto does at its first use crashes without memory; see there */
    armed = true;
    int code = cli_parse(argc, argv, &cli);
    if (code < 0)
        code = run(&cli);
    armed = false;
    (void)fflush(stdout);
    _exit(leaks() ? LEAKED : code);
}

/* The exit code; -signal. */
static int run_once(const struct world *w, const char *options, size_t fail_at, bool for_good)
{
    int status;
    atomic_store(&shared->counted, 0);
    shared->fail_at = fail_at;
    shared->for_good = for_good;
    pid_t pid = fork();
    if (pid == 0)
        child(w, options);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* Something that is no mere warning. */
static bool says_why(const char *text)
{
    return strstr(text, "memory") || strstr(text, "error: ") || strstr(text, "try again") || strstr(text, "not read completely");
}

static void judge(const struct world *w, const char *options, int code)
{
    static const char *const NEVER[] = {"Sanitizer", "runtime error", "Assertion", "damaged"};
    const char *said = said_by(w);
    bool documented = code == EXIT_OK || code == EXIT_INCOMPLETE || code == EXIT_STATE ||
                      code == EXIT_INTERNAL || code == EXIT_CONFIGURATION;
    bool ok = documented && (code == EXIT_OK || says_why(said));
    for (size_t i = 0; i < N_ELEMENTS(NEVER); i++)
        ok = ok && !strstr(said, NEVER[i]);
    if (!ok)
        fail_msg("%s, allocation %zu%s: exit code %d: %s", options, shared->fail_at,
                 shared->for_good ? " and all that follow" : "", code, said);
}

/* Every one of the first few, then as many more as are wanted, evenly. */
static size_t next_point(const struct world *w, size_t n, size_t total)
{
    size_t step = total / w->n_points;
    return n < 8 || step < 1 ? n + 1 : n + step;
}

static size_t count_allocations(const struct world *w, const char *options, int want)
{
    int code = run_once(w, options, 0, false);
    const char *said = said_by(w);
    if (code != want)
        fail_msg("%s: exit code %d: %s", options, code, said);
    size_t total = atomic_load(&shared->counted);
    assert_true(total > 100); /* or the linker has not sent them here */
    return total;
}

static void torture_reading(const struct world *w, const char *options)
{
    size_t total = count_allocations(w, options, EXIT_OK);
    for (int for_good = 0; for_good < 2; for_good++)
        for (size_t n = 1; n <= total; n = next_point(w, n, total))
            judge(w, options, run_once(w, options, n, for_good));
    assert_int_equal(run_once(w, options, 0, false), EXIT_OK);
}

static void a_check_of_the_configuration_survives_any_allocation_that_fails(void **state)
{
    torture_reading(*state, "--check-config");
}

static void a_dump_of_the_configuration_survives_any_allocation_that_fails(void **state)
{
    torture_reading(*state, "--dump-config");
}

static void a_dry_run_survives_any_allocation_that_fails(void **state)
{
    const struct world *w = *state;
    char options[128];
    int before = count_messages(w);
    (void)snprintf(options, sizeof options, "--once --dry-run --json --state-dir %s/none", w->sim.dir);
    torture_reading(w, options);
    assert_int_equal(count_messages(w), before);
}

/* ---- with a state to lose ---- */

struct place {
    char dir[128], options[160];
};

static struct place place_for(const struct world *w, size_t n, bool for_good)
{
    struct place p;
    (void)snprintf(p.dir, sizeof p.dir, "%s/state-%zu-%d", w->sim.dir, n, for_good);
    (void)snprintf(p.options, sizeof p.options, "--once --state-dir %s", p.dir);
    return p;
}

/* Both alerts arrive, once each, in the run that failed or in the next. An attempt that failed waits
 * a few seconds for its second; what is owed is then in the outbox, and the run says so. */
static void torture_at(const struct world *w, size_t n, bool for_good, size_t *n_owed)
{
    const struct place p = place_for(w, n, for_good);
    int before = count_messages(w);
    judge(w, p.options, run_once(w, p.options, n, for_good));
    int code = run_once(w, p.options, 0, false), got = count_messages(w) - before;
    const char *said = said_by(w);
    bool owed = code == EXIT_INCOMPLETE && got < 2 && !strstr(said, "not read");
    /* What could be read in the failing run may be a warning that is critical with the rest. */
    int want = strstr(said, "alert.escalated") ? 3 : 2;
    if (code != (owed ? EXIT_INCOMPLETE : EXIT_OK) || (!owed && got != want) || strstr(said, "damaged"))
        fail_msg("after allocation %zu%s: exit code %d, %d messages: %s", n,
                 for_good ? " and all that follow" : "", code, got, said);
    *n_owed += owed;
    remove_tree(p.dir);
}

static void a_run_survives_any_allocation_that_fails_and_the_next_tells_all(void **state)
{
    struct world *w = *state;
    const struct place p = place_for(w, 0, false);
    size_t n_owed = 0, n_tried = 0, total = count_allocations(w, p.options, EXIT_OK);
    assert_int_equal(count_messages(w), 2);
    for (int for_good = 0; for_good < 2; for_good++)
        for (size_t n = 1; n <= total; n = next_point(w, n, total), n_tried++)
            torture_at(w, n, for_good, &n_owed);
    assert_true(n_owed <= n_tried / 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_check_of_the_configuration_survives_any_allocation_that_fails, world_make, world_end),
        cmocka_unit_test_setup_teardown(a_dump_of_the_configuration_survives_any_allocation_that_fails, world_make, world_end),
        cmocka_unit_test_setup_teardown(a_dry_run_survives_any_allocation_that_fails, world_make, world_end),
        cmocka_unit_test_setup_teardown(a_run_survives_any_allocation_that_fails_and_the_next_tells_all, world_make, world_end),
    };
    for (size_t i = 0; i < N_ELEMENTS(DEADLY); i++)
        (void)sigaction(DEADLY[i], NULL, &before_cmocka[i]);
    cmocka_set_test_filter(getenv("TORTURE_TEST"));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
