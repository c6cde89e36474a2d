/* SPDX-License-Identifier: MIT */
/* graphsim/state.c: how a tenant changes while the test runs, and which poll is going on.
 *
 * A poll is what a client does in one cycle. We see only requests, so: a new poll begins when a
 * client asks again for the first page of a list that this poll has already been given. Retries of
 * a failed first page belong to the poll that failed. */
#include "base/clock.h"
#include "graphsim/sim.h"
#include <string.h>

#define ANCHORS (FIRST_ALLOTMENTS | FIRST_SKUS)

static void enter(struct sim *sim, struct tenant *t, const char *cause)
{
    t->state++;
    if (t->states[t->state].revoke_tokens)
        t->revoked_below = sim->tokens;
    struct json_writer *line = ledger_line("state");
    json_put_string(line, "tenant", t->id);
    json_put_int(line, "state", (int64_t)t->state);
    json_put_string(line, "cause", cause);
    json_put_int(line, "poll", t->poll);
    ledger_append(sim->events, line);
}

/* What makes the tenant's next state begin, if it begins now; NULL otherwise. */
static const char *due(const struct sim *sim, const struct tenant *t)
{
    const struct state *next = &t->states[t->state + 1];
    switch (next->when) {
    case WHEN_POLL:
        return t->poll >= next->when_n ? "poll" : NULL;
    case WHEN_AFTER_S:
        return clock_now().mono - sim->scenario->read_mono >= next->when_after ? "time" : NULL;
    case WHEN_AFTER_REQUESTS:
        return t->answered[endpoint_index(next->when_path)] >= next->when_n ? "requests" : NULL;
    case WHEN_AT_ONCE:
    case WHEN_SIGNAL:
        break;
    }
    return NULL;
}

void state_arrive(struct sim *sim, struct tenant *t, enum first_page first)
{
    bool anchor = first & ANCHORS;
    bool again = (t->served & first) && (anchor || (t->served & ANCHORS));
    if (first && (t->poll == 0 || again)) {
        t->poll++;
        t->served = 0;
    }
    const char *cause;
    while (t->state + 1 < t->n_states && (cause = due(sim, t)))
        enter(sim, t, cause);
}

void state_served(struct tenant *t, const char *endpoint, enum first_page first, bool good)
{
    t->answered[endpoint_index(endpoint)]++;
    if (first & ANCHORS)
        t->anchor_failed = !good;
    /* What a client asks for behind a failed list of allotments, it will ask for again when the
     * retry, perhaps its next cycle, goes well: that must not look like one poll more. */
    if (t->anchor_failed)
        t->served &= ~(unsigned)(first | FIRST_ERRORS);
    else if (good)
        t->served |= (unsigned)first;
}

void sim_advance(struct sim *sim)
{
    for (size_t i = 0; i < sim->scenario->n_tenants; i++) {
        struct tenant *t = &sim->scenario->tenants[i];
        if (t->state + 1 < t->n_states)
            enter(sim, t, "signal");
    }
}
