/* SPDX-License-Identifier: MIT */
/* tests/fuzz/fuzz_page.c: whatever bytes an answer has, every decoder ends with a value that keeps
 * its promises or with a failure that left nothing behind. */
#include "base/text.h"
#include "graph/page.h"
#include "json/check.h"
#include "json/json.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool truth)
{
    if (!truth)
        abort();
}

static int page_waiting_of_a(const char *bytes, size_t len, struct snapshot_builder *b,
                             struct page *ret, struct failure *f)
{
    CLEANUP(id_set_free) struct id_set ids = {0};
    return page_waiting(bytes, len, b, "a", &ids, ret, f);
}

static int page_errors_at_first(const char *bytes, size_t len, struct snapshot_builder *b,
                                struct page *ret, struct failure *f)
{
    CLEANUP(id_set_free) struct id_set ids = {0};
    return page_errors(bytes, len, b, &ids, ret, f);
}

/* The same bytes twice, so that the subscriptions find the pools that they back. */
static int page_skus_and_subscriptions(const char *bytes, size_t len, struct snapshot_builder *b,
                                       struct page *ret, struct failure *f)
{
    struct page skus = {0};
    struct failure none = {0};
    (void)page_subscribed_skus(bytes, len, b, &skus, &none);
    page_clear(&skus);
    snapshot_set_subscriptions(b, SECTION_COMPLETE);
    return page_subscriptions(bytes, len, b, ret, f);
}

static bool is_clean(const char *s)
{
    char again[1024];
    return !s || strcmp(text_clean(again, sizeof again, s, strlen(s)), s) == 0;
}

static void check_snapshot(struct snapshot_builder *b, bool obtained)
{
    struct snapshot *s = NULL;
    snapshot_set_allotments(b, SECTION_COMPLETE);
    snapshot_set_errors(b, SECTION_COMPLETE);
    require(snapshot_finish(b, &s) == 0);
    require(obtained || (s->n_allotments == 0 && s->n_error_groups == 0));
    for (size_t i = 0; i < s->n_allotments; i++) {
        const struct allotment *a = &s->allotment[i];
        require(a->id && a->id[0] && strlen(a->id) <= PAGE_ID_MAX + strlen("sku:"));
        require(i == 0 || strcmp(s->allotment[i - 1].id, a->id) < 0);
        require(a->allotted >= 0 && a->allotted <= 2 * (int64_t)INT32_MAX);
        require(a->consumed >= 0 && a->consumed <= INT32_MAX);
        require(a->waiting.count >= 0 && is_clean(a->sku_part_number));
        for (size_t k = 0; k < a->n_subscriptions; k++)
            require(a->subscriptions[k].id && is_clean(a->subscriptions[k].state_text) &&
                    is_clean(a->subscriptions[k].tags_text));
    }
    for (size_t i = 0; i < s->n_error_groups; i++)
        require(s->error_group[i].count > 0 && is_clean(s->error_group[i].code));
    snapshot_free(s);
}

static void try_page(int (*decode)(const char *, size_t, struct snapshot_builder *, struct page *,
                                   struct failure *),
                     const char *bytes, size_t size)
{
    static const struct page UNTOUCHED;
    struct snapshot_builder *b = NULL;
    struct page p = {0};
    struct failure f = {0};
    require(snapshot_builder_new("t", "t", SOURCE_CLOUD_LICENSING, (struct instant){0}, &b) == 0);
    int r = decode(bytes, size, b, &p, &f);
    if (r < 0) {
        require(r == -EBADMSG || r == -E2BIG);
        require(f.text[0] && memcmp(&p, &UNTOUCHED, sizeof p) == 0);
    } else {
        require(p.n_lacking <= p.n_rows);
        require(!p.next_link || (p.next_link[0] && strlen(p.next_link) <= PAGE_LINK_MAX));
        for (size_t i = 0; i < p.n_waiting; i++)
            require(p.waiting[i].allotment_id && p.waiting[i].allotment_id[0]);
    }
    check_snapshot(b, r != -EBADMSG);
    page_clear(&p);
    snapshot_builder_free(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool ready;
    if (!ready)
        json_init();
    ready = true;
    const char *bytes = (const char *)data;
    struct graph_error e;
    graph_error_parse(bytes, size, &e);
    require(is_clean(e.code) && is_clean(e.inner_code) && is_clean(e.request_id));
    require(is_clean(e.message));
    try_page(page_allotments, bytes, size);
    if (json_check(bytes, size, NULL, NULL) < 0)
        return 0; /* what is no JSON ends all of them in the same first step */
    try_page(page_waiting_of_a, bytes, size);
    try_page(page_errors_at_first, bytes, size);
    try_page(page_subscribed_skus, bytes, size);
    try_page(page_skus_and_subscriptions, bytes, size);
    return 0;
}
