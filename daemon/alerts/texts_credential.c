/* SPDX-License-Identifier: MIT */
/* alerts/texts_credential.c: texts of alerts about expiring client secrets and certificates. */
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
        text_add(t, n->reason ? "" : " is valid until ");
        if (!n->reason)
            add_end(t, f);
        return;
    }
    if (n->value == NUMBER_UNKNOWN || n->value < 0) {
        text_add(t, " expired on ");
    } else if (n->value == 0) {
        text_add(t, " expires today, ");
    } else {
        text_add(t, " expires in ");
        message_count(t, n->value, "day", "days");
        text_add(t, ", on ");
    }
    add_end(t, f);
    if (f->cause == CAUSE_REFUSED)
        text_add(t, ": sign-in is refused");
    else if (f->cause == CAUSE_ENDED)
        text_add(t, ", but is still accepted");
}

static int64_t count_receivers(const struct alert_context *f)
{
    int64_t n = f->receivers && *f->receivers;
    for (const char *p = n ? f->receivers : ""; (p = strchr(p, '\n')); p++)
        n++;
    return n;
}

/* The first of the `all` names, one per line. */
static void add_names(struct text *t, const char *lines, int64_t all)
{
    char name[TEXT_CLEAN_MAX];
    int64_t named = 0;
    for (const char *p = lines ? lines : ""; *p && named < NAMED_MAX; named++) {
        size_t len = strcspn(p, "\n");
        text_addf(t, "%s%s", named ? ", " : "", text_clean(name, sizeof name, p, len));
        p += len + (p[len] == '\n');
    }
    if (all > named)
        text_addf(t, " and %" PRId64 " more", all - named);
}

static void add_users(struct text *t, const struct alert_context *f)
{
    int64_t receivers = count_receivers(f);
    if (f->n_used_by != 0) {
        text_add(t, is_shared(f) ? "Tenants that sign in with it: " : "Tenant that signs in with it: ");
        add_names(t, f->used_by, f->n_used_by);
        text_add(t, ".\n");
    }
    if (receivers > 0) {
        text_add(t, receivers > 1 ? "Receivers that sign in with it: " : "Receiver that signs in with it: ");
        add_names(t, f->receivers, receivers);
        text_add(t, ".\n");
    }
}

/* What stops, or has stopped. Of an expired one that tenants can still use, so can receivers. */
static void add_receivers_end(struct text *t, const struct notification *n)
{
    const struct alert_context *f = n->context;
    int64_t receivers = count_receivers(f);
    bool over = f->cause == CAUSE_REFUSED || (n->value != NUMBER_UNKNOWN && n->value < 0);
    if (receivers > 0 && f->cause != CAUSE_ENDED)
        text_addf(t, "%s message reaches %s until the credential is renewed.\n", over ? "No" : "After that, no",
                  receivers > 1 ? "these receivers" : "this receiver");
}

/* File, application, expiry date with its source, and affected tenants. */
static void add_what(struct text *t, const struct notification *n)
{
    const struct alert_context *f = n->context;
    text_add(t, is_certificate(f) ? "The certificate in " : "The client secret in ");
    message_add(t, f->file);
    text_add(t, " belongs to the application ");
    message_add(t, f->client_id);
    text_addf(t, ". %s",
              is_certificate(f)   ? "According to the certificate, it expires on "
              : f->expires_by_day ? "According to client_secret_expires, its last day is "
                                  : "According to the app registration, it expires on ");
    add_end(t, f);
    text_add(t, ".\n");
    add_users(t, f);
    if (n->type == EVENT_RESOLVED)
        return;
    const char *whom = is_shared(f) ? "these tenants" : "this tenant";
    if (f->cause == CAUSE_REFUSED)
        text_addf(t, "Polls of %s fail. " MESSAGE_UNKNOWN "\n", whom);
    else if (f->cause == CAUSE_ENDED)
        text_add(t, "Sign-in still works: either the date is wrong, or Entra does not enforce it yet.\n");
    else if (f->n_used_by != 0)
        text_addf(t, "After that, polls of %s fail and no licence alerts are raised.\n",
                  whom);
    add_receivers_end(t, n);
}

static const char *advice(const struct alert_context *f)
{
    if (is_certificate(f))
        return "Create a new key and certificate, upload the certificate to the app registration "
               "(Entra admin center, Certificates & secrets), then replace both files; no restart "
               "is needed." MESSAGE_LOADED_FILE;
    if (f->expires_by_day && f->cause == CAUSE_ENDED)
        return "If the secret was already renewed, set client_secret_expires to its new expiry date and "
               "reload. Otherwise also create a new one in the app registration (Entra admin center, "
               "Certificates & secrets) and write it to the file." MESSAGE_LOADED_FILE;
    if (f->expires_by_day)
        return "Create a new client secret in the app registration (Entra admin center, Certificates "
               "& secrets), write it to the file, set client_secret_expires to its expiry date, and "
               "reload." MESSAGE_LOADED_FILE;
    return "Create a new client secret in the app registration (Entra admin center, Certificates & "
           "secrets) and write it to the file; no restart is needed. Then delete the old "
           "one." MESSAGE_LOADED_FILE;
}

/* " (receiver exo)": no tenant stands before the subject. */
static void add_subject_receivers(struct text *t, const struct alert_context *f)
{
    int64_t n = count_receivers(f);
    if (n > 1)
        text_addf(t, " (%" PRId64 " receivers)", n);
    else if (n == 1) {
        text_add(t, " (receiver ");
        message_add(t, f->receivers);
        text_add(t, ")");
    }
}

void message_credential(const struct notification *n, struct message_text *w)
{
    const struct alert_context *f = n->context;
    text_add(&w->subject, is_certificate(f) ? "certificate " : "client secret ");
    message_add(&w->subject, file_name(f));
    if (is_shared(f))
        text_addf(&w->subject, " (%" PRId64 " tenants)", f->n_used_by);
    else if (f->n_used_by == 0)
        add_subject_receivers(&w->subject, f);
    add_condition(&w->condition, n);
    add_what(&w->what, n);
    text_add(&w->next, n->type == EVENT_RESOLVED ? MESSAGE_NO_ACTION : advice(f));
}
