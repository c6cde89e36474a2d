/* SPDX-License-Identifier: MIT */
/* runtime/explain_put.c: writes an explanation: the subject, findings, reasons, messages, and what happens next. */
#include "runtime/explain_put.h"

#include <errno.h>

#include "base/text.h"
#include "runtime/command_answer.h"
#include "runtime/commands_deliveries.h"
#include "runtime/tenant.h"

static void put_number(struct json_writer *w, const char *key, int64_t value, enum unit unit)
{
    command_put_number(w, key, value, unit == UNIT_PERCENT ? 2 : 0);
}

/* "96.4 %", for people */
static void put_measure(struct json_writer *w, const char *key, int64_t value, enum unit unit)
{
    CLEANUP(free) char *text = why_measure(value, unit);
    if (!text && value != NUMBER_UNKNOWN)
        json_write_oom(w);
    json_put_string(w, key, text);
}

/* "FILE:LINE"; null: a built-in default, or no key. */
static void put_place(struct json_writer *w, const struct explanation *x, const char *key, int line)
{
    CLEANUP(free) char *place = line ? text_printf("%s:%d", x->app->options->path, line) : NULL;
    if (line && !place)
        json_write_oom(w);
    json_put_string(w, key, place);
}

/* ---- the subject ---- */

static int put_subject(struct json_writer *w, const struct explanation *x)
{
    const struct alert *a = x->of->alert;
    const struct known_pool *pool = x->of->pool;
    const struct alert_context *f = x->of->observation ? x->of->observation->context : a ? a->context : NULL;
    CLEANUP(notification_free) struct notification *n = NULL;
    bool open = a && a->state != ALERT_OK && a->context;
    if (open && alert_notification(a, EVENT_FIRING, clock_now().at, &n) < 0)
        return -ENOMEM;
    json_put_string(w, "alert_id", a ? a->id : NULL);
    json_put_string(w, "tenant", x->tenant ? x->tenant->options->identity.name : NULL);
    json_put_string(w, "sku_part_number", f ? f->sku_part_number : pool ? pool->sku_part_number : NULL);
    json_put_string(w, "allotment_id", f ? f->allotment_id : pool ? pool->id : NULL);
    json_put_string(w, "allotment_name", f ? f->allotment_name : NULL);
    json_put_string(w, "state", alert_state_name(a ? a->state : ALERT_OK));
    json_put_string(w, "severity", n ? level_name(n->level) : NULL);
    json_put_string(w, "rule", open ? rule_name(a->rule) : NULL);
    command_put_time(w, "since", open ? a->started.at : 0);
    json_put_string(w, "notified_severity", a && a->notified > LEVEL_NONE ? level_name(a->notified) : NULL);
    json_put_string(w, "title", n ? n->title : NULL);
    json_put_string(w, "next_step", n ? n->next_step : NULL);
    command_put_time(w, "observed_at", f ? f->observed_at : 0);
    command_put_time(w, "next_poll_at", x->tenant && x->tenant->timer ? x->tenant->due.at : 0);
    return 0;
}

/* ---- findings ---- */

static enum level firing_level(const struct alert *a, enum rule rule)
{
    for (int i = LEVELS; a && i > 0; i--)
        if (alert_state_is_up(a->latch[rule][i - 1].state))
            return (enum level)i;
    return LEVEL_NONE;
}

static void put_limit(struct json_writer *w, const struct explanation *x, const struct finding *f, enum level level)
{
    json_open_object(w, level_name(level));
    put_number(w, "limit", f->threshold[level], f->unit);
    put_measure(w, "text", f->threshold[level], f->unit);
    put_place(w, x, "source", x->rules->threshold ? x->rules->threshold[f->rule].limit[level].line : 0);
    json_close_object(w);
}

