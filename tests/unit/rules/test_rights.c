/* SPDX-License-Identifier: MIT */
/* Usage rights: from the rights that were read to an observation. */
#include "base/text.h"
#include "rules/judge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define SKU_ID "06ebc4ee-1bb5-47dd-8120-11324bc54e06"
static const struct instant NOW = {.at = 1790000000 * USEC_PER_SEC, .mono = 5, .boot = 1};
static char *const PLANS[] = {(char *)(uintptr_t) "MAIL", (char *)(uintptr_t) "plan-2"};

/* What is written down of rights and reasons in a case: "SPE_E5:MAIL,TEAMS-" is a right with a plan
 * that is on and one that is off; "SPE_E5?" one whose plans are not known. */
static void add_right(struct rights *r, const char *text)
{
    struct right right = {0};
    size_t len = strcspn(text, ":?");
    right.plans_known = text[len] != '?';
    assert_int_equal(text_copy(text, &right.sku_part_number), 0);
    right.sku_part_number[len] = '\0';
    right.plan = calloc(8, sizeof *right.plan);
    for (const char *p = text + len; *p && p[1];) {
        size_t n = strcspn(++p, ",");
        struct right_plan *plan = &right.plan[right.n_plans++];
        plan->state = n > 0 && p[n - 1] == '-' ? PLAN_OFF : PLAN_ON;
        plan->name = strndup(p, plan->state == PLAN_OFF ? n - 1 : n);
        p += n;
    }
    assert_int_equal(rights_add(r, &right), 0);
}

static struct rights *held_rights(const char *text)
{
    struct rights *r = NULL;
    assert_int_equal(rights_new(SOURCE_CLOUD_LICENSING, &r), 0);
    for (int s = 0; s < RIGHTS_SECTIONS_; s++)
        r->section[s] = SECTION_COMPLETE;
    if (text)
        add_right(r, text);
    return r;
}

static struct rule_options OPTIONS = {
    .threshold[RULE_USAGE_RIGHT] = {.min_samples = 3, .hold_for = 7}};
static struct tenant_identity TENANT;
static struct right_need NEED;

static struct observation judge(const struct rights *held)
{
    struct observation s;
    struct judge_context ctx = {.options = &OPTIONS, .tenant = &TENANT};
    TENANT.name = TENANT.tenant_id = (char *)(uintptr_t) "contoso";
    assert_int_equal(judge_right(&ctx, &NEED, held, SKU_ID, "SPE_E5", &NOW, &s, NULL), 0);
    return s;
}

static int setup(void **state)
{
    (void)state;
    OPTIONS.names = false;
    NEED = (struct right_need){.user = (char *)(uintptr_t) "OnCall@contoso.com",
                               .sku = (char *)(uintptr_t) "spe_e5",
                               .plan = (char **)(uintptr_t)PLANS,
                               .n_plans = 2,
                               .critical = true};
    return 0;
}

static void what_is_missing_is_counted_and_named(void **state)
{
    static const struct {
        const char *held;
        enum finding_state state;
        enum level level;
        int64_t value;
        const char *plans;
    } CASES[] = {
        {"SPE_E5:MAIL,plan-2,OTHER", FINDING_KNOWN, LEVEL_NONE, 0, NULL},
        {"SPE_E5:mail,PLAN-2", FINDING_KNOWN, LEVEL_NONE, 0, NULL},
        {"SPE_E5:MAIL-,plan-2", FINDING_KNOWN, LEVEL_CRITICAL, 1, "MAIL"},
        {"SPE_E5:OTHER", FINDING_KNOWN, LEVEL_CRITICAL, 2, "MAIL plan-2"},
        {"SPE_E3:MAIL,plan-2", FINDING_KNOWN, LEVEL_CRITICAL, 1, NULL},
        {NULL, FINDING_KNOWN, LEVEL_CRITICAL, 1, NULL},
        {"SPE_E5?", FINDING_UNKNOWN, LEVEL_NONE, NUMBER_UNKNOWN, NULL},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(rights_free) struct rights *held = held_rights(CASES[i].held);
        CLEANUP(observation_clear) struct observation s = judge(held);
        const struct finding *f = &s.finding[0];
        if (f->state != CASES[i].state || f->raise != CASES[i].level ||
            f->value != CASES[i].value || !text_equal(s.context->missing_plans, CASES[i].plans))
            fail_msg("case %zu: %d %d %lld %s", i, f->state, f->raise, (long long)f->value,
                     s.context->missing_plans ? s.context->missing_plans : "-");
        assert_int_equal(f->min_samples, 3);
        assert_int_equal(f->hold_for, 7);
        assert_string_equal(s.subject, "user/oncall@contoso.com/spe_e5");
    }
}

