/* SPDX-License-Identifier: MIT */
/* graphsim/scenario.c: a scenario file becomes tenants and their states. */
#include "graphsim/scenario.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/text.h"
#include "graphsim/sim.h"
#include "peers/read.h"
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#define COPIES_MAX 10000
#define GUID_TAIL 12 /* characters of the last part of a GUID */

const char *const ENDPOINTS[N_ENDPOINTS] = {"token",          "allotments",       "allotment",
                                            "waitingMembers", "assignmentErrors", "subscribedSkus",
                                            "subscriptions",  "identity",         "usageRights",      "usageRight",
                                            "rightAssignments", "userAssignments", "userWaiting",
                                            "userErrors",     "licenseDetails",  "application", "allotmentAssignments"};

static const char *const TOP[] = {"note", "tenants", "faults", "latency_ms", "gzip", "version", NULL};
static const char *const TENANT[] = {"note",      "id",        "copies",         "domains",
                                     "client_id", "scope",     "states",         "allotments",
                                     "errors",    "generate",  "subscribedSkus", "client_secret",
                                     "sign_in",   "page_size", "page_max",       "inline_limit",
                                     "inline",    "refuse",    "token_life_s",   "deny",
                                     "absent",    "certificates", "federated", "identity",
                                     "people",    "companySubscriptions", "application",
                                     NULL};
static const char *const STATE[] = {"note",          "when",         "revoke_tokens",  "allotments",
                                    "change",        "remove",       "errors",         "generate",
                                    "sign_in",       "page_size",    "page_max",       "inline",
                                    "client_secret", "refuse",       "deny",           "absent",
                                    "token_life_s",  "inline_limit", "subscribedSkus", "certificates",
                                    "federated",     "people",       "companySubscriptions", "application",
                                    NULL};

size_t endpoint_index(const char *word)
{
    size_t i = 0;
    while (i < N_ENDPOINTS && strcmp(ENDPOINTS[i], word) != 0)
        i++;
    return i;
}

static void keep(struct scenario *s, void *memory)
{
    if ((s->n_kept & (s->n_kept + 1)) == 0 || !s->kept) { /* grows when a power of two is full */
        s->kept = realloc(s->kept, 2 * (s->n_kept + 1) * sizeof *s->kept);
        if (!s->kept)
            abort();
    }
    if (!memory)
        abort();
    s->kept[s->n_kept++] = memory;
}

void *scenario_alloc(struct scenario *s, size_t n, size_t size)
{
    void *memory = calloc(n ? n : 1, size);
    keep(s, memory);
    return memory;
}

const char *scenario_text(struct scenario *s, const char *fmt, ...)
{
    char *text = NULL;
    va_list ap;
    va_start(ap, fmt);
    if (vasprintf(&text, fmt, ap) < 0)
        abort();
    va_end(ap);
    keep(s, text);
    return text;
}

const char *scenario_json(struct scenario *s, struct json_writer *w)
{
    char *text;
    size_t len;
    if (json_write_take(w, &text, &len) < 0)
        abort();
    json_writer_free(w);
    keep(s, text);
    return text;
}

const char *scenario_guid(struct scenario *s, const char *name)
{
    uint64_t high = fnv1a(name, strlen(name), FNV1A_SEED);
    uint64_t low = fnv1a(&high, sizeof high, high);
    return scenario_text(s, "%08x-%04x-4%03x-8%03x-%012llx", (unsigned)(high >> 32),
                         (unsigned)(high >> 16 & 0xffff), (unsigned)(high & 0xfff),
                         (unsigned)(low >> 52), (unsigned long long)(low & 0xffffffffffff));
}

static int compare_ids(const void *a, const void *b)
{
    const struct pool *const *x = a, *const *y = b;
    return strcmp((*x)->id, (*y)->id);
}

static void index_pools(struct scenario *s, struct state *state)
{
    state->by_id = scenario_alloc(s, state->n_pools, sizeof(struct pool *));
    for (size_t i = 0; i < state->n_pools; i++)
        state->by_id[i] = &state->pools[i];
    qsort(state->by_id, state->n_pools, sizeof(struct pool *), compare_ids);
}

const struct pool *state_pool(const struct state *s, const char *id)
{
    struct pool key = {.id = id}, *p = &key;
    struct pool **found =
        s->n_pools ? bsearch(&p, s->by_id, s->n_pools, sizeof p, compare_ids) : NULL;
    return found ? *found : NULL;
}

static int read_pools(struct scenario *s, const struct json *array, struct state *state,
                      struct failure *ret_failure)
{
    state->pools = scenario_alloc(s, json_count(array), sizeof *state->pools);
    state->n_pools = 0;
    for (const struct json *object = json_first(array); object; object = json_next(object)) {
        int r = pool_read(s, object, &state->pools[state->n_pools++], ret_failure);
        if (r < 0)
            return r;
    }
    return 0;
}

