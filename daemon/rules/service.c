/* SPDX-License-Identifier: MIT */
/* rules/service.c: evaluates whether many tenants fail for the same reason, and withholds their own
 * poll alerts then. */
#include "base/text.h"
#include "rules/internal.h"
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TENANTS_MIN 3
/* How long the first failing tenants wait for the polls of the others, as tenants are polled one
 * after the other. About an interval and a poll with default settings; fixed, so that long
 * intervals do not delay alerts. */
#define GATHER (10 * USEC_PER_MINUTE)

/* ---- counting ---- */

/* A tenant that has notified by itself already is not counted. */
static enum cause counted_as(const struct service_tenant *t)
{
    return t->notified > LEVEL_NONE ? CAUSE_NONE : t->state.failure_group;
}

void service_count(const struct service_tenant *tenant, size_t n, struct service_tally *ret)
{
    struct service_tally t = {.most = CAUSE_NETWORK}; /* the winner of a tie */
    for (size_t i = 0; i < n; i++) {
        t.tenants += tenant[i].notified == LEVEL_NONE;
        t.alike[counted_as(&tenant[i])]++;
    }
    for (int c = CAUSE_NONE + 1; c < CAUSE_COUNT_; c++)
        if (t.alike[c] > t.alike[t.most])
            t.most = (enum cause)c;
    t.failing = t.alike[t.most];
    for (size_t i = 0; i < n; i++) {
        bool due = counted_as(&tenant[i]) == t.most && tenant[i].asked_mono;
        if (due && tenant[i].state.level > t.level)
            t.level = tenant[i].state.level;
    }
    t.begins = t.tenants / 2 + t.tenants % 2;
    if (t.begins < TENANTS_MIN)
        t.begins = TENANTS_MIN;
    t.lasts = t.tenants < TENANTS_MIN ? t.begins : t.begins / 2 + t.begins % 2;
    *ret = t;
}

/* ---- withholding poll alerts ---- */

/* Counts tenants that were not polled since this one began to fail, and may fail for the same
 * reason. */
static size_t undecided(const struct service_tenant *tenant, size_t n, const struct service_tenant *t)
{
    size_t open = 0;
    for (size_t i = 0; i < n; i++)
        open += tenant[i].notified == LEVEL_NONE && tenant[i].asked_mono < t->began_mono &&
                tenant[i].state.failure_group != t->state.failure_group;
    return open;
}

bool service_holds(const struct service_tenant *tenant, size_t n, size_t which,
                   const struct service_tally *tally, const struct service_alert *alert,
                   usec_t now_mono)
{
    const struct service_tenant *t = &tenant[which];
    enum cause group = t->state.failure_group;
    size_t alike = tally->alike[group];
    if (group == CAUSE_NONE)
        return false;
    if (t->asked_mono == 0)
        return true; /* state from the database was notified before the restart, or was not due */
    if (alert->failure_group)
        return group == alert->failure_group || alike >= tally->lasts;
    if (alert->fell_mono && t->asked_mono < alert->fell_mono && now_mono < alert->fell_mono + GATHER)
        return true;
    return t->began_mono && now_mono < t->began_mono + GATHER &&
           alike + undecided(tenant, n, t) >= tally->begins;
}

/* ---- the observation ---- */

/* A tenant with the majority cause, if there is one (Boyer-Moore majority vote); else any. */
static const struct service_tenant *example(const struct service_tenant *tenant, size_t n, enum cause group)
{
    const struct service_tenant *e = NULL;
    size_t lead = 0;
    for (size_t i = 0; i < n; i++) {
        if (counted_as(&tenant[i]) != group)
            continue;
        if (lead == 0)
            e = &tenant[i];
        lead = e->state.cause == tenant[i].state.cause ? lead + 1 : lead - 1;
    }
    return e;
}

static int longer_first(const void *a, const void *b)
{
    usec_t x = *(const usec_t *)a, y = *(const usec_t *)b;
    return (x < y) - (x > y);
}

/* The time for which at least `wanted` tenants have failed with this failure_group. */
static int failing_for(const struct service_tenant *tenant, size_t n, enum cause group, size_t wanted,
                       usec_t *ret)
{
    CLEANUP(free) usec_t *age = calloc(n, sizeof *age);
    size_t k = 0;
    if (!age)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++)
        if (counted_as(&tenant[i]) == group)
            age[k++] = tenant[i].state.age;
    assert(k > 0);
    qsort(age, k, sizeof *age, longer_first);
    *ret = age[(wanted < k ? wanted : k) - 1];
    return 0;
}

static int name_host(const struct service_tenant *tenant, size_t n, enum cause group,
                     struct alert_context *f)
{
    const char *host = NULL;
    bool others = false;
    for (size_t i = 0; i < n; i++) {
        if (counted_as(&tenant[i]) != group || !tenant[i].host)
            continue;
        others |= host && !text_equal(host, tenant[i].host);
        host = host ? host : tenant[i].host;
    }
    if (!others)
        return text_copy(host, &f->host);
    f->host = text_printf("%s and other hosts", host);
    return f->host ? 0 : -ENOMEM;
}

static int fill_context(const struct service_tenant *tenant, size_t n,
                        const struct service_tally *tally, const struct instant *now,
                        struct alert_context *f)
{
    usec_t age = 0;
    f->observed_at = now->at;
    f->tenants = (int64_t)tally->tenants;
    f->tenants_failing = (int64_t)(n - tally->alike[CAUSE_NONE]);
    if (tally->failing < tally->lasts)
        return 0; /* the alert ends; tenants that still fail have alerts of their own */
    const struct service_tenant *e = example(tenant, n, tally->most);
    f->tenants_failing = (int64_t)tally->failing;
    f->tenants_read = 0;
    int r = failing_for(tenant, n, tally->most, tally->begins, &age);
    if (r >= 0)
        r = name_host(tenant, n, tally->most, f);
    if (r < 0)
        return r;
    usec_t since_mono = now->mono > age ? now->mono - age : 0;
    usec_t since_at = now->at > age ? now->at - age : 0;
    f->failing_since_at = since_at - since_at % USEC_PER_SEC; /* no change by clock jitter */
    for (size_t i = 0; i < n; i++)
        f->tenants_read += tenant[i].notified == LEVEL_NONE && !tenant[i].state.cause &&
                           tenant[i].asked_mono >= since_mono;
    return poll_context(&e->state, e->health, f);
}

int judge_service(const struct service_tenant *tenant, size_t n, const struct service_tally *tally,
                  usec_t keep_firing_for, const struct instant *now, struct observation *ret,
                  struct failure *ret_failure)
{
    struct observation s = {.kind = KIND_SERVICE, .subject = strdup(""), .n_findings = 1};
    s.finding[0] = (struct finding){
        .rule = RULE_SERVICE,
        .state = FINDING_KNOWN,
        .raise = tally->failing >= tally->begins ? tally->level : LEVEL_NONE,
        .keep = tally->failing >= tally->lasts ? LEVEL_CRITICAL : LEVEL_NONE,
        .value = (int64_t)tally->failing,
        .threshold = {NUMBER_UNKNOWN, (int64_t)tally->begins, (int64_t)tally->begins},
        .unit = rule_row(RULE_SERVICE)->unit,
        .keep_firing_for = keep_firing_for,
        .min_samples = 1,
    };
    int r = s.subject ? context_new(&s.context) : -ENOMEM;
    if (r >= 0)
        r = fill_context(tenant, n, tally, now, s.context);
    return observation_finish(&s, r, ret, ret_failure);
}
