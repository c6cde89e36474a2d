/* SPDX-License-Identifier: MIT */
/* graph/lookup.c: the sections of one principal, one after the other. */
#include "graph/lookup.h"

#include "graph/detail.h"
#include "graph/fetch.h"
#include "graph/internal.h"
#include "graph/page_rights.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LOOKUP_PAGES_MAX 100
#define LOOKUP_BYTES_MAX ((size_t)4 << 20) /* of a page; a right with all its plans has 20 kB */

/* ---- requests ---- */

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
/* The fallback: what a user has, but not why something is missing. */
static const struct part FALLBACK = {"licenseDetails", OF(PRINCIPAL_USER),
                                  "id,skuId,skuPartNumber,servicePlans", NULL,
                                  page_license_details};

struct lookup {
    struct fetch fetch;
    struct graph *graph;
    lookup_done *done;
    void *userdata;
    enum principal_kind kind;
    char *who, *shown, *sku_id, *plan_id, *right_id;
    enum lookup_expand expand;
    unsigned sections; /* sections still to be read */
    struct rights *rights;
    struct failure failure[RIGHTS_SECTIONS_];
    bool throttled;
    usec_t pause;
    enum rights_section now; /* the current section */
    char *call;              /* its name in failures */
};

void lookup_free(struct lookup *l)
{
    if (!l)
        return;
    fetch_clear(&l->fetch);
    rights_free(l->rights);
    free(l->who);
    free(l->shown);
    free(l->sku_id);
    free(l->plan_id);
    free(l->right_id);
    free(l->call);
    free(l);
}

