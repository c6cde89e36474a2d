/* SPDX-License-Identifier: MIT */
/* The key table holds what it promises to everything that walks it. */
#include "unit/config/fixture.h"

static void check_row(void *userdata, const char *path, const struct conf_key *k)
{
    size_t *n = userdata;
    CLEANUP(free) char *identity = NULL;
    union {
        int64_t number;
        char *text;
        struct limit limit;
    } at = {0};
    (*n)++;
    assert_int_equal(conf_key_context(k, &identity), 0);
    if (strlen(identity) == 0 || strchr(identity, '\t') || strchr(identity, '\n'))
        fail_msg("%s: facts", path);
    if (!k->help || strpbrk(k->help, "\"\t\n\\") || k->help[strlen(k->help) - 1] != '.')
        fail_msg("%s: help is one or more plain sentences", path);
    if (!k->min != !k->max)
        fail_msg("%s: half a range", path);
    if (k->section)
        return;
    if (k->def && value_store(k, k->def, &at, NULL) < 0)
        fail_msg("%s: the default %s is refused", path, k->def);
    if (k->def && (k->type == CONF_TEXT || k->type == CONF_FILE))
        free(at.text);
    if (k->min && k->type != CONF_LIMIT)
        assert_true(value_store(k, k->min, &at, NULL) >= 0 &&
                    value_store(k, k->max, &at, NULL) >= 0);
    if (k->example && k->type == CONF_TEXT) {
        at.text = NULL;
        if (k->check && strcmp(k->name, "timezone") != 0 &&
            value_store(k, k->example, &at.text, NULL) < 0)
            fail_msg("%s: the example %s is refused", path, k->example);
        free(at.text);
    }
    if (!k->required && !k->needed && !k->def && !k->shown_def && k->type != CONF_LABELS &&
        k->type != CONF_POOL_NAMES && !strstr(path, ".match."))
        fail_msg("%s: no default is told", path);
}

static void every_row_is_complete_and_its_default_is_within_its_range(void **state)
{
    size_t n = 0;
    (void)state;
    conf_keys_each(check_row, &n);
    assert_true(n > 100);
}

static void check_section(const struct conf_section *s)
{
    for (size_t i = 0; i < s->n; i++) {
        for (size_t j = 0; j < i; j++)
            if (strcmp(s->key[i].name, s->key[j].name) == 0)
                fail_msg("%s is there twice", s->key[i].name);
        if (s->key[i].section)
            check_section(s->key[i].section);
    }
}

static void no_section_has_a_key_twice(void **state)
{
    (void)state;
    check_section(&conf_root);
}

static void every_rule_of_the_configuration_is_a_rule_of_the_rules_room(void **state)
{
    const struct conf_section *thresholds = conf_key_find(&conf_root, "thresholds")->section;
    size_t n = 0;
    (void)state;
    for (size_t i = 0; i < thresholds->n; i++)
        if (thresholds->key[i].type == CONF_RULE) {
            int rule = rule_parse(thresholds->key[i].name);
            assert_true(rule >= 0);
            assert_ptr_equal(conf_rule_key((enum rule)rule), &thresholds->key[i]);
            assert_int_equal(thresholds->key[i].at, offsetof(struct rule_options, threshold) +
                                                        (size_t)rule * sizeof(struct threshold));
            n++;
        }
    assert_int_equal(n, 12);
}

static void words_stand_in_the_order_of_their_enums(void **state)
{
    static const struct {
        const char *group, *key, *word;
        int want;
    } CASES[] = {
        {"tenants", "cloud", "china", CLOUD_CHINA},
        {"tenants", "cloud", "usgov_l4", CLOUD_USGOV_L4},
        {"tenants", "source", "subscribed_skus", SOURCE_OPTION_SUBSCRIBED_SKUS},
        {"tenants", "auth", "client_secret", AUTH_CLIENT_SECRET},
        {"overrides", "ignore", "nothing", IGNORE_NOTHING},
        {"overrides", "ignore", "alerts", IGNORE_ALERTS},
        {"overrides", "ignore", "all", IGNORE_ALL},
        {NULL, "scope", "auto", SCOPE_AUTO},
        {NULL, "scope", "allotment", SCOPE_ALLOTMENT},
        {NULL, "scope", "sku", SCOPE_SKU},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        const struct conf_section *s =
            CASES[i].group ? conf_key_find(&conf_root, CASES[i].group)->section : &conf_root;
        unsigned at = 99;
        assert_int_equal(value_store(conf_key_find(s, CASES[i].key), CASES[i].word, &at, NULL), 0);
        if (at != (unsigned)CASES[i].want)
            fail_msg("%s = \"%s\" is %u", CASES[i].key, CASES[i].word, at);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_complete_and_its_default_is_within_its_range),
        cmocka_unit_test(no_section_has_a_key_twice),
        cmocka_unit_test(every_rule_of_the_configuration_is_a_rule_of_the_rules_room),
        cmocka_unit_test(words_stand_in_the_order_of_their_enums),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
