/* SPDX-License-Identifier: MIT */
/* deliver/outline.c: takes a message apart for people. */
#include "deliver/outline.h"

#include "base/alloc.h"
#include "base/date.h"
#include "deliver/late_prefix.h"
#include "deliver/notification_put.h"
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_BYTES (64 * 1024) /* of one part; the texts of alerts/ are far shorter */

void outline_free(struct outline *o)
{
    if (!o)
        return;
    free(o->state);
    free(o->title);
    free(o->what);
    free(o->next);
    free(o->alert_id);
    for (size_t i = 0; i < o->n_facts; i++)
        free(o->fact[i].value);
    for (size_t i = 0; i < o->n_lines; i++)
        free(o->line[i].title);
    for (size_t i = 0; i < o->n_links; i++)
        free(o->link[i].url);
    alloc_release(o->line);
    alloc_release(o);
}

/* ---- texts ---- */

/* Line by line, so that line breaks survive. NULL is "". */
static int clean(const char *s, char **ret)
{
    struct text t = TEXT_INIT(TEXT_BYTES);
    for (bool first = true; s && *s; first = false) {
        size_t len = strcspn(s, "\n"), size = 8 * len + 1; /* an escape has at most 8 bytes */
        CLEANUP(free) char *line = malloc(size);
        if (!line) {
            text_free(&t);
            return -ENOMEM;
        }
        text_add(&t, first ? "" : "\n");
        text_add(&t, text_clean(line, size, s, len));
        s += len + (s[len] == '\n');
    }
    *ret = text_take(&t);
    return *ret ? 0 : -ENOMEM;
}

static enum tone tone_of(enum level level, bool resolved)
{
    return resolved                  ? TONE_RESOLVED
           : level == LEVEL_CRITICAL ? TONE_CRITICAL
           : level == LEVEL_WARNING  ? TONE_WARNING
                                     : TONE_INFO;
}

static const char *const ICONS[TONE_COUNT_] = {
    [TONE_CRITICAL] = "\U0001F534", /* red */
    [TONE_WARNING] = "\U0001F7E0",  /* orange */
    [TONE_INFO] = "\U0001F535",     /* blue */
    [TONE_RESOLVED] = "\U0001F7E2", /* green */
};

static char *upper(const char *word)
{
    char *s = text_printf("%s", word);
    for (char *p = s; p && *p; p++)
        *p = (char)toupper((unsigned char)*p);
    return s;
}

/* "CRITICAL, was warning": severity first, then what changed. */
static char *state_of(const struct notification *n)
{
    static const char *const CHANGES[EVENT_TYPE_COUNT_] = {
        [EVENT_UPDATED] = ", update",
        [EVENT_REMINDER] = ", still firing",
        [EVENT_ACKNOWLEDGED] = ", acknowledged",
    };
    if (n->type == EVENT_TEST)
        return text_printf("TEST");
    if (n->type == EVENT_RESOLVED)
        return text_printf("RESOLVED");
    CLEANUP(free) char *level = upper(notification_severity(n));
    if (!level)
        return NULL;
    if (n->previous > LEVEL_NONE)
        return text_printf("%s, was %s", level, level_name(n->previous));
    return text_printf("%s%s", level, CHANGES[n->type] ? CHANGES[n->type] : "");
}

/* ---- facts ---- */

static int add_fact(struct outline *o, const char *name, char *value)
{
    if (!value)
        return -ENOMEM;
    o->fact[o->n_facts++] = (struct outline_fact){name, value};
    return 0;
}

static int add_name(struct outline *o, const char *name, const char *value)
{
    char cleaned[TEXT_CLEAN_MAX];
    if (!value)
        return 0;
    (void)text_clean(cleaned, sizeof cleaned, value, strlen(value));
    return cleaned[strspn(cleaned, " ")] ? add_fact(o, name, strdup(cleaned)) : 0;
}

static char *units_of(const struct alert_context *f)
{
    struct text t = TEXT_INIT(128);
    text_addf(&t, "%" PRId64 " of %" PRId64 " units", f->consumed, f->allotted);
    if (f->allotted > 0 && f->consumed >= 0 && f->consumed < INT64_MAX / 1000) {
        int64_t tenths = f->consumed * 1000 / f->allotted; /* truncated, like `value` */
        text_addf(&t, " (%" PRId64 ".%" PRId64 " %%)", tenths / 10, tenths % 10);
    }
    return text_take(&t);
}

static char *instant_of(const struct notification *n, usec_t at)
{
    char clock[CLOCK_HUMAN_MAX];
    const struct zone zone = n->context ? context_zone(n->context) : (struct zone){0};
    return text_printf("%s", clock_human(at, n->at, &zone, clock));
}

static char *waiting_of(const struct notification *n)
{
    const struct alert_context *f = n->context;
    if (!f->oldest_at)
        return text_printf("%" PRId64, f->waiting);
    CLEANUP(free) char *since = instant_of(n, f->oldest_at);
    return since ? text_printf("%" PRId64 ", the first since %s", f->waiting, since) : NULL;
}

static char *order_of(const struct alert_context *f)
{
    if (f->units_to_unblock > 0 && f->units_to_buy > f->units_to_unblock)
        return text_printf("%" PRId64 " units now, %" PRId64 " in all", f->units_to_unblock,
                           f->units_to_buy);
    return text_printf("%" PRId64 " units",
                       f->units_to_buy > 0 ? f->units_to_buy : f->units_to_unblock);
}

