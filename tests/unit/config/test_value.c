/* SPDX-License-Identifier: MIT */
/* Single values: read, bounded, printed. */
#include "unit/config/fixture.h"

static const struct conf_key SHARE = {
    .name = "k", .type = CONF_SHARE, .size = sizeof(int64_t), .min = "0.01%", .max = "1000%"};
static const struct conf_key COUNT = {
    .name = "k", .type = CONF_COUNT, .size = sizeof(uint32_t), .min = "1", .max = "100"};
static const struct conf_key DURATION = {
    .name = "k", .type = CONF_DURATION, .size = sizeof(usec_t), .min = "1s", .max = "1d"};
static const struct conf_key REMIND = {.name = "k",
                                       .type = CONF_DURATION,
                                       .size = sizeof(usec_t),
                                       .off_ok = true,
                                       .min = "1m",
                                       .max = "1d"};
static const struct conf_key CLOCK = {.name = "k", .type = CONF_CLOCK, .size = sizeof(usec_t)};
#define LIMIT_KEY(kind, low, high)                                                              \
    {                                                                                           \
        .name = "k", .type = CONF_LIMIT, .limit = kind, .off_ok = true, .min = low, .max = high \
    }
static const struct conf_key LIMITS[] = {
    [LIMIT_SHARE] = LIMIT_KEY(LIMIT_SHARE, "0.01%", "1000%"),
    [LIMIT_UNITS] = LIMIT_KEY(LIMIT_UNITS, "-5", "5"),
    [LIMIT_COUNT] = LIMIT_KEY(LIMIT_COUNT, "1", "100"),
    [LIMIT_AGE] = LIMIT_KEY(LIMIT_AGE, "1s", "10d"),
    [LIMIT_DAYS] = LIMIT_KEY(LIMIT_DAYS, "0d", "100d"),
    [LIMIT_POLLS] = LIMIT_KEY(LIMIT_POLLS, "1s", "10d"),
};

static void numbers_are_read_in_their_own_notation(void **state)
{
    static const struct {
        const struct conf_key *key;
        const char *text;
        int64_t want; /* -1: refused */
    } CASES[] = {
        {&SHARE, "85%", 8500},      {&SHARE, "0.01%", 1},
        {&SHARE, "97.5%", 9750},    {&SHARE, "97.25%", 9725},
        {&SHARE, "1000%", 100000},  {&SHARE, "1000.01%", -1},
        {&SHARE, "0%", -1},         {&SHARE, "0.001%", -1},
        {&SHARE, "85", -1},         {&SHARE, "85 %", -1},
        {&SHARE, "%", -1},          {&SHARE, ".5%", -1},
        {&SHARE, "5.%", -1},        {&SHARE, "-5%", -1},
        {&SHARE, "1e2%", -1},       {&SHARE, "99999999999999999999%", -1},
        {&SHARE, "1.2.3%", -1},     {&SHARE, "", -1},
        {&COUNT, "1", 1},           {&COUNT, "100", 100},
        {&COUNT, "0", -1},          {&COUNT, "101", -1},
        {&COUNT, "-1", -1},         {&COUNT, "99999999999999999999", -1},
        {&DURATION, "1s", 1000000}, {&DURATION, "1d", 86400000000},
        {&DURATION, "25h", -1},     {&DURATION, "0s", -1},
        {&DURATION, "off", -1},     {&DURATION, "5", -1},
        {&DURATION, "5 m", -1},     {&REMIND, "off", 0},
        {&REMIND, "0s", -1},        {&CLOCK, "09:00", 32400000000},
        {&CLOCK, "24:00", -1},      {&CLOCK, "9:00", -1},
        {&CLOCK, "09:60", -1},      {&CLOCK, "23:59", 86340000000},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        union {
            int64_t wide;
            uint32_t narrow;
        } at = {.wide = 7};
        struct failure why;
        int r = value_store(CASES[i].key, CASES[i].text, &at, &why);
        int64_t got = CASES[i].key->size == sizeof at.narrow ? at.narrow : at.wide;
        if (CASES[i].want < 0 ? r >= 0 || got != 7 : r < 0 || got != CASES[i].want)
            fail_msg("\"%s\": %d, %lld", CASES[i].text, r, (long long)got);
        if (r < 0 && !strstr(why.text, "; "))
            fail_msg("\"%s\": no advice in: %s", CASES[i].text, why.text);
    }
}

