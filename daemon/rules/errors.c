/* SPDX-License-Identifier: MIT */
/* rules/errors.c: evaluates assignment errors: one observation per group, which is a SKU and an
 * error code.
 *
 * A level clears only at half of its limit or below, because the number of unfixed errors
 * fluctuates by a few for years.
 *
 * Groups beyond SNAPSHOT_ERROR_GROUPS_MAX are counted together as one group, "other". While there
 * is such a group, one that is not listed may be in it and is unknown, not absent.
 *
 * A group that is no longer listed has 0 errors for MEMORY_RETENTION, so that its alert clears by the
 * usual rules. */
#include "base/text.h"
#include "rules/internal.h"
#include <errno.h>
#include <string.h>

#define OTHER "other" /* no conflict: all other subjects contain a slash */
/* Limit of remembered groups, listed ones included, while unlisted ones may be in "other". */
#define GROUPS_KEPT (2 * SNAPSHOT_ERROR_GROUPS_MAX)

struct seen_group {
    char *subject;
    const struct error_group *group; /* NULL: not in the list */
    const struct known_group *past;  /* NULL: new */
};

/* Lower case: the subject must not depend on the letter case of an id in a response. */
static char *subject_of(const char *sku_id, const char *code)
{
    return lower_case(text_printf("%s/%s", sku_id ? sku_id : "-", code));
}

static int compare_seen(const void *a, const void *b)
{
    return strcmp(((const struct seen_group *)a)->subject, ((const struct seen_group *)b)->subject);
}

static void seen_free(struct seen_group *s, size_t n)
{
    for (size_t i = 0; s && i < n; i++)
        free(s[i].subject);
    free(s);
}

/* A group that reappears counts as new. */
static usec_t first_seen(const struct tenant_evaluation *e, const struct seen_group *s)
{
    bool came_back = s->past && s->group && s->past->absent_since.boot != 0;
    return s->past && !came_back ? s->past->first_seen_at : e->snapshot->taken.at;
}

static int remember(struct tenant_evaluation *e, const struct seen_group *s, const char *sku_id,
                    const char *code, struct instant absent_since)
{
    struct known_group *dst = &e->after->group[e->after->n_groups];
    *dst = (struct known_group){.first_seen_at = first_seen(e, s), .absent_since = absent_since};
    e->after->n_groups++; /* tenant_memory_free takes apart a half-built one */
    bool copied = text_copy(s->subject, &dst->subject) >= 0 &&
                  text_copy(sku_id, &dst->sku_id) >= 0 && text_copy(code, &dst->code) >= 0;
    return copied ? 0 : -ENOMEM;
}

static int judge_group(struct tenant_evaluation *e, struct groups *g, const struct seen_group *s,
                       bool known)
{
    const struct rule_options *o = e->ctx->options;
    const struct instant *now = &e->snapshot->taken;
    const char *sku_id = s->group ? s->group->sku_id : s->past->sku_id;
    const char *code = s->group ? s->group->code : s->past->code;
    struct instant absent_since = s->past ? s->past->absent_since : (struct instant){0};
    if (known && s->group)
        absent_since = (struct instant){0};
    else if (known && absent_since.boot == 0)
        absent_since = *now;
    if (known && !s->group && instant_since(&absent_since, now) >= MEMORY_RETENTION)
        return 0;
    int r = remember(e, s, sku_id, code, absent_since);
    if (r < 0)
        return r;

    struct threshold t[RULE_COUNT_];
    const char *part;
    r = groups_part_number(g, sku_id, &part);
    if (r < 0)
        return r;
    enum ignore ignore = rules_for(o, e->ctx->tenant, sku_id, part, NULL, t);
    if (ignore == IGNORE_ALL)
        return 0;
    struct observation *observation = judging_observation(e, KIND_ERRORS, strdup(s->subject));
    if (!observation)
        return -ENOMEM;
    bool costs_nothing = sku_id && product_is_free(sku_id, part);
    observation->silent = ignore == IGNORE_ALERTS || (costs_nothing && !o->watch_free_skus);
    observation->n_findings = 1;
    finding_init(&observation->finding[0], RULE_ASSIGNMENT_ERRORS, &t[RULE_ASSIGNMENT_ERRORS]);
    if (known) {
        int64_t count = s->group ? s->group->count : 0;
        enum level level = level_at_least(&t[RULE_ASSIGNMENT_ERRORS], count);
        enum level keep = level_at_least(&t[RULE_ASSIGNMENT_ERRORS], 2 * count - 1);
        finding_set(&observation->finding[0], count, level, keep > level ? keep : level);
        observation->context->error_count = count;
        if (s->group)
            observation->context->errors_since_at = first_seen(e, s);
    }
    r = text_copy(code, &observation->context->error_code);
    if (r >= 0 && sku_id)
        r = context_set_sku(observation->context, o, sku_id, part);
    return r;
}

int errors_judge(struct tenant_evaluation *e, struct groups *g)
{
    const struct snapshot *s = e->snapshot;
    const struct tenant_memory *m = e->before;
    /* An emptied list of pools makes the errors implausible, too. */
    bool known = s->errors == SECTION_COMPLETE && !e->after->emptied;
    const struct error_group other = {.code = (char[]){OTHER}, .count = known ? s->other_errors : 0};
    size_t n_groups = known ? s->n_error_groups : 0, n = 0;
    size_t most = n_groups + m->n_groups + (other.count > 0);
    if (most == 0)
        return 0;
    e->after->group = calloc(most, sizeof *e->after->group);
    struct seen_group *seen = calloc(most, sizeof *seen);
    int r = seen && e->after->group ? 0 : -ENOMEM;
    for (size_t i = 0; r >= 0 && i < n_groups; i++, n++) {
        seen[n] = (struct seen_group){.group = &s->error_group[i]};
        seen[n].subject = subject_of(s->error_group[i].sku_id, s->error_group[i].code);
        r = seen[n].subject ? 0 : -ENOMEM;
    }
    for (size_t i = 0; r >= 0 && i < m->n_groups; i++, n++) {
        seen[n] = (struct seen_group){.past = &m->group[i]};
        seen[n].subject = strdup(m->group[i].subject);
        r = seen[n].subject ? 0 : -ENOMEM;
    }
    if (r >= 0 && other.count > 0) {
        seen[n] = (struct seen_group){.group = &other, .subject = strdup(OTHER)};
        r = seen[n++].subject ? 0 : -ENOMEM;
    }
    if (r >= 0)
        qsort(seen, n, sizeof *seen, compare_seen);
    for (size_t i = 0; r >= 0 && i < n; i++) {
        struct seen_group both = seen[i];
        if (i + 1 < n && strcmp(seen[i].subject, seen[i + 1].subject) == 0) {
            i++;
            both.group = both.group ? both.group : seen[i].group;
            both.past = both.past ? both.past : seen[i].past;
        }
        bool folded = other.count > 0 && !both.group;
        if (folded && e->after->n_groups >= GROUPS_KEPT)
            continue; /* no observation: its alert, if there is one, stays as it is */
        r = judge_group(e, g, &both, known && !folded);
    }
    seen_free(seen, n);
    return r;
}
