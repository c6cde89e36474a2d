/* SPDX-License-Identifier: MIT */
/* graph/lookup.c: the sections of one principal, one after the other, page by page. */
#include "graph/lookup.h"

#include "base/digest.h"
#include "graph/inside.h"
#include "graph/page_rights.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define LOOKUP_PAGES_MAX 100
#define LOOKUP_BYTES_MAX ((size_t)4 << 20) /* of a page; a right with all its plans has 20 kB */

/* ---- what is asked ---- */

#define USER_PERMISSION                                                                       \
    "User-UsageRight.Read.All or User-CloudLicensing.Read.All where the tenant offers them, " \
    "else User.Read.All"
#define GROUP_PERMISSION                                                                        \
    "Group-UsageRight.Read.All or Group-CloudLicensing.Read.All where the tenant offers them, " \
    "else Group.Read.All"
#define DEVICE_PERMISSION \
    "Device-CloudLicensing.Read.All where the tenant offers it, else Device.Read.All"

static const char *const PATHS[PRINCIPAL_KIND_COUNT_] = {
    [PRINCIPAL_USER] = "users", [PRINCIPAL_GROUP] = "groups", [PRINCIPAL_DEVICE] = "devices"};
static const char *const PERMISSIONS[PRINCIPAL_KIND_COUNT_] = {[PRINCIPAL_USER] = USER_PERMISSION,
                                                               [PRINCIPAL_GROUP] = GROUP_PERMISSION,
                                                               [PRINCIPAL_DEVICE] =
                                                                   DEVICE_PERMISSION};

#define OF(kind) (1U << (kind))
#define OF_ALL (OF(PRINCIPAL_USER) | OF(PRINCIPAL_GROUP) | OF(PRINCIPAL_DEVICE))
typedef int decoder(const char *bytes, size_t len, struct rights *into, struct page *ret,
                    struct failure *ret_failure);
struct part {
    const char *path; /* below the principal */
    unsigned offered; /* to which kinds */
    const char *select, *expand;
    decoder *decode;
};
/* Options are those of the methods' pages: "List usageRights" $select and $filter, "List
 * assignments" and "List waitingMembers" $expand of what they point to, "List assignmentErrors"
 * $select. */
static const struct part PARTS[RIGHTS_SECTIONS_] = {
    [RIGHTS_HELD] = {"cloudLicensing/usageRights", OF_ALL, "id,skuId,skuPartNumber,services", NULL,
                     page_usage_rights},
    [RIGHTS_ASSIGNMENTS] = {"cloudLicensing/assignments", OF_ALL, NULL, "allotment,assignedTo",
                            page_assignments},
    [RIGHTS_WAITING] = {"cloudLicensing/waitingMembers", OF(PRINCIPAL_USER) | OF(PRINCIPAL_DEVICE),
                        NULL, "allotment($select=id,skuId,skuPartNumber)", page_principal_waits},
    [RIGHTS_ERRORS] = {"cloudLicensing/assignmentErrors", OF(PRINCIPAL_USER),
                       "id,code,message,occurrenceDateTime,skuId", NULL, page_principal_errors},
};
/* Digest 9.3: the older source knows what a user has, and not why something is missing. */
static const struct part OLDER = {"licenseDetails", OF(PRINCIPAL_USER),
                                  "id,skuId,skuPartNumber,servicePlans", NULL,
                                  page_license_details};

struct lookup {
    struct graph *graph;
    lookup_done *done;
    void *userdata;
    enum principal_kind kind;
    char *who, *shown, *sku_id, *plan_id, *right_id;
    enum lookup_expand expand;
    unsigned what; /* sections still to be read */
    struct rights *rights;
    struct lookup_report report;
    usec_t deadline_mono;
    sd_event_source *begin;
    struct http_request *request;
    enum rights_section now; /* the section under way */
    char *url;
    bool bare;       /* without $select, which the service refused */
    bool first_page; /* the URL is ours */
    bool spoiled;
    size_t pages;
    struct seen links;
    bool renewed; /* the token, because of a 401 */
    char *claims;
};

void lookup_free(struct lookup *l)
{
    if (!l)
        return;
    http_request_free(l->request);
    sd_event_source_disable_unref(l->begin);
    rights_free(l->rights);
    seen_free(&l->links);
    free(l->who);
    free(l->shown);
    free(l->sku_id);
    free(l->plan_id);
    free(l->right_id);
    free(l->url);
    free(l->claims);
    free(l);
}

