/* SPDX-License-Identifier: MIT */
/* Bytes of lists and entities, and what of them goes into the snapshot. */
#include "base/text.h"
#include "graph/page.h"
#include "json/json.h"
#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define EXAMPLES FIXTURES "/graph/examples/"
static const struct instant TAKEN = {.at = 1790000000 * USEC_PER_SEC, .mono = 5, .boot = 1};

static inline void page_clear_at(struct page *p)
{
    page_clear(p);
}

static char *load(const char *name, size_t *ret_len)
{
    CLEANUP(fclose) FILE *f = NULL;
    char path[512];
    (void)snprintf(path, sizeof path, "%s%s", EXAMPLES, name);
    f = fopen(path, "re");
    if (!f)
        fail_msg("%s", path);
    char *bytes = calloc(1, 256 * 1024);
    *ret_len = fread(bytes, 1, 256 * 1024, f);
    return bytes;
}

static struct snapshot_builder *a_builder(void)
{
    struct snapshot_builder *b = NULL;
    assert_int_equal(snapshot_builder_new("t", "t", SOURCE_CLOUD_LICENSING, TAKEN, &b), 0);
    return b;
}

static struct snapshot *finish(struct snapshot_builder *b)
{
    struct snapshot *s = NULL;
    snapshot_set_allotments(b, SECTION_COMPLETE);
    snapshot_set_errors(b, SECTION_COMPLETE);
    assert_int_equal(snapshot_finish(b, &s), 0);
    snapshot_builder_free(b);
    return s;
}

enum decoder { ALLOTMENTS, WAITING, ERRORS, SKUS, DECODERS };

static int decode(enum decoder d, const char *bytes, size_t len, struct snapshot_builder *b,
                  struct page *p, struct failure *f)
{
    CLEANUP(id_set_free) struct id_set ids = {0};
    switch (d) {
    case ALLOTMENTS:
        return page_allotments(bytes, len, b, p, f);
    case WAITING:
        return page_waiting(bytes, len, b, "a", &ids, p, f);
    case ERRORS:
        return page_errors(bytes, len, b, &ids, p, f);
    default:
        return page_subscribed_skus(bytes, len, b, p, f);
    }
}

static struct snapshot *read_text(enum decoder d, const char *text, struct page *ret)
{
    struct snapshot_builder *b = a_builder();
    struct failure f = {0};
    if (decode(d, text, strlen(text), b, ret, &f) < 0)
        fail_msg("%s", f.text);
    return finish(b);
}

static struct snapshot *read_file(enum decoder d, const char *name, struct page *ret)
{
    size_t len;
    CLEANUP(free) char *bytes = load(name, &len);
    struct snapshot_builder *b = a_builder();
    struct failure f = {0};
    if (decode(d, bytes, len, b, ret, &f) < 0)
        fail_msg("%s: %s", name, f.text);
    return finish(b);
}

/* ---- documented and synthetic bodies ---- */

static void the_documented_list_is_read(void **state)
{
    CLEANUP(page_clear) struct page p = {0};
    CLEANUP(snapshot_free) struct snapshot *s = read_file(ALLOTMENTS, "allotments-list.json", &p);
    (void)state;
    assert_int_equal(p.n_rows, 1);
    assert_int_equal(p.n_lacking, 0);
    assert_null(p.next_link);
    const struct allotment *a = &s->allotment[0];
    assert_string_equal(a->id, "551f1755-0184-9e51-0bc7-f32bae5a1afb");
    assert_string_equal(a->sku_part_number, "EXCHANGESTANDARD");
    assert_true(a->units_known);
    assert_int_equal(a->allotted, 250);
    assert_int_equal(a->consumed, 224);
    assert_int_equal(a->assignable_to, ASSIGNABLE_USER | ASSIGNABLE_GROUP);
    assert_false(a->subscriptions_known); /* the example has none */
    assert_int_equal(p.n_waiting, 1);     /* and no waiting list: to be read by itself */
    assert_string_equal(p.waiting[0].allotment_id, a->id);
    assert_null(p.waiting[0].next_link);
    assert_int_equal(a->waiting.section, SECTION_UNKNOWN);
}

static void the_documented_expanded_list_is_complete(void **state)
{
    CLEANUP(page_clear) struct page p = {0};
    CLEANUP(snapshot_free)
    struct snapshot *s = read_file(ALLOTMENTS, "allotments-list-expand-waitingmembers.json", &p);
    (void)state;
    assert_int_equal(p.n_waiting, 0);
    assert_int_equal(s->allotment[0].waiting.section, SECTION_COMPLETE);
    assert_int_equal(s->allotment[0].waiting.count, 1);
    assert_int_equal(s->allotment[0].waiting.oldest_at, 1732295470663593);
    assert_null(s->allotment[0].sku_id);
}

