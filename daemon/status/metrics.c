/* SPDX-License-Identifier: MIT */
/* status/metrics.c: the metrics, in Prometheus's text format 0.0.4 and in OpenMetrics 1.0. A new metric is a row.
 *
 * A number that is unknown has no sample: a tenant that was never polled completely shows no pools, and zero always
 * means zero. */
#include "status/status.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define METRICS_MAX ((size_t)64 << 20)
#define LABEL_MAX 4096 /* bytes of a value; ids are shorter */

struct out {
    struct text text;
    const struct status *s;
    bool openmetrics;
    bool labelled; /* the sample has a label already */
};

/* ---- labels ---- */

/* Both formats escape these three and nothing else; other control characters are cleaned away. */
static void add_escaped(struct text *t, const char *value)
{
    char clean[LABEL_MAX];
    const char *at = text_clean(clean, sizeof clean, value, strlen(value));
    for (size_t plain; *at; at += plain + (at[plain] != '\0')) {
        plain = strcspn(at, "\\\"");
        text_add_bytes(t, at, plain);
        if (at[plain])
            text_addf(t, "\\%c", at[plain]);
    }
}

static void label(struct out *o, const char *name, const char *value)
{
    if (!value || !*value)
        return; /* an empty label is the same as none */
    text_addf(&o->text, "%s%s=\"", o->labelled ? "," : "{", name);
    add_escaped(&o->text, value);
    text_add(&o->text, "\"");
    o->labelled = true;
}

static void label_tenant(struct out *o, const void *row)
{
    const struct status_tenant *t = row;
    label(o, "tenant", t->name);
}

static void label_pool(struct out *o, const void *row)
{
    const struct status_pool *p = row;
    label(o, "tenant", p->tenant);
    label(o, "sku", p->sku_part_number);
    label(o, "sku_id", p->sku_id);
    label(o, "allotment", p->id);
}

static void label_pool_names(struct out *o, const void *row)
{
    const struct status_pool *p = row;
    label_pool(o, row);
    label(o, "allotment_name", p->name);
    label(o, "sku_name", p->sku_name);
}

static void label_errors(struct out *o, const void *row)
{
    const struct status_errors *e = row;
    label(o, "tenant", e->tenant);
    label(o, "sku_id", e->sku_id);
    label(o, "code", e->code);
}

static void label_subscription(struct out *o, const void *row)
{
    const struct status_subscription *b = row;
    label(o, "tenant", b->tenant);
    label(o, "sku", b->sku_part_number);
    label(o, "sku_id", b->sku_id);
    label(o, "subscription", b->id);
}

static void label_alert(struct out *o, const void *row)
{
    const struct status_alert *a = row;
    label(o, "tenant", a->tenant);
    label(o, "sku", a->sku_part_number);
    label(o, "allotment", a->allotment_id);
    label(o, "rule", rule_name(a->rule));
    label(o, "severity", level_name(a->level));
    label(o, "alert_id", a->id);
}

static void label_receiver(struct out *o, const void *row)
{
    const struct status_receiver *r = row;
    label(o, "receiver", r->name);
}

static void label_version(struct out *o, const void *row)
{
    const struct status *s = row;
    label(o, "version", s->version);
}

/* ---- what there is a sample for ---- */

enum over { OVER_STATUS, OVER_TENANTS, OVER_POOLS, OVER_ERRORS, OVER_SUBSCRIPTIONS, OVER_ALERTS, OVER_RECEIVERS, OVER_COUNT_ };

struct rows {
    const void *row;
    size_t n, size;
};