static const struct part *part_of(const struct lookup *l)
{
    if (l->rights->source != SOURCE_SUBSCRIBED_SKUS)
        return &PARTS[l->now];
    return l->now == RIGHTS_HELD ? &OLDER : NULL;
}

static bool is_single(const struct lookup *l)
{
    return l->right_id && l->now == RIGHTS_HELD;
}

/* ---- addresses ---- */

static const char *expansion(const struct lookup *l, const struct part *part)
{
    if (is_single(l))
        return l->expand == LOOKUP_EXPAND_ASSIGNMENTS  ? "assignments"
               : l->expand == LOOKUP_EXPAND_ALLOTMENTS ? "allotments"
                                                       : NULL;
    /* Page "List assignments of a usageRight". */
    return l->right_id && l->now == RIGHTS_ASSIGNMENTS ? "assignedTo" : part->expand;
}

/* GUIDs stand in a filter without quotes; the digest, 2.3, has these two. */
static void add_filter(const struct lookup *l, struct text *t, char *sign)
{
    if (l->now != RIGHTS_HELD || (!l->sku_id && !l->plan_id) || l->right_id || part_of(l) == &OLDER)
        return;
    text_addf(t, "%c$filter=", *sign);
    *sign = '&';
    if (l->sku_id) {
        text_add(t, "skuId%20eq%20");
        query_add_encoded(t, l->sku_id);
    }
    if (l->sku_id && l->plan_id)
        text_add(t, "%20and%20");
    if (l->plan_id) {
        text_add(t, "services/any(c:c/planId%20eq%20");
        query_add_encoded(t, l->plan_id);
        text_add(t, ")");
    }
}

static char *first_url(const struct lookup *l, const struct part *part)
{
    const struct graph *g = l->graph;
    struct text t = TEXT_INIT(URL_MAX);
    const char *expand = expansion(l, part);
    bool older = part == &OLDER, below = l->right_id && !older;
    char sign = '?';
    text_addf(&t, "%s/%s/%s/", g->api.text, older ? "v1.0" : g->o.api_version, PATHS[l->kind]);
    query_add_encoded(&t, l->who);
    text_addf(&t, "/%s", below ? PARTS[RIGHTS_HELD].path : part->path);
    if (below) {
        text_add(&t, "/");
        query_add_encoded(&t, l->right_id);
        text_add(&t, l->now == RIGHTS_ASSIGNMENTS ? "/assignments" : "");
    }
    if (part->select && !l->bare && !is_single(l)) {
        text_addf(&t, "%c$select=%s", sign, part->select);
        sign = '&';
    }
    if (expand) {
        text_addf(&t, "%c$expand=%s", sign, expand);
        sign = '&';
    }
    add_filter(l, &t, &sign);
    return text_take(&t);
}

/* ---- words ---- */

/* "GET /users/{id}/licenseDetails for oncall@contoso.com" */
static int prefix(const struct lookup *l, int r, struct failure *f)
{
    return failure_prefix(f, r, "GET /%s/{id}/%s for %s", PATHS[l->kind], part_of(l)->path,
                          l->shown);
}

/* Whom the configuration names is not there: that is for a person to mend, and no lost right. */
static void words_of_absence(const struct lookup *l, const struct graph_error *e,
                             struct failure *ret)
{
    bool nobody = text_equal_nocase(e->code, "Request_ResourceNotFound");
    (void)failure_set(ret, nobody ? FAILURE_CONFIG : FAILURE_ABSENT, ENOENT,
                      nobody
                          ? "HTTP 404 %s: the tenant has no such %s: correct its name or id"
                          : "HTTP 404 %s: the tenant has no such %s, or does not offer this call",
                      e->code, principal_word(l->kind));
}

static void words(const struct lookup *l, const struct http_answer *a, struct failure *ret)
{
    struct graph_error e = {0};
    http_status_failure(a, ret);
    if (a->status != 0)
        graph_error_parse(a->body, a->body_len, &e);
    if (a->status == 404)
        words_of_absence(l, &e, ret);
    else if (a->status == 403)
        (void)failure_set(
            ret, FAILURE_PERMISSION, EACCES,
            "HTTP 403 %s: grant the application permission %s, with admin consent", e.code,
            part_of(l) == &OLDER ? "LicenseAssignment.Read.All" : PERMISSIONS[l->kind]);
    else if (e.code[0])
        (void)failure_set(ret, ret->kind, EIO, "HTTP %d %s", a->status, e.code);
    if (a->retry_after)
        ret->retry_after = a->retry_after;
    (void)prefix(l, 0, ret);
}

