/* SPDX-License-Identifier: MIT */
/* graphsim/graph.c: which list a path means, who may read it, and how Graph says no. */
#include "base/clock.h"
#include "graphsim/sim.h"
#include <ctype.h>
#include <stdarg.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define LISTED (ODATA_SELECT | ODATA_TOP | ODATA_EXPAND | ODATA_SKIPTOKEN)

/* Options: those that the method's page lists (List allotments, Get allotment, its List assignments
 * (without its $filter), List waitingMembers, List assignmentErrors, List subscribedSkus). $apply is documented too; nobody here asks for it.
 */
static const struct route {
    const char *path; /* {} stands for one segment */
    const char *endpoint;
    enum first_page first;
    bool licensing; /* part of the Cloud Licensing API */
    unsigned options;
    const struct entity *entity;
    void (*answer)(struct call *c, const struct view *view);
} ROUTES[] = {
    {"/beta/admin/cloudLicensing/allotments", "allotments", FIRST_ALLOTMENTS, true,
     LISTED | ODATA_FILTER, &ALLOTMENT, allotments_answer},
    {"/beta/admin/cloudLicensing/allotments/{}", "allotment", 0, true, ODATA_SELECT | ODATA_EXPAND,
     &ALLOTMENT, allotment_answer},
    {"/beta/admin/cloudLicensing/allotments/{}/assignments", "allotmentAssignments", 0, true, LISTED,
     &ASSIGNMENT, assignments_answer},
    {"/beta/admin/cloudLicensing/allotments/{}/waitingMembers", "waitingMembers", 0, true, LISTED,
     &WAITING_MEMBER, waiting_answer},
    {"/beta/admin/cloudLicensing/assignmentErrors", "assignmentErrors", FIRST_ERRORS, true,
     LISTED | ODATA_FILTER, &ASSIGNMENT_ERROR, errors_answer},
    {"/v1.0/subscribedSkus", "subscribedSkus", FIRST_SKUS, false, ODATA_SELECT, &SUBSCRIBED_SKU,
     skus_answer},
    {"/beta/subscribedSkus", "subscribedSkus", FIRST_SKUS, false, ODATA_SELECT, &SUBSCRIBED_SKU,
     skus_answer},
    {"/v1.0/directory/subscriptions", "subscriptions", 0, false, ODATA_SELECT,
     &COMPANY_SUBSCRIPTION, subscriptions_answer},
};

/* Codes as Graph sends them with these statuses. */
static const struct usual {
    unsigned status;
    const char *code, *message;
} USUAL[] = {
    {400, "BadRequest", "The request is malformed or incorrect."},
    {401, "InvalidAuthenticationToken", "Access token is empty."},
    {403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation."},
    {404, "ResourceNotFound", "Resource could not be discovered."},
    {405, "Request_BadRequest", "Specified HTTP method is not allowed for the request target."},
    {406, "NotAcceptable", "The media type that is asked for is not supported."},
    {429, "TooManyRequests", "Please retry again later."},
    {500, "InternalServerError", "An internal server error occurred."},
    {501, "NotImplemented", "The requested feature is not implemented."},
    {502, "BadGateway", "The upstream server failed."},
    {503, "serviceNotAvailable", "The service is temporarily unavailable."},
    {504, "GatewayTimeout", "The upstream server timed out."},
    {509, "BandwidthLimitExceeded", "The bandwidth limit is exceeded."},
};

static void challenge(struct call *c, const char *more)
{
    if (answer_get_header(c->answer, "WWW-Authenticate"))
        return; /* a rule has one of its own */
    answer_header(c->answer, "WWW-Authenticate",
                  "Bearer realm=\"\", authorization_uri=\"%s/common/oauth2/authorize\", "
                  "client_id=\"00000003-0000-0000-c000-000000000000\"%s",
                  c->origin, more);
}

static void refuse(struct call *c, unsigned status, const char *code, const char *message)
{
    char date[32];
    time_t now = (time_t)(c->request->at / USEC_PER_SEC);
    struct tm utc;
    (void)gmtime_r(&now, &utc);
    (void)strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &utc);
    const char *client = request_header(c->request, "client-request-id");
    struct json_writer *w = json_writer_new(1 << 20);
    if (!w)
        abort();
    json_open_object(w, NULL);
    json_open_object(w, "error");
    json_put_string(w, "code", code);
    json_put_string(w, "message", message);
    json_open_object(w, "innerError");
    json_put_string(w, "date", date);
    json_put_string(w, "request-id", c->request_id);
    json_put_string(w, "client-request-id", client ? client : c->request_id);
    json_close_object(w);
    json_close_object(w);
    json_close_object(w);
    answer_json(c->answer, w);
    c->answer->status = status;
    json_put_string(c->answer->line, "refused", message);
}

void graph_refuse(struct call *c, unsigned status, const char *code, const char *fmt, ...)
{
    char message[512];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(message, sizeof message, fmt, ap);
    va_end(ap);
    refuse(c, status, code, message);
}

void graph_status(struct call *c, unsigned status)
{
    if (status == 401)
        challenge(c, ", error=\"invalid_token\"");
    for (size_t i = 0; i < N_ELEMENTS(USUAL); i++) {
        if (USUAL[i].status == status) {
            refuse(c, status, USUAL[i].code, USUAL[i].message);
            return;
        }
    }
    refuse(c, status, status < 500 ? "BadRequest" : "UnknownError", "");
}

