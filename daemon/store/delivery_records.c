/* SPDX-License-Identifier: MIT */
/* store/delivery_records.c: lists which receivers were, or will be, notified of the open alerts.
 *
 * Used after damage and when a receiver is removed, so it may read every row. */
#include "store/write.h"

#include <stdio.h>
#include <string.h>

struct collected {
    struct delivery_record *item;
    size_t n;
};

/* `sql` selects alert, receiver and the sequence number of an event. */
static int collect(struct store *s, const char *sql, enum record_kind kind, struct collected *c,
                   struct failure *f)
{
    CLEANUP(query_end) struct query q = query_new(&s->db, sql);
    int r;
    while ((r = query_step(&q, f)) > 0) {
        if (array_room(&c->item, c->n, sizeof *c->item) < 0)
            return failure_oom(f);
        struct delivery_record *record = &c->item[c->n++];
        *record = (struct delivery_record){.kind = kind, .seq = (uint64_t)query_get_usec(&q, 2)};
        query_get_buffer(&q, 0, record->alert_id, sizeof record->alert_id);
        query_get_buffer(&q, 1, record->receiver, sizeof record->receiver);
    }
    return r;
}

static int by_alert(const void *a, const void *b)
{
    const struct delivery_record *x = a, *y = b;
    return strcmp(x->alert_id, y->alert_id);
}

/* The last event of the episode that goes to all responsible receivers. A damaged event leaves a
 * gap in the sequence: then only the number of the last one is known. Events of an alert that ended
 * long ago are gone. */
#define LAST_EVENT                                                                                 \
    "SELECT a.id, '', CASE WHEN a.state = 'ok' AND max(e.seq) IS NULL THEN 0"                      \
    " WHEN coalesce(max(e.seq), 0) < a.seq THEN a.seq ELSE coalesce("                              \
    "max(CASE WHEN e.folded_into IS NULL AND e.episode = a.episode AND e.type IN ('alert.firing'," \
    " 'alert.escalated', 'alert.updated', 'alert.resolved') THEN e.seq END),"                      \
    " max(CASE WHEN e.episode = a.episode AND e.folded_into IS NOT NULL THEN e.seq END), 0) END"   \
    " FROM alert AS a LEFT JOIN event AS e ON e.alert_id = a.id GROUP BY a.id"
#define MESSAGES                                                                                \
    "SELECT o.queue, o.receiver, max(e.seq) FROM outbox AS o JOIN event AS e ON e.id = o.event" \
    " JOIN alert AS a ON a.id = o.queue AND a.episode = o.episode WHERE o.state <= 3"           \
    " AND o.type NOT IN ('alert.reminder', 'alert.acknowledged', 'alert.digest') GROUP BY 1, 2"
#define DIGESTS                                                                                  \
    "SELECT m.alert_id, o.receiver, max(m.seq) FROM outbox AS o JOIN event AS m"                 \
    " ON m.folded_into = o.event JOIN alert AS a ON a.id = m.alert_id AND a.episode = m.episode" \
    " WHERE o.type = 'alert.digest' AND o.state <= 3 GROUP BY 1, 2"
#define NOTIFIED                                                                           \
    "SELECT t.alert_id, t.receiver, 0 FROM told AS t JOIN alert AS a ON a.id = t.alert_id" \
    " AND a.episode = t.episode"
#define UNDELIVERED                                                                              \
    "SELECT o.queue, o.receiver, 0 FROM outbox AS o JOIN alert AS a ON a.id = o.queue"           \
    " AND a.episode = o.episode WHERE o.state IN (0, 1, 3)"                                      \
    " UNION SELECT m.alert_id, o.receiver, 0 FROM outbox AS o JOIN event AS m"                   \
    " ON m.folded_into = o.event JOIN alert AS a ON a.id = m.alert_id AND a.episode = m.episode" \
    " WHERE o.type = 'alert.digest' AND o.state IN (0, 1, 3)"
#define DEFERRED "SELECT alert_id, receiver, 0 FROM held"

static int load_records(struct store *s, struct delivery_record **ret, size_t *ret_n,
                        struct failure *f)
{
    static const struct {
        const char *sql;
        enum record_kind kind;
    } PARTS[] = {{LAST_EVENT, RECORD_LAST_EVENT},   {MESSAGES, RECORD_MESSAGE},
                 {DIGESTS, RECORD_MESSAGE},         {NOTIFIED, RECORD_NOTIFIED},
                 {UNDELIVERED, RECORD_UNDELIVERED}, {DEFERRED, RECORD_DEFERRED}};
    struct collected c = {0};
    int r = store_ready(s, f);
    for (size_t i = 0; r >= 0 && i < N_ELEMENTS(PARTS); i++)
        r = collect(s, PARTS[i].sql, PARTS[i].kind, &c, f);
    if (r < 0) {
        free(c.item);
        return r;
    }
    if (c.n)
        qsort(c.item, c.n, sizeof *c.item, by_alert);
    *ret = c.item;
    *ret_n = c.n;
    return 0;
}

int store_delivery_records(struct store *s, struct delivery_record **ret, size_t *ret_n,
                           struct failure *ret_failure)
{
    return MENDING(s, ret_failure, load_records(s, ret, ret_n, ret_failure));
}
