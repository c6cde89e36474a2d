/* SPDX-License-Identifier: MIT */
/* graphsim/generate.c: a tenant of any size, the same for the same seed. */
#include "base/clock.h"
#include "base/digest.h"
#include "graphsim/scenario.h"
#include "peers/read.h"
#include <errno.h>
#include <string.h>

#define POOLS_MAX 100000
#define ROWS_MAX 10000000
#define N_ERROR_GROUPS 12

static const char *const GENERATE[] = {"allotments", "waiting",      "errors", "seed",
                                       "services",   "full_percent", NULL};
static const char *const CODES[] = {"MissingDependency", "CountViolation",
                                    "MutuallyExclusiveViolation", "Other"};

struct plan {
    int64_t allotments, waiting, errors, seed, services, full_percent;
};

/* The i-th number of a sequence that seed and purpose decide; below `limit`. */
static int64_t draw(const struct plan *plan, const char *purpose, int64_t i, int64_t limit)
{
    uint64_t h = fnv1a(purpose, strlen(purpose), FNV1A_SEED ^ (uint64_t)plan->seed);
    h = fnv1a(&i, sizeof i, h);
    h ^= h >> 29; /* the low bits of FNV hardly know the last byte's neighbours */
    h *= UINT64_C(0xbf58476d1ce4e5b9);
    return (int64_t)((h >> 1) % (uint64_t)limit);
}

static const char *services_text(struct scenario *s, const char *sku_part, int64_t n)
{
    struct json_writer *w = json_writer_new((size_t)16 << 20);
    if (!w)
        abort();
    json_open_array(w, NULL);
    for (int64_t i = 0; i < n; i++) {
        const char *name = scenario_text(s, "%s_PLAN_%lld", sku_part, (long long)i);
        json_open_object(w, NULL);
        json_put_string(w, "@odata.type", "microsoft.graph.cloudLicensing.service");
        json_put_string(w, "assignableTo", i % 3 ? "user,group" : "none");
        json_put_string(w, "planId", scenario_guid(s, name));
        json_put_string(w, "planName", name);
        json_close_object(w);
    }
    json_close_array(w);
    return scenario_json(s, w);
}

static const char *subscription_text(struct scenario *s, const struct plan *plan, int64_t i,
                                     const char *pool_id)
{
    char from[READ_TIME_MAX], until[READ_TIME_MAX], shift[32];
    (void)snprintf(shift, sizeof shift, "@today+%lldd", 35 + (long long)draw(plan, "end", i, 300));
    return scenario_text(
        s,
        "[{\"@odata.type\":\"#microsoft.graph.cloudLicensing.subscription\",\"subscriptionId\":"
        "\"%s\",\"nextLifecycleDate\":\"%sT00:00:00.000Z\",\"startDate\":\"%sT00:00:00.000Z\","
        "\"state\":\"active\",\"tags\":\"none\"}]",
        scenario_guid(s, pool_id), read_time(shift, s->read_at, until),
        read_time("@today-200d", s->read_at, from));
}

static bool is_full(const struct plan *plan, int64_t i)
{
    return draw(plan, "full", i, 100) < plan->full_percent;
}

/* The waiting room of the j-th full pool of `n_full`: uneven, and adding up to all of them. */
static int64_t room_of(const struct plan *plan, int64_t j, int64_t n_full)
{
    int64_t before = plan->waiting * (j * j) / (n_full * n_full);
    return plan->waiting * ((j + 1) * (j + 1)) / (n_full * n_full) - before;
}