static void pages_are_read_one_after_the_other(void **state)
{
    static const char *const PAGES[] = {"synthetic/allotments-page1.json",
                                        "synthetic/allotments-page2-empty.json",
                                        "synthetic/allotments-page3-last.json"};
    struct snapshot_builder *b = a_builder();
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(PAGES); i++) {
        size_t len;
        CLEANUP(page_clear) struct page p = {0};
        CLEANUP(free) char *bytes = load(PAGES[i], &len);
        assert_int_equal(page_allotments(bytes, len, b, &p, NULL), 0);
        assert_int_equal(p.n_rows, i == 0 ? 2 : i == 1 ? 0 : 3);
        if (i == 0)
            assert_string_equal(p.next_link,
                                "https://graph.microsoft.com/beta/admin/cloudLicensing/"
                                "allotments?$top=2&$skiptoken=SYNTHETIC-OPAQUE-1");
        assert_int_equal(p.next_link == NULL, i == 2);
    }
    CLEANUP(snapshot_free) struct snapshot *s = finish(b);
    assert_int_equal(s->n_allotments, 5);
    assert_int_equal(s->n_skus, 4);
    const struct allotment *two = &s->allotment[1], *five = &s->allotment[4];
    assert_int_equal(s->allotment[0].n_subscriptions, 2);
    assert_int_equal(two->subscriptions[0].state, SUBSCRIPTION_WARNING);
    assert_int_equal(two->subscriptions[0].next_lifecycle_date, 20711); /* 2026-09-15 */
    assert_int_equal(s->allotment[2].consumed, 57);
    assert_true(s->allotment[3].subscriptions[0].trial);
    assert_true(five->units_known);
    assert_int_equal(five->allotted, 0);
    assert_int_equal(five->subscriptions[0].state, SUBSCRIPTION_SUSPENDED);
}

static void a_nested_link_says_where_to_read_on(void **state)
{
    CLEANUP(page_clear) struct page p = {0};
    size_t len;
    CLEANUP(free)
    char *bytes = load("synthetic/allotments-expand-waiting-nested-nextlink.json", &len);
    struct snapshot_builder *b = a_builder();
    (void)state;
    assert_int_equal(page_allotments(bytes, len, b, &p, NULL), 0);
    assert_int_equal(p.n_waiting, 1);
    assert_non_null(strstr(p.waiting[0].next_link, "/waitingMembers?$skiptoken=SYNTHETIC-WM-1"));
    assert_null(p.next_link);
    /* What came along is folded already; the rest comes on top of it. */
    static const char MORE[] =
        "{\"value\":[{\"id\":\"8\",\"waitingSinceDateTime\":\"2026-07-01T00:00:00Z\"}]}";
    CLEANUP(id_set_free) struct id_set ids = {0};
    CLEANUP(page_clear) struct page more = {0};
    assert_int_equal(
        page_waiting(MORE, strlen(MORE), b, p.waiting[0].allotment_id, &ids, &more, NULL), 0);
    snapshot_set_waiting(b, p.waiting[0].allotment_id, SECTION_COMPLETE);
    CLEANUP(snapshot_free) struct snapshot *s = finish(b);
    assert_int_equal(s->allotment[0].waiting.count, 8);
    assert_int_equal(s->allotment[0].waiting.oldest_at, 1782864000 * USEC_PER_SEC);
}

static void a_foreign_link_comes_out_unchanged_for_the_origin_check(void **state)
{
    CLEANUP(page_clear) struct page p = {0};
    CLEANUP(snapshot_free)
    struct snapshot *s = read_file(ALLOTMENTS, "synthetic/allotments-foreign-nextlink.json", &p);
    (void)state;
    assert_int_equal(s->n_allotments, 1);
    assert_string_equal(
        p.next_link, "https://attacker.example/beta/admin/cloudLicensing/allotments?$skiptoken=x");
}

static void unknown_words_are_kept_as_text_and_mean_nothing(void **state)
{
    CLEANUP(page_clear) struct page p = {0};
    CLEANUP(snapshot_free)
    struct snapshot *s = read_file(ALLOTMENTS, "synthetic/allotment-unknown-enum.json", &p);
    const struct allotment *a = &s->allotment[0];
    (void)state;
    assert_int_equal(a->assignable_to, ASSIGNABLE_USER | ASSIGNABLE_GROUP);
    assert_int_equal(a->subscriptions[0].state, SUBSCRIPTION_UNKNOWN);
    assert_string_equal(a->subscriptions[0].state_text, "unknownFutureValue");
    assert_string_equal(a->subscriptions[0].tags_text, "trial,unknownFutureValue");
    assert_true(a->subscriptions[0].trial);
}

static void waiting_members_are_read_in_every_documented_spelling(void **state)
{
    static const struct {
        const char *file;
        int64_t count;
        usec_t oldest_at;
    } CASES[] = {
        {"allotment-list-waitingmembers.json", 1, 1727025070663593},
        {"user-list-waitingmembers.json", 1, 0},
        {"device-list-waitingmembers.json", 1, 0},
        {"synthetic/waitingmembers-mixed.json", 3, 1785571200000000},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        size_t len;
        CLEANUP(page_clear) struct page p = {0};
        CLEANUP(free) char *bytes = load(CASES[i].file, &len);
        struct snapshot_builder *b = a_builder();
        struct allotment a = {.id = strdup("a")};
        CLEANUP(id_set_free) struct id_set ids = {0};
        assert_int_equal(snapshot_add_allotment(b, &a), 0);
        assert_int_equal(page_waiting(bytes, len, b, "a", &ids, &p, NULL), 0);
        assert_false(p.spoiled);
        snapshot_set_waiting(b, "a", SECTION_COMPLETE);
        CLEANUP(snapshot_free) struct snapshot *s = finish(b);
        assert_int_equal(s->allotment[0].waiting.count, CASES[i].count);
        if (CASES[i].oldest_at)
            assert_int_equal(s->allotment[0].waiting.oldest_at, CASES[i].oldest_at);
        assert_int_not_equal(s->allotment[0].waiting.oldest_at, 0);
        assert_int_equal(p.n_lacking, 0);
    }
}

