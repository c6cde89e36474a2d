/* SPDX-License-Identifier: MIT */
/* alerts/texts_right.c: texts of alerts about users and groups without a required licence. */
#include "alerts/texts.h"

#include <string.h>

/* "EXCHANGE_S_ENTERPRISE and 2 more"; at most `most` of them are named. */
static void add_plans(struct text *t, const char *plans, size_t most)
{
    char name[TEXT_CLEAN_MAX];
    size_t n = 0, named = 0;
    for (const char *p = plans; *p; p += strspn(p, " "), n++) {
        size_t len = strcspn(p, " ");
        if (n < most)
            text_addf(t, "%s%s", named++ ? ", " : "", text_clean(name, sizeof name, p, len));
        p += len;
    }
    if (n > named)
        text_addf(t, " and %zu more", n - named);
}

static void add_what(struct text *t, const struct alert_context *f, size_t plans)
{
    if (f->missing_plans) {
        add_plans(t, f->missing_plans, plans);
        text_add(t, " of ");
    }
    message_sku(t, f);
}

/* By cause. Values of the context are appended to `title` and `explained`. */
static const struct {
    const char *title, *explained, *advice;
} BY_CAUSE[CAUSE_COUNT_] = {
    [CAUSE_NONE] = {"", "The cause is unknown.\n",
                    "Check the licences of this user or group in the admin center."},
    [CAUSE_WAITING] = {": waiting ", "It is waiting for a unit of allotment ",
                       "Order units for that pool, or free one; the licence is then assigned automatically."},
    [CAUSE_ASSIGNMENT_ERROR] =
        {": ", "Its assignment fails with the code ",
         "Fix the cause of the error (admin center, Billing > Licenses), then reprocess the "
         "assignment."},
    [CAUSE_NOT_ASSIGNED] =
        {": not assigned",
         "The product is not assigned to it, neither directly nor through a group.\n",
         "Assign the product, or add the user to a group that assigns it."},
    [CAUSE_PLAN_DISABLED] =
        {": plan disabled", "The product is assigned, but service plans are disabled.\n",
         "Enable the service plan in the assignment: admin center, Billing > Licenses."},
    [CAUSE_ASSIGNED] = {"", "The product is assigned, but the assignment has no effect.\n",
                        "Reprocess the assignment (admin center, Billing > Licenses); check the "
                        "usage location."},
};

/* A database of another version may have other causes. */
static enum cause known_cause(const struct alert_context *f)
{
    return BY_CAUSE[f->cause].advice ? f->cause : CAUSE_NONE;
}

/* Short, for the title. */
static void add_cause(struct text *t, const struct notification *n)
{
    const struct alert_context *f = n->context;
    enum cause c = known_cause(f);
    text_add(t, BY_CAUSE[c].title);
    if (c == CAUSE_WAITING && f->oldest_at) {
        text_add(t, "since ");
        message_clock(t, n, f->oldest_at);
    } else if (c == CAUSE_WAITING) {
        text_add(t, "for a unit");
    } else if (c == CAUSE_ASSIGNMENT_ERROR) {
        message_add(t, f->error_code);
    }
}

static void add_explanation(struct text *t, const struct notification *n)
{
    const struct alert_context *f = n->context;
    enum cause c = known_cause(f);
    text_add(t, BY_CAUSE[c].explained);
    if (c == CAUSE_WAITING) {
        message_add(t, f->allotment_id);
        if (f->oldest_at) {
            text_add(t, ", since ");
            message_clock(t, n, f->oldest_at);
        }
        text_add(t, ".\n");
    } else if (c == CAUSE_ASSIGNMENT_ERROR) {
        message_add(t, f->error_code);
        text_add(t, ".\n");
    }
}

void message_right(const struct notification *n, struct message_text *w)
{
    const struct alert_context *f = n->context;
    bool over = n->type == EVENT_RESOLVED;
    message_add(&w->subject, f->principal);
    if (over && n->reason) {
        text_add(&w->next, MESSAGE_NO_ACTION);
        return;
    }
    text_add(&w->condition, over ? " has " : " lacks ");
    add_what(&w->condition, f, 1);
    if (over)
        text_add(&w->condition, " again");
    else
        add_cause(&w->condition, n);

    message_add(&w->what, f->principal);
    if (w->what.data && *w->what.data >= 'a' && *w->what.data <= 'z')
        *w->what.data = (char)(*w->what.data - 'a' + 'A'); /* our word: "user", "group" */
    text_add(&w->what, over ? " may use " : " cannot use ");
    add_what(&w->what, f, SIZE_MAX);
    text_add(&w->what, over ? " again.\n" : ", which usage_rights requires.\n");
    if (!over)
        add_explanation(&w->what, n);
    text_add(&w->next, over ? MESSAGE_NO_ACTION : BY_CAUSE[known_cause(f)].advice);
}