/* Whether `path` has the shape of `pattern`; the segment at {} goes to *ret_id, decoded. */
static bool path_is(const char *path, const char *pattern, char **ret_id)
{
    const char *open = strstr(pattern, "{}");
    if (!open)
        return strcmp(path, pattern) == 0;
    size_t lead = (size_t)(open - pattern);
    if (strncmp(path, pattern, lead) != 0)
        return false;
    size_t len = strcspn(path + lead, "/");
    if (len == 0 || strcmp(path + lead + len, open + 2) != 0)
        return false;
    char *id = odata_unescape(path + lead, len, false);
    if (!id)
        return false;
    free(*ret_id);
    *ret_id = id;
    return true;
}

/* The table has the Cloud Licensing API where it is today. */
static bool leads_to(struct call *c, const struct route *route)
{
    const char *path = c->request->path, *version = c->sim->scenario->version;
    size_t len = strlen(version);
    if (!route->licensing)
        return path_is(path, route->path, &c->id);
    return path[0] == '/' && strncmp(path + 1, version, len) == 0 &&
           path_is(path + 1 + len, route->path + strlen("/beta"), &c->id);
}

static const struct route *route_of(struct call *c)
{
    for (size_t i = 0; i < N_ELEMENTS(ROUTES); i++)
        if (leads_to(c, &ROUTES[i]))
            return &ROUTES[i];
    return NULL;
}

void graph_route(struct call *c)
{
    if (path_is(c->request->path, "/{}/oauth2/v2.0/token", &c->id)) {
        c->endpoint = "token";
        return;
    }
    const char *machine = strstr(c->request->path, "/metadata/identity/oauth2/token");
    if (machine && strcmp(machine, "/metadata/identity/oauth2/token") == 0) {
        c->endpoint = "identity"; /* also of a whole URL: that is for identity.c to refuse */
        return;
    }
    const struct route *route = route_of(c);
    if (!route) {
        c->endpoint = application_asked(c) ? "application" : people_endpoint(c);
        return;
    }
    c->endpoint = route->endpoint;
    c->first = odata_get(&c->query, "$skiptoken") ? 0 : route->first;
}

static void refuse_bearer(struct call *c)
{
    static const char *const SAID[] = {
        [BEARER_NONE] = "Access token is empty.",
        [BEARER_BAD] = "Invalid access token: its signature is not valid here.",
        [BEARER_EXPIRED] = "Lifetime validation failed, the token is expired.",
        [BEARER_REVOKED] = "The token was revoked: the application's access has changed."};
    graph_refuse(c, 401, "InvalidAuthenticationToken", "%s", SAID[c->bearer]);
    challenge(c, c->bearer == BEARER_NONE ? "" : ", error=\"invalid_token\"");
}

static bool denied(const struct call *c)
{
    const struct json *word = c->state->manners.deny ? json_first(c->state->manners.deny) : NULL;
    for (; word; word = json_next(word))
        if (strcmp(json_text(word), c->endpoint) == 0)
            return true;
    return false;
}

/* The option that this tenant does not serve although it is documented; NULL: none. */
static const char *refused_option(const struct call *c)
{
    static const struct {
        const char *name;
        enum refusal refusal;
    } OPTIONS[] = {{"$select", REFUSE_SELECT},
                   {"$top", REFUSE_TOP},
                   {"$expand", REFUSE_EXPAND},
                   {"$filter", REFUSE_FILTER}};
    for (size_t i = 0; i < N_ELEMENTS(OPTIONS); i++)
        if ((c->state->manners.refuse & OPTIONS[i].refusal) &&
            odata_get(&c->query, OPTIONS[i].name))
            return OPTIONS[i].name;
    return NULL;
}

static bool accepts_json(const char *accept)
{
    return !accept || strcasestr(accept, "application/json") || strstr(accept, "*/*") ||
           strcasestr(accept, "application/*");
}

void graph_answer(struct call *c)
{
    const struct route *route = route_of(c);
    struct view view;
    char why[ODATA_WHY_MAX];
    const char *option;
    if (c->bearer != BEARER_OK) {
        refuse_bearer(c);
        return;
    }
    if (!route && !c->endpoint) {
        graph_refuse(c, 404, "ResourceNotFound", "Resource not found for this path.");
        return;
    }
    if (strcmp(c->request->method, "GET") != 0) {
        graph_status(c, 405);
        answer_header(c->answer, "Allow", "GET");
        return;
    }
    if (!accepts_json(request_header(c->request, "Accept"))) {
        graph_status(c, 406);
        return;
    }
    bool application = application_asked(c);
    if ((route ? route->licensing : !application && !people_is_older(c)) && c->state->manners.absent) {
        if (c->state->manners.absent == 400) /* as below /v1.0, and in tenants without the API */
            graph_refuse(c, 400, "BadRequest", "Resource not found for the segment 'cloudLicensing'.");
        else
            graph_status(c, (unsigned)c->state->manners.absent);
        return;
    }
    if (denied(c)) {
        graph_status(c, 403);
        return;
    }
    if (c->query_error) {
        graph_refuse(c, 400, "BadRequest", "%s", c->query_error);
        return;
    }
    if (application) {
        application_answer(c);
        return;
    }
    if (!route) {
        people_answer(c);
        return;
    }
    if (odata_view(&c->query, route->entity, route->options, &view, why) < 0) {
        graph_refuse(c, 400, "BadRequest", "%s", why);
        return;
    }
    if ((option = refused_option(c))) {
        graph_refuse(c, 400, "BadRequest", "Query option '%s' is not allowed.", option);
        return;
    }
    view.offset = link_offset(c);
    if (view.offset < 0) {
        graph_refuse(c, 400, "BadRequest",
                     "The skip token is not one that was issued for this URL.");
        return;
    }
    route->answer(c, &view);
}