static void errors_are_grouped_and_one_without_a_sku_is_its_own(void **state)
{
    CLEANUP(page_clear) struct page p = {0};
    CLEANUP(snapshot_free)
    struct snapshot *s = read_file(ERRORS, "synthetic/assignmenterrors-mixed.json", &p);
    (void)state;
    assert_int_equal(p.n_rows, 3);
    assert_int_equal(s->n_error_groups, 3);
    assert_null(s->error_group[0].sku_id);
    assert_string_equal(s->error_group[0].code, "CountViolation");
    CLEANUP(page_clear) struct page q = {0};
    CLEANUP(snapshot_free) struct snapshot *t = read_file(ERRORS, "assignmenterrors-list.json", &q);
    assert_string_equal(t->error_group[0].code, "MissingDependency");
    assert_int_equal(t->error_group[0].count, 1);
}

static void subscribed_skus_become_one_pool_each(void **state)
{
    CLEANUP(page_clear) struct page p = {0};
    CLEANUP(snapshot_free) struct snapshot *s = read_file(SKUS, "subscribedskus-list.json", &p);
    (void)state;
    assert_int_equal(s->n_allotments, 2);
    const struct allotment *e5 = &s->allotment[0], *crm = &s->allotment[1];
    assert_string_equal(e5->id, "sku:c7df2760-2c81-4ef7-b578-5b5392b571df");
    assert_string_equal(e5->sku_id, "c7df2760-2c81-4ef7-b578-5b5392b571df");
    assert_int_equal(e5->allotted, 25);
    assert_int_equal(e5->consumed, 14);
    assert_int_equal(e5->waiting.section, SECTION_NOT_OFFERED);
    assert_int_equal(e5->subscriptions[0].state, SUBSCRIPTION_ACTIVE);
    assert_string_equal(e5->subscriptions[0].id, e5->id);
    assert_int_equal(e5->subscriptions[0].next_lifecycle_date, DATE_UNKNOWN);
    assert_int_equal(crm->allotted, 0); /* 25 suspended ones cannot be assigned */
    assert_int_equal(crm->subscriptions[0].state, SUBSCRIPTION_SUSPENDED);
}

static void units_in_grace_are_a_state_whatever_the_row_says(void **state)
{
    static const struct {
        const char *status;
        int enabled, in_grace;
        enum subscription_state want;
        const char *word;
    } CASES[] = {
        {"\"Enabled\"", 1100, 0, SUBSCRIPTION_ACTIVE, "active"},
        {"\"Enabled\"", 0, 1100, SUBSCRIPTION_WARNING, "warning"},
        {"\"Enabled\"", 1000, 100, SUBSCRIPTION_WARNING, "warning"},
        {"null", 0, 1100, SUBSCRIPTION_WARNING, "warning"},
        {"\"Warning\"", 0, 1100, SUBSCRIPTION_WARNING, "warning"},
        {"\"Suspended\"", 0, 100, SUBSCRIPTION_SUSPENDED, "suspended"},
        {"\"LockedOut\"", 0, 0, SUBSCRIPTION_LOCKED_OUT, "lockedOut"},
        {"\"Paused\"", 100, 0, SUBSCRIPTION_UNKNOWN, "Paused"},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(page_clear) struct page p = {0};
        CLEANUP(free)
        char *body = text_printf("{\"value\":[{\"skuId\":\"s-1\",\"appliesTo\":\"User\",\"consumedUnits\":600,\"capabilityStatus\":%s,"
                                 "\"prepaidUnits\":{\"enabled\":%d,\"warning\":%d}}]}",
                                 CASES[i].status, CASES[i].enabled, CASES[i].in_grace);
        CLEANUP(snapshot_free) struct snapshot *s = read_text(SKUS, body, &p);
        const struct subscription *found = &s->allotment[0].subscriptions[0];
        assert_int_equal(s->allotment[0].allotted, CASES[i].enabled + CASES[i].in_grace);
        if (found->state != CASES[i].want || strcmp(found->state_text, CASES[i].word) != 0)
            fail_msg("%s, %d in grace: %s", CASES[i].status, CASES[i].in_grace, found->state_text);
    }
}

/* Whatever the recorded body is, every decoder ends with a value or a clear failure. */
static void every_recorded_body_is_digested_by_every_decoder(void **state)
{
    static const char *const FOLDERS[] = {"", "synthetic/"};
    size_t files = 0;
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(FOLDERS); i++) {
        char path[512], name[300];
        (void)snprintf(path, sizeof path, "%s%s", EXAMPLES, FOLDERS[i]);
        DIR *dir = opendir(path);
        assert_non_null(dir);
        for (const struct dirent *e; (e = readdir(dir));) {
            if (!strstr(e->d_name, ".json"))
                continue;
            size_t len;
            (void)snprintf(name, sizeof name, "%s%.250s", FOLDERS[i], e->d_name);
            CLEANUP(free) char *bytes = load(name, &len);
            files++;
            for (int d = 0; d < DECODERS; d++) {
                CLEANUP(page_clear) struct page p = {0};
                struct failure f = {0};
                struct snapshot_builder *b = a_builder();
                int r = decode((enum decoder)d, bytes, len, b, &p, &f);
                if (r < 0 && (r != -EBADMSG || f.kind != FAILURE_PROTOCOL || !f.text[0]))
                    fail_msg("%s, decoder %d: %d %s", name, d, r, f.text);
                snapshot_free(finish(b));
            }
        }
        (void)closedir(dir);
    }
    assert_true(files > 50);
}

