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
#include "runtime/app.h"
#include "runtime/cli.h"
#include "runtime/reload.h"
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

#ifdef __has_feature /* clang's way of saying it */
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
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
    bool for_good, check_leaks;
    enum mistake { NO_MISTAKE, LEAK, CARRY_ON, KEEP_QUIET, MISTAKE_COUNT_ } mistake; /* planted, to be caught */
} *shared;
static bool armed; /* in the child, while it is tortured */

void *__real_malloc(size_t size);

/* What a careless program gives instead of NULL. */
static void *failing(void)
{
    static const uintptr_t NOWHERE = 16;
    if (shared->mistake == LEAK) {
        void *volatile lost = __real_malloc(99);
        (void)lost;
    }
    errno = ENOMEM;
    return shared->mistake == CARRY_ON ? (void *)NOWHERE : NULL;
}

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
        if (must_fail())                                                                           \
            return failing();                                                                      \
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

/* ---- a reload ---- */

/* A daemon that is told to reload as soon as it runs: each allocation from there until it is over may
 * fail, then it reloads once more, undisturbed, and ends. */
static int n_reloads = -1; /* -1: none is wanted */

void __real_reload_begin(struct app *app, reload_ended_fn *ended, void *userdata);
void __wrap_reload_begin(struct app *app, reload_ended_fn *ended, void *userdata);
void __wrap_reload_begin(struct app *app, reload_ended_fn *ended, void *userdata)
{
    n_reloads++;
    armed = n_reloads == 1;
    __real_reload_begin(app, ended, userdata);
}

void __real_notify_ready(struct app *app);
void __wrap_notify_ready(struct app *app);
void __wrap_notify_ready(struct app *app)
{
    armed = armed && n_reloads < 0;
    __real_notify_ready(app);
    if (n_reloads > 0)
        (void)kill(getpid(), n_reloads == 1 ? SIGHUP : SIGTERM);
}

/* It waits for the loop to run. */
static void reload_soon(void)
{
    sigset_t hup;
    (void)sigemptyset(&hup);
    (void)sigaddset(&hup, SIGHUP);
    (void)sigprocmask(SIG_BLOCK, &hup, NULL);
    (void)raise(SIGHUP);
    n_reloads = 0;
}

/* ---- the fixture ---- */

struct runtime_fixture {
    struct sim sim;
    pid_t hook;
    int hold;
    size_t leak_stride; /* see checks_leaks() */
    char hook_log[160], output[160];
    size_t n_points;
};

static const char SCENARIO[] =
    "{\"tenants\": [{\"id\": \"" TENANT "\", \"client_id\": \"" CLIENT "\", \"client_secret\": \"canary\","
    " \"scope\": \"https://graph.microsoft.com/.default\", \"states\": [{\"allotments\": ["
    "  {\"id\": \"full\", \"skuPartNumber\": \"SPE_E5\", \"allottedUnits\": 100, \"consumedUnits\": 100,"
    "   \"waiting\": {\"count\": 26, \"since\": \"@now-2h\"}},"
    "  {\"id\": \"well\", \"skuPartNumber\": \"SPE_E3\", \"allottedUnits\": 100, \"consumedUnits\": 10}],"
    " \"errors\": {\"count\": 7, \"code\": \"CountViolation\"}}]}]}";

/* From the second poll on, one is well again and another is not. */
static const char CHANGES[] =
    "{\"tenants\": [{\"id\": \"" TENANT "\", \"client_id\": \"" CLIENT "\", \"client_secret\": \"canary\","
    " \"scope\": \"https://graph.microsoft.com/.default\", \"states\": [{\"allotments\": ["
    "  {\"id\": \"full\", \"skuPartNumber\": \"SPE_E5\", \"allottedUnits\": 100, \"consumedUnits\": 100,"
    "   \"waiting\": {\"count\": 26, \"since\": \"@now-2h\"}},"
    "  {\"id\": \"well\", \"skuPartNumber\": \"SPE_E3\", \"allottedUnits\": 100, \"consumedUnits\": 10}],"
    " \"errors\": {\"count\": 7, \"code\": \"CountViolation\"}},"
    "{\"when\": {\"poll\": 2}, \"change\": [{\"id\": \"full\", \"consumedUnits\": 10, \"waiting\": []},"
    "  {\"id\": \"well\", \"consumedUnits\": 100, \"waiting\": {\"count\": 30, \"since\": \"@now-2h\"}}],"
    " \"errors\": []}]}]}";

static void hook_start(struct runtime_fixture *w, char *ret_url, size_t size)
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

