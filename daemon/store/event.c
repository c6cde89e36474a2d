/* SPDX-License-Identifier: MIT */
/* store/event.c: writes events: notifications, and digests with a row for each of their members. */
#include "store/event.h"

#include <errno.h>
#include <string.h>

struct event_row {
    const char *event_id, *digest_id, *alert_id;
    int64_t folded_into; /* 0: not folded */
    uint32_t episode;
    uint64_t seq;
    enum event_type type;
    enum level level;
    usec_t at;
    char *content;
    size_t content_len;
};

static int put_event(struct store *s, const struct event_row *e, int64_t *ret_id, struct failure *f)
{
    int64_t id = 0;
    int r = row_next_id(&s->db, "SELECT coalesce(max(id), 0) + 1 FROM event", &id, f);
    if (r < 0)
        return r;
    struct row row = {0};
    row_int(&row, id);
    row_text(&row, e->event_id);
    row_text(&row, e->digest_id);
    if (e->folded_into)
        row_int(&row, e->folded_into);
    else
        row_text(&row, NULL);
    row_text(&row, e->alert_id);
    row_int(&row, e->episode);
    row_usec(&row, e->seq);
    row_text(&row, event_type_name(e->type));
    row_text(&row, level_name(e->level));
    row_usec(&row, e->at);
    row_blob(&row, e->content ? e->content : "", e->content_len);
    *ret_id = id;
    return row_put(&s->db, &TABLE_EVENT, &row, f);
}

int event_put_notification(struct store *s, const struct notification *n, const char *digest_id,
                           int64_t folded_into, int64_t *ret_id, int64_t *ret_size,
                           struct failure *f)
{
    CLEANUP(free) char *content = NULL;
    size_t len = 0;
    int r = s->codec.pack_notification(n, &content, &len);
    if (r < 0)
        return failure_set(f, FAILURE_LOCAL, -r, "event of alert %s: %s", n->alert_id,
                           strerror(-r));
    struct event_row e = {.event_id = n->event_id,
                          .digest_id = digest_id,
                          .alert_id = n->alert_id,
                          .folded_into = folded_into,
                          .episode = n->episode,
                          .seq = n->seq,
                          .type = n->type,
                          .level = n->level,
                          .at = n->at,
                          .content = content,
                          .content_len = len};
    *ret_size = (int64_t)len;
    return put_event(s, &e, ret_id, f);
}

int event_put_digest(struct store *s, const struct digest *d, int64_t *ret_id, int64_t *ret_size,
                     struct failure *f)
{
    CLEANUP(free) char *content = NULL;
    size_t len = 0;
    int r = s->codec.pack_digest(d, &content, &len);
    if (r < 0)
        return failure_set(f, FAILURE_LOCAL, -r, "digest: %s", strerror(-r));
    struct event_row e = {.event_id = d->event_id,
                          .digest_id = d->digest_id,
                          .alert_id = "",
                          .type = EVENT_DIGEST,
                          .level = d->worst,
                          .at = d->at,
                          .content = content,
                          .content_len = len};
    *ret_size = (int64_t)len;
    r = put_event(s, &e, ret_id, f);
    for (size_t i = 0; r >= 0 && i < d->n_notifications; i++) {
        int64_t id, size;
        r = event_put_notification(s, d->notification[i], d->digest_id, *ret_id, &id, &size, f);
    }
    return r;
}
