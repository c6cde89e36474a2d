/* SPDX-License-Identifier: MIT */
/* alerts/texts_info.c: texts of events of severity info. */
#include "alerts/texts.h"

#include "base/date.h"
#include <inttypes.h>

/* ", 50 units", or nothing if the number is unknown. */
static void add_units(struct text *t, int64_t n)
{
    if (n == NUMBER_UNKNOWN)
        return;
    text_add(t, ", ");
    message_count(t, n, "unit", "units");
}

static void add_change(struct text *t, const struct notification *n)
{
    const struct alert_context *f = n->context;
    bool grew = f->reference != NUMBER_UNKNOWN;
    text_add(t, f->cause == CAUSE_SKU_NEW       ? ": new product"
                : f->cause == CAUSE_POOL_NEW    ? ": new pool"
                : f->cause == CAUSE_TRIAL_BEGAN ? ": a trial began"
                                                : ": capacity rose");
    if (!grew) {
        add_units(t, f->allotted);
        return;
    }
    if (f->cause == CAUSE_TRIAL_BEGAN) {
        text_add(t, ", ");
        message_count(t, n->value, "more unit", "more units");
    } else {
        text_add(t, " by ");
        message_count(t, n->value, "unit", "units");
    }
    text_addf(t, ", from %" PRId64 " to %" PRId64, f->reference, f->allotted);
}

/* The next date of the only subscription: the end of a trial, the renewal of another. */
static void add_date(struct text *t, const struct alert_context *f)
{
    char date[RFC3339_MAX];
    if (f->n_subscriptions == 1 && f->subscription[0].next_lifecycle_date != DATE_UNKNOWN)
        text_addf(t, "The next date of its subscription is %s.\n",
                  date_print(f->subscription[0].next_lifecycle_date, date));
}

void message_inventory(const struct notification *n, struct message_text *w)
{
    const struct alert_context *f = n->context;
    message_pool(&w->subject, f);
    add_change(&w->condition, n);
    if (f->consumed != NUMBER_UNKNOWN && f->allotted != NUMBER_UNKNOWN)
        text_addf(&w->what, "%" PRId64 " of %" PRId64 " units are in use.\n", f->consumed, f->allotted);
    add_date(&w->what, f);
    message_fallback(&w->what, f);
    text_add(&w->next, f->cause == CAUSE_TRIAL_BEGAN
                           ? "If nobody meant to start this trial, cancel it in the Microsoft 365 admin center "
                             "(Billing, Your products)."
                           : "If nobody ordered this, find out who did: Microsoft 365 admin center, Billing, Your "
                             "products.");
}

/* "12 March": the year is clear, because it is near. */
static void add_day(struct text *t, int32_t day)
{
    static const char *const MONTHS[] = {"January", "February", "March",     "April",   "May",      "June",
                                         "July",    "August",   "September", "October", "November", "December"};
    char date[RFC3339_MAX];
    unsigned month, of_month;
    if (sscanf(date_print(day, date), "%*d-%u-%u", &month, &of_month) == 2 && month >= 1 &&
        month <= N_ELEMENTS(MONTHS))
        text_addf(t, "%u %s", of_month, MONTHS[month - 1]);
}

void message_unused(const struct notification *n, struct message_text *w)
{
    const struct alert_context *f = n->context;
    char date[RFC3339_MAX];
    message_pool(&w->subject, f);
    text_addf(&w->condition, ": cut %" PRId64 " of %" PRId64 " before ", n->value, f->allotted);
    add_day(&w->condition, f->subscription[0].next_lifecycle_date);
    text_add(&w->what, "Since ");
    message_clock(&w->what, n, f->unused_since_at);
    text_addf(&w->what, ", no more than %" PRId64 " %s in use at the same time, waiting members included.\n",
              f->reference, f->reference == 1 ? "unit was" : "units were");
    text_addf(&w->what, "The next date of the subscription is %s.\n",
              date_print(f->subscription[0].next_lifecycle_date, date));
    message_fallback(&w->what, f);
    text_add(&w->next, "If the units will not be needed, reduce the subscription before that date: Microsoft 365 "
                       "admin center, Billing, Your products.");
}
