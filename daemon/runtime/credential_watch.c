/* SPDX-License-Identifier: MIT */
/* A refused credential whose files change on disk is tried at once: who has mended it at three in
 * the morning does not wait for a backoff of up to an hour.
 *
 * The files are looked at, every few seconds and only after a refusal, because that sees a rename,
 * a directory swapped by a link (as Kubernetes does it) and a file system that reports nothing
 * alike. What systemd handed over never changes, so there it costs a few stat calls and finds
 * nothing. */
#include "runtime/app.h"

#include "base/log.h"
#include "base/stamp.h"

#define LOOK_EVERY (2 * USEC_PER_SEC)

uint64_t credential_files_stamp(const struct tenant *t)
{
    const struct graph_options *o = &t->options->graph;
    const char *const FILES[] = {o->client_secret_file, o->certificate_file, o->private_key_file,
                                 o->private_key_password_file, o->federated_token_file};
    uint64_t seen = STAMP_NONE;
    for (size_t i = 0; i < N_ELEMENTS(FILES); i++)
        seen = stamp_add(seen, FILES[i]);
    return seen;
}

static int on_look(sd_event_source *s, uint64_t due, void *userdata)
{
    struct tenant *t = userdata;
    (void)due;
    if (t->queued || graph_polling(t->graph))
        return 0; /* that poll reads them as they are now */
    if (credential_files_stamp(t) == t->files) {
        int r = sd_event_source_set_time_relative(s, LOOK_EVERY);
        if (r >= 0)
            r = sd_event_source_set_enabled(s, SD_EVENT_ONESHOT);
        if (r < 0)
            log_say(LOG_WARNING, "%s: its sign-in is tried again when it is due",
                    t->options->identity.name);
        return 0;
    }
    log_say(LOG_NOTICE,
            "%s: a file of the sign-in that was refused has changed; it is tried again now",
            t->options->identity.name);
    t->refused = 0;
    (void)poller_poll_soon(t);
    return 0;
}

void credential_watch_begin(struct tenant *t)
{
    t->files = credential_files_stamp(t);
}

bool credential_files_changed(const struct tenant *t, const struct tenant *before)
{
    return credential_files_stamp(t) != before->files;
}

void credential_watch_arm(struct tenant *t, const struct failure *why)
{
    bool mendable = why->kind == FAILURE_AUTH || why->kind == FAILURE_CONFIG;
    t->look = sd_event_source_disable_unref(t->look);
    if (!*why->text || !mendable || t->files == STAMP_NONE)
        return;
    int r = sd_event_add_time_relative(t->app->event, &t->look, CLOCK_BOOTTIME, LOOK_EVERY,
                                       USEC_PER_SEC / 2, on_look, t);
    if (r >= 0)
        r = sd_event_source_set_description(t->look, "repair");
    if (r < 0) /* only the wait is longer */
        log_say(LOG_WARNING, "%s: its sign-in is tried again when it is due",
                t->options->identity.name);
}
