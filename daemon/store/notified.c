/* SPDX-License-Identifier: MIT */
/* store/notified.c: records which receivers were, or may have been, notified of an episode. */
#include "store/notified.h"


struct notified {
    uint32_t episode; /* the latest that was queued for this receiver */
    bool tried;       /* an attempt of it has begun */
};

/* A bad row counts as none: queued rows are still sent, in order. */
static int get(struct store *s, const char *alert_id, const char *receiver, struct notified *ret,
               struct failure *f)
{
    CLEANUP(query_end)
    struct query q = row_select(&s->db, &TABLE_TOLD, "WHERE alert_id = ?1 AND receiver = ?2");
    query_text(&q, alert_id);
    query_text(&q, receiver);
    *ret = (struct notified){0};
    int r = query_step(&q, f);
    if (r <= 0)
        return r;
    struct row row;
    int good = row_read(&q, &TABLE_TOLD, &row);
    if (good <= 0)
        return good < 0 ? failure_oom(f) : 0;
    row.at = TABLE_TOLD.n_key;
    ret->episode = (uint32_t)row_get_int(&row, 0, UINT32_MAX);
    ret->tried = row_get_bool(&row);
    return !row.wrong;
}

static int put(struct store *s, const char *alert_id, const char *receiver,
               const struct notified *t, struct failure *f)
{
    struct row row = {0};
    row_text(&row, alert_id);
    row_text(&row, receiver);
    row_int(&row, t->episode);
    row_int(&row, t->tried);
    return row_put(&s->db, &TABLE_TOLD, &row, f);
}

int notified_expect(struct store *s, const char *alert_id, const char *receiver, uint32_t episode,
                    struct failure *f)
{
    struct notified t;
    int r = get(s, alert_id, receiver, &t, f);
    if (r < 0 || (r > 0 && t.episode == episode))
        return r;
    if (r == 0)
        t = (struct notified){0};
    t.episode = episode;
    t.tried = false;
    return put(s, alert_id, receiver, &t, f);
}

/* ---- the alerts of an outbox row: one, or those in a digest ---- */

struct named_alert {
    char alert_id[ALERT_ID_TEXT];
    uint32_t episode;
};
struct named_alerts {
    struct named_alert *t;
    size_t n;
};
static inline void named_alerts_free_at(struct named_alerts *t)
{
    free(t->t);
}

/* Members of a digest are separate events that refer to it. */
static int find_named_alerts(struct store *s, const struct outbox_row *o, struct named_alerts *ret,
                             struct failure *f)
{
    CLEANUP(query_end)
    struct query q =
        query_new(&s->db, o->type == EVENT_DIGEST
                              ? "SELECT alert_id, episode FROM event WHERE folded_into = ?1"
                              : "SELECT alert_id, episode FROM event WHERE id = ?1");
    query_int(&q, o->event);
    int r;
    while ((r = query_step(&q, f)) > 0) {
        if (array_room(&ret->t, ret->n, sizeof *ret->t) < 0)
            return failure_oom(f);
        struct named_alert *t = &ret->t[ret->n++];
        query_get_buffer(&q, 0, t->alert_id, sizeof t->alert_id);
        t->episode = (uint32_t)query_get_int(&q, 1);
    }
    return r;
}

int notified_try(struct store *s, const struct outbox_row *o, struct failure *f)
{
    CLEANUP(named_alerts_free) struct named_alerts all = {0};
    int r = find_named_alerts(s, o, &all, f);
    for (size_t i = 0; r >= 0 && i < all.n; i++) {
        struct notified t;
        r = get(s, all.t[i].alert_id, o->receiver, &t, f);
        if (r <= 0 || t.episode != all.t[i].episode || t.tried)
            continue; /* the alert was removed, or a later episode has begun */
        t.tried = true;
        r = put(s, all.t[i].alert_id, o->receiver, &t, f);
    }
    return r < 0 ? r : 0;
}

/* Reads the outbox as well: a damaged row must not cost a receiver its resolved notification. */
int notified_audience(struct store *s, const char *alert_id, uint32_t episode, struct audience *ret,
                      struct failure *f)
{
    CLEANUP(query_end)
    struct query q =
        query_new(&s->db, "SELECT receiver, max(tried) FROM ("
                          " SELECT receiver, tried FROM told WHERE alert_id = ?1 AND episode = ?2"
                          " UNION ALL SELECT receiver, attempts > 0 FROM outbox"
                          " WHERE queue = ?1 AND episode = ?2) GROUP BY receiver");
    query_text(&q, alert_id);
    query_int(&q, episode);
    int r;
    while ((r = query_step(&q, f)) > 0) {
        if (array_room(&ret->member, ret->n, sizeof *ret->member) < 0)
            return failure_oom(f);
        query_get_buffer(&q, 0, ret->member[ret->n].receiver, sizeof ret->member->receiver);
        ret->member[ret->n++].tried = query_get_int(&q, 1) != 0;
    }
    return r;
}

int notified_forget(struct store *s, const char *alert_id, struct failure *f)
{
    CLEANUP(query_end) struct query q = query_new(&s->db, "DELETE FROM told WHERE alert_id = ?1");
    query_text(&q, alert_id);
    return query_run(&q, f);
}
