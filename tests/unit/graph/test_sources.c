/* SPDX-License-Identifier: MIT */
/* One tenant read from both sources: what both can know is the same, and what the older one cannot
 * know is unknown and never zero. */
#include "unit/graph/fixture.h"

#include <strings.h>

/* ---- a made-up tenant through both ---- */

static int64_t units_of(const struct snapshot *s, const char *sku, bool consumed)
{
    int64_t sum = 0;
    for (size_t i = 0; i < s->n_allotments; i++)
        if (strcasecmp(s->allotment[i].sku_id, sku) == 0) {
            assert_true(s->allotment[i].units_known);
            sum += consumed ? s->allotment[i].consumed : s->allotment[i].allotted;
        }
    return sum;
}

static const struct subscription *find_subscription(const struct snapshot *s, const char *id,
                                                    const char **ret_sku)
{
    for (size_t i = 0; i < s->n_allotments; i++)
        for (size_t k = 0; k < s->allotment[i].n_subscriptions; k++)
            if (strcmp(s->allotment[i].subscriptions[k].id, id) == 0) {
                *ret_sku = s->allotment[i].sku_id;
                return &s->allotment[i].subscriptions[k];
            }
    return NULL;
}

static size_t count_subscriptions(const struct snapshot *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n_allotments; i++) {
        assert_true(s->allotment[i].subscriptions_known);
        n += s->allotment[i].n_subscriptions;
    }
    return n;
}

static void compare(const struct snapshot *cloud, const struct snapshot *fallback)
{
    struct snapshot_totals a, b;
    snapshot_totals(cloud, &a);
    snapshot_totals(fallback, &b);
    assert_int_equal(a.allotted, b.allotted);
    assert_int_equal(a.consumed, b.consumed);
    assert_int_equal(a.skus, b.skus);
    assert_true(a.waiting >= 0 && a.errors >= 0);
    assert_true(b.waiting == UNITS_UNKNOWN && b.errors == UNITS_UNKNOWN);
    assert_int_equal(fallback->n_allotments, fallback->n_skus); /* one pool a SKU */
    for (size_t i = 0; i < fallback->n_allotments; i++) {
        const struct allotment *pool = &fallback->allotment[i];
        assert_int_equal(pool->waiting.section, SECTION_NOT_OFFERED);
        assert_int_equal(pool->allotted, units_of(cloud, pool->sku_id, false));
        assert_int_equal(pool->consumed, units_of(cloud, pool->sku_id, true));
    }
    assert_true(count_subscriptions(cloud) > 0);
    assert_int_equal(count_subscriptions(cloud), count_subscriptions(fallback));
    for (size_t i = 0; i < cloud->n_allotments; i++)
        for (size_t k = 0; k < cloud->allotment[i].n_subscriptions; k++) {
            const struct subscription *x = &cloud->allotment[i].subscriptions[k];
            const char *sku = NULL;
            const struct subscription *y = find_subscription(fallback, x->id, &sku);
            if (!y)
                fail_msg("the older source does not know %s", x->id);
            assert_int_equal(strcasecmp(sku, cloud->allotment[i].sku_id), 0);
            assert_int_equal(x->state, y->state);
            assert_int_equal(x->trial, y->trial);
            assert_int_equal(x->start_date, y->start_date);
            assert_int_equal(x->next_lifecycle_date, y->next_lifecycle_date);
        }
}

static void both_sources_agree_on_what_both_can_know(void **state)
{
    (void)state;
    for (int seed = 1; seed <= 6; seed++) {
        struct graph_fixture cloud, fallback;
        CLEANUP(free)
        char *tenant = text_printf("\"generate\":{\"allotments\":%d,\"waiting\":%d,\"errors\":20,"
                                   "\"seed\":%d,\"services\":1}",
                                   seed * seed * 7, seed * 10, seed);
        fixture_begin(&cloud, (struct setup){.tenant = tenant});
        fixture_begin(&fallback,
                      (struct setup){.tenant = tenant, .source = SOURCE_OPTION_SUBSCRIBED_SKUS});
        fixture_poll(&cloud);
        fixture_poll(&fallback);
        assert_true(cloud.report.complete);
        assert_true(fallback.report.complete);
        compare(cloud.snapshot, fallback.snapshot);
        fixture_end(&cloud);
        fixture_end(&fallback);
    }
}

/* ---- dates are an extra ---- */

#define A_SKU "06ebc4ee-1bb5-47dd-8120-11324bc54e06"
#define SKU_ROW                                                                               \
    "\"subscribedSkus\":[{\"id\":\"x\",\"skuId\":\"" A_SKU "\",\"skuPartNumber\":\"SPE_E5\"," \
    "\"consumedUnits\":5,\"capabilityStatus\":\"Enabled\",\"appliesTo\":\"User\","            \
    "\"prepaidUnits\":{\"enabled\":10,\"warning\":0}}]"
