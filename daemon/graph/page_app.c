/* SPDX-License-Identifier: MIT */
/* graph/page_app.c: finds our client secret among those of the application, and when it ends. */
#include "graph/app_entry.h"
#include "graph/envelope.h"

#include "base/text.h"
#include <errno.h>
#include <string.h>

#define WRITE_IT "write its last day as client_secret_expires"

static const char *const NAMES[] = {ROW_ENVELOPE, "appId",       "passwordCredentials",
                                    "hint",       "endDateTime", NULL};

static const char *hint_of(const struct json *row)
{
    const char *hint = NULL;
    return json_get_string(row, "hint", &hint) == JSON_OK && *hint ? hint : NULL;
}

/* The secrets whose hint matches ours. If several match, the earliest expiry counts: a false warning
 * can be checked, a missing one cannot. */
struct app_match {
    size_t n;
    usec_t first_at; /* 0: unknown for one of them */
    bool bad;        /* a row or its hint is malformed: it might be ours */
};

static void take(struct app_match *m, const struct json *row)
{
    usec_t at = row_time(row, "endDateTime");
    if (m->n++ == 0 || at < m->first_at)
        m->first_at = at;
}

static struct app_match find(const struct json *list, const char *first)
{
    struct app_match m = {0};
    const struct json *only = json_first(list);
    for (const struct json *row = only; row; row = json_next(row)) {
        const char *hint = hint_of(row);
        m.bad |= !json_is_object(row) ||
                 json_get_string(row, "hint", &(const char *){NULL}) == JSON_WRONG_TYPE;
        if (hint && strlen(hint) == APP_ENTRY_HINT && memcmp(hint, first, APP_ENTRY_HINT) == 0)
            take(&m, row);
    }
    /* Old secrets have no hint; if there is only one, it must be ours. */
    if (m.n == 0 && json_count(list) == 1 && !hint_of(only))
        take(&m, only);
    return m;
}

int page_secret_end(const char *bytes, size_t len, const char *client_id,
                    const char first[static APP_ENTRY_HINT], usec_t *ret_at,
                    struct failure *ret_failure)
{
    CLEANUP(json_free) struct json *root = NULL;
    const struct json *entry = NULL, *list = NULL;
    int r = row_open_entity(bytes, len, NAMES, &root, &entry, ret_failure);
    if (r < 0)
        return r;
    const char *app = row_id(entry, "appId");
    if (!app || !text_equal_nocase(app, client_id))
        return row_not_a_page(ret_failure, "it describes another application");
    if (json_get_array(entry, "passwordCredentials", &list) != JSON_OK)
        return row_not_a_page(ret_failure, "\"passwordCredentials\" is no array");
    struct app_match m = find(list, first);
    if (m.bad)
        return row_not_a_page(ret_failure, "a row of \"passwordCredentials\" is no secret");
    if (m.n == 0)
        return failure_set(
            ret_failure, FAILURE_CONFIG, ENOENT,
            "of the %zu client secrets of the application none can be identified as the "
            "one in the file: " WRITE_IT,
            json_count(list));
    if (m.first_at == 0)
        return failure_set(
            ret_failure, FAILURE_CONFIG, ENOENT,
            "the entry of the application does not say when the secret ends: " WRITE_IT);
    *ret_at = m.first_at;
    return 0;
}