/* Numbers that are unknown or say nothing are left out. */
static int add_facts(struct outline *o, const struct notification *n)
{
    const struct alert_context *f = n->context;
    int r = add_name(o, "Tenant", f->tenant_name);
    if (r >= 0)
        r = add_name(o, "Product", f->sku_name);
    if (r >= 0)
        r = add_name(o, "Pool", f->allotment_name);
    if (r >= 0 && f->allotted != NUMBER_UNKNOWN && f->consumed != NUMBER_UNKNOWN)
        r = add_fact(o, "In use", units_of(f));
    if (r >= 0 && f->waiting > 0 && !n->waiting_pending)
        r = add_fact(o, "Waiting", waiting_of(n));
    if (r >= 0 && n->type != EVENT_RESOLVED && (f->units_to_unblock > 0 || f->units_to_buy > 0))
        r = add_fact(o, "To order", order_of(f));
    if (r >= 0 && n->started_at)
        r = add_fact(o, n->type == EVENT_RESOLVED ? "Fired" : "Since", instant_of(n, n->started_at));
    return r;
}

/* ---- the whole ---- */

static int add_link(struct outline *o, const char *name, const char *text,
                    const struct notification *n)
{
    char *url;
    int r = link_fill(text, n, &url);
    if (r >= 0 && url)
        o->link[o->n_links++] = (struct outline_link){name, url};
    return r;
}

static int add_links(struct outline *o, const struct links *links, const struct notification *n)
{
    if (!links)
        return 0;
    int r = add_link(o, "Status", links->status_url, n);
    if (r >= 0)
        r = add_link(o, "Runbook", links->runbook_url, n);
    return r < 0 ? r : add_link(o, "Silence", links->silence_url, n);
}

static int of_notification(struct outline *o, const struct message *m, const struct links *links)
{
    CLEANUP(notification_free) struct notification *late = NULL;
    int r = late_prefix(m->notification, m->combined, m->now_at, &late);
    if (r < 0)
        return r;
    const struct notification *n = late ? late : m->notification;
    o->tone = tone_of(n->level, n->type == EVENT_RESOLVED);
    o->state = state_of(n);
    if (!o->state)
        return -ENOMEM;
    r = clean(n->title, &o->title);
    if (r >= 0)
        r = clean(n->description, &o->what);
    if (r >= 0)
        r = clean(n->next_step, &o->next);
    if (r >= 0)
        r = clean(n->alert_id, &o->alert_id);
    if (r >= 0 && n->context)
        r = add_facts(o, n);
    return r < 0 ? r : add_links(o, links, n);
}

static int add_lines(struct outline *o, const struct digest *d)
{
    o->line = alloc_zero(d->n_notifications, sizeof *o->line);
    if (!o->line && d->n_notifications > 0)
        return -ENOMEM;
    for (size_t i = 0; i < d->n_notifications; i++) {
        const struct notification *n = d->notification[i];
        int r = clean(n->title, &o->line[i].title);
        if (r < 0)
            return r;
        o->line[i].tone = tone_of(n->level, n->type == EVENT_RESOLVED);
        o->line[i].icon = ICONS[o->line[i].tone];
        o->n_lines++;
    }
    return 0;
}

static bool informs(const struct digest *d)
{
    for (size_t i = 0; i < d->n_notifications; i++)
        if (d->notification[i]->type == EVENT_INFO)
            return true;
    return false;
}

static int of_digest(struct outline *o, const struct message *m, const struct links *links)
{
    const struct digest *d = m->digest;
    char late[DURATION_MAX + 8];
    lateness(d->at, m->now_at, late, sizeof late);
    CLEANUP(free)
    char *title = text_printf("%s%s%s%s", late[0] ? "(" : "", late, late[0] ? ") " : "", d->title);
    bool resolved = d->worst == LEVEL_NONE && !informs(d);
    o->tone = tone_of(d->worst, resolved);
    o->state = upper(resolved ? "resolved" : severity_name(d->worst));
    if (!title || !o->state)
        return -ENOMEM;
    int r = clean(title, &o->title);
    if (r >= 0)
        r = clean(d->summary, &o->what);
    CLEANUP(text_free) struct text next = TEXT_INIT(TEXT_BYTES);
    digest_next_step(&next, d);
    if (r >= 0)
        r = next.error == -ENOMEM ? -ENOMEM : clean(next.data, &o->next);
    if (r >= 0)
        r = clean(d->digest_id, &o->alert_id);
    if (r >= 0)
        r = add_lines(o, d);
    return r < 0 ? r : add_links(o, links, NULL);
}

int outline_new(const struct message *m, const struct links *links, struct outline **ret)
{
    CLEANUP(outline_free) struct outline *o = alloc_zero(1, sizeof *o);
    if (!o)
        return -ENOMEM;
    int r = m->notification ? of_notification(o, m, links) : of_digest(o, m, links);
    if (r < 0)
        return r;
    o->icon = ICONS[o->tone];
    *ret = TAKE(o);
    return 0;
}

size_t outline_cut(const char *s, size_t max)
{
    size_t at = 0;
    for (size_t n = 0; n < max && s[at]; n++)
        for (at++; ((unsigned char)s[at] & 0xC0) == 0x80;)
            at++;
    return at;
}

char *outline_shorten(const char *s, size_t max)
{
    if (!s[outline_cut(s, max)])
        return text_printf("%s", s);
    return text_printf("%.*s...", (int)outline_cut(s, max - 3), s);
}