/* "remove" and "change" work on a copy of what the state before holds. */
static int alter_pools(struct scenario *s, const struct json *remove, const struct json *change,
                       struct state *state, struct failure *ret_failure)
{
    size_t room = state->n_pools + (change ? json_count(change) : 0), n = 0;
    struct pool *pools = scenario_alloc(s, room, sizeof *pools);
    for (size_t i = 0; i < state->n_pools; i++) {
        const struct json *id = remove ? json_first(remove) : NULL;
        while (id && strcmp(json_text(id), state->pools[i].id) != 0)
            id = json_next(id);
        if (!id)
            pools[n++] = state->pools[i];
    }
    const struct json *object = change ? json_first(change) : NULL;
    for (int r = 0; object; object = json_next(object)) {
        const char *id = NULL;
        r = read_string(object, "id", &id, ret_failure);
        size_t i = 0;
        while (i < n && id && strcmp(pools[i].id, id) != 0)
            i++;
        if (r >= 0)
            r = pool_read(s, object, &pools[i], ret_failure); /* an unknown id: a new pool */
        if (r < 0)
            return r;
        n += i == n;
    }
    state->pools = pools;
    state->n_pools = n;
    return 0;
}

static int read_state(struct scenario *s, const struct json *object, const char *tenant_id,
                      struct state *state, struct failure *ret_failure)
{
    const struct json *pools = NULL, *change = NULL, *remove = NULL, *generate = NULL;
    const struct json *errors = json_get(object, "errors");
    int r = manners_read(object, &state->manners, ret_failure);
    if (r >= 0)
        r = read_bool(object, "revoke_tokens", &state->revoke_tokens, ret_failure);
    if (r >= 0)
        r = read_object(object, "generate", &generate, ret_failure);
    if (r >= 0)
        r = read_array(object, "allotments", &pools, ret_failure);
    if (r >= 0)
        r = read_array(object, "change", &change, ret_failure);
    if (r >= 0)
        r = scenario_words(object, "remove", &remove, NULL, ret_failure);
    if (r >= 0)
        r = read_array(object, "subscribedSkus", &state->skus, ret_failure);
    if (r >= 0)
        r = read_array(object, "companySubscriptions", &state->companies, ret_failure);
    if (r >= 0)
        r = application_read(object, &state->application, ret_failure);
    if (r >= 0)
        r = people_read(object, ret_failure);
    if (r >= 0 && json_get(object, "people"))
        state->people = json_get(object, "people");
    if (r >= 0 && generate)
        r = generate_state(s, generate, tenant_id, state, ret_failure);
    if (r >= 0 && pools)
        r = read_pools(s, pools, state, ret_failure);
    if (r >= 0 && (change || remove))
        r = alter_pools(s, remove, change, state, ret_failure);
    if (r >= 0 && errors)
        r = rows_read(s, errors, scenario_text(s, "error-%s", tenant_id), &state->errors,
                      ret_failure);
    if (r < 0)
        return r;
    index_pools(s, state);
    return 0;
}

static int read_states(struct scenario *s, const struct json *object, struct tenant *t,
                       struct failure *ret_failure)
{
    const struct json *array = NULL;
    struct state base = {.manners = {.token_life_s = 3599,
                                     .page_size = 100,
                                     .page_max = 999,
                                     .inline_limit = 100,
                                     .client_secret = "secret"}};
    int r = read_state(s, object, t->id, &base, ret_failure);
    if (r >= 0)
        r = read_array(object, "states", &array, ret_failure);
    if (r < 0)
        return r;
    size_t n = array ? json_count(array) : 0;
    if (n > STATES_MAX)
        return failure_set(ret_failure, FAILURE_CONFIG, E2BIG, "too many states");
    t->states = scenario_alloc(s, n + 1, sizeof *t->states);
    t->states[t->n_states++] = base;
    for (const struct json *one = n ? json_first(array) : NULL; one; one = json_next(one)) {
        struct state next = t->states[t->n_states - 1];
        bool merged = t->n_states == 1 && one == json_first(array) && !json_get(one, "when");
        next.revoke_tokens = false;
        r = read_members(one, "state", STATE, ret_failure);
        if (r >= 0)
            r = when_read(one, &next, ret_failure);
        if (r >= 0 && !merged && !json_get(one, "when"))
            r = failure_set(ret_failure, FAILURE_CONFIG, EINVAL, "\"when\" is missing");
        if (r >= 0)
            r = read_state(s, one, t->id, &next, ret_failure);
        if (r < 0)
            return failure_prefix(ret_failure, r, "state %zu", t->n_states);
        t->states[merged ? 0 : t->n_states++] = next;
    }
    return 0;
}

