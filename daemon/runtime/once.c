/* SPDX-License-Identifier: MIT */
/* runtime/once.c: --once polls every tenant, evaluates, commits, tries each due delivery once and exits. With
 * --dry-run nothing is stored or sent. */
#include "runtime/once.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "runtime/app.h"
#include "runtime/app_status.h"
#include "runtime/poller.h"
#include "runtime/tick.h"

static void on_drained(void *userdata)
{
    struct app *app = userdata;
    (void)sd_event_exit(app->event, EXIT_OK);
}

static void on_all_polled(void *userdata)
{
    struct app *app = userdata;
    app->activity.idle = NULL;
    tick_now(app); /* evaluates tenants that cannot be polled at all */
    if (!app->dispatcher || dispatcher_drain(app->dispatcher, on_drained, app) < 0)
        on_drained(app);
}

static int on_begin(sd_event_source *s, void *userdata)
{
    (void)s;
    poller_start_once(userdata);
    return 0;
}

static int print_report(const struct status *s, bool json)
{
    CLEANUP(free) char *text = NULL;
    if (!json)
        status_text(s, stdout);
    else if (status_json(s, &text) < 0) {
        log_say(LOG_ERR, "the report cannot be made: out of memory");
        return EXIT_INTERNAL;
    } else
        (void)puts(text);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        log_say(LOG_ERR, "the report cannot be written to standard output: %s", strerror(errno));
        return EXIT_INTERNAL;
    }
    return EXIT_OK;
}

/* Every tenant was read, and nothing is left to deliver. */
static bool is_whole(const struct app *app, const struct status *s)
{
    bool whole = !app->store_failing && !app->options->tenants_incomplete;
    for (size_t i = 0; i < s->n_tenants; i++)
        whole = whole && (!s->tenant[i].enabled || !s->tenant[i].error);
    if (!s->dry_run && s->outbox_failure.text[0])
        log_failure(LOG_ERR, &s->outbox_failure, "the outbox cannot be counted", "taken as not empty");
    return whole && (s->dry_run || (s->pending == 0 && s->parked == 0));
}

int once_run(struct app *app)
{
    CLEANUP(status_clear) struct status status = {0};
    sd_event_source *begin = NULL;
    app->last_tick = app->started;
    app->activity = (struct activity){.idle = on_all_polled, .userdata = app};
    int r = sd_event_add_defer(app->event, &begin, on_begin, app);
    if (r >= 0)
        r = sd_event_loop(app->event);
    sd_event_source_disable_unref(begin);
    if (r < 0) {
        log_say(LOG_ERR, "the event loop failed: %s; run it again: what was committed is kept", strerror(-r));
        return EXIT_INTERNAL;
    }
    if (app_status(app, STATUS_POOLS | STATUS_ALERTS | STATUS_EVENTS, &status) < 0) {
        log_say(LOG_ERR, "the report cannot be made: out of memory");
        return EXIT_INTERNAL;
    }
    int code = print_report(&status, app->cli->json);
    if (code != EXIT_OK)
        return code;
    return is_whole(app, &status) ? EXIT_OK : EXIT_INCOMPLETE;
}
