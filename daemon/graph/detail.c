/* SPDX-License-Identifier: MIT */
/* graph/detail.c: addresses of what operators ask for.
 *
 * In a row, {k} is "users", "groups" or "devices", {1} the id, {2} the other id, {n} what is selected of people. */
#include "graph/detail.h"

#include "base/text.h"
#include "graph/query.h"

#include <errno.h>
#include <string.h>

#define TARGET_LENGTH 8192
#define OF(kind) (1U << (kind))
#define OF_ALL (OF(PRINCIPAL_USER) | OF(PRINCIPAL_GROUP) | OF(PRINCIPAL_DEVICE))
#define RIGHT_ALLOTMENTS "allotments($select=id,allottedUnits,consumedUnits,subscriptions)"

static const struct {
    const char *target;
    unsigned offered; /* to which kinds */
    enum inquiry_form form;
    enum list permission; /* of this list of a poll; LIST_COUNT_: by the kind */
    bool older;
} DETAILS[DETAIL_COUNT_] = {
    [DETAIL_ALLOTMENT] = {"admin/cloudLicensing/allotments/{1}", OF_ALL, INQUIRY_OBJECT, LIST_ALLOTMENTS, false},
    [DETAIL_ALLOTMENT_ASSIGNMENTS] = {"admin/cloudLicensing/allotments/{1}/assignments?$expand=assignedTo{n}", OF_ALL,
                                      INQUIRY_LIST, LIST_ALLOTMENTS, false},
    [DETAIL_ALLOTMENT_WAITING] = {"admin/cloudLicensing/allotments/{1}/waitingMembers?$expand=assignedTo{n}", OF_ALL,
                                  INQUIRY_LIST, LIST_WAITING, false},
    [DETAIL_SKU_ERRORS] = {"admin/cloudLicensing/assignmentErrors?$filter=skuId%20eq%20{2}&$expand=assignedTo{n}", OF_ALL,
                           INQUIRY_LIST, LIST_ERRORS, false},
    [DETAIL_RIGHTS] = {"{k}/{1}/cloudLicensing/usageRights?$select=id,skuId,skuPartNumber,services",
                       OF(PRINCIPAL_USER) | OF(PRINCIPAL_GROUP), INQUIRY_LIST, LIST_COUNT_, false},
    [DETAIL_RIGHT_ALLOTMENTS] = {"{k}/{1}/cloudLicensing/usageRights/{2}?$expand=" RIGHT_ALLOTMENTS,
                                 OF(PRINCIPAL_USER) | OF(PRINCIPAL_GROUP), INQUIRY_OBJECT, LIST_COUNT_, false},
    [DETAIL_DEVICE_RIGHTS] = {"{k}/{1}/cloudLicensing/usageRights?$expand=" RIGHT_ALLOTMENTS, OF(PRINCIPAL_DEVICE),
                              INQUIRY_LIST, LIST_COUNT_, false},
    [DETAIL_ASSIGNMENTS] = {"{k}/{1}/cloudLicensing/assignments?$expand=allotment,assignedTo", OF_ALL, INQUIRY_LIST,
                            LIST_COUNT_, false},
    [DETAIL_WAITING] = {"{k}/{1}/cloudLicensing/waitingMembers?$expand=allotment($select=id,skuId,skuPartNumber)",
                        OF(PRINCIPAL_USER) | OF(PRINCIPAL_DEVICE), INQUIRY_LIST, LIST_COUNT_, false},
    [DETAIL_ERRORS] = {"{k}/{1}/cloudLicensing/assignmentErrors?$select=id,code,message,occurrenceDateTime,skuId",
                       OF(PRINCIPAL_USER), INQUIRY_LIST, LIST_COUNT_, false},
    [DETAIL_LICENSES] = {"{k}/{1}/licenseDetails?$select=id,skuId,skuPartNumber,servicePlans", OF(PRINCIPAL_USER),
                         INQUIRY_LIST, LIST_SKUS, true},
    [DETAIL_POOLS] = {"admin/cloudLicensing/allotments?$select=id,skuId,skuPartNumber,allottedUnits,consumedUnits", OF_ALL,
                      INQUIRY_LIST, LIST_ALLOTMENTS, false},
    [DETAIL_SKUS] = {"subscribedSkus?$select=id,skuId,skuPartNumber,consumedUnits,prepaidUnits,appliesTo", OF_ALL,
                     INQUIRY_LIST, LIST_SKUS, true},
};
static const struct {
    const char *path, *permission; /* "User-UsageRight.Read.All" and so on are not offered everywhere */
} KINDS[PRINCIPAL_KIND_COUNT_] = {
    [PRINCIPAL_USER] = {"users", "User-UsageRight.Read.All or User-CloudLicensing.Read.All where the tenant offers them, "
                                 "else User.Read.All"},
    [PRINCIPAL_GROUP] = {"groups", "Group-UsageRight.Read.All or Group-CloudLicensing.Read.All where the tenant offers "
                                   "them, else Group.Read.All"},
    [PRINCIPAL_DEVICE] = {"devices", "Device-CloudLicensing.Read.All where the tenant offers it, else Device.Read.All"},
};

const char *detail_path(enum principal_kind kind)
{
    return KINDS[kind].path;
}

const char *detail_permission(enum principal_kind kind)
{
    return KINDS[kind].permission;
}

bool detail_is_offered(enum detail d, enum principal_kind kind)
{
    return DETAILS[d].offered & OF(kind);
}

static bool can_be_in_a_path(const char *id)
{
    return *id && !strpbrk(id, "/\\") && strcmp(id, ".") != 0 && strcmp(id, "..") != 0;
}

static void add_word(struct text *t, char word, const struct detail_subject *about, bool ids)
{
    const char *id = word == '1' ? about->id : about->other;
    if (word == 'k')
        text_add(t, KINDS[about->kind].path);
    else if (word == 'n')
        text_add(t, about->names ? "" : "($select=id,displayName)");
    else if (ids)
        text_add_encoded(t, id ? id : "");
    else
        text_add(t, "{id}");
}

/* `len` bytes of a row's target. */
static void fill_in(struct text *t, const char *row, size_t len, const struct detail_subject *about, bool ids)
{
    for (size_t i = 0; i < len; i++)
        if (row[i] == '{' && i + 2 < len + 1 && row[i + 2] == '}') {
            add_word(t, row[i + 1], about, ids);
            i += 2;
        } else {
            text_add_bytes(t, &row[i], 1);
        }
}

int detail_request(enum detail d, const struct detail_subject *about, struct inquiry_request *ret, char **ret_target,
                   char **ret_call)
{
    CLEANUP(text_free) struct text target = TEXT_INIT(TARGET_LENGTH), call = TEXT_INIT(TARGET_LENGTH);
    const char *row = DETAILS[d].target;
    enum list list = DETAILS[d].permission;
    if ((about->id && !can_be_in_a_path(about->id)) || (about->other && !can_be_in_a_path(about->other)))
        return -EINVAL;
    fill_in(&target, row, strlen(row), about, true);
    text_add(&call, DETAILS[d].older ? "GET /v1.0/" : "GET /");
    fill_in(&call, row, strcspn(row, "?"), about, false);
    if (target.error || call.error)
        return target.error == -E2BIG ? -EINVAL : -ENOMEM;
    *ret = (struct inquiry_request){
        .older = DETAILS[d].older,
        .form = DETAILS[d].form,
        .permission = list == LIST_COUNT_ ? KINDS[about->kind].permission : query_for(list).permission,
    };
    ret->target = *ret_target = text_take(&target);
    ret->call = *ret_call = text_take(&call);
    return 0;
}