#define COMPANY(members) SKU_ROW ",\"companySubscriptions\":[" members "]"
#define ONE(members) "{\"id\":\"d-1\"," members "}"
#define KEY "\"commerceSubscriptionId\":\"c-1\""
#define SKU "\"skuId\":\"" A_SKU "\""
#define TRIAL(is) "\"isTrial\":" is
#define STATUS(word) "\"status\":\"" word "\""
/* The list counts as not read. */
#define UNREAD(why, members)                                             \
    {                                                                    \
        why, COMPANY(ONE(members)), "", false, 0, NULL, 0,               \
            "cannot be read; the dates of subscriptions are not known" \
    }

static void whatever_the_list_of_subscriptions_says_the_units_are_known(void **state)
{
    static const struct {
        const char *why, *tenant, *faults;
        bool known;
        size_t n;
        const char *id; /* of the first subscription */
        enum subscription_state is;
        const char *note;
    } CASES[] = {
        {"a row that says it all",
         COMPANY(ONE(KEY "," SKU "," STATUS("Warning") "," TRIAL("false"))), "", true, 1, "c-1",
         SUBSCRIPTION_WARNING, ""},
        {"a SKU that is not listed has the state of its row", COMPANY(""), "", true, 1,
         "sku:" A_SKU, SUBSCRIPTION_ACTIVE, ""},
        {"a SKU that nobody can use",
         COMPANY(ONE(KEY ",\"skuId\":\"other\"," STATUS("Enabled") "," TRIAL("false"))), "", true, 1,
         "sku:" A_SKU, SUBSCRIPTION_ACTIVE, ""},
        {"a status that we do not know",
         COMPANY(ONE(KEY "," SKU "," STATUS("Paused") "," TRIAL("false"))), "", true, 1, "c-1",
         SUBSCRIPTION_UNKNOWN, ""},
        UNREAD("no id of commerce", SKU "," STATUS("Enabled") "," TRIAL("false")),
        UNREAD("an id of commerce that is null", "\"commerceSubscriptionId\":null," SKU "," STATUS(
                                                     "LockedOut") "," TRIAL("false")),
        UNREAD("an id of commerce that is a number",
               "\"commerceSubscriptionId\":7," SKU "," STATUS("Enabled") "," TRIAL("false")),
        UNREAD("an id of commerce that is an object",
               "\"commerceSubscriptionId\":{}," SKU "," STATUS("Enabled") "," TRIAL("false")),
        UNREAD("no SKU", KEY "," STATUS("Warning") "," TRIAL("false")),
        UNREAD("a SKU that is null", KEY ",\"skuId\":null," STATUS("Warning") "," TRIAL("false")),
        UNREAD("a SKU that is a list", KEY ",\"skuId\":[]," STATUS("Warning") "," TRIAL("false")),
        UNREAD("no status", KEY "," SKU "," TRIAL("false")),
        UNREAD("a status that is null", KEY "," SKU ",\"status\":null," TRIAL("false")),
        UNREAD("a status that is a number", KEY "," SKU ",\"status\":1," TRIAL("false")),
        UNREAD("nothing about trials", KEY "," SKU "," STATUS("Enabled")),
        UNREAD("a date that is a number", KEY "," SKU "," STATUS("Enabled") "," TRIAL(
                                              "false") ",\"nextLifecycleDateTime\":7"),
        UNREAD("a date that is a word", KEY "," SKU "," STATUS("Enabled") "," TRIAL(
                                            "false") ",\"nextLifecycleDateTime\":\"soon\""),
        {"two rows that say the same",
         COMPANY(ONE(KEY "," SKU "," STATUS("Warning") "," TRIAL("false")) "," ONE(
             KEY "," SKU "," STATUS("Warning") "," TRIAL("false"))),
         "", true, 1, "c-1", SUBSCRIPTION_WARNING, ""},
        {"two rows that contradict each other",
         COMPANY(ONE(KEY "," SKU "," STATUS("Warning") "," TRIAL("false")) "," ONE(
             KEY "," SKU "," STATUS("Enabled") "," TRIAL("false"))),
         "", false, 0, NULL, 0, ""},
        UNREAD("a trial that is a word", KEY "," SKU "," STATUS("Enabled") "," TRIAL("\"yes\"")),
        {"no permission", SKU_ROW ",\"deny\":[\"subscriptions\"]", "", true, 1, "sku:" A_SKU,
         SUBSCRIPTION_ACTIVE, "grant the application permission Organization.Read.All"},
        {"not there", SKU_ROW, "{\"match\":{\"path\":\"subscriptions\"},\"do\":{\"status\":404}}",
         true, 1, "sku:" A_SKU, SUBSCRIPTION_ACTIVE, "their states only by SKU"},
        {"out of order", SKU_ROW,
         "{\"match\":{\"path\":\"subscriptions\"},\"do\":{\"status\":500}}", false, 0, NULL, 0,
         "GET /v1.0/directory/subscriptions: "},
        {"another kind of answer", SKU_ROW,
         "{\"match\":{\"path\":\"subscriptions\"},\"do\":{\"body\":\"<html>\"}}", false, 0, NULL, 0,
         "GET /v1.0/directory/subscriptions: "},
        {"to be asked an hour later", SKU_ROW,
         "{\"match\":{\"path\":\"subscriptions\"},\"do\":{\"status\":429,\"headers\":{"
         "\"Retry-After\":\"3600\"}}}",
         false, 0, NULL, 0, NULL},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct graph_fixture w;
        fixture_begin(&w, (struct setup){.tenant = CASES[i].tenant,
                                         .faults = CASES[i].faults,
                                         .source = SOURCE_OPTION_SUBSCRIBED_SKUS});
        int polls = CASES[i].note ? 2 : 1; /* throttled: the next one has to wait */
        for (int poll = 0; poll < polls; poll++) {
            fixture_poll(&w);
            const struct allotment *a = pool(&w, "sku:" A_SKU);
            const char *note = poll == 0 ? CASES[i].note : "";
            if (!w.report.complete || !a->units_known || a->allotted != 10 || a->consumed != 5)
                fail_msg("%s: the units: %s", CASES[i].why, w.report.failure.text);
            if (a->subscriptions_known != CASES[i].known || a->n_subscriptions != CASES[i].n)
                fail_msg("%s: %zu subscriptions", CASES[i].why, a->n_subscriptions);
            if (note && (*note ? !strstr(w.report.note, note) : *w.report.note != '\0'))
                fail_msg("%s: poll %d: \"%s\"", CASES[i].why, poll, w.report.note);
            if (a->n_subscriptions == 0)
                continue;
            assert_string_equal(a->subscriptions[0].id, CASES[i].id);
            if (a->subscriptions[0].state != CASES[i].is ||
                a->subscriptions[0].next_lifecycle_date != DATE_UNKNOWN)
                fail_msg("%s: its state or date", CASES[i].why);
        }
        fixture_end(&w);
    }
}

