/* SPDX-License-Identifier: MIT */
/* deliver/application.c: signing in through the functions that the program gives to a receiver. */
#include "deliver/application.h"

#include "base/date.h"
#include "base/log.h"
#include "base/text.h"
#include "http/url.h"
#include <errno.h>
#include <string.h>

int application_root_check(const char *text, struct failure *ret_failure)
{
    struct origin origin;
    int r = *text ? origin_parse(text, true, &origin, ret_failure) : 0;
    const char *host = strstr(text, "://"), *path = host ? strpbrk(host + 3, "/?") : NULL;
    if (r < 0 || !path || strcmp(path, "/") == 0)
        return r;
    return failure_set(ret_failure, FAILURE_CONFIG, EINVAL, "%s",
                       "write scheme and host only, without a path");
}

int application_expires_check(const char *text, struct failure *ret_failure)
{
    int32_t day;
    if (text_equal(text, "auto"))
        return failure_set(ret_failure, FAILURE_CONFIG, EINVAL, "%s",
                           "auto is for tenants only: the application of a receiver may not read its own "
                           "registration; write the last day of the secret, as in \"2027-03-01\"");
    if (!*text || (date_parse(text, &day) >= 0 && day > 0))
        return 0;
    return failure_set(ret_failure, FAILURE_CONFIG, EINVAL, "%s",
                       "write the last day of the secret as year, month and day, as in \"2027-03-01\"");
}

int application_open(const struct receiver_options *o, struct http *http, struct signed_in **ret,
                     struct failure *ret_failure)
{
    struct signed_in_options as = {0};
    *ret = NULL;
    if (o->class->sign_in)
        o->class->sign_in(o, &as);
    if (!as.client_id)
        return 0;
    if (!o->signed_in)
        return failure_set(ret_failure, FAILURE_LOCAL, ENOTSUP, "there is nobody to sign in");
    return o->signed_in->open(&as, http, ret, ret_failure);
}

/* A role that Exchange Online grants for one mailbox is not in the token. */
void application_warn(const struct receiver_options *o, const struct signed_in *application,
                      bool *warned)
{
    if (*warned || !application || !o->signed_in->has_role(application, "Mail.Send"))
        return;
    log_say(LOG_WARNING,
            "receiver %s: its application may send as every mailbox of the tenant (permission "
            "Mail.Send); narrow that as seatwatchd.conf(5) says at receivers.graph_mail.client_id",
            o->name);
    *warned = true;
}

void application_close(const struct receiver_options *o, struct signed_in *application)
{
    if (o->signed_in)
        o->signed_in->close(application);
}
