/* SPDX-License-Identifier: MIT */
/* Random months of the daemon in virtual time: kills, outages, silences, reloads and clock jumps,
 * and after each the invariants I1 to I10 hold. The checker finds one seeded mistake for each of
 * them.
 *
 *     MONTH_SEEDS=20 test_month months    so many seeds instead of a few
 *     MONTH_SEED=7 test_month months      from this one on, or it alone; MONTH_DAYS=3: shorter
 *     MONTH_BUG=7 test_month mistakes     this mistake alone
 *     MONTH_ALERT=*                       prints the messages about alerts with such an id */
#include "month/check.h"
#include "month/run.h"
#include "month/seeded.h"
#include "month/timers.h"

#include "base/digest.h"
#include "base/log.h"
#include "base/text.h"
#include "http/http.h"
#include "json/json.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <syslog.h>

#include <cmocka.h>

#define SEEDS 2 /* of the suite */
#define DAYS 30

static uint64_t number_from(const char *variable, uint64_t otherwise)
{
    const char *text = getenv(variable);
    return text ? strtoull(text, NULL, 10) : otherwise;
}

static void the_invariants_hold_for_a_month(void **state)
{
    uint64_t first = number_from("MONTH_SEED", 1);
    uint64_t n = number_from("MONTH_SEEDS", getenv("MONTH_SEED") ? 1 : SEEDS);
    size_t violations = 0;
    struct run_totals all = {0};
    (void)state;
    for (uint64_t seed = first; seed < first + n; seed++) {
        run_month(seed, (unsigned)number_from("MONTH_DAYS", DAYS), 0, &all);
        for (int i = 1; i < INVARIANTS; i++)
            if (check_violation(i)) {
                print_error("seed %" PRIu64 ": %s\n", seed, check_violation(i));
                violations++;
            }
        check_free();
    }
    print_message("seeds %" PRIu64 " to %" PRIu64
                  ": %zu polls, %zu messages, %zu digests, %zu repeated, %zu kills, "
                  "%zu restarts, %zu reloads, %zu silences, %zu jumps\n",
                  first, first + n - 1, all.polls, all.messages, all.digests, all.repeats,
                  all.kills, all.restarts, all.reloads, all.silences, all.jumps);
    assert_int_equal(violations, 0);
}

static void a_seeded_mistake_violates_its_invariant(void **state)
{
    (void)state;
    int first = (int)number_from("MONTH_BUG", BUG_NONE + 1),
        last = getenv("MONTH_BUG") ? first : BUG_COUNT_ - 1;
    for (int bug = first; bug <= last; bug++) {
        struct run_totals unused = {0};
        seeded_bug = (enum bug)bug;
        timers_steady = bug != BUG_WALL_CLOCK;
        for (uint64_t seed = SEEDS; seed > 0 && !check_violation(bug); seed--) {
            check_free();
            run_month(seed, DAYS, bug, &unused);
        }
        if (!check_violation(bug))
            fail_msg("the mistake against I%d was not found", bug);
        print_message("%s\n", check_violation(bug));
        check_free();
    }
    seeded_bug = BUG_NONE;
    timers_steady = true;
}

/* Thousands of polls: less is kept of each allocation, and fewer of those that are free. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "malloc_context_size=3:quarantine_size_mb=8";
}

int main(int argc, char **argv)
{
    const struct CMUnitTest months[] = {cmocka_unit_test(the_invariants_hold_for_a_month)};
    const struct CMUnitTest mistakes[] = {
        cmocka_unit_test(a_seeded_mistake_violates_its_invariant)};
    digest_init();
    json_init();
    if (http_global_init(NULL) < 0)
        return 1;
    store_global_init();
    log_level(LOG_CRIT);
    return argc > 1 && text_equal(argv[1], "mistakes")
               ? cmocka_run_group_tests(mistakes, NULL, NULL)
               : cmocka_run_group_tests(months, NULL, NULL);
}