static void a_subscription_has_its_own_dates_units_and_trial(void **state)
{
    struct graph_fixture w;
    (void)state;
    fixture_begin(
        &w,
        (struct setup){
            .source = SOURCE_OPTION_SUBSCRIBED_SKUS,
            .tenant = COMPANY(ONE(
                KEY
                "," SKU ",\"status\":\"Enabled\",\"totalLicenses\":7,\"isTrial\":true,"
                "\"createdDateTime\":\"1970-01-02T00:00:00Z\","
                "\"nextLifecycleDateTime\":\"1970-01-11T23:59:59Z\"") "," ONE("\"commerceSubscripti"
                                                                              "onId\":\"c-2\"," SKU
                                                                              ",\"status\":"
                                                                              "\"Deleted\","
                                                                              "\"totalLicenses\":-"
                                                                              "1,\"isTrial\":false,"
                                                                              "\"nextLifecycleDateT"
                                                                              "ime\":null"))});
    fixture_poll(&w);
    const struct allotment *a = pool(&w, "sku:" A_SKU);
    assert_int_equal(a->n_subscriptions, 2);
    const struct subscription *one = &a->subscriptions[0], *two = &a->subscriptions[1];
    assert_int_equal(one->state, SUBSCRIPTION_ACTIVE);
    assert_string_equal(one->state_text, "active");
    assert_string_equal(one->tags_text, "trial");
    assert_true(one->trial);
    assert_int_equal(one->licenses, 7);
    assert_int_equal(one->start_date, 1);
    assert_int_equal(one->next_lifecycle_date, 10);
    assert_int_equal(two->state, SUBSCRIPTION_DELETED);
    assert_string_equal(two->tags_text, "none");
    assert_int_equal(two->licenses, 0);
    assert_int_equal(two->next_lifecycle_date, DATE_UNKNOWN);
    fixture_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_sources_agree_on_what_both_can_know),
        cmocka_unit_test(whatever_the_list_of_subscriptions_says_the_units_are_known),
        cmocka_unit_test(a_subscription_has_its_own_dates_units_and_trial),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
