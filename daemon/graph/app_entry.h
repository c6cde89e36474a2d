/* SPDX-License-Identifier: MIT */
/* graph/app_entry.h: reads the end of the client secret from the application's own entry in Graph
 * (page "Get application", GET /applications(appId='...'); type "passwordCredential").
 *
 * Only the tenant in which the application is registered has that entry. */
#pragma once
#include "graph/graph.h"

#define APP_ENTRY_CALL "GET /v1.0/applications(appId='...')"
#define APP_ENTRY_PERMISSION "Application.Read.All"

/* `ends_at` 0: unknown; `why` has the reason. PERMISSION, ABSENT (registered in another tenant) and
 * CONFIG (the secret was not found in the entry) are permanent; others are transient. */
typedef void app_entry_done(void *userdata, usec_t ends_at, const struct failure *why);
/* Uses the cached token. May run beside look-ups, not during a poll. `done` comes from the event
 * loop. -EAGAIN: no token. -EBUSY: this or a poll is running. kind CONFIG: the secret file cannot
 * be read. */
int graph_ask_entry(struct graph *g, app_entry_done *done, void *userdata,
                    struct failure *ret_failure);

/* The end of the secret that begins with `first` among those of an application. Pure. -EBADMSG,
 * PROTOCOL: not the entry of this application. -ENOENT, CONFIG: the secret is not among them. */
#define APP_ENTRY_HINT 3 /* bytes of a secret that Graph shows as its "hint" */
int page_secret_end(const char *bytes, size_t len, const char *client_id,
                    const char first[static APP_ENTRY_HINT], usec_t *ret_at,
                    struct failure *ret_failure);
