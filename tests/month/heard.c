/* SPDX-License-Identifier: MIT */
#include "month/heard.h"

#include "base/text.h"
#include "json/json.h"
#include "month/receivers.h"

#include <stdio.h>
#include <string.h>

static const char *member(const struct json *o, const char *key)
{
    const char *value = "";
    (void)json_get_string(o, key, &value);
    return value;
}

static int64_t number(const struct json *o, const char *key)
{
    int64_t value = -1;
    (void)json_get_int(o, key, 0, INT64_C(1) << 50, &value);
    return value;
}

static struct subject subject_of(const struct json *o, const struct world *w, int64_t *amount)
{
    const struct json *pool = json_get(o, "allotment"), *detail = json_get(o, "detail");
    const char *tenant_id = member(json_get(o, "tenant"), "id"), *rule = member(o, "rule");
    struct subject s = {.kind = SUBJECT_OTHER};
    *amount = 1;
    while (s.tenant < TENANTS && !text_equal(w->company[s.tenant].id, tenant_id))
        s.tenant++;
    if (s.tenant == TENANTS)
        return (struct subject){.kind = SUBJECT_OTHER};
    const struct company *c = &w->company[s.tenant];
    if (text_equal(rule, "poll"))
        s.kind = SUBJECT_TENANT;
    for (size_t i = 0; i < CODES; i++)
        if (text_equal(rule, "assignment_errors") &&
            text_equal(member(detail, "code"), world_code(i))) {
            s.kind = SUBJECT_ERRORS, s.n = i;
            *amount = number(detail, "count");
        }
    for (size_t i = 0; i < POOLS; i++) {
        if (text_equal(rule, "subscription") &&
            text_equal(member(detail, "subscription_id") + 1, c->pool[i].id + 1))
            s.kind = SUBJECT_SUBSCRIPTION, s.n = i;
        else if (s.kind == SUBJECT_OTHER && !text_equal(rule, "subscription") &&
                 text_equal(member(pool, "id"), c->pool[i].id)) {
            s.kind = SUBJECT_POOL, s.n = i;
            *amount = number(pool, "waiting_members");
        }
    }
    return s;
}

static bool read_line(const struct json *o, const struct world *w, struct line *ret)
{
    *ret =
        (struct line){.episode = (uint32_t)number(o, "episode"), .seq = (uint64_t)number(o, "seq")};
    const char *reason = member(json_get(o, "detail"), "reason");
    ret->up = !text_equal(member(o, "state"), "resolved");
    ret->excused = *reason && !text_equal(reason, "unsilenced");
    ret->service = text_equal(member(o, "rule"), "service");
    ret->subject = subject_of(o, w, &ret->amount);
    ret->about = RECEIVERS - 1;
    while (ret->about >= 0 &&
           !text_equal(RECEIVER_NAMES[ret->about], member(json_get(o, "detail"), "receiver")))
        ret->about--;
    (void)snprintf(ret->alert_id, sizeof ret->alert_id, "%s", member(o, "alert_id"));
    (void)snprintf(ret->tenant_id, sizeof ret->tenant_id, "%s",
                   member(json_get(o, "tenant"), "id"));
    (void)snprintf(ret->observed_at, sizeof ret->observed_at, "%s", member(o, "observed_at"));
    return strlen(ret->alert_id) == 16 && number(o, "episode") > 0 && number(o, "seq") > 0;
}

static bool read_digest(const struct json *data, const struct world *w, struct heard *ret)
{
    const struct json *list = json_get(data, "alerts"), *counts = json_get(data, "counts");
    ret->digest = true;
    ret->part = (uint32_t)number(data, "part");
    ret->parts = (uint32_t)number(data, "parts");
    (void)snprintf(ret->digest_id, sizeof ret->digest_id, "%s", member(data, "digest_id"));
    (void)snprintf(ret->reason, sizeof ret->reason, "%s", member(data, "reason"));
    for (const struct json *c = json_first(counts); c; c = json_next(c))
        ret->counted += number(c, "count");
    for (const struct json *a = json_first(list); a; a = json_next(a))
        if (ret->n_lines == LINES_MAX || !read_line(a, w, &ret->line[ret->n_lines++]))
            return false;
    return true;
}

bool heard_read(const char *body, size_t len, const struct world *w, struct heard *ret)
{
    CLEANUP(json_free) struct json *root = NULL;
    const struct json *data;
    *ret = (struct heard){0};
    if (json_parse(body, len, &root, NULL) < 0 || json_get_object(root, "data", &data) != JSON_OK)
        return false;
    const char *type = member(root, "type");
    if (text_equal(type, "alert.digest"))
        return read_digest(data, w, ret);
    ret->n_lines = 1;
    ret->firing = text_equal(type, "alert.firing");
    if (!read_line(data, w, &ret->line[0]))
        return false;
    ret->line[0].reminder = text_equal(type, "alert.reminder");
    ret->line[0].acknowledged = text_equal(type, "alert.acknowledged");
    ret->line[0].first = !ret->line[0].acknowledged;
    return true;
}
