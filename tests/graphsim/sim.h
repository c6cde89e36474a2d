/* SPDX-License-Identifier: MIT */
/* graphsim/sim.h: one request on its way through the simulator.
 *
 * Everything here runs under the simulator's lock; waits and sending do not. */
#pragma once
#include "base/digest.h"
#include "graphsim/odata.h"
#include "graphsim/scenario.h"
#include "peers/ledger.h"
#include "peers/server.h"
#include <pthread.h>

struct sim {
    pthread_mutex_t mutex;
    const char *scenario_path, *fixtures; /* fixtures NULL: no directory was given */
    const char *origin;                   /* of all links; NULL: the one the client used */
    struct server_place place;
    uint16_t http_port, https_port;       /* 0: no such listener */
    struct scenario *scenario;
    struct ledger *events;    /* what happened but by a request: states, reloads */
    uint8_t key[SHA256_SIZE]; /* signs tokens and links; new in every process */
    uint64_t tokens;          /* serial of the last one issued */
    const char *issued;       /* file that gets a line for each secret that went by; NULL: none */
    uint64_t *jtis;           /* of assertions that came, hashed */
    size_t n_jtis;
    char *arc_file, *arc_key; /* the last key file, and its content until it was used; NULL */
};

enum bearer { BEARER_NONE, BEARER_BAD, BEARER_EXPIRED, BEARER_REVOKED, BEARER_OK };

struct call {
    struct sim *sim;
    const struct request *request;
    struct answer *answer;
    struct tenant *tenant;     /* NULL: not known */
    const struct state *state; /* the tenant's, when it is known */
    enum bearer bearer;
    const char *endpoint;  /* NULL: nothing lives at this path */
    char *id;              /* the one in the path, decoded; NULL: none */
    enum first_page first; /* this is a first page that opens or joins a poll; 0: it is not */
    struct odata query;
    const char *query_error; /* why the query could not be read; NULL: it could */
    char origin[SERVER_URL_MAX];
    char request_id[UUID_TEXT];
    const char *next_link, *nested_link; /* what a rule wants instead of a good link; NULL */
};

/* sim.c */
void sim_answer(void *userdata, const struct request *r, struct answer *ret);
int sim_reload(struct sim *sim, struct failure *ret_failure);
void sim_advance(struct sim *sim); /* every tenant one state on */
void sim_issued(const struct sim *sim, const char *secret); /* so that tests can look for it */

/* token.c: the token endpoint, and what it has issued. */
void token_answer(struct call *c);
enum bearer token_check(struct sim *sim, const char *authorization, struct tenant **ret);
const char *bearer_name(enum bearer b);
char *token_make(struct sim *sim, const struct tenant *t, int64_t life_s); /* for free() */
/* base64url without padding, RFC 4648 section 5. For free(); decoded: NUL-terminated, NULL if it
 * is none. */
char *url64(const void *bytes, size_t len);
char *url64_decode(const char *text, size_t len, size_t *ret_len);
/* assertion.c: the number of what is wrong with a client assertion, and the words for it; 0:
 * nothing. */
int64_t assertion_judge(struct call *c, const char *type, const char *text, const char *client_id,
                        const char **why);
/* identity.c: the tokens of a machine. */
struct tenant *identity_tenant(const struct call *c); /* whose identity is asked for; NULL: nobody's */
void identity_answer(struct call *c);
void identity_status(struct call *c, unsigned status); /* an error as the service writes it */
/* entra.c: an error as Entra writes it, by its AADSTS number. Unknown numbers are an
 * invalid_request. */
void entra_refuse(struct call *c, int64_t code, const char *detail);
bool entra_knows(int64_t code);

/* graph.c: everything below /beta and /v1.0. */
void graph_route(struct call *c); /* sets endpoint, id and first; of the token endpoint too */
void graph_answer(struct call *c);
/* An error as Graph writes it. */
void graph_refuse(struct call *c, unsigned status, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void graph_status(struct call *c, unsigned status); /* with the code and words usual for it */

/* lists.c, skus.c: the bodies, or a 404. The query is checked. */
void allotments_answer(struct call *c, const struct view *view);
void allotment_answer(struct call *c, const struct view *view);
void waiting_answer(struct call *c, const struct view *view);
void assignments_answer(struct call *c, const struct view *view);
void errors_answer(struct call *c, const struct view *view);
void skus_answer(struct call *c, const struct view *view);
void subscriptions_answer(struct call *c, const struct view *view);
/* members.c: rows of people and devices. */
void assignment_put(struct json_writer *w, const struct pool *pool, int64_t index,
                    const struct view *v, usec_t now);
void waiting_put(struct json_writer *w, const struct pool *pool, int64_t index,
                 const struct view *v, usec_t now);
void error_put(struct json_writer *w, const struct rows *errors, int64_t index,
               const struct view *v, usec_t now);
bool error_has_sku(const struct rows *errors, int64_t index, const char *sku_id);

/* people.c */
int people_read(const struct json *object, struct failure *ret_failure); /* is "people" sound? */
const char *people_endpoint(const struct call *c); /* NULL: the path is no such one */
bool people_is_older(const struct call *c);
void people_answer(struct call *c);

/* application.c */
int application_read(const struct json *object, const struct json **ret, struct failure *ret_failure);
bool application_asked(const struct call *c);
void application_answer(struct call *c);

/* link.c: continuations that only we can have made. */
/* The link to row `offset` of the list at `path_and_query` (which may end in '?'), for free(). */
char *link_make(const struct call *c, const char *path_and_query, int64_t offset);
/* Where this request's list begins: 0 without $skiptoken. -1: not one of ours. */
int64_t link_offset(const struct call *c);
/* The request's path and query without its $skiptoken; for free(). */
char *link_base(const struct call *c);
/* Whether a rule may ask for this kind of bad link: one of the words, or a URL of its own. */
bool link_mode_known(const char *mode);
/* Writes the nextLink if there is a row `offset`, or what a rule wants in its place. */
void link_put(const struct call *c, struct json_writer *w, const char *key, const char *mode,
              const char *base, int64_t offset, int64_t total);

/* state.c: what a tenant is like now. */
void state_arrive(struct sim *sim, struct tenant *t, enum first_page first); /* 0: none */
void state_served(struct tenant *t, const char *endpoint, enum first_page first, bool good);

/* faults.c */
extern const char *const FAULT_MEMBERS[];
int fault_check(const struct sim *sim, const struct scenario *s, struct failure *ret_failure);
/* Before the ordinary answer is made; true: there will be none. */
bool fault_before(struct call *c, const struct script_rule *rule);
/* After it; what spoils a body. */
void fault_after(struct call *c, const struct script_rule *rule);
