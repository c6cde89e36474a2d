/* SPDX-License-Identifier: MIT */
/* The table of causes: every row is whole, and its word is what messages and old databases hold. */
#include "base/digest.h"
#include "base/text.h"
#include "rules/cause.h"
#include "unit/rules/fixture.h"

static void every_cause_comes_back_from_its_word_and_from_its_hash(void **state)
{
    (void)state;
    for (int c = CAUSE_NONE + 1; c < CAUSE_COUNT_; c++) {
        const char *word = cause_word((enum cause)c);
        assert_non_null(word);
        assert_int_equal(cause_parse(word), c);
        assert_true(cause_hash((enum cause)c) == fnv1a(word, strlen(word), FNV1A_SEED));
        assert_int_equal(cause_from_hash(cause_hash((enum cause)c)), c);
    }
    assert_null(cause_word(CAUSE_NONE));
    assert_int_equal(cause_hash(CAUSE_NONE), 0);
}

static void what_is_not_a_cause_is_none(void **state)
{
    (void)state;
    assert_int_equal(cause_parse(NULL), CAUSE_NONE);
    assert_int_equal(cause_parse(""), CAUSE_NONE);
    assert_int_equal(cause_parse("flood"), CAUSE_NONE);
    assert_int_equal(cause_from_hash(0), CAUSE_NONE);
    assert_int_equal(cause_from_hash(UINT64_MAX), CAUSE_NONE);
}

static void a_cause_of_a_poll_has_all_its_texts(void **state)
{
    (void)state;
    for (int c = 0; c < CAUSE_COUNT_; c++) {
        const struct cause_row *row = cause_row((enum cause)c);
        if (row->failure_group == CAUSE_NONE)
            continue;
        bool says = row->because[HEALTH_ALLOTMENTS] || (row->tenant_says && row->tenants_say);
        if (!says || !row->hint.what || !row->hint.next)
            fail_msg("%s lacks a text", row->word);
        if (cause_row(row->failure_group)->failure_group != row->failure_group)
            fail_msg("%s is like one that is not like itself", row->word);
        if (row->passes != (row->failure_group == CAUSE_NETWORK))
            fail_msg("%s: those that pass by themselves are alike, and only they", row->word);
    }
}

/* Each word that a message may have in detail.cause is explained. */
static void a_cause_of_a_poll_has_its_manual_entry(void **state)
{
    (void)state;
    FILE *file = fopen(SOURCE_ROOT "/daemon/seatwatchd.8", "r");
    assert_non_null(file);
    static char manual[256 * 1024];
    size_t len = fread(manual, 1, sizeof manual - 1, file);
    assert_true(len > 0 && len < sizeof manual - 1);
    (void)fclose(file);
    for (int c = 0; c < CAUSE_COUNT_; c++) {
        char entry[80];
        (void)snprintf(entry, sizeof entry, "\n.It Ql %s\n", cause_row((enum cause)c)->word);
        if (cause_row((enum cause)c)->failure_group != CAUSE_NONE && !strstr(manual, entry))
            fail_msg("seatwatchd(8) has no entry for %s", cause_row((enum cause)c)->word);
    }
}

static void a_section_comes_back_from_its_word(void **state)
{
    (void)state;
    for (int s = 0; s < HEALTH_SECTIONS_; s++)
        assert_int_equal(section_parse(section_word((enum health_section)s)), s);
    assert_int_equal(section_parse("attic"), HEALTH_ALLOTMENTS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cause_comes_back_from_its_word_and_from_its_hash),
        cmocka_unit_test(what_is_not_a_cause_is_none),
        cmocka_unit_test(a_cause_of_a_poll_has_all_its_texts),
        cmocka_unit_test(a_cause_of_a_poll_has_its_manual_entry),
        cmocka_unit_test(a_section_comes_back_from_its_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
