/* SPDX-License-Identifier: MIT */
/* graph/lookup.h: reads the licences of one user, group or device.
 *
 * One request at a time, repeated only after a renewed sign-in: the next poll, or the caller, tries
 * again. Each section ends complete, not offered, or unknown with a failure. A look-up never runs
 * beside a poll of the same tenant. */
#pragma once
#include "graph/graph.h"
#include "model/rights.h"

enum lookup_expand { LOOKUP_EXPAND_NOTHING, LOOKUP_EXPAND_ASSIGNMENTS, LOOKUP_EXPAND_ALLOTMENTS };

struct lookup_request {   /* strings are borrowed until graph_lookup returns */
    enum principal_kind kind;
    const char *who;      /* its id; of a user also the principal name */
    const char *shown;    /* its name in messages */
    unsigned sections;    /* 1U << enum rights_section */
    const char *sku_id, *plan_id; /* of RIGHTS_HELD: only of this SKU, only with this plan; NULL */
    const char *right_id; /* of RIGHTS_HELD: this one alone, with what `expand` says; of
                             RIGHTS_ASSIGNMENTS: those that form it, direct and inherited; NULL */
    enum lookup_expand expand;
};
struct lookup_report {
    struct failure failure[RIGHTS_SECTIONS_]; /* of the sections that were asked for and are unknown */
    uint32_t requests;                        /* everything sent, token included */
    bool throttled; /* 429, 503: nothing more may be sent */
    usec_t pause; /* ... before this time has passed; 0: not given */
};
typedef void lookup_done(void *userdata, struct rights *rights /* yours */,
                         const struct lookup_report *report);
/* Asks the source that the tenant's last poll read. -EBUSY: a poll, a check or a look-up is under
 * way. -EINVAL: `who` cannot be part of a path. `done` comes from the event loop. */
int graph_lookup(struct graph *g, const struct lookup_request *rq, usec_t timeout,
                 lookup_done *done, void *userdata, struct failure *ret_failure);
void graph_lookup_cancel(struct graph *g); /* no callback follows */
