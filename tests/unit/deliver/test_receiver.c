/* SPDX-License-Identifier: MIT */
/* tests/unit/deliver/test_receiver.c: the table of receiver types, and what all types have in
 * common. */
#include "deliver/receiver.h"
#include "options.h"
#include "some.h"

static void every_type_is_found_by_its_name(void **state)
{
    (void)state;
    for (size_t i = 0; receiver_types[i]; i++)
        assert_ptr_equal(receiver_type_find(receiver_types[i]->name), receiver_types[i]);
    assert_ptr_equal(receiver_type_find("journal"), &journal_class);
    assert_ptr_equal(receiver_type_find("syslog"), &syslog_class);
    assert_ptr_equal(receiver_type_find("webhook"), &webhook_class);
    assert_null(receiver_type_find("web"));
}

static int render(const struct receiver_class *type, const struct notification *n,
                  const struct digest *d, char **ret, size_t *ret_len)
{
    const struct receiver_options o = some_receiver("some", type);
    const struct message m = {n, d, n != NULL, (n ? n->at : d->at) + USEC_PER_DAY};
    return receiver_render(&o, &m, ret, ret_len);
}

/* A message that is short of memory is not a shorter message: it is rendered whole, or not yet. */
static void without_memory_no_type_renders_half_a_message(void **state)
{
    (void)state;
    CLEANUP(notification_free) struct notification *n = some_notification();
    CLEANUP(digest_free) struct digest *d = some_digest(DIGEST_LINES);
    for (size_t i = 0; receiver_types[i / 2]; i++) {
        const struct receiver_class *t = receiver_types[i / 2];
        const struct notification *notification = i % 2 ? NULL : n;
        const struct digest *digest = i % 2 ? d : NULL;
        CLEANUP(free) char *whole = NULL;
        size_t whole_len, len = 0;
        int r = -ENOMEM;
        assert_int_equal(render(t, notification, digest, &whole, &whole_len), 0);
        for (size_t k = 1; r == -ENOMEM; k++) {
            CLEANUP(free) char *got = NULL;
            alloc_fail_at(k, false);
            r = render(t, notification, digest, &got, &len);
            alloc_fail_at(0, false);
            if (r >= 0 && (len != whole_len || memcmp(got, whole, len) != 0))
                fail_msg("%s, allocation %zu: %zu of %zu bytes", t->name, k, len,
                         whole_len);
            assert_true(r == 0 || (r == -ENOMEM && !got));
            assert_true(k < 2000);
        }
    }
}

static void the_codec_of_the_store_is_complete(void **state)
{
    (void)state;
    assert_true(deliver_codec.pack_context && deliver_codec.unpack_context &&
                deliver_codec.pack_notification && deliver_codec.unpack_notification &&
                deliver_codec.pack_digest && deliver_codec.unpack_digest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_is_found_by_its_name),
        cmocka_unit_test(without_memory_no_type_renders_half_a_message),
        cmocka_unit_test(the_codec_of_the_store_is_complete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