/* ---- section after section ---- */

static void send_page(struct lookup *l);

static void end(struct lookup *l)
{
    struct lookup_report report = l->report;
    struct rights *rights = TAKE(l->rights);
    lookup_done *done = l->done;
    void *userdata = l->userdata;
    l->graph->lookup = NULL;
    lookup_free(l);
    done(userdata, rights, &report); /* may free the graph */
}

static void next_section(struct lookup *l)
{
    for (int s = 0; s < RIGHTS_SECTIONS_; s++) {
        l->now = (enum rights_section)s;
        if (!(l->what & 1U << s))
            continue;
        const struct part *part = part_of(l);
        if (!part || !(part->offered & OF(l->kind))) {
            l->rights->section[s] = SECTION_NOT_OFFERED;
            l->what &= ~(1U << s);
            continue;
        }
        seen_free(&l->links);
        l->links = (struct seen){0};
        l->pages = 0;
        l->spoiled = l->bare = false;
        l->first_page = true;
        free(l->url);
        l->url = first_url(l, part);
        send_page(l);
        return;
    }
    end(l);
}

/* What would fail alike, or must not be asked while Graph wants to be left alone, is not tried. */
static void section_failed(struct lookup *l, const struct failure *why)
{
    bool all = why->kind == FAILURE_AUTH || why->kind == FAILURE_THROTTLED ||
               why->kind == FAILURE_LOCAL || clock_now().mono >= l->deadline_mono;
    rights_drop(l->rights, l->now);
    for (int s = 0; s < RIGHTS_SECTIONS_; s++)
        if (l->what & 1U << s && (all || s == (int)l->now))
            l->report.failure[s] = *why;
    l->what = all ? 0 : l->what & ~(1U << l->now);
    next_section(l);
}

static void section_ended(struct lookup *l)
{
    struct failure why = {0};
    if (l->spoiled) {
        (void)failure_set(&why, FAILURE_PROTOCOL, EBADMSG, "a row that cannot be told apart");
        (void)prefix(l, 0, &why);
        section_failed(l, &why);
        return;
    }
    l->rights->section[l->now] = SECTION_COMPLETE;
    l->what &= ~(1U << l->now);
    next_section(l);
}

/* ---- answers ---- */

static void follow(struct lookup *l, char *link)
{
    struct failure why = {0};
    int seen = seen_add(&l->links, link);
    free(l->url);
    l->url = link;
    l->first_page = false;
    if (seen == 0 && ++l->pages < LOOKUP_PAGES_MAX) {
        send_page(l);
        return;
    }
    (void)failure_set(&why, seen < 0 ? FAILURE_LOCAL : FAILURE_PROTOCOL, EBADMSG, "%s",
                      seen < 0   ? "out of memory"
                      : seen > 0 ? "a link to a page that was read already"
                                 : "the list does not end");
    (void)prefix(l, 0, &why);
    section_failed(l, &why);
}

static void take_page(struct lookup *l, const struct http_answer *a)
{
    struct page page = {0};
    struct failure why = {0};
    decoder *decode = is_single(l) ? page_usage_right_single : part_of(l)->decode;
    int r = words_expect_json(a, &why);
    if (r >= 0)
        r = decode(a->body, a->body_len, l->rights, &page, &why);
    if (r < 0) {
        (void)prefix(l, r, &why);
        section_failed(l, &why);
        return;
    }
    l->spoiled = l->spoiled || page.spoiled;
    char *link = TAKE(page.next_link);
    page_clear(&page);
    if (link)
        follow(l, link);
    else
        section_ended(l);
}

/* One renewal for the whole look-up; a second refusal is Graph's last word. */
static void unauthorized(struct lookup *l, const struct http_answer *a)
{
    struct failure why = {0};
    char claims[CLAIMS_MAX];
    token_forget(l->graph);
    if (l->renewed) {
        words(l, a, &why);
        section_failed(l, &why);
        return;
    }
    l->renewed = true;
    if (challenge_claims(a->www_authenticate, claims) >= 0)
        (void)text_copy(claims, &l->claims); /* without them the sign-in is refused and says so */
    send_page(l);
}

