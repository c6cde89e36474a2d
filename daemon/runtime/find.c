/* SPDX-License-Identifier: MIT */
/* runtime/find.c: finds tenants and SKUs by what a person writes. */
#include "runtime/find.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/name.h"
#include "base/text.h"
#include "runtime/app.h"
#include "runtime/tenant.h"

#define HINT_MAX 1024
enum { NAME, ID, TENANT_NAMES };

static void refuse(struct control_call *call, int r, const char *what, const char *word, const char *const *names, size_t n,
                   const char *otherwise)
{
    CLEANUP(text_free) struct text hint = TEXT_INIT(HINT_MAX);
    char clean[TEXT_CLEAN_MAX];
    const char *near = r == -ENOENT && names ? text_nearest(word, names, n) : NULL;
    if (near)
        text_addf(&hint, "did you mean \"%s\"?", near);
    else
        text_add(&hint, r == -ENOENT ? otherwise : "write more of the name");
    control_error(call, 404, hint.data ? hint.data : otherwise, "%s \"%s\"",
                  r == -ENOENT ? what : "several names begin with", text_clean(clean, sizeof clean, word, strlen(word)));
}

struct tenant *find_tenant(struct app *app, struct control_call *call, const char *word)
{
    size_t n = TENANT_NAMES * app->n_tenants;
    CLEANUP(free) const char **names = calloc(n + 1, sizeof *names);
    if (!names) {
        control_answer(call, 200, NULL);
        return NULL;
    }
    for (size_t i = 0; i < app->n_tenants; i++) {
        names[TENANT_NAMES * i + NAME] = app->tenant[i].options->identity.name;
        names[TENANT_NAMES * i + ID] = app->tenant[i].options->identity.tenant_id;
    }
    int at = name_find(word, names, n, TENANT_NAMES);
    if (at >= 0)
        return &app->tenant[at];
    refuse(call, at, "there is no tenant", word, names, n, "GET /v1/tenants lists the tenants");
    return NULL;
}

bool find_named_tenant(struct app *app, struct control_call *call, struct tenant **ret)
{
    const char *word = target_param(&call->target, "tenant");
    *ret = word ? find_tenant(app, call, word) : NULL;
    return !word || *ret;
}

bool check_polled(const struct tenant *t, struct control_call *call)
{
    if (!t->graph)
        control_error(call, 409, "correct its configuration and reload", "%s is not polled: %s", t->options->identity.name,
                      t->options->broken ? t->options->broken : "it is disabled");
    return t->graph != NULL;
}

/* ---- SKUs ---- */

#define NEAR_MAX 1000 /* names that are compared for "did you mean" */

bool sku_is(const struct found_sku *sku, const char *sku_id, const char *part_number)
{
    return sku->sku_id && sku_id ? text_equal_nocase(sku->sku_id, sku_id)
                                 : sku->part_number && part_number && text_equal_nocase(sku->part_number, part_number);
}

static enum name_match match_pool(const char *word, const struct known_pool *p, const char *name)
{
    const char *const NAMES[] = {p->sku_part_number, p->sku_id, name, p->id};
    enum name_match best = NAME_OTHER;
    for (size_t i = 0; i < N_ELEMENTS(NAMES); i++) {
        enum name_match match = name_match(word, NAMES[i]);
        best = match > best ? match : best;
    }
    return best;
}

static struct found_sku sku_of(const struct tenant *t, const struct known_pool *p)
{
    const struct products *products = t->app->options->rules.products;
    return (struct found_sku){p->sku_id, p->sku_part_number, product_name(products, p->sku_id, p->sku_part_number)};
}

static void refuse_sku(const struct tenant *t, struct control_call *call, int r, const char *word)
{
    const struct tenant_memory *m = t->memory;
    CLEANUP(free) const char **names = calloc(NEAR_MAX + 2, sizeof *names);
    size_t n = 0;
    for (size_t i = 0; names && m && i < m->n_pools && n < NEAR_MAX; i++) {
        const struct found_sku sku = sku_of(t, &m->pool[i]);
        names[n++] = sku.part_number ? sku.part_number : "";
        names[n++] = sku.name ? sku.name : "";
    }
    refuse(call, r, n ? "the tenant has no SKU" : "no pools are known yet, so no SKU", word, names, n,
           "GET /v1/allotments lists the SKUs");
}

bool find_sku(const struct tenant *t, struct control_call *call, const char *word, struct found_sku *ret)
{
    const struct tenant_memory *m = t->memory;
    int r = -ENOENT;
    for (size_t i = 0; m && i < m->n_pools; i++) {
        const struct found_sku sku = sku_of(t, &m->pool[i]);
        enum name_match match = match_pool(word, &m->pool[i], sku.name);
        if (match == NAME_OTHER)
            continue;
        if (match == NAME_WHOLE) {
            *ret = sku;
            return true;
        }
        if (r == -ENOENT)
            *ret = sku;
        r = r == -ENOENT || (r == 0 && sku_is(ret, sku.sku_id, sku.part_number)) ? 0 : -EEXIST;
    }
    if (r < 0)
        refuse_sku(t, call, r, word);
    return r >= 0;
}
