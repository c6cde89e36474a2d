/* SPDX-License-Identifier: MIT */
/* ctl/room.c: prints whether new members find a licence; the exit code says the same to scripts. */
#include "ctl/check.h"

#include <stdio.h>

#include "base/text.h"
#include "ctl/ask.h"
#include "ctl/show.h"
#include "ctl/table.h"

#define TARGET_MAX 65536

static bool show_pools(const struct json *root)
{
    static const struct table_column COLUMNS[] = {{"POOL", COLUMN_ID},       {"ALLOTTED", COLUMN_RIGHT}, {"CONSUMED", COLUMN_RIGHT},
                                                  {"WAITING", COLUMN_RIGHT}, {"ROOM", COLUMN_RIGHT},     {"NAME", COLUMN_LAST}};
    const struct json *list = json_get(root, "pools");
    struct table *table = table_new(COLUMNS, N_ELEMENTS(COLUMNS));
    for (const struct json *p = list ? json_first(list) : NULL; p; p = json_next(p)) {
        char allotted[SHOW_NUMBER_MAX], consumed[SHOW_NUMBER_MAX], waiting[SHOW_NUMBER_MAX], room[SHOW_NUMBER_MAX];
        const char *const CELLS[] = {show_text(p, "allotment_id"), show_number(p, "allotted_units", allotted),
                                     show_number(p, "consumed_units", consumed), show_number(p, "waiting_members", waiting),
                                     show_number(p, "room", room), show_text(p, "name")};
        table_row(table, CELLS, NULL);
    }
    return table_finish(table);
}

/* The first pool that takes all of them. */
static const char *pool_for(const struct json *root, int64_t members)
{
    const struct json *list = json_get(root, "pools");
    for (const struct json *p = list ? json_first(list) : NULL; p; p = json_next(p)) {
        int64_t room = 0;
        if (json_get_int(p, "room", 0, INT64_MAX, &room) == JSON_OK && room >= members)
            return show_text(p, "allotment_id");
    }
    return NULL;
}

static void show_answer(const struct json *root, bool known, bool fits)
{
    char n[SHOW_NUMBER_MAX], room[SHOW_NUMBER_MAX];
    int64_t members = 1;
    (void)json_get_int(root, "members", 0, INT32_MAX, &members);
    const char *pool = fits ? pool_for(root, members) : NULL, *reason = show_text(root, "reason");
    (void)show_number(root, "members", n);
    if (!known)
        show_line("unknown", "%s", reason ? reason : "?");
    else if (fits)
        show_line("yes", "%s more fit%s%s; %s in all", n, pool ? " into " : ", into several pools", pool ? pool : "",
                  show_number(root, "room", room));
    else
        show_line("no", "%s more do not fit; there is room for %s", n, show_number(root, "room", room));
}

int run_room(const struct ctl *c)
{
    CLEANUP(json_free) struct json *root = NULL;
    CLEANUP(text_free) struct text target = TEXT_INIT(TARGET_MAX);
    bool fits = false;
    text_add(&target, "/v1/room?sku=");
    text_add_encoded(&target, c->arg[0]);
    if (c->n_args > 1) {
        text_add(&target, "&n=");
        text_add_encoded(&target, c->arg[1]);
    }
    if (c->option[OPTION_TENANT]) {
        text_add(&target, "&tenant=");
        text_add_encoded(&target, c->option[OPTION_TENANT]);
    }
    if (target.error || ask_get_both(c, target.data, &root) != CTL_OK)
        return CTL_UNKNOWN;
    bool known = json_get_bool(root, "fits", &fits) == JSON_OK, written = true;
    if (!c->option[OPTION_JSON]) {
        show_answer(root, known, fits);
        written = show_pools(root);
    }
    return !known || !written ? CTL_UNKNOWN : fits ? CTL_OK : CTL_REFUSED;
}
