/* SPDX-License-Identifier: MIT */
/* tests/unit/deliver/test_markup.c: text is escaped, and cut beside characters and escapes. */
#include "deliver/markup.h"
#include "some.h"

static const char *escape(const char *at)
{
    return *at == '&' ? "&amp;" : *at == ':' && at[1] == '/' ? "\\:" : NULL;
}

static void escapes_and_characters_are_never_split(void **state)
{
    static const struct {
        const char *why, *text;
        size_t max;
        const char *want;
    } CASES[] = {
        {"what fits stays", "abcd", 4, "abcd"},
        {"the dots are part of it", "abcde", 4, "a..."},
        {"escapes count in full", "a&b", 7, "a&amp;b"},
        {"no room for an escape", "a&bc", 7, "a..."},
        {"an escape before the dots", "&bcde", 8, "&amp;..."},
        {"an escape that fits without the dots only", "a&bcd", 8, "a..."},
        {"two units beyond U+FFFF", "\xf0\x9f\x94\xb4\xf0\x9f\x94\xb4z", 5,
         "\xf0\x9f\x94\xb4\xf0\x9f\x94\xb4z"},
        {"... of which none is left alone", "a\xf0\x9f\x94\xb4\xf0\x9f\x94\xb4", 4, "a..."},
        {"two bytes, one unit", "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f", 4,
         "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f"},
        {"what follows decides", "a:b:/", 9, "a:b\\:/"},
        {"nothing", "", 4, ""},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(free) char *got = markup_text(escape, CASES[i].text, CASES[i].max);
        if (strcmp(got, CASES[i].want) != 0)
            fail_msg("%s: %s", CASES[i].why, got);
    }
    CLEANUP(free) char *plain = markup_text(NULL, "a&b", 4);
    assert_string_equal(plain, "a&b");
}

static void the_lines_of_a_digest_share_the_room(void **state)
{
    (void)state;
    CLEANUP(digest_free) struct digest *d = some_digest(DIGEST_LINES);
    CLEANUP(free) char *flood = some_flood("&", 500);
    for (size_t i = 0; i < d->n_notifications; i += 2)
        some_replace(&d->notification[i]->title, flood);
    d->notification[1]->type = EVENT_RESOLVED;
    const struct message m = {.digest = d, .now_at = d->at};
    CLEANUP(outline_free) struct outline *o = NULL;
    assert_int_equal(outline_new(&m, NULL, &o), 0);
    CLEANUP(free) char *lines = markup_lines(escape, o, 2000);
    assert_true(markup_units(lines) <= 2000);
    assert_non_null(
        strstr(lines, "amp;...\n\xf0\x9f\x9f\xa2 contoso: Microsoft 365 E5 (CSP pool) is full"));
    size_t n = 1;
    for (const char *at = lines; (at = strchr(at, '\n')); at++)
        n++;
    assert_int_equal(n, DIGEST_LINES);
}

/* 54 units each, with the icon, would cut both. */
static void short_lines_leave_room_to_long_ones(void **state)
{
    (void)state;
    CLEANUP(digest_free) struct digest *d = some_digest(4);
    CLEANUP(free) char *flood = some_flood("x", 500);
    some_replace(&d->notification[0]->title, "E5 is full");
    some_replace(&d->notification[2]->title, flood);
    some_replace(&d->notification[3]->title, "E3 is full");
    const struct message m = {.digest = d, .now_at = d->at};
    CLEANUP(outline_free) struct outline *o = NULL;
    assert_int_equal(outline_new(&m, NULL, &o), 0);
    CLEANUP(free) char *lines = markup_lines(NULL, o, 216);
    assert_true(markup_units(lines) <= 216);
    assert_non_null(strstr(lines, "26 waiting since 02:00: 26 units needed\n"));
    assert_non_null(strstr(lines, "xxx...\n"));
}

static void the_headline_begins_with_icon_and_state(void **state)
{
    (void)state;
    CLEANUP(notification_free) struct notification *n = some_notification();
    const struct message m = {.notification = n, .now_at = n->at};
    CLEANUP(outline_free) struct outline *o = NULL;
    assert_int_equal(outline_new(&m, NULL, &o), 0);
    CLEANUP(free) char *line = markup_headline(escape, o, 40);
    assert_string_equal(line, "\xf0\x9f\x94\xb4 CRITICAL: contoso: Microsoft 365 E...");
    assert_int_equal(markup_units(line), 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(escapes_and_characters_are_never_split),
        cmocka_unit_test(the_lines_of_a_digest_share_the_room),
        cmocka_unit_test(short_lines_leave_room_to_long_ones),
        cmocka_unit_test(the_headline_begins_with_icon_and_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
