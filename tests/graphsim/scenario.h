/* SPDX-License-Identifier: MIT */
/* graphsim/scenario.h: the tenants of a scenario file, each a row of states.
 *
 * Read once, then constant but for the counters of a tenant. A state that leaves something out has
 * it from the state before. tests/scenarios/README.md says what every member means. */
#pragma once
#include "base/cleanup.h"
#include "base/failure.h"
#include "peers/script.h"
#include "json/json.h"
#include <stdbool.h>
#include <stdint.h>

/* Rows of one kind that look alike: a single one as the file shows it, or `count` made-up ones. */
struct group {
    const struct json *row; /* NULL: made up */
    int64_t count;
    usec_t since, every;        /* instant of the first row, and the step to the next */
    const char *id;             /* made-up ids grow from it */
    const char *code, *message; /* of an assignment error; NULL: not given */
    const char *sku_id;         /* of an assignment error; NULL: null */
};
struct rows {
    struct group *groups; /* owned by the scenario */
    size_t n_groups;
    int64_t total;
};

struct pool {
    const char *id;
    const char *sku_id, *sku_part; /* NULL: null */
    int64_t allotted, consumed;
    const char *assignable_to;
    const char *services, *subscriptions; /* JSON text */
    const struct json *raw;  /* members that are added or take the place of ours; NULL: none */
    const struct json *json; /* the same, each value JSON text that is put there unseen */
    struct rows waiting, assignments; /* assignments: rows as they are, no groups */
};

enum inline_mode { INLINE_LINK, INLINE_TRUNCATE, INLINE_OMIT };
enum refusal { REFUSE_SELECT = 1, REFUSE_TOP = 2, REFUSE_EXPAND = 4, REFUSE_FILTER = 8 };

/* How a tenant behaves, apart from what it holds. */
struct manners {
    const char *client_secret;
    int64_t sign_in; /* number of the AADSTS error that every token request gets; 0: none */
    const struct json *certificates; /* of the application: PEM text or files; NULL: none */
    const struct json *federated;    /* issuers that it trusts; NULL: none */
    int64_t token_life_s;
    int64_t page_size;    /* rows without $top */
    int64_t page_max;     /* rows at most, whatever $top says; page_size, where that was given */
    int64_t inline_limit; /* waiting members within an allotment */
    enum inline_mode inline_mode;
    unsigned refuse;         /* query options that are answered with 400 */
    const struct json *deny; /* endpoints that are answered with 403; NULL: none */
    int64_t absent;          /* status of the whole Cloud Licensing API; 0: it is there */
};

enum when { WHEN_AT_ONCE, WHEN_POLL, WHEN_AFTER_S, WHEN_AFTER_REQUESTS, WHEN_SIGNAL };

struct state {
    enum when when; /* it takes over from the state before */
    int64_t when_n; /* poll or number of requests */
    usec_t when_after;
    const char *when_path;
    bool revoke_tokens;
    struct manners manners;
    struct pool *pools; /* in the order of the list; owned by the scenario */
    size_t n_pools;
    struct pool **by_id; /* the same, sorted */
    struct rows errors;
    const struct json *skus, *companies; /* of the older source; NULL: made from the pools */
    const struct json *people; /* users, groups, devices: what each holds; NULL: there are none */
    const struct json *application; /* its own entry; NULL: it is registered elsewhere */
};

#define STATES_MAX 64
#define GENERATED_SKUS 60
#define N_ENDPOINTS 17
/* The words for what can be asked for: token, allotments, allotment, waitingMembers,
 * assignmentErrors, subscribedSkus, subscriptions, identity, application, and those of people.c. */
extern const char *const ENDPOINTS[N_ENDPOINTS];
size_t endpoint_index(const char *word); /* N_ENDPOINTS: there is none of that name */

enum first_page { FIRST_ALLOTMENTS = 1, FIRST_ERRORS = 2, FIRST_SKUS = 4 };

/* What a machine is to Azure, and how it has to show it. */
struct identity {
    bool here, system; /* system: it is the one that is meant without a selector */
    const char *client_id, *object_id, *resource_id; /* NULL: it has none */
    const char *keys, *keys_as; /* Arc: directory of key files, here and as the client sees it */
    int64_t key_bytes;
};

struct tenant {
    const char *id, *client_id, *scope;
    struct identity identity;
    const struct json *domains; /* other names of it in a token request; NULL: none */
    struct state *states;
    size_t n_states, state;        /* state: the one in force */
    int64_t poll;                  /* number of the poll going on; 0: none yet */
    unsigned served;               /* first pages that this poll has got, enum first_page */
    bool anchor_failed;            /* the last first page of allotments or SKUs went wrong */
    int64_t answered[N_ENDPOINTS]; /* requests, for WHEN_AFTER_REQUESTS */
    uint64_t revoked_below;        /* tokens with a smaller serial are no longer good */
};

struct scenario {
    struct json *root;
    struct tenant *tenants;
    size_t n_tenants;
    struct script *script;
    usec_t read_at, read_mono;
    usec_t latency; /* of every Graph answer */
    bool gzip;
    const char *version; /* below which the Cloud Licensing API is */
    const char *services[GENERATED_SKUS]; /* of made-up SKUs, shared by all tenants */
    int64_t n_services;                   /* in each of them */
    void **kept;                          /* memory that lives as long as the scenario */
    size_t n_kept;
};

int scenario_read(const char *path, struct scenario **ret, struct failure *ret_failure);
void scenario_free(struct scenario *s);
DEFINE_CLEANUP(struct scenario *, scenario_free)
/* By id or one of its domains; NULL: there is none. */
struct tenant *scenario_tenant(const struct scenario *s, const char *name);
const struct state *tenant_state(const struct tenant *t);
const struct pool *state_pool(const struct state *s, const char *id);

/* For the files that fill a scenario. Memory that is freed with the scenario; zeroed; never NULL. */
void *scenario_alloc(struct scenario *s, size_t n, size_t size);
const char *scenario_text(struct scenario *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Takes the finished writer's text, frees the writer. */
const char *scenario_json(struct scenario *s, struct json_writer *w);
/* A GUID that the same name always gives. */
const char *scenario_guid(struct scenario *s, const char *name);

/* manners.c. A list of words, each of which `known` (NULL: anything) accepts; stays borrowed. */
int scenario_words(const struct json *object, const char *key, const struct json **ret,
                   bool (*known)(const char *word), struct failure *ret_failure);
int manners_read(const struct json *object, struct manners *m, struct failure *ret_failure);
/* The state's "when", if it has one. */
int when_read(const struct json *object, struct state *state, struct failure *ret_failure);

/* assertion.c, identity.c */
int federated_check(const struct json *list, struct failure *ret_failure);
int identity_read(const struct json *object, struct identity *ret, struct failure *ret_failure);

/* pools.c: one allotment of the file over what `pool` already holds. */
int pool_read(struct scenario *s, const struct json *object, struct pool *pool,
              struct failure *ret_failure);
/* A list of rows and groups, or a single group. `what` leads the made-up ids. */
int rows_read(struct scenario *s, const struct json *value, const char *what, struct rows *ret,
              struct failure *ret_failure);
/* The group that holds row `index`, and the row's number within it. */
const struct group *rows_at(const struct rows *rows, int64_t index, int64_t *ret_within);

/* generate.c: fills a state with a made-up tenant of the asked size. */
int generate_state(struct scenario *s, const struct json *object, const char *tenant_id,
                   struct state *state, struct failure *ret_failure);
