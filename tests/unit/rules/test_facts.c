/* SPDX-License-Identifier: MIT */
/* Facts are owned data. */
#include "base/text.h"
#include "unit/rules/world.h"

static void new_facts_know_nothing(void **state)
{
    CLEANUP(facts_free) struct facts *f = NULL;
    (void)state;
    assert_int_equal(facts_new(&f), 0);
    const int64_t numbers[] = {f->n_used_by,        f->allotted,     f->consumed,     f->waiting,
                               f->units_to_unblock, f->units_to_buy, f->sibling_free,
                               f->error_count,      f->parked,       f->tenants,
                               f->tenants_failing,  f->tenants_read};
    for (size_t i = 0; i < N_ELEMENTS(numbers); i++)
        assert_int_equal(numbers[i], FACT_UNKNOWN);
    assert_null(f->tenant_name);
    assert_int_equal(f->oldest_at, 0);
}

static void a_copy_shares_nothing_and_lacks_nothing(void **state)
{
    struct label labels[] = {{"a", "1"}, {"b", "2"}};
    struct fact_subscription subs[] = {{"s", "active", NULL, 1, 2}, {"t", NULL, "trial", 3, 4}};
    struct facts src = {"n",    "i",  labels,  2,      3600,      "ai",   "an", 1, 2,     3,  11,
                        4,      "si", "sp",    "sn",   subs,      2,      5,    6, "sib", 7,
                        "code", 8,    11,     CAUSE_AUTH, "hint",    "section", "source", "host",
                        12,     13,   14,     15,      "recv",    9,         "user a", "P Q",
                        "secret", "client", "file", "t\nu", 17, 16, true, 10};
    CLEANUP(facts_free) struct facts *f = NULL;
    (void)state;
    assert_int_equal(facts_copy(&src, &f), 0);
    const char *const want[] = {src.tenant_name,    src.tenant_id,    src.allotment_id,
                                src.allotment_name, src.sku_id,       src.sku_part_number,
                                src.sku_name,       src.sibling_name, src.error_code,
                                src.hint,           src.section,
                                src.receiver,       src.principal,    src.missing_plans,
                                src.source,         src.host,         src.credential,
                                src.client_id,      src.file,         src.used_by};
    const char *const got[] = {f->tenant_name,    f->tenant_id,    f->allotment_id,
                               f->allotment_name, f->sku_id,       f->sku_part_number,
                               f->sku_name,       f->sibling_name, f->error_code,
                               f->hint,           f->section,
                               f->receiver,       f->principal,    f->missing_plans,
                               f->source,         f->host,         f->credential,
                               f->client_id,      f->file,         f->used_by};
    for (size_t i = 0; i < N_ELEMENTS(want); i++) {
        assert_string_equal(got[i], want[i]);
        assert_ptr_not_equal(got[i], want[i]);
    }
    const int64_t numbers[] = {f->allotted,         f->consumed,
                               f->waiting,          (int64_t)f->oldest_at,
                               f->units_to_unblock, f->units_to_buy,
                               f->sibling_free,     f->error_count,
                               f->parked,           (int64_t)f->observed_at,
                               f->reference,        f->tenants,
                               f->tenants_failing,  f->tenants_read,
                               (int64_t)f->failing_since_at};
    for (size_t i = 0; i < N_ELEMENTS(numbers); i++)
        assert_int_equal(numbers[i], i + 1);
    assert_int_equal(f->utc_offset, 3600);
    assert_int_equal(f->cause, CAUSE_AUTH);
    assert_int_equal(f->expires_at, 16);
    assert_int_equal(f->n_used_by, 17);
    assert_true(f->expires_by_day);
    assert_int_equal(f->n_labels, 2);
    assert_string_equal(f->label[1].value, "2");
    assert_int_equal(f->n_subscriptions, 2);
    assert_string_equal(f->subscription[1].tags, "trial");
    assert_null(f->subscription[0].tags);
    assert_int_equal(f->subscription[1].next_lifecycle_date, 4);
}

static void no_more_subscriptions_are_named_than_a_message_can_hold(void **state)
{
    CLEANUP(facts_free) struct facts *f = NULL;
    struct row row = {.id = "a"};
    struct world w;
    (void)state;
    world_init(&w);
    struct allotment a = an_allotment(&row);
    a.n_subscriptions = FACT_SUBSCRIPTIONS_MAX + 3;
    a.subscriptions = calloc(a.n_subscriptions, sizeof *a.subscriptions);
    for (size_t i = 0; i < a.n_subscriptions; i++) {
        a.subscriptions[i].id = text_printf("s%02zu", i);
        a.subscriptions[i].state =
            i == a.n_subscriptions - 1 ? SUBSCRIPTION_SUSPENDED : SUBSCRIPTION_ACTIVE;
    }
    struct snapshot_builder *b = NULL;
    struct snapshot *s = NULL;
    assert_int_equal(snapshot_builder_new("t", "t", SOURCE_CLOUD_LICENSING, w.now, &b), 0);
    assert_int_equal(snapshot_add_allotment(b, &a), 0);
    snapshot_set_allotments(b, SECTION_COMPLETE);
    assert_int_equal(snapshot_finish(b, &s), 0);
    assert_int_equal(judge_snapshot(&w.ctx, s, NULL, &w.samples, &w.memory, NULL), 0);
    assert_int_equal(facts_copy(sample_of(&w, KIND_CAPACITY, "a")->facts, &f), 0);
    assert_int_equal(f->n_subscriptions, FACT_SUBSCRIPTIONS_MAX);
    assert_string_equal(f->subscription[0].id, "s22"); /* the one that is not well comes first */
    snapshot_builder_free(b);
    snapshot_free(s);
    world_clear(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_facts_know_nothing),
        cmocka_unit_test(a_copy_shares_nothing_and_lacks_nothing),
        cmocka_unit_test(no_more_subscriptions_are_named_than_a_message_can_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