static int fixture_with(void **state, const char *scenario)
{
    struct runtime_fixture *w = calloc(1, sizeof *w);
    char url[160], text[4096];
    sim_start(&w->sim, scenario, NULL);
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
        "alerts: { for = \"0s\"; min_samples = 1; keep_firing_for = \"0s\"; first_run = \"each\"; };\n"
        "thresholds: { waiting = { warning = 1; critical = 25; for = \"0s\"; min_samples = 1; };"
        " assignment_errors = { for = \"0s\"; min_samples = 1; }; };\n",
        w->sim.http, w->sim.http);
    assert_true(n > 0 && (size_t)n < sizeof text);
    sim_write(&w->sim, "seatwatchd.conf", text, 0600);
    (void)snprintf(w->output, sizeof w->output, "%s/said", w->sim.dir);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(shared, MAP_FAILED);
    const char *points = getenv("TORTURE_POINTS");
    w->n_points = points ? strtoul(points, NULL, 10) : 40;
    w->leak_stride = points ? 1 : 4;
    *state = w;
    return 0;
}

static int fixture_make(void **state)
{
    return fixture_with(state, SCENARIO);
}

static int changing_fixture_make(void **state)
{
    return fixture_with(state, CHANGES);
}

static int fixture_end(void **state)
{
    struct runtime_fixture *w = *state;
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
static const char *output_of(const struct runtime_fixture *w)
{
    static char text[1 << 16];
    FILE *in = fopen(w->output, "re");
    size_t n = in ? fread(text, 1, sizeof text - 1, in) : 0;
    text[n] = '\0';
    if (in)
        (void)fclose(in);
    return text;
}

struct told {
    int all, resolved;
};
/* A message whose answer was lost comes again, soon, with its id: it is one. */
static struct told count_messages(const struct runtime_fixture *w)
{
    struct told n = {0};
    char *line = NULL;
    size_t size = 0;
    FILE *in = fopen(w->hook_log, "re");
    char seen[8][64] = {{0}}, id[64];
    while (in && getline(&line, &size, in) > 0) {
        bool known = false;
        sim_member(line, "webhook-id", id, sizeof id);
        for (size_t i = 0; i < N_ELEMENTS(seen); i++)
            known = known || strcmp(seen[i], id) == 0;
        if (known)
            continue;
        memcpy(seen[n.all % (int)N_ELEMENTS(seen)], id, sizeof id);
        n.all++;
        n.resolved += strstr(line, "alert.resolved") != NULL;
    }
    free(line);
    if (in)
        (void)fclose(in);
    return n;
}

/* ---- one run ---- */

enum { LEAKED = 99 };
/* cmocka catches what kills a test, and would go on in the child; the sanitizer's report is wanted. */
static const int DEADLY[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGSYS, SIGABRT};
static struct sigaction before_cmocka[N_ELEMENTS(DEADLY)];

static void child(const struct runtime_fixture *w, const char *options)
{
    char config[128], copy[256];
    char *argv[16] = {"seatwatchd", "-c", config};
    int argc = 3;
    struct cli cli;
    (void)snprintf(config, sizeof config, "%s/seatwatchd.conf", w->sim.dir);
    (void)snprintf(copy, sizeof copy, "%s", options);
    for (char *rest = copy, *word; (word = strsep(&rest, " "));)
        argv[argc++] = word;
    int fd = open(w->output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    (void)dup2(fd, 1);
    (void)dup2(fd, 2);
    (void)close(fd);
    for (size_t i = 0; i < N_ELEMENTS(DEADLY); i++)
        (void)sigaction(DEADLY[i], &before_cmocka[i], NULL);
    optind = 0;
    digest_init(); /* what libcrypto does at its first use crashes without memory; see there */
    (void)alarm(60); /* nothing of this may last */
    armed = strstr(options, "--once") || strstr(options, "-config"); /* else from the reload on */
    if (!armed)
        reload_soon();
    int code = cli_parse(argc, argv, &cli);
    if (code < 0)
        code = run(&cli);
    armed = false;
    (void)fflush(stdout);
    if (code != EXIT_OK && shared->mistake == KEEP_QUIET)
        (void)ftruncate(1, 0);
    _exit(shared->check_leaks && leaks() ? LEAKED : code);
}

/* A check for leaks takes as long as the run before it. Runs without a failure are checked in count_allocations(). Of the
 * runs in which all later allocations fail too, every fourth is checked: the same allocation fails first in a checked run. */
static bool checks_leaks(const struct runtime_fixture *w, size_t fail_at, bool for_good)
{
    static size_t n_for_good;
    return fail_at && (!for_good || n_for_good++ % w->leak_stride == 0);
}

/* The exit code; -signal. */
static int run_once(const struct runtime_fixture *w, const char *options, size_t fail_at,
                    bool for_good)
{
    int status;
    atomic_store(&shared->counted, 0);
    shared->fail_at = fail_at;
    shared->for_good = for_good;
    shared->check_leaks = checks_leaks(w, fail_at, for_good);
    pid_t pid = fork();
    if (pid == 0)
        child(w, options);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* Something that is no mere warning. */
static bool says_why(const char *text)
{
    return strstr(text, "memory") || strstr(text, "error: ") || strstr(text, "try again") || strstr(text, "not polled completely");
}

/* What is not as it must be; NULL if all is. */
static const char *wrong(const struct runtime_fixture *w, int code)
{
    static const char *const NEVER[] = {"Sanitizer", "runtime error", "Assertion", "damaged"};
    const char *output = output_of(w);
    bool documented = code == EXIT_OK || code == EXIT_INCOMPLETE || code == EXIT_STATE ||
                      code == EXIT_INTERNAL || code == EXIT_CONFIGURATION;
    for (size_t i = 0; i < N_ELEMENTS(NEVER); i++)
        if (strstr(output, NEVER[i]))
            return NEVER[i];
    if (!documented)
        return code == LEAKED ? "a leak" : "no documented exit code";
    return code == EXIT_OK || says_why(output) ? NULL : "it does not say why";
}

static void judge(const struct runtime_fixture *w, const char *options, int code)
{
    const char *complaint = wrong(w, code);
    if (complaint)
        fail_msg("%s, allocation %zu%s: %s: exit code %d: %s", options, shared->fail_at,
                 shared->for_good ? " and all that follow" : "", complaint, code, output_of(w));
}

/* Every one of the first few, then as many more as are wanted, evenly. */
static size_t next_point(const struct runtime_fixture *w, size_t n, size_t total)
{
    size_t step = total / w->n_points;
    return n < 8 || step < 1 ? n + 1 : n + step;
}

static size_t count_allocations(const struct runtime_fixture *w, const char *options, int want)
{
    int code = run_once(w, options, SIZE_MAX, false); /* more than there are: none fails */
    const char *output = output_of(w);
    if (code != want)
        fail_msg("%s: exit code %d: %s", options, code, output);
    size_t total = atomic_load(&shared->counted);
    assert_true(total > 100); /* or the linker has not sent them here */
    return total;
}

static void torture_reading(const struct runtime_fixture *w, const char *options)
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

static void a_leak_a_crash_and_silence_would_be_caught(void **state)
{
    const struct runtime_fixture *w = *state;
    size_t n = 40; /* of the reader; some allocations may fail without harm */
    while (run_once(w, "--check-config", n, false) == EXIT_OK)
        n++;
    for (int mistake = NO_MISTAKE; mistake < MISTAKE_COUNT_; mistake++) {
        shared->mistake = (enum mistake)mistake;
        int code = run_once(w, "--check-config", n, false);
        const char *complaint = wrong(w, code);
        print_message("%d: %s\n", code, complaint ? complaint : "no complaint");
        assert_int_equal(complaint != NULL, mistake != NO_MISTAKE);
    }
    shared->mistake = NO_MISTAKE;
}

static void a_dump_of_the_configuration_survives_any_allocation_that_fails(void **state)
{
    torture_reading(*state, "--dump-config");
}

static void a_dry_run_survives_any_allocation_that_fails(void **state)
{
    const struct runtime_fixture *w = *state;
    char options[128];
    int before = count_messages(w).all;
    (void)snprintf(options, sizeof options, "--once --dry-run --json --state-dir %s/none", w->sim.dir);
    torture_reading(w, options);
    assert_int_equal(count_messages(w).all, before);
}

/* ---- with a state to lose ---- */

struct place {
    char dir[128], options[160];
};

static struct place place_for(const struct runtime_fixture *w, size_t n, bool for_good)
{
    struct place p;
    (void)snprintf(p.dir, sizeof p.dir, "%s/state-%zu-%d", w->sim.dir, n, for_good);
    (void)snprintf(p.options, sizeof p.options, "--once --state-dir %s", p.dir);
    return p;
}

/* The database of a run that has ended is one file. */
static void copy_state(const struct place *from, const struct place *to)
{
    static char bytes[1 << 20];
    char path[160];
    (void)snprintf(path, sizeof path, "%s/seatwatchd.db", from->dir);
    FILE *in = fopen(path, "re");
    assert_non_null(in);
    size_t len = fread(bytes, 1, sizeof bytes, in);
    (void)fclose(in);
    assert_true(len > 0 && len < sizeof bytes);
    assert_int_equal(mkdir(to->dir, 0700), 0);
    (void)snprintf(path, sizeof path, "%s/seatwatchd.db", to->dir);
    FILE *out = fopen(path, "we");
    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, len, out), len);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(chmod(path, 0600), 0);
}

/* Everything arrives, once, in the run that failed or in the next. An attempt that failed waits a few
 * seconds for its second; what is owed is then in the outbox, and the run says so. */
static void torture_at(const struct runtime_fixture *w, const struct place *base, struct told want,
                       size_t n, bool for_good, size_t *n_owed)
{
    const struct place p = place_for(w, n, for_good);
    struct told before = count_messages(w);
    if (base)
        copy_state(base, &p);
    judge(w, p.options, run_once(w, p.options, n, for_good));
    int code = run_once(w, p.options, 0, false);
    struct told got = count_messages(w);
    got.all -= before.all;
    got.resolved -= before.resolved;
    const char *output = output_of(w);
    bool owed = code == EXIT_INCOMPLETE && got.all <= want.all && !strstr(output, "not read");
    /* What could be read in the failing run may be a warning that is critical with the rest. */
    want.all += strstr(output, "alert.escalated") != NULL;
    bool whole = got.all == want.all && got.resolved == want.resolved;
    if (code != (owed ? EXIT_INCOMPLETE : EXIT_OK) || (!owed && !whole) ||
        got.resolved > want.resolved || strstr(output, "damaged"))
        fail_msg("after allocation %zu%s: exit code %d, %d messages, %d resolved: %s", n,
                 for_good ? " and all that follow" : "", code, got.all, got.resolved, output);
    *n_owed += owed;
    remove_tree(p.dir);
}

static void torture_writing(const struct runtime_fixture *w, const struct place *base,
                            struct told want)
{
    struct place p = place_for(w, 1, true);
    struct told before = count_messages(w);
    size_t n_owed = 0, n_tried = 0;
    if (base)
        copy_state(base, &p);
    size_t total = count_allocations(w, p.options, EXIT_OK);
    assert_int_equal(count_messages(w).all - before.all, want.all);
    assert_int_equal(count_messages(w).resolved - before.resolved, want.resolved);
    remove_tree(p.dir);
    for (int for_good = 0; for_good < 2; for_good++)
        for (size_t n = 1; n <= total; n = next_point(w, n, total), n_tried++)
            torture_at(w, base, want, n, for_good, &n_owed);
    print_message("%zu of %zu allocations\n", n_tried, 2 * total);
    assert_true(n_owed <= n_tried / 4);
}

static void a_run_survives_any_allocation_that_fails_and_the_next_tells_all(void **state)
{
    torture_writing(*state, NULL, (struct told){2, 0});
}

static void a_run_that_resolves_survives_any_allocation_that_fails_and_the_next_tells_all(void **state)
{
    const struct runtime_fixture *w = *state;
    const struct place base = place_for(w, 0, false);
    assert_int_equal(run_once(w, base.options, 0, false), EXIT_OK);
    assert_int_equal(count_messages(w).all, 2);
    torture_writing(w, &base, (struct told){3, 2});
}

static void a_reload_survives_any_allocation_that_fails_and_so_does_the_next(void **state)
{
    const struct runtime_fixture *w = *state;
    const struct place base = place_for(w, 0, false);
    char options[160];
    assert_int_equal(run_once(w, base.options, 0, false), EXIT_OK);
    (void)snprintf(options, sizeof options, "--state-dir %s", base.dir);
    size_t total = count_allocations(w, options, EXIT_OK);
    for (int for_good = 0; for_good < 2; for_good++)
        for (size_t n = 1; n <= total; n = next_point(w, n, total)) {
            judge(w, options, run_once(w, options, n, for_good));
            if (!strstr(output_of(w), "configuration reloaded"))
                fail_msg("allocation %zu%s: not reloaded: %s", n,
                         for_good ? " and all that follow" : "", output_of(w));
        }
    assert_int_equal(run_once(w, base.options, 0, false), EXIT_OK);
    assert_int_equal(count_messages(w).all, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_check_of_the_configuration_survives_any_allocation_that_fails, fixture_make,
            fixture_end),
        cmocka_unit_test_setup_teardown(a_leak_a_crash_and_silence_would_be_caught, fixture_make,
                                        fixture_end),
        cmocka_unit_test_setup_teardown(
            a_dump_of_the_configuration_survives_any_allocation_that_fails, fixture_make,
            fixture_end),
        cmocka_unit_test_setup_teardown(a_dry_run_survives_any_allocation_that_fails, fixture_make,
                                        fixture_end),
        cmocka_unit_test_setup_teardown(
            a_run_survives_any_allocation_that_fails_and_the_next_tells_all, fixture_make,
            fixture_end),
        cmocka_unit_test_setup_teardown(
            a_run_that_resolves_survives_any_allocation_that_fails_and_the_next_tells_all,
            changing_fixture_make, fixture_end),
        cmocka_unit_test_setup_teardown(
            a_reload_survives_any_allocation_that_fails_and_so_does_the_next, fixture_make,
            fixture_end),
    };
    for (size_t i = 0; i < N_ELEMENTS(DEADLY); i++)
        (void)sigaction(DEADLY[i], NULL, &before_cmocka[i]);
    cmocka_set_test_filter(getenv("TORTURE_TEST"));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