/* ---- what is not a page ---- */

static void body_that_is_no_page_fails(void **state)
{
    static const char *const CASES[] = {
        "",
        " ",
        "<html><title>Sign in</title></html>",
        "null",
        "[]",
        "\"value\"",
        "{}",
        "{\"value\":null}",
        "{\"value\":{}}",
        "{\"value\":\"x\"}",
        "{\"Value\":[]}",
        "{\"value\":[]",
        "{\"value\":[]}x",
        "{\"value\":[],\"value\":[]}",
        "{\"error\":{\"code\":\"generalException\"},\"value\":[]}",
        "{\"error\":null,\"value\":[]}",
        "{\"value\":[],\"@odata.nextLink\":5}",
        "{\"value\":[],\"@odata.nextLink\":\"\"}",
        "{\"value\":[],\"@odata.nextLink\":{}}",
        "{\"value\":[{\"id\":\"\\u0000\"}]}",
    };
    static const enum decoder LISTS[] = {ALLOTMENTS, WAITING, ERRORS, SKUS};
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++)
        for (size_t d = 0; d < N_ELEMENTS(LISTS); d++) {
            struct page p = {0};
            struct failure f = {0};
            struct snapshot_builder *b = a_builder();
            if (decode(LISTS[d], CASES[i], strlen(CASES[i]), b, &p, &f) != -EBADMSG ||
                f.kind != FAILURE_PROTOCOL)
                fail_msg("%s", CASES[i]);
            CLEANUP(snapshot_free) struct snapshot *s = finish(b);
            assert_int_equal(s->n_allotments, 0);
            assert_int_equal(s->n_error_groups, 0);
        }
}

static void an_error_in_a_success_says_what_it_was(void **state)
{
    static const char BODY[] = "{\"error\":{\"code\":\"generalException\",\"message\":\"Oops\"}}";
    struct page p = {0};
    struct failure f = {0};
    CLEANUP(snapshot_builder_free) struct snapshot_builder *b = a_builder();
    (void)state;
    assert_int_equal(page_allotments(BODY, strlen(BODY), b, &p, &f), -EBADMSG);
    assert_non_null(strstr(f.text, "generalException"));
    assert_non_null(strstr(f.text, "Oops"));
}

static void a_body_cut_anywhere_is_no_page(void **state)
{
    size_t len;
    CLEANUP(free) char *bytes = load("synthetic/allotments-page3-last.json", &len);
    (void)state;
    while (len > 0 && (bytes[len - 1] == '\n' || bytes[len - 1] == ' '))
        len--;
    for (size_t cut = 0; cut < len; cut++) {
        struct page p = {0};
        struct snapshot_builder *b = a_builder();
        CLEANUP(free) char *part = malloc(cut + 1);
        memcpy(part, bytes, cut);
        if (page_allotments(part, cut, b, &p, NULL) != -EBADMSG)
            fail_msg("cut at byte %zu", cut);
        snapshot_free(finish(b));
    }
}

static void a_null_link_ends_the_list(void **state)
{
    CLEANUP(page_clear) struct page p = {0};
    CLEANUP(snapshot_free)
    struct snapshot *s = read_text(ALLOTMENTS, "{\"value\":[],\"@odata.nextLink\":null}", &p);
    (void)state;
    assert_null(p.next_link);
    assert_int_equal(s->n_allotments, 0);
}

/* ---- rows ---- */

static void a_count_that_is_none_makes_the_row_unknown(void **state)
{
    static const struct {
        const char *members;
        bool known, lacking;
    } CASES[] = {
        {"\"allottedUnits\":5,\"consumedUnits\":5", true, false},
        {"\"allottedUnits\":0,\"consumedUnits\":9", true, false},
        {"\"allottedUnits\":2147483647,\"consumedUnits\":2147483647", true, false},
        {"\"allottedUnits\":5", false, true},
        {"\"consumedUnits\":5", false, true},
        {"\"allottedUnits\":null,\"consumedUnits\":5", false, true},
        {"\"allottedUnits\":\"5\",\"consumedUnits\":5", false, true},
        {"\"allottedUnits\":5,\"consumedUnits\":true", false, true},
        {"\"allottedUnits\":5,\"consumedUnits\":-1", false, false},
        {"\"allottedUnits\":2147483648,\"consumedUnits\":1", false, false},
        {"\"allottedUnits\":1e400,\"consumedUnits\":1", false, false},
        {"\"AllottedUnits\":5,\"consumedUnits\":5", false, true},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        char body[256];
        CLEANUP(page_clear) struct page p = {0};
        (void)snprintf(body, sizeof body, "{\"value\":[{\"id\":\"a\",%s}]}", CASES[i].members);
        CLEANUP(snapshot_free) struct snapshot *s = read_text(ALLOTMENTS, body, &p);
        if (s->n_allotments != 1 || s->allotment[0].units_known != CASES[i].known ||
            p.n_lacking != CASES[i].lacking || p.spoiled)
            fail_msg("%s", CASES[i].members);
    }
}

