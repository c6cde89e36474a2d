/* SPDX-License-Identifier: MIT */
/* alerts/texts_credential.c: the words about client secrets and certificates that end. */
#include "alerts/texts.h"

#include "base/date.h"
#include <inttypes.h>
#include <string.h>

#define NAMED_MAX 5 /* tenants in the description; the body has more */

static const char *file_name(const struct alert_context *f)
{
    const char *slash = f->file ? strrchr(f->file, '/') : NULL;
    return slash ? slash + 1 : f->file;
}

/* "2026-11-29", or "2026-11-29 14:03 CET" in the tenant's zone. */
static void add_end(struct text *t, const struct alert_context *f)
{
    char buf[CLOCK_HUMAN_MAX];
    const struct zone zone = context_zone(f);
    if (f->expires_by_day)
        text_add(t, date_print((int32_t)(f->expires_at / USEC_PER_DAY), buf));
    else
        text_add(t, clock_human(f->expires_at, 0, &zone, buf));
}

static bool is_certificate(const struct alert_context *f)
{
    return text_equal(f->credential, "certificate");
}

static bool is_shared(const struct alert_context *f)
{
    return f->n_used_by != NUMBER_UNKNOWN && f->n_used_by > 1;
}

static void add_condition(struct text *t, const struct notification *n)
{
    const struct alert_context *f = n->context;
    if (f->expires_at == 0)
        return;
    if (n->type == EVENT_RESOLVED) {
        text_add(t, n->reason ? "" : " is good until ");
        if (!n->reason)
            add_end(t, f);
        return;
    }
    if (n->value == NUMBER_UNKNOWN || n->value < 0) {
        text_add(t, " ended on ");
    } else if (n->value == 0) {
        text_add(t, " ends today, ");
    } else {
        text_add(t, " ends in ");
        message_count(t, n->value, "day", "days");
        text_add(t, ", on ");
    }
    add_end(t, f);
    if (f->cause == CAUSE_REFUSED)
        text_add(t, ": sign-in is refused");
    else if (f->cause == CAUSE_ENDED)
        text_add(t, ", but is still accepted");
}

static void add_tenants(struct text *t, const struct alert_context *f)
{
    char name[TEXT_CLEAN_MAX];
    int64_t named = 0;
    for (const char *p = f->used_by ? f->used_by : ""; *p && named < NAMED_MAX; named++) {
        size_t len = strcspn(p, "\n");
        text_addf(t, "%s%s", named ? ", " : "", text_clean(name, sizeof name, p, len));
        p += len + (p[len] == '\n');
    }
    if (f->n_used_by > named)
        text_addf(t, " and %" PRId64 " more", f->n_used_by - named);
}

/* Where it lies, whose it is, who says when it ends, and what rests on it. */
static void add_what(struct text *t, const struct notification *n)
{
    const struct alert_context *f = n->context;
    text_add(t, is_certificate(f) ? "The certificate in " : "The client secret in ");
    message_add(t, f->file);
    text_add(t, " belongs to the application ");
    message_add(t, f->client_id);
    text_addf(t, ". %s",
              is_certificate(f)   ? "By its own word it ends on "
              : f->expires_by_day ? "By client_secret_expires its last day is "
                                  : "By the app registration it ends on ");
    add_end(t, f);
    text_add(t, ".\n");
    text_add(t, is_shared(f) ? "These tenants sign in with it: "
                             : "The tenant that signs in with it: ");
    add_tenants(t, f);
    text_add(t, ".\n");
    if (n->type == EVENT_RESOLVED)
        return;
    const char *whom = is_shared(f) ? "these tenants" : "this tenant";
    if (f->cause == CAUSE_REFUSED)
        text_addf(t,
                  "Nothing of %s can be read now. What is not known raises and resolves nothing; "
                  "the last numbers "
                  "stand.\n",
                  whom);
    else if (f->cause == CAUSE_ENDED)
        text_add(t, "Signing in still works: either that is not the right end, or Entra has not "
                    "come to it yet.\n");
    else
        text_addf(t, "After that nothing of %s can be read, and no alert about licences comes.\n",
                  whom);
}

#define HANDED_OVER " Where systemd hands the file over, then: systemctl restart seatwatchd."

static const char *advice(const struct alert_context *f)
{
    if (is_certificate(f))
        return "Make a new key and certificate, upload the certificate to the app registration "
               "(Entra admin center, Certificates & secrets), then replace both files; no restart "
               "is needed." HANDED_OVER;
    if (f->expires_by_day && f->cause == CAUSE_ENDED)
        return "If the secret was renewed already, write its new end as client_secret_expires and "
               "reload. Otherwise "
               "make a new one in the app registration (Entra admin center, Certificates & "
               "secrets) and write that "
               "into the file, too." HANDED_OVER;
    if (f->expires_by_day)
        return "Make a new client secret in the app registration (Entra admin center, Certificates "
               "& secrets), write it into the file, write its end as client_secret_expires, and "
               "reload." HANDED_OVER;
    return "Make a new client secret in the app registration (Entra admin center, Certificates & "
           "secrets) and write it into the file; no restart is needed. Then delete the old "
           "one." HANDED_OVER;
}

void message_credential(const struct notification *n, struct message_text *w)
{
    const struct alert_context *f = n->context;
    text_add(&w->subject, is_certificate(f) ? "certificate " : "client secret ");
    message_add(&w->subject, file_name(f));
    if (is_shared(f))
        text_addf(&w->subject, " (%" PRId64 " tenants)", f->n_used_by);
    add_condition(&w->condition, n);
    add_what(&w->what, n);
    text_add(&w->next, n->type == EVENT_RESOLVED ? "Nothing is left to do." : advice(f));
}