static void generate_pools(struct scenario *s, const struct plan *plan, const char *tenant_id,
                           struct state *state)
{
    const char *parts[GENERATED_SKUS], *skus[GENERATED_SKUS];
    int64_t n_full = 0, j = 0;
    if (s->n_services != plan->services)
        memset(s->services, 0, sizeof s->services);
    s->n_services = plan->services;
    for (size_t k = 0; k < GENERATED_SKUS; k++) {
        parts[k] = scenario_text(s, "GENERATED_SKU_%02zu", k);
        skus[k] = scenario_guid(s, parts[k]);
    }
    state->n_pools = (size_t)plan->allotments;
    state->pools = scenario_alloc(s, state->n_pools, sizeof *state->pools);
    for (int64_t i = 0; i < plan->allotments; i++)
        n_full += is_full(plan, i);
    for (int64_t i = 0; i < plan->allotments; i++) {
        struct pool *pool = &state->pools[i];
        size_t k = (size_t)draw(plan, "sku", i, GENERATED_SKUS);
        bool full = is_full(plan, i);
        if (!s->services[k])
            s->services[k] = services_text(s, parts[k], plan->services);
        pool->id = scenario_guid(
            s, scenario_text(s, "%s/%lld/%lld", tenant_id, (long long)plan->seed, (long long)i));
        pool->sku_id = skus[k];
        pool->sku_part = parts[k];
        pool->allotted = 10 + draw(plan, "units", i, 5000);
        pool->consumed = full ? pool->allotted : pool->allotted * draw(plan, "use", i, 89) / 100;
        pool->assignable_to = "user,group";
        pool->services = s->services[k];
        pool->subscriptions = subscription_text(s, plan, i, pool->id);
        if (!full)
            continue;
        pool->waiting.groups = scenario_alloc(s, 1, sizeof *pool->waiting.groups);
        pool->waiting.n_groups = 1;
        pool->waiting.total = room_of(plan, j++, n_full);
        pool->waiting.groups[0] = (struct group){.count = pool->waiting.total,
                                                 .since = s->read_at - 10 * USEC_PER_DAY,
                                                 .every = USEC_PER_SEC,
                                                 .id = pool->id};
    }
}

static void generate_errors(struct scenario *s, const struct plan *plan, const char *tenant_id,
                            struct rows *ret)
{
    ret->groups = scenario_alloc(s, N_ERROR_GROUPS, sizeof *ret->groups);
    ret->n_groups = N_ERROR_GROUPS;
    ret->total = plan->errors;
    for (int64_t i = 0; i < N_ERROR_GROUPS; i++) {
        int64_t before = plan->errors * i / N_ERROR_GROUPS;
        const char *part = scenario_text(s, "GENERATED_SKU_%02lld", (long long)i / 2);
        ret->groups[i] =
            (struct group){.count = plan->errors * (i + 1) / N_ERROR_GROUPS - before,
                           .since = s->read_at - 20 * USEC_PER_DAY,
                           .every = USEC_PER_SEC,
                           .id = scenario_text(s, "%s/errors/%lld", tenant_id, (long long)i),
                           .code = CODES[i % (int64_t)N_ELEMENTS(CODES)],
                           .sku_id = scenario_guid(s, part)};
    }
}

int generate_state(struct scenario *s, const struct json *object, const char *tenant_id,
                   struct state *state, struct failure *ret_failure)
{
    struct plan plan = {.seed = 1, .services = 40, .full_percent = 23};
    struct {
        const char *key;
        int64_t max, *to;
    } ints[] = {
        {"allotments", POOLS_MAX, &plan.allotments}, {"waiting", ROWS_MAX, &plan.waiting},
        {"errors", ROWS_MAX, &plan.errors},          {"seed", INT32_MAX, &plan.seed},
        {"services", 200, &plan.services},           {"full_percent", 100, &plan.full_percent}};
    int r = read_members(object, "generate", GENERATE, ret_failure);
    for (size_t i = 0; i < N_ELEMENTS(ints) && r >= 0; i++)
        r = read_int(object, ints[i].key, 0, ints[i].max, ints[i].to, ret_failure);
    if (r < 0)
        return r;
    generate_pools(s, &plan, tenant_id, state);
    generate_errors(s, &plan, tenant_id, &state->errors);
    return 0;
}
