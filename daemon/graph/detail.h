/* SPDX-License-Identifier: MIT */
/* graph/detail.h: what operators ask Graph for: one allotment, user, group or device, and queries of their own.
 *
 * Pure: addresses, not requests. Every address is one that the page of its method documents. */
#pragma once
#include "graph/inquiry.h"
#include "model/rights.h"

enum detail {
    DETAIL_ALLOTMENT,             /* with its subscriptions and services */
    DETAIL_ALLOTMENT_ASSIGNMENTS, /* users and groups that it is assigned to */
    DETAIL_ALLOTMENT_WAITING,
    DETAIL_SKU_ERRORS,            /* assignment errors of its SKU */
    DETAIL_RIGHTS,                /* usage rights of a user or group */
    DETAIL_RIGHT_ALLOTMENTS,      /* one of them, with the allotments behind it */
    DETAIL_DEVICE_RIGHTS,         /* all of a device, with these */
    DETAIL_ASSIGNMENTS,
    DETAIL_WAITING,
    DETAIL_ERRORS,
    DETAIL_LICENSES,              /* of a user, by the subscribedSkus source */
    DETAIL_POOLS,                 /* units of all allotments */
    DETAIL_SKUS,                  /* units of all SKUs, by subscribedSkus */
    DETAIL_COUNT_
};

struct detail_subject {
    enum principal_kind kind;
    const char *id;    /* of the allotment, user, group or device */
    const char *other; /* RIGHT_ALLOTMENTS: of the right; SKU_ERRORS: of the SKU */
    bool names;        /* also the names of people, where ids are enough otherwise */
};
const char *detail_path(enum principal_kind kind);       /* "users", ... */
const char *detail_permission(enum principal_kind kind); /* that their lists need */
/* False: Graph has no such list for this kind. */
bool detail_is_offered(enum detail d, enum principal_kind kind);
/* The target for free(), and the call's name in failures for free(), without ids. The rest of *ret is static.
 * -ENOMEM; -EINVAL: the id cannot be part of a path. */
int detail_request(enum detail d, const struct detail_subject *about, struct inquiry_request *ret, char **ret_target,
                   char **ret_call);
