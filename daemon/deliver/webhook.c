/* SPDX-License-Identifier: MIT */
/* deliver/webhook.c: the body of a webhook: the alert object in its envelope, shortened until it
 * fits. */
#include "deliver/webhook.h"

#include "base/date.h"
#include "deliver/notification_put.h"
#include "deliver/late_prefix.h"
#include <assert.h>
#include <errno.h>

/* The ceiling of the drafts: a draft that is too long only costs the next, shorter one. */
#define DRAFT_MAX WEBHOOK_BODY_MAX

/* From "almost all" to "what still tells which alert it is". A single alert fits at the third step
 * whatever its strings are; twenty of them fit at the last. */
static const struct cut CUTS[] = {
    {.title = 480, .text = 4000, .name = 256, .id = 512, .subscriptions = 20, .labels = 32},
    {.title = 240, .text = 1500, .name = 256, .id = 512, .subscriptions = 5, .labels = 16},
    {.title = 240, .text = 600, .name = 120, .id = 512, .subscriptions = 1, .labels = 8},
    {.title = 160, .text = 200, .name = 64, .id = 80, .subscriptions = 0, .labels = 2},
    {.title = 140, .text = 0, .name = 40, .id = 40, .subscriptions = 0, .labels = 0},
    {.title = 120, .text = 0, .name = 16, .id = 0, .subscriptions = 0, .labels = 0},
};

static int draft(const struct notification *n, const struct digest *d, const struct cut *cut,
                 char **ret, size_t *ret_len)
{
    CLEANUP(json_writer_free) struct json_writer *w = json_writer_new(DRAFT_MAX);
    char at[RFC3339_MAX];
    if (!w)
        return -ENOMEM;
    json_writer_clean(w);
    json_open_object(w, NULL);
    json_put_string(w, "type", event_type_name(n ? n->type : EVENT_DIGEST));
    json_put_string(w, "timestamp", rfc3339_print(n ? n->at : d->at, at));
    if (n)
        notification_put(w, "data", n, cut, false);
    else
        digest_put(w, "data", d, cut, false);
    json_close_object(w);
    return json_write_take(w, ret, ret_len);
}

static int body(const struct notification *n, const struct digest *d, char **ret, size_t *ret_len)
{
    int r = draft(n, d, NULL, ret, ret_len);
    for (size_t i = 0; r == -E2BIG && i < N_ELEMENTS(CUTS); i++)
        r = draft(n, d, &CUTS[i], ret, ret_len);
    return r;
}

int webhook_body(const struct notification *n, bool combined, char **ret, size_t *ret_len)
{
    CLEANUP(notification_free) struct notification *late = NULL;
    assert(n->type != EVENT_DIGEST);
    int r = late_prefix(n, combined, n->at, &late);
    return r < 0 ? r : body(late ? late : n, NULL, ret, ret_len);
}

int webhook_digest_body(const struct digest *d, char **ret, size_t *ret_len)
{
    return body(NULL, d, ret, ret_len);
}
