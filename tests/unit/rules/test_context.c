/* SPDX-License-Identifier: MIT */
/* Contexts: every field is copied, compared and freed. */
#include "base/text.h"
#include "fixtures/context.h"
#include "rules/internal.h"
#include "unit/rules/fixture.h"

static bool is_text(const struct context_field *field)
{
    return field->type == CONTEXT_TEXT || field->type == CONTEXT_ID;
}

static void new_facts_know_nothing(void **state)
{
    CLEANUP(context_free) struct alert_context *f = NULL;
    (void)state;
    assert_int_equal(context_new(&f), 0);
    CONTEXT_FIELDS (x, &CONTEXT_RECORD) {
        static const char ZEROS[16];
        if (x->type == CONTEXT_NUMBER)
            assert_true(*(const int64_t *)context_at(f, x) == NUMBER_UNKNOWN);
        else
            assert_memory_equal(context_at(f, x), ZEROS, x->size);
    }
}

/* What has no row is not copied, not compared and not stored. */
static void each_byte_has_a_row(void **state)
{
    static const struct {
        const char *name;
        const struct context_record *record;
        size_t size, from; /* the first byte that needs a row */
    } RECORDS[] = {
        {"facts", &CONTEXT_RECORD, sizeof(struct alert_context),
         sizeof(((struct alert_context *)0)->holders)},
        {"fact_subscription", &CONTEXT_SUBSCRIPTION_RECORD, sizeof(struct context_subscription), 0},
        {"label", &CONTEXT_LABEL_RECORD, sizeof(struct label), 0},
    };
    (void)state;
    assert_int_equal(offsetof(struct alert_context, holders), 0);
    for (size_t i = 0; i < N_ELEMENTS(RECORDS); i++) {
        unsigned char rows[sizeof(struct alert_context)] = {0};
        assert_int_equal(RECORDS[i].record->size, RECORDS[i].size);
        CONTEXT_FIELDS (x, RECORDS[i].record)
            for (size_t at = x->at; at < x->at + x->size; at++)
                rows[at]++;
        for (size_t at = RECORDS[i].from; at < RECORDS[i].size; at++)
            if (rows[at] != 1)
                fail_msg("struct %s: byte %zu has %d rows", RECORDS[i].name, at, rows[at]);
    }
}

static void each_field_alone_is_copied_and_compared(void **state)
{
    CLEANUP(context_free) struct alert_context *nothing = NULL;
    (void)state;
    assert_int_equal(context_new(&nothing), 0);
    CONTEXT_FIELDS (x, &CONTEXT_RECORD) {
        CLEANUP(context_free) struct alert_context *f = context_of(x), *copy = NULL;
        bool compared = x->at != offsetof(struct alert_context, observed_at);
        assert_int_equal(context_copy(f, &copy), 0);
        if (!context_equal(copy, f) || context_equal(copy, nothing) == compared)
            fail_msg("%s is lost, or not compared", x->name);
        if (is_text(x) || x->of) /* the first member of a list is a pointer, too */
            assert_ptr_not_equal(*(void *const *)context_at(copy, x),
                                 *(void *const *)context_at(f, x));
        else
            assert_memory_equal(context_at(copy, x), context_at(f, x), x->size);
    }
}

/* Text becomes unknown; the only other fields of elements are dates. */
static void spoil(void *element, const struct context_field *field)
{
    if (is_text(field)) {
        free(*(char **)context_at(element, field));
        *(char **)context_at(element, field) = NULL;
    } else {
        assert_int_equal(field->type, CONTEXT_DATE);
        ++*(int32_t *)context_at(element, field);
    }
}

static void each_field_of_an_element_is_copied_and_compared(void **state)
{
    (void)state;
    CONTEXT_FIELDS (list, &CONTEXT_RECORD)
        for (size_t i = 0; list->of && i < list->of->n_fields; i++) {
            CLEANUP(context_free) struct alert_context *f = context_of(list), *copy = NULL;
            spoil(context_first(f, list), &list->of->field[i]);
            assert_int_equal(context_copy(f, &copy), 0);
            assert_true(context_equal(copy, f));
            context_set(context_first(copy, list), &list->of->field[i]);
            if (context_equal(copy, f))
                fail_msg("%s: %s is not compared", list->name, list->of->field[i].name);
        }
}

static void lists_of_different_length_differ(void **state)
{
    CLEANUP(context_free) struct alert_context *f = NULL, *more = NULL;
    const struct subscription s = {.start_date = 1, .next_lifecycle_date = 2};
    (void)state;
    assert_int_equal(context_new(&f), 0);
    assert_int_equal(context_add_subscription(f, &s), 0);
    assert_int_equal(context_copy(f, &more), 0);
    assert_int_equal(context_add_subscription(more, &s), 0);
    assert_false(context_equal(f, more));
    assert_false(context_equal(more, f));
}

static void shared_facts_last_as_long_as_their_last_holder(void **state)
{
    struct alert_context *f = NULL;
    (void)state;
    assert_int_equal(context_new(&f), 0);
    f->hint = strdup("renew it");
    assert_ptr_equal(context_share(f), f);
    context_free(f);
    assert_string_equal(f->hint, "renew it");
    context_free(f); /* ASan tells if it is too early or too late */
    context_free(NULL);
    assert_null(context_share(NULL));
}

static void no_more_subscriptions_are_named_than_a_message_can_hold(void **state)
{
    CLEANUP(context_free) struct alert_context *f = NULL;
    struct row row = {.id = "a"};
    struct rules_fixture w;
    (void)state;
    fixture_init(&w);
    struct allotment a = an_allotment(&row);
    a.n_subscriptions = CONTEXT_SUBSCRIPTIONS_MAX + 3;
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
    assert_int_equal(judge_snapshot(&w.ctx, s, NULL, &w.observations, &w.memory, NULL), 0);
    assert_int_equal(context_copy(observation_of(&w, KIND_CAPACITY, "a")->context, &f), 0);
    assert_int_equal(f->n_subscriptions, CONTEXT_SUBSCRIPTIONS_MAX);
    assert_string_equal(f->subscription[0].id, "s22"); /* the one that is not well comes first */
    snapshot_builder_free(b);
    snapshot_free(s);
    fixture_clear(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_facts_know_nothing),
        cmocka_unit_test(each_byte_has_a_row),
        cmocka_unit_test(each_field_alone_is_copied_and_compared),
        cmocka_unit_test(each_field_of_an_element_is_copied_and_compared),
        cmocka_unit_test(lists_of_different_length_differ),
        cmocka_unit_test(shared_facts_last_as_long_as_their_last_holder),
        cmocka_unit_test(no_more_subscriptions_are_named_than_a_message_can_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
