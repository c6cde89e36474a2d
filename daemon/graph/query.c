/* SPDX-License-Identifier: MIT */
/* graph/query.c: URLs of the lists, and the order in which refused query options are omitted.
 *
 * Page "List allotments" documents $select, $top and $expand=waitingMembers($select=...); pages
 * "List waitingMembers" and "List assignmentErrors" document $select and $top; "List
 * subscribedSkus" only $select. A page is never larger than a few hundred kB with these. */
#include "graph/query.h"

#include <assert.h>
#include <string.h>

#define LICENSING_PERMISSION \
    "Directory.Read.All (or CloudLicensing.Read.All where the tenant offers it)"
static const struct {
    const char *call, *path, *top, *expand, *select, *permission;
} LISTS[LIST_COUNT_] = {
    [LIST_ALLOTMENTS] =
        {
            .call = "GET /admin/cloudLicensing/allotments",
            .path = "/admin/cloudLicensing/allotments",
            .select = "$select=id,skuId,skuPartNumber,allottedUnits,consumedUnits,assignableTo,"
                      "subscriptions",
            .expand = "$expand=waitingMembers($select=id,waitingSinceDateTime)",
            .top = "$top=100", /* rows include their waiting members, so pages are large */
            .permission = LICENSING_PERMISSION,
        },
    [LIST_WAITING] =
        {
            .call = "GET /admin/cloudLicensing/allotments/{id}/waitingMembers",
            .path = "/admin/cloudLicensing/allotments/",
            .select = "$select=id,waitingSinceDateTime",
            .top = "$top=999",
            .permission = LICENSING_PERMISSION,
        },
    [LIST_ERRORS] =
        {
            .call = "GET /admin/cloudLicensing/assignmentErrors",
            .path = "/admin/cloudLicensing/assignmentErrors",
            .select = "$select=id,code,skuId",
            .top = "$top=999", /* the longest chain decides how long a poll takes */
            .permission = LICENSING_PERMISSION,
        },
    [LIST_SKUS] =
        {
            .call = "GET /v1.0/subscribedSkus",
            .path = "/subscribedSkus",
            .select = "$select=id,skuId,skuPartNumber,consumedUnits,prepaidUnits,capabilityStatus,"
                      "appliesTo",
            .permission = "LicenseAssignment.Read.All (or Directory.Read.All)",
        },
    [LIST_SUBSCRIPTIONS] =
        {
            .call = "GET /v1.0/directory/subscriptions",
            .path = "/directory/subscriptions",
            .select = "$select=id,commerceSubscriptionId,skuId,status,totalLicenses,isTrial,"
                      "createdDateTime,nextLifecycleDateTime",
            .permission = "Organization.Read.All (or Directory.Read.All)",
        },
};

/* One option before two, so that as few as possible are lost. */
static const unsigned STEPS[] = {
    0,
    OPTION_TOP,
    OPTION_EXPAND,
    OPTION_SELECT,
    OPTION_TOP | OPTION_EXPAND,
    OPTION_TOP | OPTION_SELECT,
    OPTION_EXPAND | OPTION_SELECT,
    OPTION_TOP | OPTION_EXPAND | OPTION_SELECT,
};

static unsigned offered(enum list list)
{
    return (LISTS[list].top ? OPTION_TOP : 0U) | (LISTS[list].expand ? OPTION_EXPAND : 0U) |
           (LISTS[list].select ? OPTION_SELECT : 0U);
}

struct fetch_ask query_for(enum list list)
{
    bool fallback = list == LIST_SKUS || list == LIST_SUBSCRIPTIONS;
    return (struct fetch_ask){
        .call = LISTS[list].call,
        .permission = LISTS[list].permission,
        .absent = fallback || list == LIST_WAITING
                      ? NULL
                      : "; this tenant or cloud does not offer the Cloud Licensing API",
        .fallback = fallback,
        .options = offered(list),
        .max_body = PAGE_BYTES_MAX,
    };
}

int query_next_step(unsigned options, int step)
{
    for (size_t i = (size_t)step + 1; i < N_ELEMENTS(STEPS); i++)
        if ((STEPS[i] & ~options) == 0)
            return (int)i;
    return -1;
}

int query_last_step(unsigned options)
{
    int last = 0;
    for (int step = 0; step >= 0; step = query_next_step(options, step))
        last = step;
    return last;
}

unsigned query_dropped(int step)
{
    assert(step >= 0 && (size_t)step < N_ELEMENTS(STEPS));
    return STEPS[step];
}

const char *query_options(unsigned dropped)
{
    static const char *const NAMES[] = {
        "no option",
        "$top",
        "$expand",
        "$top and $expand",
        "$select",
        "$top and $select",
        "$expand and $select",
        "$top, $expand and $select",
    };
    assert(dropped < N_ELEMENTS(NAMES));
    return NAMES[dropped];
}

char *query_url(const char *root, const char *version, enum list list, const char *id,
                unsigned dropped)
{
    struct text t = TEXT_INIT(URL_MAX);
    const char *const options[] = {
        dropped & OPTION_SELECT ? NULL : LISTS[list].select,
        dropped & OPTION_EXPAND ? NULL : LISTS[list].expand,
        dropped & OPTION_TOP ? NULL : LISTS[list].top,
    };
    text_addf(&t, "%s/%s%s", root, version, LISTS[list].path);
    if (list == LIST_WAITING) {
        assert(id);
        text_add_encoded(&t, id);
        text_add(&t, "/waitingMembers");
    }
    char sign = '?';
    for (size_t i = 0; i < N_ELEMENTS(options); i++) {
        if (!options[i])
            continue;
        text_addf(&t, "%c%s", sign, options[i]);
        sign = '&';
    }
    return text_take(&t);
}
