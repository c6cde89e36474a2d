/* SPDX-License-Identifier: MIT */
/* faults/seeded.c: mistakes that one could make, for tests of the tests: seatwatchd_seeded is
 * seatwatchd with one of them, named by the environment, and must be caught with it. The linker
 * sends the calls of the other rooms through here.
 *
 *     SEEDED=hasty   a message is entered as delivered before it is sent
 *     SEEDED=split   alerts become durable first, what is to be told of them after that
 *     SEEDED=forget  an attempt that a crash cut off is not taken up again */
#include "store/store.h"

#include <stdlib.h>
#include <string.h>

static bool seeded(const char *mistake)
{
    const char *wanted = getenv("SEEDED");
    return wanted && strcmp(wanted, mistake) == 0;
}

int __real_store_attempt_begin(struct store *s, int64_t id, const char *body, size_t len,
                               struct instant now, struct failure *f);
int __wrap_store_attempt_begin(struct store *s, int64_t id, const char *body, size_t len,
                               struct instant now, struct failure *f);
int __wrap_store_attempt_begin(struct store *s, int64_t id, const char *body, size_t len,
                               struct instant now, struct failure *f)
{
    static const struct attempt_result DELIVERED = {.state = OUTBOX_DELIVERED, .status = 200};
    int r = __real_store_attempt_begin(s, id, body, len, now, f);
    return r >= 0 && seeded("hasty") ? store_attempt_end(s, id, &DELIVERED, now, f) : r;
}

int __real_store_commit(struct store *s, const struct commit *c, size_t n, struct failure *f);
int __wrap_store_commit(struct store *s, const struct commit *c, size_t n, struct failure *f);
int __wrap_store_commit(struct store *s, const struct commit *c, size_t n, struct failure *f)
{
    for (size_t i = 0; i < n; i++) {
        if (!c[i].changes || !seeded("split"))
            continue;
        struct changes quiet = *c[i].changes;
        struct commit first = c[i];
        quiet.n_events = 0;
        first.changes = &quiet;
        int r = __real_store_commit(s, &first, 1, f);
        if (r < 0)
            return r;
    }
    return __real_store_commit(s, c, n, f);
}

int __real_store_outbox_recover(struct store *s, struct instant now, struct failure *f);
int __wrap_store_outbox_recover(struct store *s, struct instant now, struct failure *f);
int __wrap_store_outbox_recover(struct store *s, struct instant now, struct failure *f)
{
    return seeded("forget") ? 0 : __real_store_outbox_recover(s, now, f);
}