static void unknown_rights_are_neither_missing_nor_held(void **state)
{
    CLEANUP(rights_free) struct rights *held = held_rights(NULL);
    (void)state;
    CLEANUP(observation_clear) struct observation none = judge(NULL);
    assert_int_equal(none.finding[0].state, FINDING_UNKNOWN);
    assert_string_equal(none.context->sku_id, SKU_ID);
    held->section[RIGHTS_HELD] = SECTION_UNKNOWN;
    CLEANUP(observation_clear) struct observation unknown = judge(held);
    assert_int_equal(unknown.finding[0].state, FINDING_UNKNOWN);
    assert_false(unknown.finding[0].not_offered);
    held->section[RIGHTS_HELD] = SECTION_NOT_OFFERED;
    CLEANUP(observation_clear) struct observation not_offered = judge(held);
    assert_int_equal(not_offered.finding[0].state, FINDING_UNKNOWN);
    assert_true(not_offered.finding[0].not_offered);
}

static void add_bare_right(struct rights *r, const char *sku_id, const char *part,
                           struct right_plan plan)
{
    struct right right = {.plans_known = true, .n_plans = plan.id || plan.name};
    right.plan = calloc(1, sizeof *right.plan);
    right.plan->state = plan.state;
    assert_int_equal(text_copy(sku_id, &right.sku_id) + text_copy(part, &right.sku_part_number) +
                         text_copy(plan.id, &right.plan->id) +
                         text_copy(plan.name, &right.plan->name),
                     0);
    assert_int_equal(rights_add(r, &right), 0);
}

static void a_row_that_lacks_the_name_we_look_for_is_neither_ours_nor_another(void **state)
{
#define TEXT(s) ((char *)(uintptr_t)(s))
#define PLAN_ID "11111111-2222-3333-4444-555555555555"
    static const struct {
        const char *why, *need, *plan;
        const char *known_id, *known_part; /* by the tenant's pools */
        const char *sku_id, *part;
        struct right_plan held;
        enum finding_state state;
    } CASES[] = {
        {.why = "ours by its id", SKU_ID, NULL, NULL, NULL, SKU_ID, NULL, .state = FINDING_KNOWN},
        {.why = "another by its id", SKU_ID, NULL, NULL, NULL, "x", NULL, .state = FINDING_KNOWN},
        {.why = "no id", SKU_ID, NULL, NULL, NULL, NULL, "SPE_E3", .state = FINDING_UNKNOWN},
        {.why = "no id, but another by its part number", SKU_ID, NULL, SKU_ID, "SPE_E5", NULL,
         "SPE_E3", .state = FINDING_KNOWN},
        {.why = "no part number", "SPE_E5", NULL, NULL, NULL, "x", NULL, .state = FINDING_UNKNOWN},
        {.why = "no part number, but another by its id", "SPE_E5", NULL, SKU_ID, "SPE_E5", "x",
         NULL, .state = FINDING_KNOWN},
        {.why = "a plan without an id", "SPE_E5", PLAN_ID, NULL, NULL, NULL, "SPE_E5",
         {.name = TEXT("MAIL")}, FINDING_UNKNOWN},
        {.why = "a plan without a name", "SPE_E5", "MAIL", NULL, NULL, NULL, "SPE_E5",
         {.id = TEXT(PLAN_ID)}, FINDING_UNKNOWN},
        {.why = "one of them is off", "SPE_E5", "MAIL", NULL, NULL, NULL, "SPE_E5",
         {.id = TEXT(PLAN_ID), .state = PLAN_OFF}, FINDING_KNOWN},
        {.why = "ours, in no state that we know", "SPE_E5", "MAIL", NULL, NULL, NULL, "SPE_E5",
         {.name = TEXT("MAIL"), .state = PLAN_UNCLEAR}, FINDING_UNKNOWN},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(rights_free) struct rights *held = held_rights(NULL);
        CLEANUP(observation_clear) struct observation s = {0};
        char *plan = TEXT(CASES[i].plan);
        struct judge_context ctx = {.options = &OPTIONS, .tenant = &TENANT};
        NEED.sku = TEXT(CASES[i].need);
        NEED.plan = &plan;
        NEED.n_plans = plan != NULL;
        add_bare_right(held, CASES[i].sku_id, CASES[i].part, CASES[i].held);
        assert_int_equal(judge_right(&ctx, &NEED, held, CASES[i].known_id, CASES[i].known_part,
                                     &NOW, &s, NULL),
                         0);
        if (s.finding[0].state != CASES[i].state)
            fail_msg("%s", CASES[i].why);
    }
}

