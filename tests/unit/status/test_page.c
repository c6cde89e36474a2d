/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "status/page.h"
#include "unit/status/fixture.h"

static char *page_of(const struct status *s, const struct page_request *request, int want)
{
    char *html = NULL;
    assert_int_equal(status_page(s, request, &html), want);
    assert_non_null(html);
    return html;
}

static void expect(const char *html, const char *words, bool is_there)
{
    if ((strstr(html, words) != NULL) != is_there)
        fail_msg("%s is%s in\n%s", words, is_there ? " not" : "", html);
}

static void an_alert_says_since_when_what_to_do_and_who_acknowledged_it(void **state)
{
    struct example e;
    (void)state;
    example_fill(&e);
    e.alert[0].silence.id = "s1";
    e.alert[0].silence.kind = "acknowledgement";
    e.alert[0].silence.author = "alice";
    e.alert[0].silence.comment = "ordered";
    CLEANUP(free) char *html = page_of(&e.status, &(struct page_request){0}, 0);
    expect(html, "<span class=\"b critical\">critical</span>", true);
    expect(html, "<a href=\"/pools/p1?tenant=contoso\">96 % in use</a><small class=next>Order 5 units.</small>"
                 "<small>acknowledgement by alice: ordered</small>", true);
    expect(html, "<time datetime=\"2026-11-22T01:00:00Z\" title=\"2026-11-22T01:00:00Z\">1 s ago</time>", true);
    expect(html, ">pending<", false);
    expect(html, ">resolved<", false);
}

static void a_pool_has_a_bar_with_its_limits(void **state)
{
    struct example e;
    (void)state;
    example_fill(&e);
    e.pool[0].warning_bp = 9000;
    CLEANUP(free) char *html = page_of(&e.status, &(struct page_request){0}, 0);
    expect(html, "96 of 100<svg class=\"bar critical\"", true);
    expect(html, "<rect class=f width=9600 height=8 /><rect class=l x=9000 width=60 height=8 /></svg>", true);
    expect(html, "CSP pool", true);
}

static void an_unknown_number_is_a_dash_that_is_read_as_unknown(void **state)
{
    struct example e;
    (void)state;
    example_fill(&e);
    e.pool[0].allotted = e.pool[0].consumed = e.pool[0].waiting = NUMBER_UNKNOWN;
    e.pool[0].level = NULL;
    CLEANUP(free) char *html = page_of(&e.status, &(struct page_request){0}, 0);
    expect(html, "<dt>Members waiting</dt><dd><span class=u><span aria-hidden=true>&ndash;</span><span class=r>unknown</span></span>", true);
    expect(html, "<svg", false);
    expect(html, "<span class=\"b unknown\">unknown</span>", true);
}

static void every_foreign_string_is_escaped(void **state)
{
    static char EVIL[] = "<b onclick='x'>\"&\x1b\xe2\x80\xae\xff";
    static const char SHOWN[] = "&lt;b onclick=&#39;x&#39;&gt;&quot;&amp;\\u{1b}\\u{202e}\xef\xbf\xbd";
    struct example e;
    struct status_silence silence = {EVIL, EVIL, EVIL, EVIL, true, 0};
    struct status_receiver receiver = {.name = EVIL};
    (void)state;
    example_fill(&e);
    e.status.silence = &silence;
    e.status.receiver = &receiver;
    e.status.n_silences = e.status.n_receivers = 1;
    e.tenant[0].name = e.tenant[2].error = EVIL;
    e.pool[0] = (struct status_pool){EVIL, EVIL, EVIL, EVIL, EVIL, EVIL, 1, 1, 0, 0, 0, "ok", 0, 0};
    e.alert[0].tenant = e.alert[0].allotment_id = e.alert[0].id = EVIL;
    e.alert[0].title = e.alert[0].next_step = EVIL;
    e.alert[0].silence.id = e.alert[0].silence.author = e.alert[0].silence.comment = e.alert[0].silence.kind = EVIL;
    const struct page_request REQUESTS[] = {{.self_contained = true}, {0}, {.search = EVIL}, {.tenant = EVIL}, {.tenant = EVIL, .pool = EVIL}};
    for (size_t i = 0; i < N_ELEMENTS(REQUESTS); i++) {
        CLEANUP(free) char *html = page_of(&e.status, &REQUESTS[i], 0);
        expect(html, SHOWN, true);
        expect(html, "<b o", false);
        expect(html, "onclick='", false);
        expect(html, "\x1b", false);
    }
}

