/* SPDX-License-Identifier: MIT */
/* peers/script.h: which request is answered out of the ordinary, and how.
 *
 * A script is a list of rules. A rule's "match" (or "path" alone) says which requests it counts,
 * "at" or "from" and "times" which of those it acts on, "do" what happens then. Every rule counts
 * for itself; the first one that acts wins. Not safe between threads: the owner locks. */
#pragma once
#include "base/cleanup.h"
#include "peers/answer.h"
#include "peers/server.h"

/* What a rule can match on. */
struct script_context {
    const struct request *request;
    const char *endpoint; /* the peer's word for what was asked for; NULL: none */
    const char *tenant;   /* NULL: not known */
    int64_t poll;         /* number of the tenant's poll; 0: none yet */
};

struct script_rule {
    const char *name;       /* for the ledger */
    const struct json *act; /* the "do" object, for members of the peer's own. Borrowed. */
    bool replaces;          /* status but 200, body, redirect: there is no ordinary answer beneath */
    bool silent;            /* close, reset */
};

struct script;
/* `array` may be NULL: no rules. It must outlive the script. `own` lists the members of "do" that
 * the peer understands by itself; ends with NULL. */
int script_read(const struct json *array, const char *const *own, struct script **ret,
                struct failure *ret_failure);
void script_free(struct script *s);
DEFINE_CLEANUP(struct script *, script_free)
/* Counts the request in every rule that matches it; the rule that acts on it, or NULL. */
const struct script_rule *script_pick(struct script *s, const struct script_context *context);
/* Does what every peer understands: status, body, headers, redirect, delay_ms, crawl_ms, cut_after,
 * chunked, endless, close, reset. `now` resolves the relative times of a body. */
void script_apply(const struct script_rule *rule, struct answer *a, usec_t now);