static void add_wait(struct rights *r, const char *pool, const char *part, usec_t since)
{
    struct principal_wait w = {.since_at = since};
    assert_int_equal(text_copy(pool, &w.allotment_id) + text_copy(part, &w.sku_part_number), 0);
    assert_int_equal(rights_add_wait(r, &w), 0);
}

static void add_error(struct rights *r, const char *code, const char *sku_id, usec_t at)
{
    struct principal_error e = {.occurred_at = at};
    assert_int_equal(text_copy(code, &e.code) + text_copy(sku_id, &e.sku_id), 0);
    assert_int_equal(rights_add_error(r, &e), 0);
}

static void add_assignment(struct rights *r, const char *part, const char *disabled)
{
    struct assignment a = {.id = strdup("a")};
    assert_int_equal(text_copy(part, &a.sku_part_number), 0);
    if (disabled) {
        a.disabled_plan = calloc(1, sizeof *a.disabled_plan);
        a.disabled_plan[a.n_disabled_plans++] = strdup(disabled);
    }
    assert_int_equal(rights_add_assignment(r, &a), 0);
}

static void expect_cause(const struct rights *held, enum cause cause)
{
    CLEANUP(observation_clear) struct observation s = judge(held);
    assert_int_equal(s.finding[0].raise, LEVEL_CRITICAL);
    assert_string_equal(cause_word(s.context->cause) ? cause_word(s.context->cause) : "-",
                        cause_word(cause) ? cause_word(cause) : "-");
}

static void the_reason_is_the_nearest_one_that_is_known(void **state)
{
    CLEANUP(rights_free) struct rights *held = held_rights(NULL);
    (void)state;
    expect_cause(held, CAUSE_NOT_ASSIGNED);
    held->section[RIGHTS_ASSIGNMENTS] = SECTION_UNKNOWN;
    expect_cause(held, CAUSE_NONE);
    held->section[RIGHTS_ASSIGNMENTS] = SECTION_COMPLETE;
    add_wait(held, "other", "SPE_E3", 1);
    add_error(held, "Other", "another-sku", 9);
    expect_cause(held, CAUSE_NOT_ASSIGNED);
    add_assignment(held, NULL, NULL); /* of whatever SKU */
    expect_cause(held, CAUSE_NONE);
    add_assignment(held, "SPE_E5", NULL);
    expect_cause(held, CAUSE_ASSIGNED);
    add_error(held, "Old", SKU_ID, 5);
    add_error(held, "MissingDependency", SKU_ID, 6);
    expect_cause(held, CAUSE_ASSIGNMENT_ERROR);
    add_wait(held, "late", "SPE_E5", 30);
    add_wait(held, "early", "SPE_E5", 20);
    expect_cause(held, CAUSE_WAITING);
    held->section[RIGHTS_ERRORS] = SECTION_UNKNOWN;
    expect_cause(held, CAUSE_WAITING);
    CLEANUP(observation_clear) struct observation s = judge(held);
    assert_string_equal(s.context->allotment_id, "early");
    assert_int_equal(s.context->oldest_at, 20);
}

