/* SPDX-License-Identifier: MIT */
/* tests/unit/deliver/test_digest_json.c: digests survive being JSON. */
#include "deliver/context_json.h"
#include "some.h"

static void a_digest_is_the_same_after_packing_and_unpacking(void **state)
{
    (void)state;
    for (size_t n = 0; n <= DIGEST_LINES; n += 5) {
        CLEANUP(digest_free) struct digest *d = some_digest(n), *back = NULL;
        CLEANUP(free) char *bytes = NULL, *again = NULL;
        size_t len, again_len;
        assert_int_equal(digest_json_pack(d, &bytes, &len), 0);
        assert_int_equal(digest_json_unpack(bytes, len, &back), 0);
        assert_int_equal(digest_json_pack(back, &again, &again_len), 0);
        assert_string_equal(again, bytes);
        assert_string_equal(back->event_id, d->event_id);
        assert_string_equal(back->digest_id, d->digest_id);
        assert_string_equal(back->title, d->title);
        assert_string_equal(back->tenant_id, d->tenant_id);
        assert_string_equal(back->reason, "first_run");
        assert_true(back->at == d->at && back->worst == d->worst && back->parts == d->parts);
        assert_true(back->n_notifications == n && back->n_counts == 1);
        assert_true(back->count[0].level == LEVEL_CRITICAL && back->count[0].count == n);
        for (size_t i = 0; i < n; i++)
            assert_string_equal(back->notification[i]->alert_id, d->notification[i]->alert_id);
    }
}

static void a_stored_digest_that_is_not_ours_is_refused(void **state)
{
#define IDS "\"digest_id\":\"" SOME_DIGEST "\",\"_\":{\"event_id\":\"" SOME_EVENT "\",\"worst\":"
    static const struct {
        const char *why, *bytes;
        int want;
    } CASES[] = {
        {"an empty one", "{\"schema\":1," IDS "\"none\"}}", 0},
        {"another schema", "{\"schema\":0," IDS "\"none\"}}", -EBADMSG},
        {"an unknown level", "{\"schema\":1," IDS "\"bad\"}}", -EBADMSG},
        {"no ids", "{\"schema\":1}", -EBADMSG},
        {"an alert that is none", "{\"schema\":1,\"alerts\":[1]," IDS "\"none\"}}", -EBADMSG},
        {"a count without a rule", "{\"schema\":1,\"counts\":[{\"count\":1}]," IDS "\"none\"}}",
         -EBADMSG},
        {"21 alerts",
         "{\"schema\":1,\"alerts\":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21]," IDS
         "\"none\"}}",
         -EBADMSG},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(digest_free) struct digest *d = NULL;
        int r = digest_json_unpack(CASES[i].bytes, strlen(CASES[i].bytes), &d);
        if (r != CASES[i].want || (r < 0 && d))
            fail_msg("%s: %d", CASES[i].why, r);
    }
}

int main(void)
{
    json_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_digest_is_the_same_after_packing_and_unpacking),
        cmocka_unit_test(a_stored_digest_that_is_not_ours_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
