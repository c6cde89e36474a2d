/* SPDX-License-Identifier: MIT */
/* rules/rights.c: evaluates whether a user or group holds the usage right that is configured, and
 * finds the cause if not.
 *
 * The list of rights alone decides. The other sections of a look-up only give the cause, and may be
 * unknown. */
#include "base/digest.h"
#include "base/text.h"
#include "rules/internal.h"
#include <errno.h>
#include <string.h>

#define SHOWN_DIGITS 12 /* of the hash; enough to distinguish the users of a tenant */
#define PLANS_TEXT_MAX 4096

struct right_case {
    const struct right_need *need;
    const struct rights *rights;
    const char *sku_id, *part_number; /* NULL: not known */
};

/* ---- names ---- */

static const char *kind_of(const struct right_need *need)
{
    return principal_word(need->user ? PRINCIPAL_USER : PRINCIPAL_GROUP);
}

int right_principal(const struct rule_options *o, const struct right_need *need, char **ret)
{
    uint8_t sum[SHA256_SIZE];
    char hex[2 * SHA256_SIZE + 1];
    if (o->names || !need->user) { /* groups are not personal data */
        *ret = text_printf("%s %s", kind_of(need), need->user ? need->user : need->group);
        return *ret ? 0 : -ENOMEM;
    }
    CLEANUP(free) char *lower = lower_case(strdup(need->user));
    if (!lower || sha256(lower, strlen(lower), sum) < 0)
        return -ENOMEM;
    hex_encode(sum, sizeof sum, hex);
    *ret = text_printf("user %.*s", SHOWN_DIGITS, hex);
    return *ret ? 0 : -ENOMEM;
}

int right_subject(const struct right_need *need, char **ret)
{
    *ret = lower_case(
        text_printf("%s/%s/%s", kind_of(need), need->user ? need->user : need->group, need->sku));
    return *ret ? 0 : -ENOMEM;
}

/* ---- missing rights and plans ---- */

static bool is_our_sku(const struct right_case *v, const char *sku_id, const char *part_number)
{
    return right_names_sku(v->need->sku, sku_id, part_number) ||
           (sku_id && text_equal_nocase(v->sku_id, sku_id)) ||
           (part_number && text_equal_nocase(v->part_number, part_number));
}

static bool is_guid(const char *s)
{
    return strlen(s) == 36 && s[8] == '-' && s[13] == '-' && s[18] == '-' && s[23] == '-';
}

/* Whether some right may or may not be the wanted one: rights may lack the id or the part number of
 * their SKU, and so may have nothing to compare. */
static bool one_may_be_ours(const struct right_case *v)
{
    bool by_id = v->sku_id || is_guid(v->need->sku);
    bool by_name = v->part_number || !is_guid(v->need->sku);
    for (size_t i = 0; i < v->rights->n_rights; i++) {
        const struct right *right = &v->rights->right[i];
        if (!(right->sku_id && by_id) && !(right->sku_part_number && by_name))
            return true;
    }
    return false;
}

static const struct right *our_right(const struct right_case *v)
{
    for (size_t i = 0; i < v->rights->n_rights; i++)
        if (is_our_sku(v, v->rights->right[i].sku_id, v->rights->right[i].sku_part_number))
            return &v->rights->right[i];
    return NULL;
}

enum plan_found { PLAN_MISSING, PLAN_UNKNOWN, PLAN_FOUND };

static enum plan_found is_plan(const struct right_plan *p, const char *wanted)
{
    static const enum plan_found FOUND[] = {[PLAN_ON] = PLAN_FOUND,
                                            [PLAN_PENDING] = PLAN_FOUND,
                                            [PLAN_OFF] = PLAN_MISSING,
                                            [PLAN_UNCLEAR] = PLAN_UNKNOWN};
    if (text_equal_nocase(wanted, p->id) || text_equal_nocase(wanted, p->name))
        return FOUND[p->state];
    bool comparable = is_guid(wanted) ? p->id != NULL : p->name != NULL;
    return comparable || p->state == PLAN_OFF ? PLAN_MISSING : PLAN_UNKNOWN;
}

/* The plans of several rights of one SKU add up. */
static enum plan_found find_plan(const struct right_case *v, const char *plan)
{
    enum plan_found found = PLAN_MISSING;
    for (size_t i = 0; i < v->rights->n_rights; i++) {
        const struct right *right = &v->rights->right[i];
        if (!is_our_sku(v, right->sku_id, right->sku_part_number))
            continue;
        if (!right->plans_known)
            found = PLAN_UNKNOWN;
        for (size_t k = 0; k < right->n_plans; k++) {
            enum plan_found one = is_plan(&right->plan[k], plan);
            if (one == PLAN_FOUND)
                return one;
            found = one == PLAN_MISSING ? found : one;
        }
    }
    return found;
}

/* Counts the missing plans and appends their names to `t`. -ENODATA: a plan is unknown. */
static int missing_plans(const struct right_case *v, struct text *t)
{
    int n = 0;
    for (size_t i = 0; i < v->need->n_plans; i++) {
        enum plan_found found = find_plan(v, v->need->plan[i]);
        if (found == PLAN_UNKNOWN)
            return -ENODATA;
        if (found == PLAN_MISSING)
            text_addf(t, "%s%s", n++ ? " " : "", v->need->plan[i]);
    }
    return n;
}

/* ---- cause ---- */

static int find_wait(const struct right_case *v, struct alert_context *f, bool *ret_found)
{
    const struct principal_wait *first = NULL;
    for (size_t i = 0; i < v->rights->n_waits; i++) {
        const struct principal_wait *w = &v->rights->wait[i];
        if (is_our_sku(v, w->sku_id, w->sku_part_number) &&
            (!first || (w->since_at && w->since_at < first->since_at)))
            first = w;
    }
    *ret_found = first != NULL;
    if (!first)
        return 0;
    f->oldest_at = first->since_at;
    f->cause = CAUSE_WAITING;
    return text_copy(first->allotment_id, &f->allotment_id);
}