static struct rows rows_of(const struct status *s, enum over over)
{
    const struct rows ROWS[OVER_COUNT_] = {
        [OVER_STATUS] = {s, 1, sizeof *s},
        [OVER_TENANTS] = {s->tenant, s->n_tenants, sizeof *s->tenant},
        [OVER_POOLS] = {s->pool, s->n_pools, sizeof *s->pool},
        [OVER_ERRORS] = {s->errors, s->n_errors, sizeof *s->errors},
        [OVER_SUBSCRIPTIONS] = {s->subscription, s->n_subscriptions, sizeof *s->subscription},
        [OVER_ALERTS] = {s->alert, s->n_alerts, sizeof *s->alert},
        [OVER_RECEIVERS] = {s->receiver, s->n_receivers, sizeof *s->receiver},
    };
    return ROWS[over];
}

/* ---- values: microseconds for metrics in seconds; NUMBER_UNKNOWN: no sample ---- */

static int64_t moment(usec_t at)
{
    return at ? (int64_t)at : NUMBER_UNKNOWN;
}

static int64_t age(const struct status *s, usec_t at)
{
    return s->at > at ? (int64_t)(s->at - at) : 0;
}

static int64_t one(const struct status *s, const void *row, size_t part)
{
    (void)s, (void)row, (void)part;
    return 1;
}

static int64_t pool_allotted(const struct status *s, const void *row, size_t part)
{
    (void)s, (void)part;
    return ((const struct status_pool *)row)->allotted;
}

static int64_t pool_consumed(const struct status *s, const void *row, size_t part)
{
    (void)s, (void)part;
    return ((const struct status_pool *)row)->consumed;
}

static int64_t pool_waiting(const struct status *s, const void *row, size_t part)
{
    (void)s, (void)part;
    return ((const struct status_pool *)row)->waiting;
}

/* Members that wait without a date have an unknown age. */
static int64_t pool_oldest(const struct status *s, const void *row, size_t part)
{
    const struct status_pool *p = row;
    (void)part;
    return p->waiting == 0 ? 0 : p->waiting == NUMBER_UNKNOWN || !p->oldest_at ? NUMBER_UNKNOWN : age(s, p->oldest_at);
}

static int64_t errors_count(const struct status *s, const void *row, size_t part)
{
    (void)s, (void)part;
    return ((const struct status_errors *)row)->count;
}

static int64_t subscription_date(const struct status *s, const void *row, size_t part)
{
    const struct status_subscription *b = row;
    (void)s, (void)part;
    return b->next_lifecycle_date == DATE_UNKNOWN ? NUMBER_UNKNOWN : b->next_lifecycle_date * (int64_t)USEC_PER_DAY;
}

static int64_t alert_active(const struct status *s, const void *row, size_t part)
{
    (void)s, (void)part;
    return ((const struct status_alert *)row)->state == STATUS_FIRING ? 1 : NUMBER_UNKNOWN;
}

static int64_t tenant_last_complete(const struct status *s, const void *row, size_t part)
{
    (void)s, (void)part;
    return moment(((const struct status_tenant *)row)->last_complete_at);
}

static int64_t tenant_took(const struct status *s, const void *row, size_t part)
{
    const struct status_tenant *t = row;
    (void)s, (void)part;
    return t->polls_total ? (int64_t)t->took : NUMBER_UNKNOWN;
}

/* Counters of tenants that are polled begin at 0: a counter that appears with its first event hides it from rate(). */
static int64_t tenant_total(const void *row, int64_t total)
{
    return ((const struct status_tenant *)row)->enabled ? total : NUMBER_UNKNOWN;
}

static int64_t tenant_failures(const struct status *s, const void *row, size_t part)
{
    (void)s, (void)part;
    return tenant_total(row, ((const struct status_tenant *)row)->failures_total);
}

static int64_t tenant_requests(const struct status *s, const void *row, size_t part)
{
    (void)s, (void)part;
    return tenant_total(row, ((const struct status_tenant *)row)->requests_total);
}

static int64_t tenant_throttled(const struct status *s, const void *row, size_t part)
{
    (void)s, (void)part;
    return tenant_total(row, ((const struct status_tenant *)row)->throttled_total);
}

static int64_t tenant_credential(const struct status *s, const void *row, size_t part)
{
    (void)s, (void)part;
    return moment(((const struct status_tenant *)row)->credential_ends_at);
}

