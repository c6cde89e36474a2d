/* SPDX-License-Identifier: MIT */
/* tests/unit/base/test_digest.c: published vectors, strict base64, ids. */
#include "base/digest.h"

#include "base/alloc.h"
#include "base/cleanup.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void sha256_gives_the_published_digests(void **state)
{
    /* FIPS 180-4 examples, as published by NIST. */
    static const struct {
        const char *text, *want;
    } CASES[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        uint8_t digest[SHA256_SIZE];
        char hex[2 * SHA256_SIZE + 1];
        assert_int_equal(sha256(CASES[i].text, strlen(CASES[i].text), digest), 0);
        hex_encode(digest, sizeof digest, hex);
        assert_string_equal(hex, CASES[i].want);
    }
}

static void hmac_gives_the_digests_of_rfc_4231(void **state)
{
    static const struct {
        uint8_t key_byte;
        size_t key_len;
        const char *text, *want;
    } CASES[] = {
        {0x0b, 20, "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {0xaa, 131, "Test Using Larger Than Block-Size Key - Hash Key First",
         "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
        {0x00, 0, "", "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        uint8_t key[131], digest[SHA256_SIZE];
        char hex[2 * SHA256_SIZE + 1];
        memset(key, CASES[i].key_byte, sizeof key);
        assert_int_equal(hmac_sha256(CASES[i].key_len ? key : NULL, CASES[i].key_len, CASES[i].text,
                                     strlen(CASES[i].text), digest),
                         0);
        hex_encode(digest, sizeof digest, hex);
        assert_string_equal(hex, CASES[i].want);
    }
}

static void base64_goes_there_and_back(void **state)
{
    /* RFC 4648 section 10. */
    static const struct {
        const char *plain, *coded, *for_url;
    } CASES[] = {
        {"", "", ""},
        {"f", "Zg==", "Zg"},
        {"fo", "Zm8=", "Zm8"},
        {"foo", "Zm9v", "Zm9v"},
        {"foob", "Zm9vYg==", "Zm9vYg"},
        {"fooba", "Zm9vYmE=", "Zm9vYmE"},
        {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
        {"\xFB\xEF\xFF", "++//", "--__"},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        char coded[16];
        uint8_t plain[16];
        size_t len = strlen(CASES[i].plain), coded_len = strlen(CASES[i].coded);
        assert_int_equal(base64_encode(CASES[i].plain, len, coded), coded_len);
        assert_string_equal(coded, CASES[i].coded);
        assert_int_equal(base64_decode(coded, coded_len, plain, len), (int)len);
        assert_memory_equal(plain, CASES[i].plain, len);
        if (len > 0)
            assert_int_equal(base64_decode(coded, coded_len, plain, len - 1), -E2BIG);
        assert_int_equal(base64url_encode(CASES[i].plain, len, coded), strlen(CASES[i].for_url));
        assert_string_equal(coded, CASES[i].for_url);
    }
}

static void base64_has_one_spelling_only(void **state)
{
    static const char *const CASES[] = {
        "Z",    "Zg",     "Zg=",  "Zh==", "Zm9=", "Zg==Zg==", "=Zg=", "====",
        "Z===", "Zm9v\n", "Zm 9", "Zm9-", "Zm9_", "Zm9v====", "Zg=v", "Zm\xC3\xA4",
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        uint8_t plain[16];
        int r = base64_decode(CASES[i], strlen(CASES[i]), plain, sizeof plain);
        if (r != -EINVAL)
            fail_msg("\"%s\" gives %d", CASES[i], r);
    }
}

static void uuids_carry_version_variant_and_time(void **state)
{
    (void)state;
    char seven[UUID_TEXT], later[UUID_TEXT], four[UUID_TEXT], again[UUID_TEXT];
    /* The example of RFC 9562, appendix A.6: 0x017F22E279B0 ms. */
    assert_int_equal(uuid_v7(UINT64_C(1645557742000) * 1000, seven), 0);
    assert_memory_equal(seven, "017f22e2-79b0-7", 15);
    assert_non_null(strchr("89ab", seven[19]));
    assert_int_equal(strlen(seven), 36);
    assert_int_equal(strspn(seven, "0123456789abcdef-"), 36);
    assert_int_equal(uuid_v7(UINT64_C(1645557742001) * 1000, later), 0);
    assert_true(strcmp(seven, later) < 0);
    assert_int_equal(uuid_v4(four), 0);
    assert_int_equal(uuid_v4(again), 0);
    assert_int_equal(four[14], '4');
    assert_non_null(strchr("89ab", four[19]));
    assert_string_not_equal(four, again);
}

static void random_bytes_differ(void **state)
{
    (void)state;
    uint8_t a[32] = {0}, b[32] = {0};
    assert_int_equal(random_bytes(a, sizeof a), 0);
    assert_int_equal(random_bytes(b, sizeof b), 0);
    assert_memory_not_equal(a, b, sizeof a);
}

static void fnv1a_gives_its_published_values(void **state)
{
    (void)state;
    assert_true(fnv1a("", 0, FNV1A_SEED) == UINT64_C(0xcbf29ce484222325));
    assert_true(fnv1a("a", 1, FNV1A_SEED) == UINT64_C(0xaf63dc4c8601ec8c));
    assert_true(fnv1a("foobar", 6, FNV1A_SEED) == UINT64_C(0x85944171f73967e8));
    assert_true(fnv1a("bar", 3, fnv1a("foo", 3, FNV1A_SEED)) == UINT64_C(0x85944171f73967e8));
}

static void missing_memory_is_an_error_and_no_guess(void **state)
{
    (void)state;
    int n_failed = 0;
    for (size_t n = 1; n < 50; n++) {
        uint8_t digest[SHA256_SIZE];
        char hex[2 * SHA256_SIZE + 1];
        (void)alloc_fail_at(n, false);
        int r = hmac_sha256("key", 3, "The quick brown fox jumps over the lazy dog", 43, digest);
        (void)alloc_fail_at(0, false);
        n_failed += r == -EIO;
        if (r == -EIO)
            continue;
        assert_int_equal(r, 0);
        hex_encode(digest, sizeof digest, hex);
        assert_string_equal(hex,
                            "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8");
    }
    assert_in_range(n_failed, 1, 48); /* libcrypto uses our allocator, and recovers */
}

static int give_libcrypto_our_allocator(void **state)
{
    (void)state;
    digest_init();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_gives_the_published_digests),
        cmocka_unit_test(hmac_gives_the_digests_of_rfc_4231),
        cmocka_unit_test(base64_goes_there_and_back),
        cmocka_unit_test(base64_has_one_spelling_only),
        cmocka_unit_test(uuids_carry_version_variant_and_time),
        cmocka_unit_test(random_bytes_differ),
        cmocka_unit_test(fnv1a_gives_its_published_values),
        cmocka_unit_test(missing_memory_is_an_error_and_no_guess),
    };
    return cmocka_run_group_tests(tests, give_libcrypto_our_allocator, NULL);
}