static void a_fraction_is_no_count(void **state)
{
    CLEANUP(page_clear) struct page p = {0};
    CLEANUP(snapshot_free)
    struct snapshot *s = read_text(
        ALLOTMENTS, "{\"value\":[{\"id\":\"a\",\"allottedUnits\":5.5,\"consumedUnits\":1}]}", &p);
    (void)state;
    assert_false(s->allotment[0].units_known);
}

static void a_row_without_an_id_is_skipped_and_spoils_the_section(void **state)
{
    static const char *const ROWS[] = {"{\"allottedUnits\":1,\"consumedUnits\":1}",
                                       "{\"id\":null}",
                                       "{\"id\":\"\"}",
                                       "{\"id\":7}",
                                       "{\"id\":\"a\",\"skuId\":7}",
                                       "{\"id\":\"a\",\"skuId\":\"\"}",
                                       "{\"id\":\"a\",\"skuPartNumber\":{}}",
                                       "7",
                                       "null",
                                       "[]"};
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(ROWS); i++) {
        char body[256];
        CLEANUP(page_clear) struct page p = {0};
        (void)snprintf(body, sizeof body,
                       "{\"value\":[%s,{\"id\":\"b\",\"allottedUnits\":1,\"consumedUnits\":1}]}",
                       ROWS[i]);
        CLEANUP(snapshot_free) struct snapshot *s = read_text(ALLOTMENTS, body, &p);
        if (!p.spoiled || p.n_rows != 2 || p.n_lacking != 1 || s->n_allotments != 1)
            fail_msg("%s", ROWS[i]);
    }
}

/* It is a name: nothing is found by it that is not found by the id, too. */
static void a_part_number_of_any_length_is_cut(void **state)
{
    char part[2000], body[2200];
    CLEANUP(page_clear) struct page p = {0};
    (void)state;
    memset(part, 'P', sizeof part);
    part[sizeof part - 1] = 0;
    (void)snprintf(body, sizeof body,
                   "{\"value\":[{\"id\":\"a\",\"skuPartNumber\":\"%s\",\"allottedUnits\":1,\"consumedUnits\":1}]}", part);
    CLEANUP(snapshot_free) struct snapshot *s = read_text(ALLOTMENTS, body, &p);
    assert_false(p.spoiled);
    assert_int_equal(s->n_allotments, 1);
    assert_in_range(strlen(s->allotment[0].sku_part_number), 200, 256);
}

static void an_id_is_opaque_but_not_endless(void **state)
{
    CLEANUP(page_clear) struct page p = {0};
    CLEANUP(page_clear) struct page q = {0};
    char id[PAGE_ID_MAX + 2], body[PAGE_ID_MAX + 100];
    (void)state;
    CLEANUP(snapshot_free)
    struct snapshot *s = read_text(
        ALLOTMENTS,
        "{\"value\":[{\"id\":\"\\u202e/..%2f \\u00fc\",\"allottedUnits\":1,\"consumedUnits\":1}]}",
        &p);
    assert_string_equal(s->allotment[0].id, "\xE2\x80\xAE/..%2f \xC3\xBC");
    memset(id, 'x', sizeof id);
    id[PAGE_ID_MAX + 1] = 0;
    (void)snprintf(body, sizeof body, "{\"value\":[{\"id\":\"%s\"}]}", id);
    CLEANUP(snapshot_free) struct snapshot *t = read_text(ALLOTMENTS, body, &q);
    assert_true(q.spoiled);
    assert_int_equal(t->n_allotments, 0);
}

static void foreign_words_come_out_cleaned(void **state)
{
    CLEANUP(page_clear) struct page p = {0};
    (void)state;
    CLEANUP(snapshot_free)
    struct snapshot *s = read_text(ALLOTMENTS,
                                   "{\"value\":[{\"id\":\"a\",\"skuPartNumber\":\"E5\\u001b[31m\","
                                   "\"subscriptions\":[{\"subscriptionId\":\"s\",\"state\":"
                                   "\"ac\\ntive\",\"tags\":\"\\u202e\"}]}]}",
                                   &p);
    assert_string_equal(s->allotment[0].sku_part_number, "E5\\u{1b}[31m");
    assert_string_equal(s->allotment[0].subscriptions[0].state_text, "ac\\u{a}tive");
    assert_string_equal(s->allotment[0].subscriptions[0].tags_text, "\\u{202e}");
    assert_int_equal(s->allotment[0].subscriptions[0].state, SUBSCRIPTION_UNKNOWN);
}

#define SUB(id, state) \
    "{\"subscriptionId\":\"" id "\",\"state\":\"" state "\",\"tags\":\"none\"}"