static void on_answer(void *userdata, const struct http_answer *a)
{
    struct lookup *l = userdata;
    struct failure why = {0};
    http_request_free(TAKE(l->request));
    if (a->status == 200) {
        take_page(l, a);
    } else if (a->status == 401) {
        unauthorized(l, a);
    } else if (a->status == 400 && l->first_page && !l->bare && part_of(l)->select) {
        l->bare = true;
        free(l->url);
        l->url = first_url(l, part_of(l));
        send_page(l);
    } else {
        words(l, a, &why);
        section_failed(l, &why);
    }
}

/* ---- sending ---- */

static void on_token(void *userdata, const struct token_result *t)
{
    struct lookup *l = userdata;
    if (t->ok)
        send_page(l);
    else
        section_failed(l, &t->failure);
}

static void send_page(struct lookup *l)
{
    struct graph *g = l->graph;
    struct http_header headers[GRAPH_HEADERS];
    char request_id[UUID_TEXT];
    struct http_call call;
    struct failure why = {0};
    usec_t now = clock_now().mono, left = l->deadline_mono > now ? l->deadline_mono - now : 0;
    int r = 0;
    if (!l->url)
        r = failure_oom(&why);
    else if (left == 0)
        r = failure_set(&why, FAILURE_TRANSIENT, ETIMEDOUT, "there was no time left for it");
    else if (!token_usable(g, now))
        r = token_ask(g, l->claims, left, on_token, l, &why);
    if (r >= 0 && g->token.request) {
        l->report.requests++;
        return;
    }
    if (r >= 0) {
        graph_call(g, part_of(l) == &OLDER ? LIST_SKUS : LIST_ALLOTMENTS, l->url, left, headers,
                   request_id, &call);
        call.max_body = LOOKUP_BYTES_MAX;
        r = http_start(g->http, &call, on_answer, l, &l->request, &why);
    }
    if (r >= 0) {
        l->report.requests++;
        return;
    }
    (void)prefix(l, r, &why);
    section_failed(l, &why);
}

static int on_begin(sd_event_source *s, void *userdata)
{
    (void)s;
    next_section(userdata);
    return 0;
}

/* ---- the way in ---- */

static int copy_request(struct lookup *l, const struct lookup_request *rq)
{
    int r = text_copy(rq->who, &l->who);
    if (r >= 0)
        r = text_copy(rq->shown, &l->shown);
    if (r >= 0)
        r = text_copy(rq->sku_id, &l->sku_id);
    if (r >= 0)
        r = text_copy(rq->plan_id, &l->plan_id);
    if (r >= 0)
        r = text_copy(rq->right_id, &l->right_id);
    l->kind = rq->kind;
    l->what = rq->what;
    l->expand = rq->expand;
    return r;
}

int graph_lookup(struct graph *g, const struct lookup_request *rq, usec_t timeout,
                 lookup_done *done, void *userdata, struct failure *ret_failure)
{
    if (g->poll || g->access || g->lookup)
        return failure_set(ret_failure, FAILURE_LOCAL, EBUSY, "the tenant is being read already");
    if (!*rq->who || strpbrk(rq->who, "/\\") || strcmp(rq->who, ".") == 0 ||
        strcmp(rq->who, "..") == 0)
        return failure_set(ret_failure, FAILURE_CONFIG, EINVAL, "this is no name or id of a %s",
                           principal_word(rq->kind));
    CLEANUP(lookup_free) struct lookup *l = calloc(1, sizeof *l);
    enum source source = g->source == SOURCE_NONE ? SOURCE_CLOUD_LICENSING : g->source;
    if (!l || copy_request(l, rq) < 0 || rights_new(source, &l->rights) < 0)
        return failure_oom(ret_failure);
    l->graph = g;
    l->done = done;
    l->userdata = userdata;
    l->deadline_mono = clock_now().mono + timeout;
    int r = sd_event_add_defer(g->event, &l->begin, on_begin, l);
    if (r < 0)
        return failure_set(ret_failure, FAILURE_LOCAL, -r, "event loop: %s", strerror(-r));
    (void)sd_event_source_set_description(l->begin, "graph-lookup");
    g->lookup = TAKE(l);
    return 0;
}

bool graph_looking_up(const struct graph *g)
{
    return g->lookup;
}

void graph_lookup_cancel(struct graph *g)
{
    if (!g->lookup)
        return;
    token_cancel(g);
    lookup_free(TAKE(g->lookup));
}