static void limits_count_what_their_rule_counts(void **state)
{
    static const struct {
        enum conf_limit kind;
        const char *text;
        bool ok, on, polls;
        int64_t want;
    } CASES[] = {
        {LIMIT_SHARE, "90%", true, true, false, 9000},
        {LIMIT_SHARE, "off", true, false, false, 0},
        {LIMIT_SHARE, "90", false, false, false, 0},
        {LIMIT_UNITS, "-5", true, true, false, -5},
        {LIMIT_UNITS, "0", true, true, false, 0},
        {LIMIT_UNITS, "6", false, false, false, 0},
        {LIMIT_COUNT, "25", true, true, false, 25},
        {LIMIT_AGE, "1d", true, true, false, 86400},
        {LIMIT_DAYS, "30d", true, true, false, 30},
        {LIMIT_DAYS, "2w", true, true, false, 14},
        {LIMIT_DAYS, "36h", false, false, false, 0},
        {LIMIT_DAYS, "48h", true, true, false, 2},
        {LIMIT_POLLS, "6h", true, true, false, 21600},
        {LIMIT_POLLS, "3 polls", true, true, true, 3},
        {LIMIT_POLLS, "1 poll", true, true, true, 1},
        {LIMIT_POLLS, "0 polls", false, false, false, 0},
        {LIMIT_POLLS, "3polls", false, false, false, 0},
        {LIMIT_POLLS, "99999999999999999999 polls", false, false, false, 0},
        {LIMIT_AGE, "3 polls", false, false, false, 0},
        {LIMIT_AGE, "OFF", false, false, false, 0},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct limit l = {0};
        int r = value_store(&LIMITS[CASES[i].kind], CASES[i].text, &l, NULL);
        if ((r >= 0) != CASES[i].ok || l.on != CASES[i].on || l.polls != CASES[i].polls ||
            l.value != CASES[i].want)
            fail_msg("\"%s\": %d on=%d polls=%d %lld", CASES[i].text, r, l.on, l.polls,
                     (long long)l.value);
    }
}

static void what_is_printed_is_read_again_as_the_same(void **state)
{
    static const struct {
        enum conf_limit kind;
        const char *text, *printed;
    } CASES[] = {
        {LIMIT_SHARE, "90%", "\"90%\""},       {LIMIT_SHARE, "0.5%", "\"0.50%\""},
        {LIMIT_SHARE, "0.05%", "\"0.05%\""},   {LIMIT_UNITS, "-1", "-1"},
        {LIMIT_COUNT, "off", "\"off\""},       {LIMIT_AGE, "24h", "\"1d\""},
        {LIMIT_DAYS, "14d", "\"14d\""},        {LIMIT_POLLS, "3 polls", "\"3 polls\""},
        {LIMIT_POLLS, "1 poll", "\"1 poll\""}, {LIMIT_POLLS, "90m", "\"90m\""},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct limit l = {0}, again = {0};
        struct text out = TEXT_INIT(100);
        assert_int_equal(value_store(&LIMITS[CASES[i].kind], CASES[i].text, &l, NULL), 0);
        value_print(&LIMITS[CASES[i].kind], &l, &out);
        CLEANUP(free) char *printed = text_take(&out);
        assert_string_equal(printed, CASES[i].printed);
        char bare[40];
        (void)snprintf(bare, sizeof bare, "%.*s", (int)strcspn(printed + (*printed == '"'), "\""),
                       printed + (*printed == '"'));
        assert_int_equal(value_store(&LIMITS[CASES[i].kind], bare, &again, NULL), 0);
        assert_true(l.on == again.on && l.polls == again.polls && l.value == again.value);
    }
}

static void strings_are_printed_so_that_libconfig_reads_them_back(void **state)
{
    static const char ODD[] = "a \"b\" \\ c\x01\n\xc3\xbc";
    struct text out = TEXT_INIT(100);
    config_t config;
    (void)state;
    text_add(&out, "s = ");
    value_print_string(ODD, &out);
    CLEANUP(free) char *text = text_take(&out);
    config_init(&config);
    const char *back = NULL;
    assert_int_equal(config_read_string(&config, text), CONFIG_TRUE);
    assert_int_equal(config_lookup_string(&config, "s", &back), CONFIG_TRUE);
    assert_string_equal(back, ODD);
    config_destroy(&config);
}

static void misspelt_words_get_a_suggestion(void **state)
{
    static const char *const WORDS[] = {"global", "usgov_l4", "china", NULL};
    static const struct conf_key KEY = {.name = "cloud",
                                        .type = CONF_WORD,
                                        .size = sizeof(enum cloud),
                                        .words = WORDS};
    enum cloud cloud = CLOUD_GLOBAL;
    struct failure why;
    (void)state;
    assert_int_equal(value_store(&KEY, "usgov_l4", &cloud, &why), 0);
    assert_int_equal(cloud, CLOUD_USGOV_L4);
    assert_true(value_store(&KEY, "chnia", &cloud, &why) < 0);
    assert_non_null(strstr(why.text, "did you mean \"china\"?"));
    assert_true(value_store(&KEY, "completely else", &cloud, &why) < 0);
    assert_non_null(strstr(why.text, "write one of \"global\", \"usgov_l4\", \"china\""));
    assert_int_equal(cloud, CLOUD_USGOV_L4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_read_in_their_own_notation),
        cmocka_unit_test(limits_count_what_their_rule_counts),
        cmocka_unit_test(what_is_printed_is_read_again_as_the_same),
        cmocka_unit_test(strings_are_printed_so_that_libconfig_reads_them_back),
        cmocka_unit_test(misspelt_words_get_a_suggestion),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
