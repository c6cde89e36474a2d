/* SPDX-License-Identifier: MIT */
/* deliver/late_prefix.c: puts the delay before the texts of late and combined messages. */
#include "deliver/late_prefix.h"

#include "base/alloc.h"
#include "base/date.h"
#include "base/text.h"
#include <errno.h>
#include <stdio.h>

const char *lateness(usec_t at, usec_t now_at, char *buf, size_t size)
{
    char age[DURATION_MAX];
    buf[0] = '\0';
    if (at != 0 && now_at > at && now_at - at > LATE_AFTER)
        (void)snprintf(buf, size, "%s late", duration_human(now_at - at, age));
    return buf;
}

static int put_before(char **text, const char *lead, const char *gap)
{
    if (!*text)
        return 0;
    char *longer = text_printf("%s%s%s", lead, gap, *text);
    if (!longer)
        return -ENOMEM;
    free(*text);
    *text = longer;
    return 0;
}

/* "Fired 01:02 UTC, resolved 01:40 UTC (delayed)", in the tenant's zone as the other texts. */
static char *lead_combined(const struct notification *n)
{
    char fired[CLOCK_HUMAN_MAX], resolved[CLOCK_HUMAN_MAX];
    const struct zone zone = n->context ? context_zone(n->context) : (struct zone){0};
    return text_printf("Fired %s, resolved %s (delayed: its beginning could not be delivered).",
                       clock_human(n->started_at, n->at, &zone, fired),
                       clock_human(n->at, n->at, &zone, resolved));
}

static char *lead_late(const struct notification *n, const char *late)
{
    char from[RFC3339_MAX];
    return text_printf("%s: this message is from %s.", late, rfc3339_print(n->at, from));
}

int late_prefix(const struct notification *n, bool combined, usec_t now_at,
                struct notification **ret)
{
    char late[DURATION_MAX + 8], mark[DURATION_MAX + 16];
    lateness(n->at, now_at, late, sizeof late);
    if (!combined && !late[0])
        return 0;
    CLEANUP(notification_free) struct notification *copy = NULL;
    int r = notification_copy(n, &copy);
    if (r < 0)
        return r;
    CLEANUP(free) char *lead = combined ? lead_combined(n) : lead_late(n, late);
    if (!lead)
        return -ENOMEM;
    (void)snprintf(mark, sizeof mark, "(%s)", combined ? "delayed" : late);
    if (put_before(&copy->title, mark, " ") < 0 || put_before(&copy->summary, lead, " ") < 0 ||
        put_before(&copy->description, lead, "\n") < 0)
        return -ENOMEM;
    *ret = TAKE(copy);
    return 1;
}