/* How long it has been beyond the limit, or clear. */
static void put_hold(struct json_writer *w, const struct explanation *x, const struct finding *f)
{
    const struct latch *timed = NULL;
    for (int i = LEVELS - 1; x->of->alert && i >= 0 && !timed; i--) {
        const struct latch *l = &x->of->alert->latch[f->rule][i];
        timed = l->state == ALERT_PENDING || l->state == ALERT_RECOVERING ? l : NULL;
    }
    json_put_int(w, "for_s", (int64_t)(f->hold_for / USEC_PER_SEC));
    json_put_int(w, "keep_firing_for_s", (int64_t)(f->keep_firing_for / USEC_PER_SEC));
    json_put_int(w, "min_samples", f->min_samples);
    json_put_string(w, "counting", timed ? alert_state_name(timed->state) : NULL);
    json_put_int(w, "elapsed_s", timed ? (int64_t)(timed->elapsed / USEC_PER_SEC) : 0);
    json_put_int(w, "samples", timed ? timed->observations : 0);
}

static void put_finding(struct json_writer *w, const struct explanation *x, const struct finding *f)
{
    static const char *const STATES[] = {[FINDING_UNKNOWN] = "unknown",
                                         [FINDING_NOT_APPLICABLE] = "not_applicable",
                                         [FINDING_KNOWN] = "known"};
    bool known = f->state == FINDING_KNOWN;
    json_open_object(w, NULL);
    json_put_string(w, "rule", rule_name(f->rule));
    json_put_string(w, "state", STATES[f->state]);
    put_number(w, "value", known ? f->value : NUMBER_UNKNOWN, f->unit);
    put_measure(w, "text", known ? f->value : NUMBER_UNKNOWN, f->unit);
    json_put_string(w, "unit", unit_name(f->unit));
    for (enum level l = LEVEL_WARNING; l < LEVEL_COUNT_; l++)
        put_limit(w, x, f, l);
    json_put_string(w, "reached", known ? level_name(f->raise) : NULL);
    json_put_string(w, "firing", level_name(firing_level(x->of->alert, f->rule)));
    put_hold(w, x, f);
    json_close_object(w);
}

/* An alert whose last observation is unknown here has the numbers of its deciding rule. */
static void put_last_finding(struct json_writer *w, const struct explanation *x)
{
    const struct alert *a = x->of->alert;
    struct finding f = {.rule = a->rule,
                        .state = FINDING_KNOWN,
                        .value = a->value,
                        .unit = a->unit,
                        .raise = a->level,
                        .threshold = {NUMBER_UNKNOWN, NUMBER_UNKNOWN, NUMBER_UNKNOWN}};
    if (a->level > LEVEL_NONE)
        f.threshold[a->level] = a->threshold;
    put_finding(w, x, &f);
}

/* ---- lists ---- */

static void put_reasons(struct json_writer *w, const struct explanation *x, const char *key, const struct why *list)
{
    json_open_array(w, key);
    for (size_t i = 0; i < list->n; i++) {
        json_open_object(w, NULL);
        json_put_string(w, "reason", why_name(list->reason[i].word));
        json_put_string(w, "text", list->reason[i].text);
        put_place(w, x, "source", list->reason[i].line);
        json_close_object(w);
    }
    json_close_array(w);
}

int explanation_put(struct json_writer *w, const struct explanation *x)
{
    const struct observation *s = x->of->observation;
    json_open_object(w, NULL);
    int r = put_subject(w, x);
    json_open_array(w, "findings");
    for (size_t i = 0; s && i < s->n_findings; i++)
        put_finding(w, x, &s->finding[i]);
    if (!s && x->of->alert && x->of->alert->state != ALERT_OK)
        put_last_finding(w, x);
    json_close_array(w);
    put_reasons(w, x, "reasons", x->reasons);
    json_open_array(w, "messages");
    for (size_t i = 0; i < x->n_deliveries; i++)
        command_put_delivery(w, &x->delivery[i]);
    json_close_array(w);
    put_reasons(w, x, "next", x->next);
    json_close_object(w);
    return r;
}
