/* SPDX-License-Identifier: MIT */
/* deliver/event_body.c: writes the alert object within a limit. */
#include "deliver/event_body.h"

#include "deliver/late_prefix.h"
#include "deliver/notification_put.h"
#include <errno.h>

/* From almost everything to what identifies the alert. A single alert fits at the third step whatever
 * its strings are; twenty of them fit at the last. */
static const struct cut CUTS[] = {
    {.title = 480, .text = 4000, .name = 256, .id = 512, .subscriptions = 20, .labels = 32, .link = 2000},
    {.title = 240, .text = 1500, .name = 256, .id = 512, .subscriptions = 5, .labels = 16, .link = 1000},
    {.title = 240, .text = 600, .name = 120, .id = 512, .subscriptions = 1, .labels = 8, .link = 500},
    {.title = 160, .text = 200, .name = 64, .id = 80, .subscriptions = 0, .labels = 2, .link = 150},
    {.title = 140, .text = 0, .name = 40, .id = 40, .subscriptions = 0, .labels = 0, .link = 0},
    {.title = 120, .text = 0, .name = 16, .id = 0, .subscriptions = 0, .labels = 0, .link = 0},
};

struct envelope {
    envelope_put *put;
    const void *userdata;
    const struct links *links;
};

static int draft(const struct notification *n, const struct digest *d, const struct envelope *e,
                 const struct cut *cut, char **ret, size_t *ret_len)
{
    CLEANUP(json_writer_free) struct json_writer *w = json_writer_new(EVENT_BODY_MAX);
    if (!w)
        return -ENOMEM;
    json_writer_clean(w);
    json_open_object(w, NULL);
    e->put(w, n, d, e->userdata);
    if (n)
        notification_put(w, "data", n, e->links, cut, false);
    else
        digest_put(w, "data", d, e->links, cut, false);
    json_close_object(w);
    return json_write_take(w, ret, ret_len);
}

int event_body(const struct message *m, const struct links *links, envelope_put *put,
               const void *userdata, char **ret, size_t *ret_len)
{
    CLEANUP(notification_free) struct notification *late = NULL;
    const struct envelope e = {put, userdata, links};
    int r = m->notification ? late_prefix(m->notification, m->combined, m->now_at, &late) : 0;
    if (r < 0)
        return r;
    const struct notification *n = late ? late : m->notification;
    r = draft(n, m->digest, &e, NULL, ret, ret_len);
    for (size_t i = 0; r == -E2BIG && i < N_ELEMENTS(CUTS); i++)
        r = draft(n, m->digest, &e, &CUTS[i], ret, ret_len);
    return r;
}
