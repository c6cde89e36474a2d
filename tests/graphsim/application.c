/* SPDX-License-Identifier: MIT */
/* graphsim/application.c: the entry of an application in the tenant where it is registered: page
 * "Get application", addressed by its appId. Its members are the scenario's, shown as $select says.
 */
#include "graphsim/sim.h"
#include "peers/read.h"
#include <string.h>

#define BEGIN "applications(appId='"
#define END "')"

static const char *const PROPERTIES[] = {"appId",
                                         "createdDateTime",
                                         "displayName",
                                         "id",
                                         "keyCredentials",
                                         "passwordCredentials",
                                         "publisherDomain",
                                         "signInAudience",
                                         NULL};
static const char *const SECRET[] = {
    "customKeyIdentifier", "displayName",   "endDateTime", "hint", "keyId",
    "secretText",          "startDateTime", NULL};
static const struct entity APPLICATION = {PROPERTIES, NULL};

/* The hint is what Graph makes of a secret: a scenario may say it, but not more of it. */
int application_read(const struct json *object, const struct json **ret,
                     struct failure *ret_failure)
{
    const struct json *secrets = NULL;
    int r = read_object(object, "application", ret, ret_failure);
    if (r < 0 || !*ret)
        return r;
    r = read_members(*ret, "application", PROPERTIES, ret_failure);
    if (r >= 0)
        r = read_array(*ret, "passwordCredentials", &secrets, ret_failure);
    for (const struct json *s = secrets ? json_first(secrets) : NULL; s && r >= 0; s = json_next(s))
        r = read_members(s, "passwordCredentials", SECRET, ret_failure);
    return r;
}

/* The appId of the path, decoded, for free(); NULL: it is another path. */
static char *app_of(const struct call *c)
{
    const char *path = c->request->path;
    if (strncmp(path, "/v1.0/", 6) != 0 && strncmp(path, "/beta/", 6) != 0)
        return NULL;
    path += 6;
    size_t len = strlen(path), begin = sizeof BEGIN - 1, end = sizeof END - 1;
    if (len <= begin + end || strncmp(path, BEGIN, begin) != 0 ||
        strcmp(path + len - end, END) != 0 || strchr(path, '/'))
        return NULL;
    return odata_unescape(path + begin, len - begin - end, false);
}

bool application_asked(const struct call *c)
{
    CLEANUP(free) char *app = app_of(c);
    return app != NULL;
}

void application_answer(struct call *c)
{
    const struct json *it = c->state->application;
    CLEANUP(free) char *app = app_of(c);
    const char *own = it ? json_text(json_get(it, "appId")) : NULL;
    struct view view;
    char why[ODATA_WHY_MAX];
    if (odata_view(&c->query, &APPLICATION, ODATA_SELECT, &view, why) < 0) {
        graph_refuse(c, 400, "BadRequest", "%s", why);
        return;
    }
    if (!it || !app || !text_equal_nocase(app, own ? own : c->tenant->client_id)) {
        graph_refuse(
            c, 404, "Request_ResourceNotFound",
            "Resource '%s' does not exist or one of its queried reference-property objects "
            "are not present.",
            app ? app : "");
        return;
    }
    struct json_writer *w = json_writer_new(1 << 20);
    if (!w)
        abort();
    json_open_object(w, NULL);
    json_put_string(w, "@odata.context",
                    "https://graph.microsoft.com/v1.0/$metadata#applications/$entity");
    if (!own && view_has(&view, &APPLICATION, "appId"))
        json_put_string(w, "appId", c->tenant->client_id);
    for (const struct json *m = json_first(it); m; m = json_next(m))
        if (view_has(&view, &APPLICATION, json_name(m)))
            read_copy(w, json_name(m), m, c->sim->scenario->read_at);
    json_close_object(w);
    answer_json(c->answer, w);
}