static int64_t receiver_entries(const struct status *s, const void *row, size_t part)
{
    const struct status_receiver *r = row;
    (void)s;
    return part == 0 ? r->pending : r->parked;
}

static int64_t receiver_oldest(const struct status *s, const void *row, size_t part)
{
    const struct status_receiver *r = row;
    (void)part;
    return r->pending == NUMBER_UNKNOWN ? NUMBER_UNKNOWN : r->oldest_at ? age(s, r->oldest_at) : 0;
}

static int64_t receiver_total(const struct status *s, const void *row, size_t part)
{
    (void)s;
    return ((const struct status_receiver *)row)->total[part];
}

/* ---- the rows ---- */

enum type { GAUGE, COUNTER, INFO };
static const struct {
    const char *prometheus, *openmetrics; /* what the formats call it */
    const char *suffix;                   /* of its samples, which OpenMetrics does not count as part of the name */
} TYPES[] = {[GAUGE] = {"gauge", "gauge", ""}, [COUNTER] = {"counter", "counter", "_total"}, [INFO] = {"gauge", "info", "_info"}};

static const char *const STATES[] = {"pending", "parked", NULL};
static const char *const OUTCOMES[] = {[STATUS_DELIVERED] = "delivered", [STATUS_RETRIED] = "retried", [STATUS_PARKED] = "parked",
                                       [STATUS_SUPERSEDED] = "superseded", [STATUS_OUTCOMES_] = NULL};

static const struct metric {
    const char *name; /* without the suffix of its type */
    enum type type;
    const char *unit; /* the end of the name; "": it has none */
    enum over over;
    void (*labels)(struct out *o, const void *row);
    int64_t (*value)(const struct status *s, const void *row, size_t part);
    const char *part_label, *const *part; /* a sample for each part of a row; NULL: one for a row */
    const char *help;
} METRICS[] = {
    {"seatwatch_build", INFO, "", OVER_STATUS, label_version, one, NULL, NULL, "Version of this daemon."},
    {"seatwatch_allotment_allotted_units", GAUGE, "units", OVER_POOLS, label_pool, pool_allotted, NULL, NULL,
     "Units of the pool that may be assigned."},
    {"seatwatch_allotment_consumed_units", GAUGE, "units", OVER_POOLS, label_pool, pool_consumed, NULL, NULL,
     "Units of the pool that are in use; may be more than allotted."},
    {"seatwatch_allotment_waiting_members", GAUGE, "members", OVER_POOLS, label_pool, pool_waiting, NULL, NULL,
     "Members in the waiting room of the pool."},
    {"seatwatch_allotment_oldest_waiting_seconds", GAUGE, "seconds", OVER_POOLS, label_pool, pool_oldest, NULL, NULL,
     "How long the oldest member has waited; 0 if nobody waits."},
    {"seatwatch_allotment", INFO, "", OVER_POOLS, label_pool_names, one, NULL, NULL,
     "Names of the pool and its product, to join with the other metrics of pools."},
    {"seatwatch_assignment_errors", GAUGE, "errors", OVER_ERRORS, label_errors, errors_count, NULL, NULL,
     "Licence assignment errors by SKU and code."},
    {"seatwatch_subscription_next_lifecycle_timestamp_seconds", GAUGE, "seconds", OVER_SUBSCRIPTIONS, label_subscription,
     subscription_date, NULL, NULL, "Day on which the subscription renews, ends or enters its next state."},
    {"seatwatch_alert_active", GAUGE, "", OVER_ALERTS, label_alert, alert_active, NULL, NULL,
     "1 for each alert that fires, silenced or not."},
    {"seatwatch_poll_last_complete_timestamp_seconds", GAUGE, "seconds", OVER_TENANTS, label_tenant, tenant_last_complete, NULL,
     NULL, "When the list of pools was last read completely."},
    {"seatwatch_poll_duration_seconds", GAUGE, "seconds", OVER_TENANTS, label_tenant, tenant_took, NULL, NULL,
     "Duration of the last poll."},
    {"seatwatch_poll_failures", COUNTER, "", OVER_TENANTS, label_tenant, tenant_failures, NULL, NULL,
     "Polls that were not complete."},
    {"seatwatch_graph_requests", COUNTER, "", OVER_TENANTS, label_tenant, tenant_requests, NULL, NULL,
     "Requests to Microsoft for the tenant: token, retries and look-ups included."},
    {"seatwatch_graph_throttled", COUNTER, "", OVER_TENANTS, label_tenant, tenant_throttled, NULL, NULL,
     "Answers of Microsoft with status 429 or 503."},
    {"seatwatch_credential_expiry_timestamp_seconds", GAUGE, "seconds", OVER_TENANTS, label_tenant, tenant_credential, NULL, NULL,
     "When the credential expires that the tenant signs in with, if that is known."},
    {"seatwatch_outbox_entries", GAUGE, "entries", OVER_RECEIVERS, label_receiver, receiver_entries, "state", STATES,
     "Messages that wait for delivery, or whose delivery was given up (parked)."},
    {"seatwatch_outbox_oldest_seconds", GAUGE, "seconds", OVER_RECEIVERS, label_receiver, receiver_oldest, NULL, NULL,
     "Age of the oldest message that waits for delivery; 0 if none waits."},
    {"seatwatch_deliveries", COUNTER, "", OVER_RECEIVERS, label_receiver, receiver_total, "outcome", OUTCOMES,
     "Ends of attempts to deliver a message."},
};