static void subscriptions_are_known_whole_or_not_at_all(void **state)
{
    static const struct {
        const char *member;
        bool known;
        size_t n;
    } CASES[] = {
        {"\"subscriptions\":[]", true, 0},
        {"\"subscriptions\":[" SUB("s", "active") "]", true, 1},
        {"\"subscriptions\":[" SUB("s", "active") "," SUB("s", "active") "]", true, 1},
        {"\"subscriptions\":[" SUB("s", "active") "," SUB("s", "deleted") "]", false, 0},
        {"\"subscriptions\":[{\"subscriptionId\":\"s\",\"tags\":\"none\"}]", false, 0},
        {"\"subscriptions\":[{\"subscriptionId\":\"s\",\"state\":7,\"tags\":\"none\"}]", false, 0},
        {"\"subscriptions\":[{\"subscriptionId\":\"s\",\"state\":\"active\"}]", false, 0},
        {"\"subscriptions\":[{\"subscriptionId\":\"s\",\"state\":\"active\",\"tags\":[]}]", false, 0},
        {"\"subscriptions\":[{\"subscriptionId\":\"s\",\"state\":\"active\",\"tags\":\"none\","
         "\"nextLifecycleDate\":7}]",
         false, 0},
        {"\"subscriptions\":null", false, 0},
        {"\"subscriptions\":{}", false, 0},
        {"\"subscriptions\":[" SUB("s", "active") ",{}]", false, 0},
        {"\"subscriptions\":[" SUB("s", "active") ",4]", false, 0},
        {"\"x\":1", false, 0},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        char body[256];
        CLEANUP(page_clear) struct page p = {0};
        (void)snprintf(body, sizeof body, "{\"value\":[{\"id\":\"a\",%s}]}", CASES[i].member);
        CLEANUP(snapshot_free) struct snapshot *s = read_text(ALLOTMENTS, body, &p);
        if (s->allotment[0].subscriptions_known != CASES[i].known ||
            s->allotment[0].n_subscriptions != CASES[i].n)
            fail_msg("%s", CASES[i].member);
        if (CASES[i].n > 0)
            assert_int_equal(s->allotment[0].subscriptions[0].next_lifecycle_date, DATE_UNKNOWN);
    }
}

static void an_inline_waiting_list_is_whole_continued_or_read_anew(void **state)
{
    static const struct {
        const char *member;
        enum section section;
        int64_t count;    /* if complete */
        const char *link; /* "": from the start; NULL: nothing to read */
    } CASES[] = {
        {"\"waitingMembers\":[]", SECTION_COMPLETE, 0, NULL},
        {"\"waitingMembers\":[{\"id\":\"1\"},{\"id\":\"2\",\"waitingSinceDateTime\":\"bad\"}]",
         SECTION_COMPLETE, 2, NULL},
        {"\"waitingMembers\":[{\"id\":\"1\",\"waitingSinceDateTime\":null},{\"id\":7}]",
         SECTION_UNKNOWN, 0, ""},
        {"\"waitingMembers\":[{\"waitingSinceDateTime\":\"2026-08-01T08:00:00Z\"}]",
         SECTION_UNKNOWN, 0, ""},
        {"\"waitingMembers\":[{\"id\":\"1\",\"waitingSinceDateTime\":null},{\"id\":\"2\"},{\"id\":\"1\"}]",
         SECTION_COMPLETE, 2, NULL},
        {"\"waitingMembers\":null", SECTION_UNKNOWN, 0, ""},
        {"\"waitingMembers\":{}", SECTION_UNKNOWN, 0, ""},
        {"\"waitingMembers\":[{\"id\":\"1\"},7]", SECTION_UNKNOWN, 0, ""},
        {"\"waitingMembers\":[{\"id\":\"1\"},{\"id\":\"x\"}]", SECTION_UNKNOWN, 0, ""},
        {"\"waitingMembers\":[{\"id\":\"1\",\"waitingSinceDateTime\":null}],"
         "\"waitingMembers@odata.nextLink\":\"https://x/y\"",
         SECTION_UNKNOWN, 0, "https://x/y"},
        {"\"waitingMembers\":[],\"waitingMembers@odata.nextLink\":7", SECTION_UNKNOWN, 0, ""},
        {"\"waitingMembers\":[{\"id\":\"1\",\"waitingSinceDateTime\":null}],"
         "\"waitingMembers@odata.nextLink\":null",
         SECTION_COMPLETE, 1, NULL},
        {"\"x\":1", SECTION_UNKNOWN, 0, ""},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        char body[256];
        CLEANUP(page_clear) struct page p = {0};
        (void)snprintf(body, sizeof body, "{\"value\":[{\"id\":\"a\",%s}]}", CASES[i].member);
        CLEANUP(snapshot_free) struct snapshot *s = read_text(ALLOTMENTS, body, &p);
        bool right = s->allotment[0].waiting.section == CASES[i].section &&
                     s->allotment[0].waiting.count == CASES[i].count &&
                     p.n_waiting == (CASES[i].link ? 1 : 0);
        if (right && CASES[i].link)
            right = text_equal(p.waiting[0].next_link, CASES[i].link[0] ? CASES[i].link : NULL);
        if (!right)
            fail_msg("%s", CASES[i].member);
    }
}

static void a_waiting_row_counts_even_if_it_does_not_say_since_when(void **state)
{
    static const struct {
        const char *row;
        bool spoiled;
        size_t lacking;
    } CASES[] = {
        {"{\"id\":\"x\",\"waitingSinceDateTime\":\"2026-08-01T08:00:00Z\"}", false, 0},
        {"{\"waitingSinceDateTime\":\"2026-08-01T08:00:00Z\"}", true, 0},
        {"{\"id\":7,\"waitingSinceDateTime\":\"2026-08-01T08:00:00Z\"}", true, 0},
        {"{\"id\":\"x\"}", true, 1}, /* no row has the member: another kind of list */
        {"{\"id\":\"x\",\"waitingSinceDateTime\":null}", false, 1},
        {"{\"id\":\"x\",\"waitingSinceDateTime\":\"yesterday\"}", false, 1},
        {"7", true, 1},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        char body[256];
        struct page p = {0};
        struct snapshot_builder *b = a_builder();
        struct allotment a = {.id = strdup("a")};
        assert_int_equal(snapshot_add_allotment(b, &a), 0);
        CLEANUP(id_set_free) struct id_set ids = {0};
        (void)snprintf(body, sizeof body, "{\"value\":[%s]}", CASES[i].row);
        assert_int_equal(page_waiting(body, strlen(body), b, "a", &ids, &p, NULL), 0);
        snapshot_set_waiting(b, "a", SECTION_COMPLETE);
        CLEANUP(snapshot_free) struct snapshot *s = finish(b);
        if (p.spoiled != CASES[i].spoiled || p.n_lacking != CASES[i].lacking ||
            s->allotment[0].waiting.count != 1)
            fail_msg("%s", CASES[i].row);
    }
}

