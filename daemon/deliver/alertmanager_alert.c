/* SPDX-License-Identifier: MIT */
/* deliver/alertmanager_alert.c: one alert of Alertmanager's API v2: its labels, annotations and
 * times. */
#include "deliver/alertmanager.h"

#include "base/date.h"
#include "deliver/outline.h"
#include <ctype.h>
#include <errno.h>
#include <string.h>

#define NAME_CHARS 60
#define SUMMARY_CHARS 500
#define TEXT_CHARS 3000
#define FACT_CHARS 300

/* ---- labels ---- */

static bool name_is_legal(const char *s)
{
    if (!isalpha((unsigned char)s[0]) && s[0] != '_')
        return false;
    while (isalnum((unsigned char)*s) || *s == '_')
        s++;
    return !*s;
}

/* Alertmanager drops empty labels. */
static void put_label(struct json_writer *w, const char *name, const char *value)
{
    char cleaned[TEXT_CLEAN_MAX];
    if (value && *value)
        json_put_string(w, name, text_clean(cleaned, sizeof cleaned, value, strlen(value)));
}

/* "waiting_age" -> "SeatwatchWaitingAge" */
static void put_alertname(struct json_writer *w, const char *rule)
{
    char name[NAME_CHARS] = "Seatwatch";
    size_t len = strlen(name);
    for (bool up = true; *rule && len + 1 < sizeof name; rule++) {
        if (*rule != '_')
            name[len++] = (char)(up ? toupper((unsigned char)*rule) : *rule);
        up = *rule == '_';
    }
    name[len] = '\0';
    put_label(w, "alertname", name);
}

/* A label of the tenant that has the name of one of ours is left out; so are Prometheus' own
 * ("__"). */
static bool name_is_free(const char *name)
{
    static const char *const OURS[] = {"alertname", "severity",  "rule", "alert_id",
                                       "tenant",    "tenant_id", "sku",  "allotment"};
    for (size_t i = 0; i < N_ELEMENTS(OURS); i++)
        if (strcmp(name, OURS[i]) == 0)
            return false;
    return strncmp(name, "__", 2) != 0;
}

static void put_context(struct json_writer *w, const struct alert_context *f)
{
    put_label(w, "tenant", f->tenant_name);
    put_label(w, "tenant_id", f->tenant_id);
    put_label(w, "sku", f->sku_part_number ? f->sku_part_number : f->sku_id);
    put_label(w, "allotment", f->allotment_id);
    for (size_t i = 0; i < f->n_labels; i++)
        if (name_is_legal(f->label[i].key) && name_is_free(f->label[i].key))
            put_label(w, f->label[i].key, f->label[i].value);
}

int alertmanager_labels_of(const char *rule, const char *severity, const char *alert_id,
                           const struct alert_context *f, char **ret)
{
    CLEANUP(json_writer_free) struct json_writer *w = json_writer_new(ALERTMANAGER_BODY_MAX);
    size_t len;
    if (!w)
        return -ENOMEM;
    json_open_object(w, NULL);
    put_alertname(w, rule);
    put_label(w, "severity", severity);
    put_label(w, "rule", rule);
    put_label(w, "alert_id", alert_id);
    if (f)
        put_context(w, f);
    json_close_object(w);
    return json_write_take(w, ret, &len);
}

int alertmanager_labels(const struct alert_context *f, const char *alert_id, enum rule rule,
                        enum level level, char **ret)
{
    return alertmanager_labels_of(rule_name(rule), level_name(level), alert_id, f, ret);
}

/* ---- annotations ---- */

static int put_text(struct json_writer *w, const char *name, const char *s, size_t chars)
{
    CLEANUP(free) char *cut = outline_shorten(s, chars);
    if (!cut)
        return -ENOMEM;
    if (*cut)
        json_put_string(w, name, cut);
    return 0;
}

/* "In use" -> "in_use", "Runbook" -> "runbook_url" */
static int put_named(struct json_writer *w, const char *name, const char *suffix, const char *value,
                     size_t chars)
{
    CLEANUP(free) char *legal = text_printf("%s%s", name, suffix);
    if (!legal)
        return -ENOMEM;
    for (char *p = legal; *p; p++)
        *p = (char)(isalnum((unsigned char)*p) ? tolower((unsigned char)*p) : '_');
    return put_text(w, legal, value, chars);
}

static int put_about(struct json_writer *w, const struct outline *o)
{
    int r = put_text(w, "summary", o->title, SUMMARY_CHARS);
    if (r >= 0)
        r = put_text(w, "description", o->what, TEXT_CHARS);
    if (r >= 0)
        r = put_text(w, "next_step", o->next, TEXT_CHARS);
    for (size_t i = 0; r >= 0 && i < o->n_facts; i++)
        r = put_named(w, o->fact[i].name, "", o->fact[i].value, FACT_CHARS);
    for (size_t i = 0; r >= 0 && i < o->n_links; i++)
        r = put_named(w, o->link[i].name, "_url", o->link[i].url, strlen(o->link[i].url) + 4);
    return r;
}

/* generatorURL must be absolute, or the whole request is refused with 422; without a status page
 * there is none. */
int alertmanager_describe(const struct receiver_options *o, const struct message *m,
                          struct alertmanager_alert *a)
{
    CLEANUP(outline_free) struct outline *outline = NULL;
    CLEANUP(json_writer_free) struct json_writer *w = json_writer_new(ALERTMANAGER_BODY_MAX);
    size_t len;
    int r = w ? outline_new(m, o->links, &outline) : -ENOMEM;
    if (r < 0)
        return r;
    json_open_object(w, NULL);
    r = put_about(w, outline);
    json_close_object(w);
    if (r >= 0)
        r = json_write_take(w, &a->about, &len);
    if (r >= 0 && o->links)
        r = link_fill(o->links->status_url, m->notification, &a->url);
    return r;
}

void alertmanager_alert_clear(struct alertmanager_alert *a)
{
    free(a->labels);
    free(a->about);
    free(a->url);
    *a = (struct alertmanager_alert){0};
}

/* A missing startsAt would become the endsAt of a firing alert, which is in the future. */
void alertmanager_put(struct json_writer *w, const struct alertmanager_alert *a)
{
    char buf[RFC3339_MAX], lasts[RFC3339_MAX] = "";
    usec_t started_at = a->ends_at && a->ends_at < a->started_at ? a->ends_at : a->started_at;
    json_open_object(w, NULL);
    json_put_raw(w, "labels", a->labels);
    if (a->about)
        json_put_raw(w, "annotations", a->about);
    json_put_string(w, "startsAt", rfc3339_print(started_at, buf));
    if (a->lasts)
        (void)snprintf(lasts, sizeof lasts, "+%llu", (unsigned long long)(a->lasts / USEC_PER_SEC));
    json_put_string(w, "endsAt", a->ends_at ? rfc3339_print(a->ends_at, buf) : lasts);
    if (a->url)
        json_put_string(w, "generatorURL", a->url);
    json_close_object(w);
}