static void a_cause_is_not_told_while_a_nearer_one_may_be_in_a_list_that_was_not_read(void **state)
{
    CLEANUP(rights_free) struct rights *held = held_rights(NULL);
    (void)state;
    add_error(held, "MissingDependency", SKU_ID, 6);
    held->section[RIGHTS_WAITING] = SECTION_UNKNOWN;
    expect_cause(held, CAUSE_NONE);
    held->section[RIGHTS_WAITING] = SECTION_NOT_OFFERED; /* to groups */
    expect_cause(held, CAUSE_ASSIGNMENT_ERROR);
    CLEANUP(rights_free) struct rights *other = held_rights(NULL);
    other->section[RIGHTS_ERRORS] = SECTION_UNKNOWN;
    expect_cause(other, CAUSE_NONE);
}

static void disabled_plan_is_the_cause(void **state)
{
    CLEANUP(rights_free) struct rights *held = held_rights("SPE_E5:plan-2");
    (void)state;
    expect_cause(held, CAUSE_NONE);
    add_assignment(held, "SPE_E5", "id-of-mail");
    expect_cause(held, CAUSE_PLAN_DISABLED);
}

static void people_are_hashed_unless_names_are_wanted_and_groups_never_are(void **state)
{
    CLEANUP(free) char *hashed = NULL;
    CLEANUP(free) char *named = NULL;
    CLEANUP(free) char *group = NULL;
    (void)state;
    assert_int_equal(right_principal(&OPTIONS, &NEED, &hashed), 0);
    assert_string_equal(hashed, "user 7c00a6e3c1b6"); /* printf %s oncall@contoso.com | sha256sum */
    OPTIONS.names = true;
    assert_int_equal(right_principal(&OPTIONS, &NEED, &named), 0);
    assert_string_equal(named, "user OnCall@contoso.com");
    OPTIONS.names = false;
    NEED.group = NEED.user;
    NEED.user = NULL;
    assert_int_equal(right_principal(&OPTIONS, &NEED, &group), 0);
    assert_string_equal(group, "group OnCall@contoso.com");
}

static void severity_warning_is_kept(void **state)
{
    CLEANUP(rights_free) struct rights *held = held_rights(NULL);
    (void)state;
    NEED.critical = false;
    CLEANUP(observation_clear) struct observation s = judge(held);
    assert_int_equal(s.finding[0].raise, LEVEL_WARNING);
    assert_int_equal(s.finding[0].keep, LEVEL_WARNING);
    assert_int_equal(s.finding[0].threshold[LEVEL_WARNING], 1);
    assert_int_equal(s.finding[0].threshold[LEVEL_CRITICAL], NUMBER_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_is_missing_is_counted_and_named, setup),
        cmocka_unit_test_setup(unknown_rights_are_neither_missing_nor_held, setup),
        cmocka_unit_test_setup(a_row_that_lacks_the_name_we_look_for_is_neither_ours_nor_another,
                               setup),
        cmocka_unit_test_setup(the_reason_is_the_nearest_one_that_is_known, setup),
        cmocka_unit_test_setup(disabled_plan_is_the_cause, setup),
        cmocka_unit_test_setup(a_cause_is_not_told_while_a_nearer_one_may_be_in_a_list_that_was_not_read,
                               setup),
        cmocka_unit_test_setup(people_are_hashed_unless_names_are_wanted_and_groups_never_are,
                               setup),
        cmocka_unit_test_setup(severity_warning_is_kept, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