static const struct part *part_of(const struct lookup *l)
{
    if (l->rights->source != SOURCE_SUBSCRIBED_SKUS)
        return &PARTS[l->now];
    return l->now == RIGHTS_HELD ? &FALLBACK : NULL;
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

/* GUIDs are not quoted in a filter (page "List usageRights"). */
static void add_filter(const struct lookup *l, struct text *t, char *sign)
{
    if (l->now != RIGHTS_HELD || (!l->sku_id && !l->plan_id) || l->right_id || part_of(l) == &FALLBACK)
        return;
    text_addf(t, "%c$filter=", *sign);
    *sign = '&';
    if (l->sku_id) {
        text_add(t, "skuId%20eq%20");
        text_add_encoded(t, l->sku_id);
    }
    if (l->sku_id && l->plan_id)
        text_add(t, "%20and%20");
    if (l->plan_id) {
        text_add(t, "services/any(c:c/planId%20eq%20");
        text_add_encoded(t, l->plan_id);
        text_add(t, ")");
    }
}

static char *section_url(const struct fetch_list *list, unsigned dropped)
{
    const struct lookup *l = list->fetch->userdata;
    const struct part *part = part_of(l);
    const struct graph *g = l->graph;
    struct text t = TEXT_INIT(URL_MAX);
    const char *expand = expansion(l, part);
    bool fallback = part == &FALLBACK, below = l->right_id && !fallback;
    char sign = '?';
    text_addf(&t, "%s/%s/%s/", g->api.text, fallback ? "v1.0" : g->o.api_version, detail_path(l->kind));
    text_add_encoded(&t, l->who);
    text_addf(&t, "/%s", below ? PARTS[RIGHTS_HELD].path : part->path);
    if (below) {
        text_add(&t, "/");
        text_add_encoded(&t, l->right_id);
        text_add(&t, l->now == RIGHTS_ASSIGNMENTS ? "/assignments" : "");
    }
    if (part->select && !(dropped & OPTION_SELECT) && !is_single(l)) {
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

/* ---- section after section ---- */

static int ask_section(struct lookup *l, const struct part *part)
{
    bool fallback = part == &FALLBACK;
    free(l->call);
    l->call = text_printf("GET /%s/{id}/%s for %s", detail_path(l->kind), part->path, l->shown);
    if (!l->call)
        return -ENOMEM;
    const struct fetch_ask ask = {
        .call = l->call,
        .permission = fallback ? "LicenseAssignment.Read.All" : detail_permission(l->kind),
        .fallback = fallback,
        .options = part->select && !is_single(l) ? OPTION_SELECT : 0,
        .max_body = LOOKUP_BYTES_MAX,
    };
    return fetch_add(&l->fetch, &ask, (int)l->now, NULL, NULL, NULL);
}

static void section_failed(struct lookup *l, enum rights_section s, const struct failure *why)
{
    rights_drop(l->rights, s);
    l->failure[s] = *why;
    l->sections &= ~(1U << s);
}

static void rest_failed(struct lookup *l, const struct failure *why)
{
    for (int s = 0; s < RIGHTS_SECTIONS_; s++)
        if (l->sections & 1U << s)
            section_failed(l, (enum rights_section)s, why);
}

static bool next_section(struct fetch *f)
{
    struct lookup *l = f->userdata;
    for (int s = 0; s < RIGHTS_SECTIONS_; s++) {
        struct failure why = {0};
        l->now = (enum rights_section)s;
        if (!(l->sections & 1U << s))
            continue;
        const struct part *part = part_of(l);
        if (!part || !(part->offered & OF(l->kind))) {
            l->rights->section[s] = SECTION_NOT_OFFERED;
            l->sections &= ~(1U << s);
            continue;
        }
        if (ask_section(l, part) >= 0)
            return true;
        (void)failure_oom(&why);
        section_failed(l, l->now, &why);
    }
    return false;
}

static int section_page(struct fetch_list *list, const char *bytes, size_t len, struct page *ret,
                        struct failure *ret_failure)
{
    struct lookup *l = list->fetch->userdata;
    decoder *decode = is_single(l) ? page_usage_right_single : part_of(l)->decode;
    return decode(bytes, len, l->rights, ret, ret_failure);
}

static void section_ended(struct fetch_list *list)
{
    struct lookup *l = list->fetch->userdata;
    struct failure why = {0};
    if (list->spoiled) {
        (void)failure_set(&why, FAILURE_PROTOCOL, EBADMSG, "%s: a row without a readable id",
                          l->call);
        section_failed(l, l->now, &why);
        return;
    }
    l->rights->section[l->now] = SECTION_COMPLETE;
    l->sections &= ~(1U << l->now);
}

/* The configured principal does not exist: a configuration mistake, not a lost right. */
static void error_text_of_absence(const struct lookup *l, const struct fetch_failed *why,
                                  struct failure *ret)
{
    bool nobody = text_equal_nocase(why->error.code, "Request_ResourceNotFound");
    (void)failure_set(ret, nobody ? FAILURE_CONFIG : FAILURE_ABSENT, ENOENT,
                      "%s: HTTP 404 %s: the tenant has no such %s%s", l->call, why->error.code,
                      principal_word(l->kind),
                      nobody ? ": correct its name or id" : ", or does not offer this call");
}

/* Sections that would fail for the same reason, or must not be read while throttled, are skipped. */
static void on_failed(struct fetch *f, struct fetch_list *list, const struct fetch_failed *failed)
{
    struct lookup *l = f->userdata;
    struct failure why = failed->failure;
    if (failed->status == 404 && failed->error.known)
        error_text_of_absence(l, failed, &why);
    if (call_is_throttled(failed->status)) {
        l->throttled = true;
        l->pause = why.retry_after;
    }
    if (!list || l->throttled || why.kind == FAILURE_AUTH || why.kind == FAILURE_LOCAL)
        rest_failed(l, &why);
    else
        section_failed(l, l->now, &why);
}

static void finish(struct fetch *f)
{
    struct lookup *l = f->userdata;
    struct lookup_report report = {
        .requests = f->report.requests, .throttled = l->throttled, .pause = l->pause};
    struct rights *rights = TAKE(l->rights);
    lookup_done *done = l->done;
    void *userdata = l->userdata;
    memcpy(report.failure, l->failure, sizeof report.failure);
    l->graph->lookup = NULL;
    lookup_free(l);
    done(userdata, rights, &report); /* may free the graph */
}

static const struct fetch_calls CALLS = {
    .more = next_section,
    .url = section_url,
    .page = section_page,
    .ended = section_ended,
    .failed = on_failed,
    .done = finish,
};

/* ---- begin ---- */

static int copy_request(struct lookup *l, const struct lookup_request *rq)
{
    l->kind = rq->kind;
    l->sections = rq->sections;
    l->expand = rq->expand;
    bool copied = text_copy(rq->who, &l->who) >= 0 && text_copy(rq->shown, &l->shown) >= 0 &&
                  text_copy(rq->sku_id, &l->sku_id) >= 0 &&
                  text_copy(rq->plan_id, &l->plan_id) >= 0 &&
                  text_copy(rq->right_id, &l->right_id) >= 0;
    return copied ? 0 : -ENOMEM;
}

int graph_lookup(struct graph *g, const struct lookup_request *rq, usec_t timeout,
                 lookup_done *done, void *userdata, struct failure *ret_failure)
{
    if (g->poll || g->access || g->lookup || g->inquiry)
        return failure_set(ret_failure, FAILURE_LOCAL, EBUSY, "the tenant is being read already");
    if (!*rq->who || strpbrk(rq->who, "/\\") || strcmp(rq->who, ".") == 0 ||
        strcmp(rq->who, "..") == 0)
        return failure_set(ret_failure, FAILURE_CONFIG, EINVAL, "not a valid name or id of a %s",
                           principal_word(rq->kind));
    CLEANUP(lookup_free) struct lookup *l = calloc(1, sizeof *l);
    enum source source = g->source == SOURCE_NONE ? SOURCE_CLOUD_LICENSING : g->source;
    if (!l || copy_request(l, rq) < 0 || rights_new(source, &l->rights) < 0)
        return failure_oom(ret_failure);
    l->graph = g;
    l->done = done;
    l->userdata = userdata;
    int r = fetch_begin(&l->fetch, g, &CALLS, l, timeout, ret_failure);
    if (r < 0)
        return r;
    l->fetch.signs_in = true;
    l->fetch.pages_max = LOOKUP_PAGES_MAX;
    g->lookup = TAKE(l);
    return 0;
}

void graph_lookup_cancel(struct graph *g)
{
    if (!g->lookup)
        return;
    token_cancel(g);
    lookup_free(TAKE(g->lookup));
}
