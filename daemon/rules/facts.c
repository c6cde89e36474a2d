/* SPDX-License-Identifier: MIT */
/* rules/facts.c: facts are born all unknown, copied whole, and freed whole. */
#include "rules/facts.h"
#include "base/text.h"
#include <errno.h>

int facts_new(struct facts **ret)
{
    struct facts *f = calloc(1, sizeof *f);
    if (!f)
        return -ENOMEM;
    f->allotted = f->consumed = f->waiting = f->reference = FACT_UNKNOWN;
    f->n_used_by = f->units_to_unblock = f->units_to_buy = f->sibling_free = FACT_UNKNOWN;
    f->error_count = f->parked = FACT_UNKNOWN;
    f->tenants = f->tenants_failing = f->tenants_read = FACT_UNKNOWN;
    *ret = f;
    return 0;
}

void facts_free(struct facts *f)
{
    if (!f)
        return;
    char *const strings[] = {
        f->tenant_name, f->tenant_id,       f->allotment_id, f->allotment_name, f->sku_id,
        f->sku_name,    f->sku_part_number, f->sibling_name, f->error_code,
        f->hint,        f->section,         f->receiver,     f->principal,
        f->missing_plans, f->source,        f->host,         f->credential,   f->client_id,
        f->file,        f->used_by};
    for (size_t i = 0; i < N_ELEMENTS(strings); i++)
        free(strings[i]);
    for (size_t i = 0; i < f->n_labels; i++) {
        free(f->label[i].key);
        free(f->label[i].value);
    }
    free(f->label);
    for (size_t i = 0; i < f->n_subscriptions; i++) {
        free(f->subscription[i].id);
        free(f->subscription[i].state);
        free(f->subscription[i].tags);
    }
    free(f->subscription);
    free(f);
}

static int copy_strings(const struct facts *src, struct facts *dst)
{
    const struct {
        const char *from;
        char **to;
    } STRINGS[] = {
        {src->tenant_name, &dst->tenant_name},
        {src->tenant_id, &dst->tenant_id},
        {src->allotment_id, &dst->allotment_id},
        {src->allotment_name, &dst->allotment_name},
        {src->sku_id, &dst->sku_id},
        {src->sku_part_number, &dst->sku_part_number},
        {src->sku_name, &dst->sku_name},
        {src->sibling_name, &dst->sibling_name},
        {src->error_code, &dst->error_code},
        {src->hint, &dst->hint},
        {src->section, &dst->section},
        {src->receiver, &dst->receiver},
        {src->principal, &dst->principal},
        {src->missing_plans, &dst->missing_plans},
        {src->source, &dst->source},
        {src->host, &dst->host},
        {src->credential, &dst->credential},
        {src->client_id, &dst->client_id},
        {src->file, &dst->file},
        {src->used_by, &dst->used_by},
    };
    for (size_t i = 0; i < N_ELEMENTS(STRINGS); i++) {
        *STRINGS[i].to = NULL;
        if (text_copy(STRINGS[i].from, STRINGS[i].to) < 0)
            return -ENOMEM;
    }
    return 0;
}

static int copy_lists(const struct facts *src, struct facts *dst)
{
    if (src->n_labels > 0) {
        dst->label = calloc(src->n_labels, sizeof *dst->label);
        if (!dst->label)
            return -ENOMEM;
        for (; dst->n_labels < src->n_labels; dst->n_labels++) {
            const struct label *from = &src->label[dst->n_labels];
            struct label *to = &dst->label[dst->n_labels];
            if (text_copy(from->key, &to->key) < 0 || text_copy(from->value, &to->value) < 0) {
                free(to->key);
                return -ENOMEM;
            }
        }
    }
    if (src->n_subscriptions > 0) {
        dst->subscription = calloc(src->n_subscriptions, sizeof *dst->subscription);
        if (!dst->subscription)
            return -ENOMEM;
        for (size_t i = 0; i < src->n_subscriptions; i++) {
            const struct fact_subscription *from = &src->subscription[i];
            struct fact_subscription *to = &dst->subscription[i];
            dst->n_subscriptions = i + 1; /* facts_free takes apart a half-built one */
            to->start_date = from->start_date;
            to->next_lifecycle_date = from->next_lifecycle_date;
            if (text_copy(from->id, &to->id) < 0 || text_copy(from->state, &to->state) < 0 ||
                text_copy(from->tags, &to->tags) < 0)
                return -ENOMEM;
        }
    }
    return 0;
}

int facts_copy(const struct facts *src, struct facts **ret)
{
    CLEANUP(facts_free) struct facts *f = NULL;
    int r = facts_new(&f);
    if (r < 0)
        return r;
    f->utc_offset = src->utc_offset;
    f->allotted = src->allotted;
    f->consumed = src->consumed;
    f->waiting = src->waiting;
    f->reference = src->reference;
    f->oldest_at = src->oldest_at;
    f->units_to_unblock = src->units_to_unblock;
    f->units_to_buy = src->units_to_buy;
    f->sibling_free = src->sibling_free;
    f->error_count = src->error_count;
    f->errors_since_at = src->errors_since_at;
    f->cause = src->cause;
    f->parked = src->parked;
    f->tenants = src->tenants;
    f->tenants_failing = src->tenants_failing;
    f->tenants_read = src->tenants_read;
    f->failing_since_at = src->failing_since_at;
    f->n_used_by = src->n_used_by;
    f->expires_at = src->expires_at;
    f->expires_by_day = src->expires_by_day;
    f->observed_at = src->observed_at;
    r = copy_strings(src, f);
    if (r >= 0)
        r = copy_lists(src, f);
    if (r < 0)
        return r;
    *ret = TAKE(f);
    return 0;
}
