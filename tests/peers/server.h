/* SPDX-License-Identifier: MIT */
/* peers/server.h: listeners that collect whole requests, and answers that go out as
 * badly as they were told to. Hides libmicrohttpd.
 *
 * One thread per connection: a delay is a wait in that thread and holds up nobody else. */
#pragma once
#include "base/cleanup.h"
#include "base/failure.h"
#include "base/text.h"
#include "peers/answer.h"
#include "peers/ledger.h"
#include <stdbool.h>
#include <stdint.h>

#define REQUEST_BODY_MAX ((size_t)4 << 20)

struct request {
    uint64_t n;           /* in order of arrival, from 1 */
    uint64_t connection;  /* in order of acceptance, from 1 */
    uint64_t in_flight;   /* requests being worked on, this one included, when it arrived */
    const char *listener; /* "http" or "https" */
    const char *method;
    char *target;      /* as sent: path and query */
    char *path;        /* as sent, without the query */
    const char *query; /* as sent, without the question mark; "" if there is none */
    struct text body;
    usec_t at, mono; /* arrival, both clocks */
    void *transport;
};
const char *request_header(const struct request *r, const char *name); /* NULL: not sent */
void request_each_header(const struct request *r,
                         void (*each)(void *userdata, const char *name, const char *value),
                         void *userdata);

/* Fills the answer, which comes initialised; runs in the connection's thread. */
typedef void answer_fn(void *userdata, const struct request *r, struct answer *ret);

/* Where a peer is found. With names it has the port that its scheme has everywhere, for which it
 * takes a network of its own; without, one that the kernel picks. */
struct server_place {
    const char *address; /* "127.0.0.1", "::1" */
    const char *names;   /* "graph.example,login.example", or NULL */
};
#define SERVER_PLACE_LOOPBACK {.address = "127.0.0.1"}
#define SERVER_URL_MAX 128
bool server_place_has(const struct server_place *p, const char *name);
/* What clients call: by the first name, or the address. */
void server_place_url(const struct server_place *p, const char *scheme, uint16_t port,
                      char ret[static SERVER_URL_MAX]);

struct server;
/* `certificate` and `key` are PEM text for https, NULL for http. Both listeners of a process share
 * the numbers of requests, the ledger and the end. */
int server_new(struct ledger *ledger, const struct server_place *place, answer_fn *answer,
               void *userdata, struct server **ret); /* borrows place */
int server_listen(struct server *s, const char *certificate, const char *key, uint16_t *ret_port,
                  struct failure *ret_failure);
/* Lets requests in progress end early, and waits for their threads. */
void server_free(struct server *s);
DEFINE_CLEANUP(struct server *, server_free)
