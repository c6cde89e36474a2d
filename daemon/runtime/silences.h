/* SPDX-License-Identifier: MIT */
/* runtime/silences.h: what an operator silences and acknowledges.
 *
 * Each call is one transaction of the store, and takes effect when that has succeeded. Failures have
 * a text for the person who asked; kind CONFIG: the request is wrong, LOCAL: the store failed. The list
 * is in runtime/silence_list.h. */
#pragma once
#include "alerts/silences.h"

struct app;

/* A request as a person typed it; all borrowed. One of lasts, end_at and weekly is given. */
struct silence_request {
    const char *author, *comment; /* required */
    struct match match;           /* at least one key */
    usec_t lasts;                 /* from now on; 0: not given */
    usec_t start_at, end_at;      /* start_at 0: now */
    const char *weekly, *zone;    /* "Sun 01:00-04:00"; NULL. zone NULL or "": of this machine */
    bool hold;
};
/* ret_id: of the new silence. One that is weekly ends after a year if end_at is 0. -EINVAL, -ENOSPC. */
int app_silence_add(struct app *app, const struct silence_request *r, char ret_id[static UUID_TEXT],
                    struct failure *ret_failure);
/* Removes a silence or an acknowledgement; what is due is notified at once. -ENOENT: no such id.
 * -EPERM: a maintenance window of the configuration. */
int app_silence_end(struct app *app, const char *id, struct failure *ret_failure);
/* Silences the present episode of an alert until it is worse (not with `hold`), or over, or until
 * `until` (wall time; 0: no end). Replaces the acknowledgement that it has. -ENOENT: no such alert.
 * -EINVAL: it is not firing. */
int app_acknowledge(struct app *app, const char *alert_id, const char *author, const char *comment,
                    usec_t until, bool hold, struct failure *ret_failure);
int app_unacknowledge(struct app *app, const char *alert_id, struct failure *ret_failure);

/* For the rest of runtime/. */
/* Every minute: removes silences that are over. */
void silences_expire(struct app *app, struct instant now);
/* Every minute: notifies of alerts that are no longer silenced. */
void silences_notify(struct app *app, struct instant now);
