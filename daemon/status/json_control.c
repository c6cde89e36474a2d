/* SPDX-License-Identifier: MIT */
/* status/json_control.c: what the control sockets tell about the daemon, its tenants and its alerts. */
#include "status/json_parts.h"

#include <errno.h>
#include <string.h>

typedef void body_fn(struct json_writer *w, const struct status *s);

static int write_object(const struct status *s, body_fn *body, char **ret)
{
    CLEANUP(json_writer_free) struct json_writer *w = json_writer_new(STATUS_JSON_MAX);
    size_t len;
    if (!w)
        return -ENOMEM;
    json_writer_clean(w);
    json_open_object(w, NULL);
    body(w, s);
    json_close_object(w);
    return json_write_take(w, ret, &len);
}

/* ---- the daemon ---- */

static void put_tenant_counts(struct json_writer *w, const struct status *s)
{
    int64_t enabled = 0, failing = 0;
    usec_t last_at = 0;
    for (size_t i = 0; i < s->n_tenants; i++) {
        const struct status_tenant *t = &s->tenant[i];
        enabled += t->enabled;
        failing += t->enabled && t->failing;
        last_at = t->last_complete_at > last_at ? t->last_complete_at : last_at;
    }
    json_open_object(w, "tenants");
    json_put_int(w, "total", (int64_t)s->n_tenants);
    json_put_int(w, "enabled", enabled);
    json_put_int(w, "failing", failing);
    status_put_time(w, "last_complete_at", last_at);
    json_close_object(w);
}

static void put_problems(struct json_writer *w, const struct status *s)
{
    const char *problem[STATUS_PROBLEMS_MAX];
    size_t n = status_problems(s, problem);
    json_open_array(w, "problems");
    for (size_t i = 0; i < n; i++)
        json_put_string(w, NULL, problem[i]);
    json_close_array(w);
}

static void put_daemon(struct json_writer *w, const struct status *s)
{
    json_put_string(w, "version", s->version);
    status_put_time(w, "at", s->at);
    status_put_time(w, "started_at", s->started_at);
    put_tenant_counts(w, s);
    json_open_object(w, "alerts");
    for (enum level l = LEVEL_CRITICAL; l > LEVEL_NONE; l--)
        json_put_int(w, level_name(l), (int64_t)s->n_firing[l]);
    json_close_object(w);
    status_put_deliveries(w, s);
    status_put_time(w, "credential_expires_at", s->credential_ends_at);
    put_problems(w, s);
}

/* ---- tenants ---- */

static const char *state_of(const struct status_tenant *t)
{
    return !t->enabled                  ? "disabled"
           : t->complete && t->recorded ? "complete"
           : t->error && *t->error      ? "incomplete"
                                        : "not_polled"; /* by this process */
}

static void put_tenants(struct json_writer *w, const struct status *s)
{
    json_open_array(w, "tenants");
    for (size_t i = 0; i < s->n_tenants; i++) {
        struct status_tenant t = s->tenant[i];
        t.error = t.error && *t.error ? t.error : NULL;
        json_open_object(w, NULL);
        status_put_tenant_members(w, &t);
        json_put_string(w, "state", state_of(&t));
        json_put_bool(w, "failing", t.failing);
        status_put_time(w, "last_complete_at", t.last_complete_at);
        json_close_object(w);
    }
    json_close_array(w);
}

/* ---- alerts ---- */

static void put_alert(struct json_writer *w, const struct status_alert *a)
{
    json_open_object(w, NULL);
    status_put_alert_members(w, a);
    json_put_bool(w, "ignored", a->ignored);
    if (a->silence.id) {
        json_open_object(w, "silence");
        json_put_string(w, "id", a->silence.id);
        json_put_string(w, "kind", a->silence.kind);
        json_put_string(w, "author", a->silence.author);
        json_put_string(w, "comment", a->silence.comment);
        json_close_object(w);
    } else {
        json_put_null(w, "silence");
    }
    json_close_object(w);
}

static void put_firing(struct json_writer *w, const struct status *s)
{
    json_open_array(w, "alerts");
    for (size_t i = 0; i < s->n_alerts; i++)
        if (s->alert[i].state == STATUS_FIRING)
            put_alert(w, &s->alert[i]);
    json_close_array(w);
}

static void put_all_alerts(struct json_writer *w, const struct status *s)
{
    json_open_array(w, "alerts");
    for (size_t i = 0; i < s->n_alerts; i++)
        put_alert(w, &s->alert[i]);
    json_close_array(w);
}

/* ---- readiness ---- */

static bool is_polled(const struct status_tenant *t)
{
    return !t->enabled || t->polls_total > t->failures_total;
}

static void put_readiness(struct json_writer *w, const struct status *s)
{
    int64_t unpolled = 0;
    char tenants[128];
    for (size_t i = 0; i < s->n_tenants; i++)
        unpolled += !is_polled(&s->tenant[i]);
    (void)snprintf(tenants, sizeof tenants, "tenants that were not polled completely since the start: %lld of %zu",
                   (long long)unpolled, s->n_tenants);
    const struct {
        bool given;
        const char *text;
    } REASONS[] = {
        {unpolled > 0, tenants},
        {s->store_failing, "the state directory cannot be written"},
        {s->pending == NUMBER_UNKNOWN, "the outbox cannot be read"},
    };
    bool ready = true;
    for (size_t i = 0; i < N_ELEMENTS(REASONS); i++)
        ready = ready && !REASONS[i].given;
    json_put_bool(w, "ready", ready);
    json_open_array(w, "reasons");
    for (size_t i = 0; i < N_ELEMENTS(REASONS); i++)
        if (REASONS[i].given)
            json_put_string(w, NULL, REASONS[i].text);
    json_close_array(w);
}

int status_json_ready(const struct status *s, bool *ret_ready, char **ret)
{
    int r = write_object(s, put_readiness, ret);
    if (r >= 0)
        *ret_ready = strncmp(*ret, "{\"ready\":true", 13) == 0;
    return r;
}

/* ---- */

int status_json_daemon(const struct status *s, char **ret)
{
    return write_object(s, put_daemon, ret);
}

int status_json_tenants(const struct status *s, char **ret)
{
    return write_object(s, put_tenants, ret);
}

int status_json_alerts(const struct status *s, bool all, char **ret)
{
    return write_object(s, all ? put_all_alerts : put_firing, ret);
}
