/* SPDX-License-Identifier: MIT */
/* At their bounds pools, error groups and alerts cost n log n steps, whatever changes about them. */
#include "steps/steps.h"
#include "unit/rules/fixture.h"

#include "alerts/alerts.h"
#include "alerts/registry.h"
#include "alerts/digest.h"
#include "base/text.h"

#define BOUND SNAPSHOT_ALLOTMENTS_MAX
#define SOME 20000 /* the bound takes a minute each time, with the sanitizers' malloc */
#define ALERTS 5000
/* Basic blocks; measured: 110 to 250 a pool, 170 to 320 an alert, 3 a line of a digest. */
#define PER_POOL 500
#define PER_ALERT 600
#define PER_LINE 20

/* How a made-up list looks. */
struct kind_of_list {
    char id, sku;       /* first letters: another one is another id, or SKU */
    size_t skus;        /* so many of them */
    int64_t consumed;   /* of 100 units */
    bool suspended;     /* each pool rests on a subscription of its own that is not in force */
    size_t error_kinds; /* of SKUs of the memory */
    char error_sku;
};

static void add_pool(struct snapshot_builder *b, const struct kind_of_list *l, size_t i)
{
    struct allotment a = {.id = text_printf("%c%06zu", l->id, i * 7919 % BOUND),
                          .sku_id = text_printf("%c%06zu", l->sku, i % l->skus),
                          .units_known = true,
                          .allotted = 100,
                          .consumed = l->consumed,
                          .subscriptions_known = true,
                          .waiting = {.section = SECTION_COMPLETE}};
    if (l->suspended) {
        a.subscriptions = calloc(1, sizeof *a.subscriptions);
        a.n_subscriptions = 1;
        a.subscriptions[0] = (struct subscription){.id = text_printf("sub-%06zu", i),
                                                   .state = SUBSCRIPTION_SUSPENDED,
                                                   .state_text = strdup("suspended"),
                                                   .start_date = DATE_UNKNOWN,
                                                   .next_lifecycle_date = DATE_UNKNOWN};
    }
    assert_int_equal(snapshot_add_allotment(b, &a), 0);
}

static struct snapshot *a_list(const struct rules_fixture *w, const struct kind_of_list *l, size_t n)
{
    struct snapshot_builder *b = NULL;
    struct snapshot *s = NULL;
    assert_int_equal(snapshot_builder_new("contoso", "t-1", w->source, w->now, &b), 0);
    for (size_t i = 0; i < n; i++)
        add_pool(b, l, i);
    for (size_t i = 0; i < l->error_kinds; i++) {
        CLEANUP(free) char *sku = text_printf("%c%06zu", l->error_sku, i);
        assert_int_equal(snapshot_add_error(b, sku, "CountViolation"), 0);
    }
    snapshot_set_allotments(b, SECTION_COMPLETE);
    snapshot_set_errors(b, SECTION_COMPLETE);
    assert_int_equal(snapshot_finish(b, &s), 0);
    snapshot_builder_free(b);
    return s;
}

static void judge(struct rules_fixture *w, const struct kind_of_list *l, size_t n)
{
    struct failure f = {0};
    struct tenant_memory *after = NULL;
    CLEANUP(snapshot_free) struct snapshot *s = a_list(w, l, n);
    observations_free(w->observations);
    w->observations = NULL;
    assert_int_equal(judge_snapshot(&w->ctx, s, w->memory, &w->observations, &after, &f), 0);
    tenant_memory_free(w->memory);
    w->memory = after;
    pass(w, 5 * USEC_PER_MINUTE);
}

static void a_change_of_all_pools_costs_n_log_n(void **state)
{
    static const struct {
        const char *what;
        size_t n;
        struct kind_of_list before, after;
        enum scope scope;
    } CASES[] = {
        {"all ids and SKUs change, and errors are of SKUs that are gone",
         BOUND,
         {.id = 'a', .sku = 's', .skus = BOUND},
         {.id = 'b', .sku = 't', .skus = BOUND, .error_kinds = SNAPSHOT_ERROR_GROUPS_MAX, .error_sku = 's'},
         SCOPE_AUTO},
        {"all ids change",
         SOME,
         {.id = 'a', .sku = 's', .skus = SOME},
         {.id = 'b', .sku = 's', .skus = SOME},
         SCOPE_AUTO},
        {"all ids of one SKU change",
         SOME,
         {.id = 'a', .sku = 's', .skus = 1},
         {.id = 'b', .sku = 's', .skus = 1},
         SCOPE_AUTO},
        {"all ids and SKUs change, by SKU",
         SOME,
         {.id = 'a', .sku = 's', .skus = SOME},
         {.id = 'b', .sku = 't', .skus = SOME},
         SCOPE_SKU},
        {"subscriptions that are not in force",
         SOME,
         {.id = 'a', .sku = 's', .skus = SOME, .suspended = true},
         {.id = 'a', .sku = 's', .skus = SOME, .suspended = true},
         SCOPE_AUTO},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(fixture_clear) struct rules_fixture w;
        fixture_init(&w);
        w.options.scope = CASES[i].scope;
        steps_allow(CASES[i].what, CASES[i].n, PER_POOL);
        judge(&w, &CASES[i].before, CASES[i].n);
        steps_allow(CASES[i].what, CASES[i].n, PER_POOL);
        judge(&w, &CASES[i].after, CASES[i].n);
        assert_true(steps_taken() > CASES[i].n); /* it does count */
    }
}