/* ---- the text ---- */

static void add_value(struct out *o, const struct metric *m, int64_t value)
{
    bool negative = value < 0;
    uint64_t v = negative ? -(uint64_t)value : (uint64_t)value;
    if (strcmp(m->unit, "seconds") == 0)
        text_addf(&o->text, " %s%" PRIu64 ".%06" PRIu64 "\n", negative ? "-" : "", v / USEC_PER_SEC, v % USEC_PER_SEC);
    else
        text_addf(&o->text, " %" PRId64 "\n", value);
}

static void add_sample(struct out *o, const struct metric *m, const void *row, size_t part)
{
    int64_t value = m->value(o->s, row, part);
    if (value == NUMBER_UNKNOWN)
        return;
    text_addf(&o->text, "%s%s", m->name, TYPES[m->type].suffix);
    o->labelled = false;
    m->labels(o, row);
    if (m->part)
        label(o, m->part_label, m->part[part]);
    text_add(&o->text, o->labelled ? "}" : "");
    add_value(o, m, value);
}

static void add_metric(struct out *o, const struct metric *m)
{
    const struct rows rows = rows_of(o->s, m->over);
    const char *suffix = o->openmetrics ? "" : TYPES[m->type].suffix;
    text_addf(&o->text, "# HELP %s%s %s\n", m->name, suffix, m->help);
    text_addf(&o->text, "# TYPE %s%s %s\n", m->name, suffix, o->openmetrics ? TYPES[m->type].openmetrics : TYPES[m->type].prometheus);
    if (o->openmetrics && *m->unit)
        text_addf(&o->text, "# UNIT %s %s\n", m->name, m->unit);
    for (size_t i = 0; i < rows.n; i++)
        for (size_t k = 0; k == 0 || (m->part && m->part[k]); k++)
            add_sample(o, m, (const char *)rows.row + i * rows.size, k);
}

int status_metrics(const struct status *s, bool openmetrics, char **ret)
{
    struct out o = {.text = TEXT_INIT(METRICS_MAX), .s = s, .openmetrics = openmetrics};
    for (size_t i = 0; i < N_ELEMENTS(METRICS); i++)
        add_metric(&o, &METRICS[i]);
    if (openmetrics)
        text_add(&o.text, "# EOF\n");
    int r = o.text.error;
    if (r >= 0)
        *ret = text_take(&o.text);
    text_free(&o.text);
    return r;
}
