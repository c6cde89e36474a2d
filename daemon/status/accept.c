/* SPDX-License-Identifier: MIT */
/* status/accept.c: which of the two formats of metrics a client prefers (RFC 9110, 12.5.1). */
#include "status/status.h"

#include <string.h>
#include <strings.h>

/* The quality of a media range in thousandths; without one, or with nonsense, 1000. */
static unsigned quality(const char *range, size_t len)
{
    for (const char *at = range; (at = memchr(at, ';', len - (size_t)(at - range))); ) {
        unsigned q = 0, digit = 100;
        at += 1 + strspn(at + 1, " \t");
        if (strncasecmp(at, "q=", 2) != 0)
            continue;
        if (at[2] != '0')
            return 1000;
        if (at[3] == '.')
            for (at += 4; *at >= '0' && *at <= '9' && digit; at++, digit /= 10)
                q += (unsigned)(*at - '0') * digit;
        return q;
    }
    return 1000;
}

bool status_metrics_preferred(const char *accept)
{
    unsigned openmetrics = 0, text = 0;
    for (const char *at = accept ? accept : ""; *at; ) {
        at += strspn(at, " \t,");
        size_t len = strcspn(at, ","), type = strcspn(at, ";, \t");
        unsigned q = len ? quality(at, len) : 0;
        if (type == 28 && strncasecmp(at, "application/openmetrics-text", type) == 0)
            openmetrics = q > openmetrics ? q : openmetrics;
        else if (type > 0)
            text = q > text ? q : text;
        at += len;
    }
    return openmetrics > 0 && openmetrics >= text;
}