static int find_error(const struct right_case *v, struct alert_context *f, bool *ret_found)
{
    const struct principal_error *last = NULL;
    for (size_t i = 0; i < v->rights->n_errors; i++) {
        const struct principal_error *e = &v->rights->error[i];
        if (is_our_sku(v, e->sku_id, NULL) && (!last || e->occurred_at > last->occurred_at))
            last = e;
    }
    *ret_found = last != NULL;
    if (!last)
        return 0;
    f->cause = CAUSE_ASSIGNMENT_ERROR;
    return text_copy(last->code, &f->error_code);
}

static const struct assignment *our_assignment(const struct right_case *v, bool with_disabled_plans)
{
    for (size_t i = 0; i < v->rights->n_assignments; i++) {
        const struct assignment *a = &v->rights->assignment[i];
        if (is_our_sku(v, a->sku_id, a->sku_part_number) &&
            (!with_disabled_plans || a->n_disabled_plans > 0))
            return a;
    }
    return NULL;
}

static bool assignment_is_unclear(const struct right_case *v)
{
    for (size_t i = 0; i < v->rights->n_assignments; i++)
        if (!v->rights->assignment[i].sku_id && !v->rights->assignment[i].sku_part_number)
            return true;
    return v->rights->section[RIGHTS_ASSIGNMENTS] != SECTION_COMPLETE;
}

/* Sets the first cause that applies: member waits, assignment error, plan disabled, not assigned.
 * No cause is set if an earlier one may be in a list that was not read. */
static int find_cause(const struct right_case *v, bool whole_right, struct alert_context *f)
{
    const enum section *known = v->rights->section;
    bool found = false;
    int r = find_wait(v, f, &found);
    if (r < 0 || found || known[RIGHTS_WAITING] == SECTION_UNKNOWN)
        return r;
    r = find_error(v, f, &found);
    if (r < 0 || found || known[RIGHTS_ERRORS] == SECTION_UNKNOWN)
        return r;
    if (!whole_right)
        f->cause = our_assignment(v, true) ? CAUSE_PLAN_DISABLED : CAUSE_NONE;
    else if (our_assignment(v, false))
        f->cause = CAUSE_ASSIGNED;
    else
        f->cause = assignment_is_unclear(v) ? CAUSE_NONE : CAUSE_NOT_ASSIGNED;
    return 0;
}

/* ---- the observation ---- */

static int judge_rights_known(const struct right_case *v, struct observation *s, enum level bad)
{
    struct finding *f = &s->finding[0];
    const struct right *right = our_right(v);
    if (!right && one_may_be_ours(v))
        return 0;
    CLEANUP(text_free) struct text plans = TEXT_INIT(PLANS_TEXT_MAX);
    int n = right ? missing_plans(v, &plans) : 1, r = 0;
    if (n == -ENODATA)
        return 0;
    if (plans.error == -ENOMEM)
        return -ENOMEM;
    enum level level = n > 0 ? bad : LEVEL_NONE;
    finding_set(f, n, level, level);
    if (n == 0)
        return 0;
    if (plans.data)
        r = text_copy(plans.data, &s->context->missing_plans);
    return r < 0 ? r : find_cause(v, !right, s->context);
}

static int name_sku(const struct right_case *v, const struct rule_options *o,
                    struct alert_context *f)
{
    const struct right *right = v->rights ? our_right(v) : NULL;
    const char *id = right && right->sku_id ? right->sku_id : v->sku_id;
    const char *part = right && right->sku_part_number ? right->sku_part_number : v->part_number;
    if (!id && is_guid(v->need->sku))
        id = v->need->sku;
    if (!part && !is_guid(v->need->sku))
        part = v->need->sku;
    return context_set_sku(f, o, id, part);
}

static int fill(const struct judge_context *ctx, const struct right_case *v,
                const struct instant *now, struct observation *s)
{
    const struct right_need *need = v->need;
    enum level bad = need->critical ? LEVEL_CRITICAL : LEVEL_WARNING;
    struct threshold t = ctx->options->threshold[RULE_USAGE_RIGHT];
    t.off = false;
    t.limit[LEVEL_WARNING] = t.limit[LEVEL_CRITICAL] = (struct limit){0};
    t.limit[bad] = (struct limit){.on = true, .value = 1};
    s->n_findings = 1;
    finding_init(&s->finding[0], RULE_USAGE_RIGHT, &t);
    int r = right_subject(need, &s->subject);
    if (r >= 0)
        r = context_begin(ctx, now->at, &s->context);
    if (r >= 0)
        r = right_principal(ctx->options, need, &s->context->principal);
    if (r >= 0)
        r = name_sku(v, ctx->options, s->context);
    if (r < 0 || !v->rights)
        return r;
    s->finding[0].not_offered = v->rights->section[RIGHTS_HELD] == SECTION_NOT_OFFERED;
    return v->rights->section[RIGHTS_HELD] == SECTION_COMPLETE ? judge_rights_known(v, s, bad) : 0;
}

int judge_right(const struct judge_context *ctx, const struct right_need *need,
                const struct rights *rights, const char *sku_id, const char *part_number,
                const struct instant *now, struct observation *ret, struct failure *ret_failure)
{
    const struct right_case v = {
        .need = need, .rights = rights, .sku_id = sku_id, .part_number = part_number};
    struct observation s = {.kind = KIND_RIGHT};
    return observation_finish(&s, fill(ctx, &v, now, &s), ret, ret_failure);
}