static void an_error_row_without_an_id_or_a_code_spoils_the_section(void **state)
{
    static const char *const ROWS[] = {"{\"id\":\"x\"}",
                                       "{\"id\":\"x\",\"code\":null}",
                                       "{\"id\":\"x\",\"code\":\"\"}",
                                       "{\"id\":\"x\",\"code\":3}",
                                       "7",
                                       "{\"code\":\"X\"}",
                                       "{\"id\":7,\"code\":\"X\"}",
                                       "{\"id\":\"x\",\"code\":\"X\",\"skuId\":7}"};
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(ROWS); i++) {
        char body[256];
        CLEANUP(page_clear) struct page p = {0};
        (void)snprintf(body, sizeof body, "{\"value\":[%s,{\"id\":\"y\",\"code\":\"Y\"}]}", ROWS[i]);
        CLEANUP(snapshot_free) struct snapshot *s = read_text(ERRORS, body, &p);
        if (!p.spoiled || s->n_error_groups != 1)
            fail_msg("%s", ROWS[i]);
    }
}

static void a_subscribed_sku_that_is_odd_is_unknown_or_left_out(void **state)
{
    static const struct {
        const char *why, *row;
        size_t n;
        bool known, spoiled, lacking;
        enum subscription_state state; /* of its subscription, if there is one */
    } CASES[] = {
        {"applies to the company", "{\"skuId\":\"A\",\"appliesTo\":\"Company\"}", 0, 0, 0, 0, 0},
        {"in other letters",
         "{\"skuId\":\"A\",\"appliesTo\":\"user\",\"consumedUnits\":1,\"capabilityStatus\":"
         "\"enabled\","
         "\"prepaidUnits\":{\"enabled\":5,\"warning\":0}}",
         1, true, 0, 0, SUBSCRIPTION_ACTIVE},
        {"units in grace count, suspended ones do not",
         "{\"skuId\":\"A\",\"appliesTo\":\"User\",\"consumedUnits\":5,\"capabilityStatus\":\"Warning\","
         "\"prepaidUnits\":{\"enabled\":0,\"warning\":5,\"suspended\":9}}",
         1, true, 0, 0, SUBSCRIPTION_WARNING},
        {"no units", "{\"skuId\":\"A\",\"appliesTo\":\"User\",\"consumedUnits\":5}", 1, false, 0, true, 0},
        {"half of the units",
         "{\"skuId\":\"A\",\"appliesTo\":\"User\",\"consumedUnits\":5,\"prepaidUnits\":{\"enabled\":2}}", 1, false, 0,
         false, 0},
        {"a status that we do not know",
         "{\"skuId\":\"A\",\"appliesTo\":\"User\",\"consumedUnits\":1,\"capabilityStatus\":\"Paused\","
         "\"prepaidUnits\":{\"enabled\":2,\"warning\":0}}",
         1, true, 0, 0, SUBSCRIPTION_UNKNOWN},
        {"no SKU", "{\"consumedUnits\":5,\"appliesTo\":\"User\"}", 0, 0, true, true, 0},
        {"a SKU that is a number", "{\"skuId\":7,\"appliesTo\":\"User\"}", 0, 0, true, true, 0},
        {"a part number that is an object",
         "{\"skuId\":\"A\",\"appliesTo\":\"User\",\"skuPartNumber\":{}}", 0, 0, true, true, 0},
        {"whom it applies to is not said", "{\"skuId\":\"A\"}", 0, 0, true, true, 0},
        {"whom it applies to is empty", "{\"skuId\":\"A\",\"appliesTo\":\"\"}", 0, 0, true, true, 0},
        {"whom it applies to is null", "{\"skuId\":\"A\",\"appliesTo\":null}", 0, 0, true, true, 0},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        char body[512];
        CLEANUP(page_clear) struct page p = {0};
        (void)snprintf(body, sizeof body, "{\"value\":[%s]}", CASES[i].row);
        CLEANUP(snapshot_free) struct snapshot *s = read_text(SKUS, body, &p);
        if (s->n_allotments != CASES[i].n || p.spoiled != CASES[i].spoiled ||
            p.n_lacking != CASES[i].lacking)
            fail_msg("%s", CASES[i].why);
        if (CASES[i].n == 0)
            continue;
        assert_string_equal(s->allotment[0].id, "sku:a");
        assert_string_equal(s->allotment[0].sku_id, "A");
        if (s->allotment[0].units_known != CASES[i].known)
            fail_msg("%s", CASES[i].why);
        if (CASES[i].known) {
            assert_int_equal(s->allotment[0].subscriptions[0].state, CASES[i].state);
            assert_true(s->allotment[0].allotted >= 2);
        }
    }
}

