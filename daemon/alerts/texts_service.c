/* SPDX-License-Identifier: MIT */
/* alerts/texts_service.c: texts of alerts about outages of many tenants. */
#include "alerts/texts.h"

#include "base/date.h"
#include <inttypes.h>
#include <string.h>

#define HINT_MAX 1024

static void add_over(const struct alert_context *f, struct message_text *w)
{
    int64_t left = f->tenants_failing;
    if (left > 0)
        text_addf(&w->subject, "%" PRId64 " of ", f->tenants - left);
    else
        text_add(&w->subject, "all ");
    message_count(&w->subject, f->tenants, "tenant", "tenants");
    text_add(&w->condition, " recovered");
    if (left > 0)
        text_addf(&w->what, "%" PRId64 " still %s and %s individually from now on.\n", left,
                  left == 1 ? "fails" : "fail", left == 1 ? "alerts" : "alert");
    else
        text_add(&w->what, "The last poll of every tenant succeeded.\n");
    text_add(&w->next, MESSAGE_NO_ACTION);
}

static void add_others(const struct alert_context *f, struct text *t)
{
    int64_t others = f->tenants - f->tenants_failing;
    if (others > 0 && f->tenants_read == others)
        text_addf(t, "The other %s polled as usual.\n", others == 1 ? "tenant is" : "tenants are");
    else if (others > 0)
        text_addf(t, "%" PRId64 " %s polled as usual; the others fail for another reason or have not been polled since.\n",
                  f->tenants_read, f->tenants_read == 1 ? "is" : "are");
    if (f->section)
        text_add(t, "All other sections are polled and alerted on as usual.\n");
    text_add(t, MESSAGE_UNKNOWN " This alert replaces the poll alerts of these tenants. A tenant that fails for "
                "another reason, or still fails when this alert ends, gets its own.\n");
}

static void add_condition(const struct notification *n, struct text *t)
{
    const struct alert_context *f = n->context;
    char buf[DURATION_MAX];
    usec_t since = f->failing_since_at, lasts = since && n->at > since ? n->at - since : 0;
    if (cause_row(f->cause)->tenants_say) {
        text_add(t, cause_row(f->cause)->tenants_say);
        return;
    }
    if (lasts >= USEC_PER_MINUTE)
        text_addf(t, " have not been read for %s: ", duration_human(lasts, buf));
    else
        text_add(t, " cannot be read: ");
    message_because(t, f);
}

void message_service(const struct notification *n, struct message_text *w)
{
    const struct alert_context *f = n->context;
    char hint[HINT_MAX];
    if (n->type == EVENT_RESOLVED) {
        add_over(f, w);
        return;
    }
    struct text *t = &w->subject;
    if (f->section && !cause_row(f->cause)->tenants_say) { /* the subject is what a long title shortens */
        text_add(t, message_section(f->section));
        t = &w->condition;
        text_add(t, " of ");
    }
    text_addf(t, "%" PRId64 " of ", f->tenants_failing);
    message_count(t, f->tenants, "tenant", "tenants");
    add_condition(n, &w->condition);
    message_restate(w);
    if (f->host) {
        text_add(&w->what, ", at ");
        message_add(&w->what, f->host);
    }
    if (f->failing_since_at) {
        text_add(&w->what, ", since ");
        message_clock(&w->what, n, f->failing_since_at);
    }
    text_add(&w->what, ".\n");
    add_others(f, &w->what);
    text_add(&w->next, text_clean(hint, sizeof hint, f->hint ? f->hint : "", f->hint ? strlen(f->hint) : 0));
    text_add(&w->next, "; the daemon's log names each tenant: journalctl -u seatwatchd");
}
