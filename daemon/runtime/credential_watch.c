/* SPDX-License-Identifier: MIT */
/* runtime/credential_watch.c: retries a refused sign-in as soon as its files change, so that an operator does not
 * wait for a backoff of up to an hour.
 *
 * The files are examined every few seconds, and only after a refusal. Unlike inotify this notices a rename, a
 * directory swapped by a link (Kubernetes) and changes on network file systems alike. */
#include "runtime/credential_watch.h"

#include "base/log.h"
#include "base/stamp.h"
#include "runtime/app.h"
#include "runtime/credential_user.h"
#include "runtime/tenant.h"

#define LOOK_EVERY (2 * USEC_PER_SEC)

static int on_look(sd_event_source *s, uint64_t due, void *userdata)
{
    struct tenant *t = userdata;
    (void)due;
    if (t->queued || graph_polling(t->graph))
        return 0; /* that poll uses the files as they are now */
    if (credentials_stamp(t->options) == t->files) {
        int r = sd_event_source_set_time_relative(s, LOOK_EVERY);
        if (r >= 0)
            r = sd_event_source_set_enabled(s, SD_EVENT_ONESHOT);
        if (r < 0)
            log_say(LOG_WARNING, "%s: the sign-in is retried at the next poll",
                    t->options->identity.name);
        return 0;
    }
    log_say(LOG_NOTICE,
            "%s: a credential file has changed since the sign-in was refused; polling now",
            t->options->identity.name);
    t->look_changed(t);
    return 0;
}

void credential_watch_begin(struct tenant *t)
{
    t->files = credentials_stamp(t->options);
}

bool credential_watch_is_changed(const struct tenant *t, const struct tenant *before)
{
    return credentials_stamp(t->options) != before->files;
}

void credential_watch_arm(struct tenant *t, const struct failure *why, credential_watch_changed *changed)
{
    bool mendable = why->kind == FAILURE_AUTH || why->kind == FAILURE_CONFIG;
    t->look = sd_event_source_disable_unref(t->look);
    t->look_changed = changed;
    if (!*why->text || !mendable || t->files == STAMP_NONE)
        return;
    int r = sd_event_add_time_relative(t->app->event, &t->look, CLOCK_BOOTTIME, LOOK_EVERY,
                                       USEC_PER_SEC / 2, on_look, t);
    if (r >= 0)
        r = sd_event_source_set_description(t->look, "repair");
    if (r < 0) /* only the wait is longer */
        log_say(LOG_WARNING, "%s: the sign-in is retried at the next poll",
                t->options->identity.name);
}
