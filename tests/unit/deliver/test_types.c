/* SPDX-License-Identifier: MIT */
/* tests/unit/deliver/test_types.c: what holds for the bodies of every receiver type over HTTP. */
#include "http_type.h"

/* The next type over HTTP from `at` on; NULL: there is none. */
static const struct receiver_class *next(size_t *at)
{
    while (receiver_types[*at] && receiver_types[*at]->transport != &http_post)
        ++*at;
    return receiver_types[*at] ? receiver_types[(*at)++] : NULL;
}

static void a_lack_of_memory_is_an_error_and_no_half_message(void **state)
{
    (void)state;
    size_t at = 0;
    for (const struct receiver_class *class; (class = next(&at));)
        type_starved(class);
}

static void a_well_formed_body_comes_of_any_text(void **state)
{
    (void)state;
    size_t at = 0;
    for (const struct receiver_class *class; (class = next(&at));) {
        CLEANUP(notification_free) struct notification *n = some_hostile();
        CLEANUP(free) char *body = type_render(class, n, NULL);
        CLEANUP(json_free) struct json *root = NULL;
        if (json_parse(body, strlen(body), &root, NULL) < 0)
            fail_msg("%s: %s", class->name, body);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lack_of_memory_is_an_error_and_no_half_message),
        cmocka_unit_test(a_well_formed_body_comes_of_any_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