static void a_row_that_comes_again_on_a_later_page_is_counted_once(void **state)
{
    static const char *const MEMBERS[] = {
        "{\"value\":[{\"id\":\"1\",\"waitingSinceDateTime\":\"2026-07-01T00:00:00Z\"},"
        "{\"id\":\"2\",\"waitingSinceDateTime\":\"2026-07-02T00:00:00Z\"}]}",
        "{\"value\":[{\"id\":\"2\",\"waitingSinceDateTime\":\"2026-07-02T00:00:00Z\"},"
        "{\"id\":\"3\",\"waitingSinceDateTime\":\"2026-07-03T00:00:00Z\"},"
        "{\"id\":\"4\",\"waitingSinceDateTime\":\"2026-07-03T00:00:00Z\"}]}"};
    static const char *const ERRORS_OF[] = {
        "{\"value\":[{\"id\":\"1\",\"code\":\"X\"},{\"id\":\"1\",\"code\":\"X\"}]}",
        "{\"value\":[{\"id\":\"2\",\"code\":\"X\"},{\"id\":\"1\",\"code\":\"X\"},{\"id\":\"3\",\"code\":\"X\"}]"
        "}"};
    CLEANUP(id_set_free) struct id_set members = {0};
    CLEANUP(id_set_free) struct id_set errors = {0};
    struct snapshot_builder *b = a_builder();
    struct allotment a = {.id = strdup("a")};
    struct page p = {0};
    (void)state;
    assert_int_equal(snapshot_add_allotment(b, &a), 0);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(page_waiting(MEMBERS[i], strlen(MEMBERS[i]), b, "a", &members, &p, NULL),
                         0);
        assert_int_equal(p.n_rows, i ? 3 : 2);
        assert_int_equal(page_errors(ERRORS_OF[i], strlen(ERRORS_OF[i]), b, &errors, &p, NULL), 0);
    }
    snapshot_set_waiting(b, "a", SECTION_COMPLETE);
    CLEANUP(snapshot_free) struct snapshot *s = finish(b);
    assert_int_equal(s->allotment[0].waiting.count, 4);
    assert_int_equal(s->n_error_groups, 1);
    assert_int_equal(s->error_group[0].count, 3);
}

static void kinds_of_error_beyond_their_bound_are_counted_together(void **state)
{
    struct snapshot_builder *b = a_builder();
    struct failure f = {0};
    struct page p = {0};
    (void)state;
    for (int i = 0; i < SNAPSHOT_ERROR_GROUPS_MAX; i++) {
        char code[32];
        (void)snprintf(code, sizeof code, "C%d", i);
        assert_int_equal(snapshot_add_error(b, NULL, code), 0);
    }
    static const char BODY[] = "{\"value\":[{\"id\":\"x\",\"code\":\"New\"}]}";
    CLEANUP(id_set_free) struct id_set ids = {0};
    assert_int_equal(page_errors(BODY, strlen(BODY), b, &ids, &p, &f), 0);
    assert_int_equal(snapshot_other_errors(b), 1);
    page_clear(&p);
    snapshot_builder_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_documented_list_is_read),
        cmocka_unit_test(the_documented_expanded_list_is_complete),
        cmocka_unit_test(pages_are_read_one_after_the_other),
        cmocka_unit_test(a_nested_link_says_where_to_read_on),
        cmocka_unit_test(a_foreign_link_comes_out_unchanged_for_the_origin_check),
        cmocka_unit_test(unknown_words_are_kept_as_text_and_mean_nothing),
        cmocka_unit_test(waiting_members_are_read_in_every_documented_spelling),
        cmocka_unit_test(errors_are_grouped_and_one_without_a_sku_is_its_own),
        cmocka_unit_test(subscribed_skus_become_one_pool_each),
        cmocka_unit_test(units_in_grace_are_a_state_whatever_the_row_says),
        cmocka_unit_test(every_recorded_body_is_digested_by_every_decoder),
        cmocka_unit_test(body_that_is_no_page_fails),
        cmocka_unit_test(an_error_in_a_success_says_what_it_was),
        cmocka_unit_test(a_body_cut_anywhere_is_no_page),
        cmocka_unit_test(a_null_link_ends_the_list),
        cmocka_unit_test(a_count_that_is_none_makes_the_row_unknown),
        cmocka_unit_test(a_fraction_is_no_count),
        cmocka_unit_test(a_row_without_an_id_is_skipped_and_spoils_the_section),
        cmocka_unit_test(a_part_number_of_any_length_is_cut),
        cmocka_unit_test(an_id_is_opaque_but_not_endless),
        cmocka_unit_test(foreign_words_come_out_cleaned),
        cmocka_unit_test(subscriptions_are_known_whole_or_not_at_all),
        cmocka_unit_test(an_inline_waiting_list_is_whole_continued_or_read_anew),
        cmocka_unit_test(a_waiting_row_counts_even_if_it_does_not_say_since_when),
        cmocka_unit_test(an_error_row_without_an_id_or_a_code_spoils_the_section),
        cmocka_unit_test(a_subscribed_sku_that_is_odd_is_unknown_or_left_out),
        cmocka_unit_test(a_row_that_comes_again_on_a_later_page_is_counted_once),
        cmocka_unit_test(kinds_of_error_beyond_their_bound_are_counted_together),
    };
    json_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
