/* SPDX-License-Identifier: MIT */
/* config/check_rights.c: checks the entries of usage_rights, each alone and against the others. */
#include "config/load.h"

#include "base/text.h"
#include <errno.h>
#include <string.h>

#define RIGHTS_MAX 1000 /* entries: each costs a look-up in every poll */
#define PLANS_MAX 20    /* of an entry; messages list all of them */

static void check_who(struct load *l, const struct right_need *need, struct conf_where where)
{
    if (need->user && need->group)
        walk_problem(&l->walk, where,
                     "usage_rights: an entry has a user or a group; make two entries of this one");
    else if (!need->user && !need->group && !walk_wrong(&l->walk, &need->user) &&
             !walk_wrong(&l->walk, &need->group))
        walk_problem(&l->walk, where, "usage_rights: neither user nor group is named; add one");
}

static void check_plans(struct load *l, const struct right_need *need, struct conf_where where)
{
    where = walk_where(&l->walk, MARK_VALUE, &need->plan, where);
    if (need->n_plans > PLANS_MAX)
        walk_problem(&l->walk, where, "usage_rights.plans: %zu plans; at most %d can be named",
                     need->n_plans, PLANS_MAX);
    for (size_t i = 0; i < need->n_plans; i++)
        if (!need->plan[i][0] || strlen(need->plan[i]) > 100 || strpbrk(need->plan[i], " \t"))
            walk_problem(&l->walk, where,
                         "usage_rights.plans: \"%.100s\" is no name of a service plan; write one "
                         "such as \"EXCHANGE_S_ENTERPRISE\", or its id",
                         need->plan[i]);
}

static int is_same(const struct right_need *a, const struct right_need *b)
{
    CLEANUP(free) char *one = NULL;
    CLEANUP(free) char *other = NULL;
    if (!text_equal_nocase(a->tenant, b->tenant))
        return 0;
    if (right_subject(a, &one) < 0 || right_subject(b, &other) < 0)
        return -ENOMEM;
    return strcmp(one, other) == 0;
}

/* Two alerts with one name would resolve each other. */
static int check_twice(struct load *l, size_t i, struct conf_where where)
{
    const struct right_need *need = &l->options->rules.right[i];
    for (size_t k = 0; k < i; k++) {
        const struct right_need *other = &l->options->rules.right[k];
        int r = (other->user || other->group) && other->sku ? is_same(need, other) : 0;
        if (r < 0)
            return r;
        if (r > 0) {
            walk_problem(&l->walk, where,
                         "usage_rights: this user or group has an entry for this SKU already; make "
                         "one of the two, with all plans");
            return 0;
        }
    }
    return 0;
}

int check_rights(struct load *l)
{
    struct rule_options *o = &l->options->rules;
    if (o->n_rights > RIGHTS_MAX)
        walk_problem(&l->walk, walk_where(&l->walk, MARK_VALUE, &o->right, l->top),
                     "usage_rights: %zu entries; at most %d can be watched", o->n_rights,
                     RIGHTS_MAX);
    int r = 0;
    for (size_t i = 0; i < o->n_rights && i < RIGHTS_MAX && r >= 0; i++) {
        const struct right_need *need = &o->right[i];
        struct conf_where where = walk_where(&l->walk, MARK_ELEMENT, need, l->top);
        check_who(l, need, where);
        check_plans(l, need, where);
        if (need->tenant)
            check_tenant(l, &need->tenant, "usage_rights", ".tenant", where);
        if (need->sku)
            check_sku(l, &need->sku, "usage_rights", ".sku", where);
        if ((need->user || need->group) && need->sku)
            r = check_twice(l, i, where);
    }
    return r;
}
