/* SPDX-License-Identifier: MIT */
/* tests/fuzz/fuzz_page_rights.c: whatever an answer about a user or group is, every decoder ends
 * with rows that keep their promises or with a failure. */
#include "base/text.h"
#include "graph/page_rights.h"
#include "json/json.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef int decoder(const char *bytes, size_t len, struct rights *into, struct page *ret,
                    struct failure *ret_failure);

static void require(bool truth)
{
    if (!truth)
        abort();
}

static bool is_clean(const char *s)
{
    char again[1024];
    return !s || strcmp(text_clean(again, sizeof again, s, strlen(s)), s) == 0;
}

static void check_assignment(const struct assignment *a)
{
    require(!a->group_id || a->assignee_known);
    require(is_clean(a->sku_id) && is_clean(a->sku_part_number));
    for (size_t i = 0; i < a->n_disabled_plans; i++)
        require(a->disabled_plan[i] && is_clean(a->disabled_plan[i]));
}

static void check_rights(const struct rights *r)
{
    require(r->n_rights <= RIGHTS_ROWS_MAX && r->n_assignments <= RIGHTS_ROWS_MAX);
    require(r->n_waits <= RIGHTS_ROWS_MAX && r->n_errors <= RIGHTS_ROWS_MAX);
    for (size_t i = 0; i < r->n_rights; i++) {
        const struct right *right = &r->right[i];
        require(right->sku_id || right->sku_part_number);
        require(right->plans_known || right->n_plans == 0);
        for (size_t k = 0; k < right->n_plans; k++) {
            require(right->plan[k].id || right->plan[k].name);
            require(is_clean(right->plan[k].id) && is_clean(right->plan[k].name));
        }
        for (size_t k = 0; k < right->n_assignments; k++)
            check_assignment(&right->assignment[k]);
    }
    for (size_t i = 0; i < r->n_assignments; i++)
        check_assignment(&r->assignment[i]);
    for (size_t i = 0; i < r->n_errors; i++)
        require(r->error[i].code && is_clean(r->error[i].code) && is_clean(r->error[i].message));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static decoder *const DECODERS[] = {page_usage_rights,     page_usage_right_single,
                                        page_assignments,      page_principal_waits,
                                        page_principal_errors, page_license_details};
    static bool ready;
    if (!ready)
        json_init();
    ready = true;
    for (size_t i = 0; i < N_ELEMENTS(DECODERS); i++) {
        struct rights *rights = NULL;
        struct page page = {0};
        struct failure f = {0};
        require(rights_new(SOURCE_CLOUD_LICENSING, &rights) == 0);
        int r = DECODERS[i]((const char *)data, size, rights, &page, &f);
        require(r == 0 || ((r == -EBADMSG || r == -E2BIG) && f.text[0]));
        require(r < 0 || page.n_lacking <= page.n_rows);
        check_rights(rights);
        page_clear(&page);
        rights_free(rights);
    }
    return 0;
}