static void a_name_for_every_pool_costs_n_log_n(void **state)
{
    static const struct kind_of_list LIST = {.id = 'a', .sku = 's', .skus = SOME};
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    fixture_init(&w);
    w.options.pool_name = calloc(SOME, sizeof *w.options.pool_name);
    for (size_t i = 0; i < SOME; i++)
        w.options.pool_name[i] = (struct label){text_printf("a%06zu", i), strdup("CSP pool")};
    w.options.n_pool_names = SOME;
    steps_allow("a name for every pool", SOME, PER_POOL);
    judge(&w, &LIST, SOME);
    assert_string_equal(w.observations->observation[0].context->allotment_name, "CSP pool");
    for (size_t i = 0; i < SOME; i++) {
        free(w.options.pool_name[i].key);
        free(w.options.pool_name[i].value);
    }
    free(w.options.pool_name);
}

static void plan(struct rules_fixture *w, struct alert_registry *registry, bool first_run)
{
    static const struct alert_options OPTIONS;
    static const struct route_options ROUTES;
    struct changes *changes = NULL;
    struct failure f = {0};
    const struct plan_context ctx = {.options = &OPTIONS,
                                     .routes = &ROUTES,
                                     .now = w->now,
                                     .outage_tolerance = USEC_PER_HOUR,
                                     .tenant_id = "t-1",
                                     .tenant_name = "contoso",
                                     .complete_list = true,
                                     .first_run = first_run};
    assert_int_equal(alerts_plan(&ctx, registry, w->observations, &changes, &f), 0);
    alerts_apply(registry, changes);
    changes_free(changes);
}

static void an_alert_for_every_pool_costs_n_log_n(void **state)
{
    static const struct {
        const char *what;
        bool suspended, first_run;
    } CASES[] = {{"all in the first digest", false, true},
                 {"all told at once", false, false},
                 {"all explained by subscriptions", true, false}};
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        const struct kind_of_list list = {
            .id = 'a', .sku = 's', .skus = ALERTS, .consumed = 100, .suspended = CASES[i].suspended};
        CLEANUP(fixture_clear) struct rules_fixture w;
        CLEANUP(registry_free) struct alert_registry *registry = NULL;
        fixture_init(&w);
        for (int r = 0; r < RULE_COUNT_; r++)
            w.options.threshold[r].min_samples = 1;
        assert_int_equal(registry_new(&registry), 0);
        for (int poll = 0; poll < 2; poll++) {
            steps_allow("judging it", ALERTS, UINT32_MAX);
            judge(&w, &list, ALERTS);
            steps_allow(CASES[i].what, ALERTS, PER_ALERT);
            plan(&w, registry, CASES[i].first_run && poll == 0);
        }
        assert_true(registry_count_tenant(registry, "t-1") >= ALERTS);
    }
}

static void a_digest_of_every_alert_costs_n_log_n(void **state)
{
    struct alert_context *context = NULL;
    struct notification one = {.level = LEVEL_WARNING, .rule = RULE_REMAINING};
    CLEANUP(free) const struct notification **all = calloc(BOUND, sizeof *all);
    struct digest **part = NULL;
    size_t n_parts = 0;
    (void)state;
    assert_int_equal(context_new(&context), 0);
    one.context = context;
    for (size_t i = 0; i < BOUND; i++)
        all[i] = &one;
    steps_allow("a digest of every alert", BOUND, PER_LINE);
    assert_int_equal(digest_parts(all, BOUND, DIGEST_LINES, NULL, "first_run", USEC_PER_SEC, &part, &n_parts), 0);
    for (size_t i = 0; i < n_parts; i++)
        digest_free(part[i]);
    free(part);
    context_free(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_change_of_all_pools_costs_n_log_n),
        cmocka_unit_test(a_name_for_every_pool_costs_n_log_n),
        cmocka_unit_test(a_digest_of_every_alert_costs_n_log_n),
        cmocka_unit_test(an_alert_for_every_pool_costs_n_log_n),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