static int read_tenant(struct scenario *s, const struct json *object, int64_t copy,
                       struct tenant *t, struct failure *ret_failure)
{
    const struct json *identity = NULL;
    t->scope = "https://graph.microsoft.com/.default";
    int r = read_members(object, "tenant", TENANT, ret_failure);
    if (r >= 0)
        r = read_string(object, "id", &t->id, ret_failure);
    if (r >= 0)
        r = read_string(object, "client_id", &t->client_id, ret_failure);
    if (r >= 0)
        r = read_string(object, "scope", &t->scope, ret_failure);
    if (r >= 0)
        r = scenario_words(object, "domains", &t->domains, NULL, ret_failure);
    if (r >= 0)
        r = read_object(object, "identity", &identity, ret_failure);
    if (r >= 0 && identity)
        r = identity_read(identity, &t->identity, ret_failure);
    if (r >= 0 && (!t->id || !t->client_id))
        r = failure_set(ret_failure, FAILURE_CONFIG, EINVAL, "\"id\" and \"client_id\" are needed");
    if (r < 0)
        return r;
    size_t len = strlen(t->id);
    if (copy > 0 && len > GUID_TAIL)
        t->id = scenario_text(s, "%.*s%012lld", (int)(len - GUID_TAIL), t->id, (long long)copy);
    return read_states(s, object, t, ret_failure);
}

static int read_tenants(struct scenario *s, const struct json *array, struct failure *ret_failure)
{
    size_t n = 0;
    int r = 0;
    for (const struct json *one = json_first(array); one && r >= 0; one = json_next(one)) {
        int64_t copies = 1;
        r = read_int(one, "copies", 1, COPIES_MAX, &copies, ret_failure);
        n += (size_t)copies;
    }
    s->tenants = scenario_alloc(s, n, sizeof *s->tenants);
    size_t number = 0;
    for (const struct json *one = json_first(array); one && r >= 0; one = json_next(one)) {
        int64_t copies = 1;
        (void)json_get_int(one, "copies", 1, COPIES_MAX, &copies);
        number++;
        for (int64_t copy = 0; copy < copies && r >= 0; copy++)
            r = read_tenant(s, one, copy, &s->tenants[s->n_tenants++], ret_failure);
        if (r < 0)
            return failure_prefix(ret_failure, r, "tenant %zu", number);
    }
    return r;
}

int scenario_read(const char *path, struct scenario **ret, struct failure *ret_failure)
{
    CLEANUP(scenario_free) struct scenario *s = calloc(1, sizeof *s);
    if (!s)
        return failure_oom(ret_failure);
    struct instant now = clock_now();
    const struct json *tenants = NULL, *faults = NULL;
    int64_t latency_ms = 0;
    s->read_at = now.at;
    s->read_mono = now.mono;
    s->gzip = true;
    s->version = "beta";
    int r = read_file(path, &s->root, ret_failure);
    if (r < 0)
        return r;
    r = read_members(s->root, "scenario", TOP, ret_failure);
    if (r >= 0)
        r = read_int(s->root, "latency_ms", 0, 60000, &latency_ms, ret_failure);
    if (r >= 0)
        r = read_bool(s->root, "gzip", &s->gzip, ret_failure);
    if (r >= 0)
        r = read_string(s->root, "version", &s->version, ret_failure);
    if (r >= 0)
        r = read_array(s->root, "tenants", &tenants, ret_failure);
    if (r >= 0)
        r = read_array(s->root, "faults", &faults, ret_failure);
    if (r >= 0 && !tenants)
        r = failure_set(ret_failure, FAILURE_CONFIG, EINVAL, "\"tenants\" is missing");
    if (r >= 0)
        r = read_tenants(s, tenants, ret_failure);
    if (r >= 0)
        r = script_read(faults, FAULT_MEMBERS, &s->script, ret_failure);
    if (r < 0)
        return failure_prefix(ret_failure, r, "%s", path);
    s->latency = (usec_t)latency_ms * 1000;
    *ret = TAKE(s);
    return 0;
}

void scenario_free(struct scenario *s)
{
    if (!s)
        return;
    script_free(s->script);
    for (size_t i = 0; i < s->n_kept; i++)
        free(s->kept[i]);
    free(s->kept);
    json_free(s->root);
    free(s);
}

struct tenant *scenario_tenant(const struct scenario *s, const char *name)
{
    for (size_t i = 0; i < s->n_tenants; i++) {
        struct tenant *t = &s->tenants[i];
        if (text_equal_nocase(t->id, name))
            return t;
        const struct json *domain = t->domains ? json_first(t->domains) : NULL;
        for (; domain; domain = json_next(domain))
            if (text_equal_nocase(json_text(domain), name))
                return t;
    }
    return NULL;
}

const struct state *tenant_state(const struct tenant *t)
{
    return &t->states[t->state];
}