static void a_search_finds_names_and_ids_in_any_case(void **state)
{
    struct example e;
    (void)state;
    example_fill(&e);
    CLEANUP(free) char *found = page_of(&e.status, &(struct page_request){.search = "microsoft 365"}, 0);
    CLEANUP(free) char *none = page_of(&e.status, &(struct page_request){.search = "visio"}, 0);
    expect(found, "96 of 100", true);
    expect(none, "96 of 100", false);
    expect(none, "value=\"visio\"", true);
}

static void a_tenant_or_pool_that_is_not_there_is_not_found(void **state)
{
    struct example e;
    (void)state;
    example_fill(&e);
    CLEANUP(free) char *tenant = page_of(&e.status, &(struct page_request){.tenant = "nobody"}, -ENOENT);
    expect(tenant, "There is no such pool or tenant now", true);
    CLEANUP(free) char *pool = page_of(&e.status, &(struct page_request){.tenant = "fabrikam", .pool = "p1"}, -ENOENT);
    CLEANUP(free) char *there = page_of(&e.status, &(struct page_request){.tenant = "contoso", .pool = "p1"}, 0);
    expect(pool, "There is no such pool or tenant now", true);
    expect(there, "<h1>contoso: Microsoft 365 E5 (CSP pool)</h1>", true);
}

static void a_file_by_itself_has_its_style_and_no_links(void **state)
{
    struct example e;
    (void)state;
    example_fill(&e);
    CLEANUP(free) char *html = page_of(&e.status, &(struct page_request){.self_contained = true}, 0);
    expect(html, "<style>:root{", true);
    expect(html, "href", false);
    expect(html, "<form", false);
}

static void two_thousand_pools_fit_into_two_mebibytes_and_the_worst_come_first(void **state)
{
    static struct status_pool pool[2000];
    static char ids[2000][64];
    struct example e;
    (void)state;
    example_fill(&e);
    for (size_t i = 0; i < N_ELEMENTS(pool); i++) {
        (void)snprintf(ids[i], sizeof ids[i], "551f1755-0184-9e51-0bc7-%012zu", i);
        pool[i] = (struct status_pool){"contoso", ids[i], NULL, "06eb", "SPE_E5", "Microsoft 365 E5", 1000, (int64_t)i % 900, 100, 0, 0, "ok", 9000, 0};
    }
    pool[1234].level = "critical";
    e.status.pool = pool;
    e.status.n_pools = N_ELEMENTS(pool);
    CLEANUP(free) char *page = page_of(&e.status, &(struct page_request){0}, 0);
    CLEANUP(free) char *file = page_of(&e.status, &(struct page_request){.self_contained = true}, 0);
    assert_true(strstr(page, ids[1234]) < strstr(page, ids[899]));
    expect(page, "1800 more pools, none worse", true);
    expect(file, "more pools", false);
    assert_true(strlen(file) < (size_t)2 << 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_alert_says_since_when_what_to_do_and_who_acknowledged_it),
        cmocka_unit_test(a_pool_has_a_bar_with_its_limits),
        cmocka_unit_test(an_unknown_number_is_a_dash_that_is_read_as_unknown),
        cmocka_unit_test(every_foreign_string_is_escaped),
        cmocka_unit_test(a_search_finds_names_and_ids_in_any_case),
        cmocka_unit_test(a_tenant_or_pool_that_is_not_there_is_not_found),
        cmocka_unit_test(a_file_by_itself_has_its_style_and_no_links),
        cmocka_unit_test(two_thousand_pools_fit_into_two_mebibytes_and_the_worst_come_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
