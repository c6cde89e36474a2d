/* SPDX-License-Identifier: MIT */
/* deliver/facts_json.c: facts as JSON and back. */
#include "deliver/facts_json.h"

#include "base/alloc.h"
#include "base/date.h"
#include "base/text.h"
#include "deliver/facts_put.h"
#include <errno.h>
#include <string.h>

#define SCHEMA 1
#define FACTS_MAX (1024 * 1024) /* bytes; twenty subscriptions and some names are far below */
#define DATE_LAST 2932896       /* 9999-12-31 */
#define LABELS_MAX 256
#define NO_CUT SIZE_MAX

/* ---- writing ---- */

static size_t name_max(const struct cut *cut)
{
    return cut ? cut->name : NO_CUT;
}
static size_t id_max(const struct cut *cut)
{
    return cut ? cut->id : NO_CUT;
}
static size_t at_most(size_t n, size_t max)
{
    return n < max ? n : max;
}

/* Saturated: a larger number could be written, but never be read back. */
void fact_put_number(struct json_writer *w, const char *key, int64_t value)
{
    if (value == FACT_UNKNOWN)
        json_put_null(w, key);
    else
        json_put_int(w, key,
                     value > NUMBER_MAX    ? NUMBER_MAX
                     : value < -NUMBER_MAX ? -NUMBER_MAX
                                           : value);
}

void fact_put_instant(struct json_writer *w, const char *key, usec_t at)
{
    char buf[RFC3339_MAX];
    json_put_string(w, key, at ? rfc3339_print(at, buf) : NULL);
}

void fact_put_date(struct json_writer *w, const char *key, int32_t day)
{
    char buf[RFC3339_MAX];
    json_put_string(w, key, day == DATE_UNKNOWN ? NULL : date_print(day, buf));
}

/* A second label of the same name would make the object unreadable: the first one counts. */
static bool label_is_first(const struct facts *f, size_t i)
{
    for (size_t j = 0; j < i; j++)
        if (strcmp(f->label[j].key, f->label[i].key) == 0)
            return false;
    return true;
}

static void put_labels(struct json_writer *w, const struct facts *f, const struct cut *cut)
{
    json_open_object(w, "labels");
    size_t n = at_most(f->n_labels, cut ? cut->labels : LABELS_MAX);
    for (size_t i = 0; i < n; i++)
        if (label_is_first(f, i) && json_cost(f->label[i].key) <= name_max(cut))
            json_put_cut(w, f->label[i].key, f->label[i].value, name_max(cut));
    json_close_object(w);
}

void facts_put_tenant(struct json_writer *w, const struct facts *f, const struct cut *cut)
{
    if (!f || (!f->tenant_name && !f->tenant_id && f->n_labels == 0)) {
        json_put_null(w, "tenant");
        return;
    }
    json_open_object(w, "tenant");
    json_put_cut(w, "name", f->tenant_name, name_max(cut));
    json_put_whole(w, "id", f->tenant_id, id_max(cut));
    put_labels(w, f, cut);
    json_close_object(w);
}

/* Under scope = "sku" there are sums without one pool's id: the object stays, its id is null. */
static bool has_allotment(const struct facts *f)
{
    return f->allotment_id || f->allotment_name || f->allotted != FACT_UNKNOWN ||
           f->consumed != FACT_UNKNOWN || f->waiting != FACT_UNKNOWN;
}

void facts_put_allotment(struct json_writer *w, const struct facts *f, const struct cut *cut)
{
    if (!f || !has_allotment(f)) {
        json_put_null(w, "allotment");
        return;
    }
    json_open_object(w, "allotment");
    json_put_whole(w, "id", f->allotment_id, id_max(cut));
    json_put_cut(w, "name", f->allotment_name, name_max(cut));
    fact_put_number(w, "allotted_units", f->allotted);
    fact_put_number(w, "consumed_units", f->consumed);
    fact_put_number(w, "waiting_members", f->waiting);
    fact_put_instant(w, "oldest_waiting_since", f->oldest_at);
    json_close_object(w);
}

void facts_put_sku(struct json_writer *w, const struct facts *f, const struct cut *cut)
{
    if (!f || (!f->sku_id && !f->sku_part_number && !f->sku_name)) {
        json_put_null(w, "sku");
        return;
    }
    json_open_object(w, "sku");
    json_put_whole(w, "id", f->sku_id, id_max(cut));
    json_put_cut(w, "part_number", f->sku_part_number, name_max(cut));
    json_put_cut(w, "name", f->sku_name, name_max(cut));
    json_close_object(w);
}

void facts_put_subscriptions(struct json_writer *w, const struct facts *f, const struct cut *cut)
{
    size_t n = f ? at_most(f->n_subscriptions, cut ? cut->subscriptions : NO_CUT) : 0;
    json_open_array(w, "subscriptions");
    for (size_t i = 0; i < n; i++) {
        const struct fact_subscription *s = &f->subscription[i];
        json_open_object(w, NULL);
        json_put_whole(w, "id", s->id, id_max(cut));
        json_put_cut(w, "state", s->state, name_max(cut));
        fact_put_date(w, "start_date", s->start_date);
        fact_put_date(w, "next_lifecycle_date", s->next_lifecycle_date);
        json_put_cut(w, "tags", s->tags, name_max(cut));
        json_close_object(w);
    }
    json_close_array(w);
}

void facts_put_units(struct json_writer *w, const struct facts *f)
{
    fact_put_number(w, "units_to_unblock", f ? f->units_to_unblock : FACT_UNKNOWN);
    fact_put_number(w, "units_to_buy", f ? f->units_to_buy : FACT_UNKNOWN);
}

void facts_open_rest(struct json_writer *w, const struct facts *f)
{
    json_open_object(w, REST);
    if (!f)
        return;
    json_put_int(w, "utc_offset", f->utc_offset);
    json_put_int(w, "oldest_at", (int64_t)f->oldest_at);
    fact_put_number(w, "reference", f->reference);
    json_put_string(w, "sibling_name", f->sibling_name);
    fact_put_number(w, "sibling_free", f->sibling_free);
    json_put_string(w, "error_code", f->error_code);
    fact_put_number(w, "error_count", f->error_count);
    json_put_int(w, "errors_since_at", (int64_t)f->errors_since_at);
    json_put_string(w, "cause", cause_word(f->cause));
    json_put_string(w, "hint", f->hint);
    json_put_string(w, "section", f->section);
    json_put_string(w, "receiver", f->receiver);
    fact_put_number(w, "parked", f->parked);
    json_put_string(w, "principal", f->principal);
    json_put_string(w, "missing_plans", f->missing_plans);
    json_put_string(w, "source", f->source);
    json_put_string(w, "host", f->host);
    fact_put_number(w, "tenants", f->tenants);
    fact_put_number(w, "tenants_failing", f->tenants_failing);
    fact_put_number(w, "tenants_read", f->tenants_read);
    json_put_int(w, "failing_since_at", (int64_t)f->failing_since_at);
    json_put_string(w, "credential", f->credential);
    json_put_string(w, "client_id", f->client_id);
    json_put_string(w, "file", f->file);
    json_put_string(w, "used_by", f->used_by);
    fact_put_number(w, "n_used_by", f->n_used_by);
    json_put_int(w, "expires_at", (int64_t)f->expires_at);
    json_put_bool(w, "expires_by_day", f->expires_by_day);
    json_put_int(w, "facts_at", (int64_t)f->observed_at);
}

int facts_json_pack(const struct facts *f, char **ret, size_t *ret_len)
{
    CLEANUP(json_writer_free) struct json_writer *w = json_writer_new(FACTS_MAX);
    if (!w)
        return -ENOMEM;
    json_open_object(w, NULL);
    json_put_int(w, "schema", SCHEMA);
    facts_put_tenant(w, f, NULL);
    facts_put_allotment(w, f, NULL);
    facts_put_sku(w, f, NULL);
    facts_put_subscriptions(w, f, NULL);
    facts_put_units(w, f);
    facts_open_rest(w, f);
    json_close_object(w);
    json_close_object(w);
    return json_write_take(w, ret, ret_len);
}

/* ---- reading ---- */

static bool absent(struct reader *r, enum json_is is)
{
    if (is == JSON_WRONG_TYPE || is == JSON_OUT_OF_RANGE)
        r->error = -EBADMSG;
    return is != JSON_OK || r->error < 0;
}

void read_text(struct reader *r, const struct json *o, const char *key, char **ret)
{
    const char *s = NULL;
    if (r->error < 0 || absent(r, json_get_string(o, key, &s)))
        return;
    char *copy = NULL;
    if (text_copy(s, &copy) < 0) {
        r->error = -ENOMEM;
        return;
    }
    free(*ret);
    *ret = copy;
}

void read_number(struct reader *r, const struct json *o, const char *key, int64_t *ret)
{
    int64_t n;
    if (r->error >= 0 && !absent(r, json_get_int(o, key, -NUMBER_MAX, NUMBER_MAX, &n)))
        *ret = n;
}

void read_unsigned(struct reader *r, const struct json *o, const char *key, uint64_t max,
                   uint64_t *ret)
{
    int64_t n, top = max > (uint64_t)NUMBER_MAX ? NUMBER_MAX : (int64_t)max;
    if (r->error >= 0 && !absent(r, json_get_int(o, key, 0, top, &n)))
        *ret = (uint64_t)n;
}

const struct json *read_array(struct reader *r, const struct json *o, const char *key, size_t max,
                              size_t *ret_n)
{
    const struct json *array = NULL;
    *ret_n = 0;
    if (r->error < 0 || absent(r, json_get_array(o, key, &array)))
        return NULL;
    size_t n = json_count(array);
    if (n > max) {
        r->error = -EBADMSG;
        return NULL;
    }
    *ret_n = n;
    return array;
}

const struct json *read_object(struct reader *r, const struct json *o, const char *key)
{
    const struct json *object = NULL;
    if (r->error < 0 || absent(r, json_get_object(o, key, &object)))
        return NULL;
    return object;
}

static void read_date(struct reader *r, const struct json *o, const char *key, int32_t *ret)
{
    const char *s = NULL;
    if (r->error < 0 || absent(r, json_get_string(o, key, &s)))
        return;
    int32_t day;
    if (date_parse(s, &day) < 0 || day < 0 || day > DATE_LAST)
        r->error = -EBADMSG;
    else
        *ret = day;
}

static void read_labels(struct reader *r, const struct json *labels, struct facts *f)
{
    size_t n = 0;
    for (const struct json *m = labels ? json_first(labels) : NULL; m; m = json_next(m))
        n++;
    if (r->error < 0 || n == 0)
        return;
    if (n > LABELS_MAX) {
        r->error = -EBADMSG;
        return;
    }
    f->label = alloc_zero(n, sizeof *f->label);
    if (!f->label) {
        r->error = -ENOMEM;
        return;
    }
    for (const struct json *m = json_first(labels); m && r->error >= 0; m = json_next(m)) {
        struct label *l = &f->label[f->n_labels++];
        if (!json_text(m))
            r->error = -EBADMSG;
        else if (text_copy(json_name(m), &l->key) < 0 || text_copy(json_text(m), &l->value) < 0)
            r->error = -ENOMEM;
    }
}

static void read_subscriptions(struct reader *r, const struct json *o, struct facts *f)
{
    size_t n;
    const struct json *list = read_array(r, o, "subscriptions", FACT_SUBSCRIPTIONS_MAX, &n);
    if (n == 0)
        return;
    f->subscription = alloc_zero(n, sizeof *f->subscription);
    if (!f->subscription) {
        r->error = -ENOMEM;
        return;
    }
    for (const struct json *e = json_first(list); e && r->error >= 0; e = json_next(e)) {
        struct fact_subscription *s = &f->subscription[f->n_subscriptions++];
        s->start_date = s->next_lifecycle_date = DATE_UNKNOWN;
        if (!json_is_object(e))
            r->error = -EBADMSG;
        read_text(r, e, "id", &s->id);
        read_text(r, e, "state", &s->state);
        read_date(r, e, "start_date", &s->start_date);
        read_date(r, e, "next_lifecycle_date", &s->next_lifecycle_date);
        read_text(r, e, "tags", &s->tags);
    }
}

static void read_public(struct reader *r, const struct json *o, struct facts *f)
{
    const struct json *tenant = read_object(r, o, "tenant");
    read_text(r, tenant, "name", &f->tenant_name);
    read_text(r, tenant, "id", &f->tenant_id);
    read_labels(r, read_object(r, tenant, "labels"), f);
    const struct json *allotment = read_object(r, o, "allotment");
    read_text(r, allotment, "id", &f->allotment_id);
    read_text(r, allotment, "name", &f->allotment_name);
    read_number(r, allotment, "allotted_units", &f->allotted);
    read_number(r, allotment, "consumed_units", &f->consumed);
    read_number(r, allotment, "waiting_members", &f->waiting);
    const struct json *sku = read_object(r, o, "sku");
    read_text(r, sku, "id", &f->sku_id);
    read_text(r, sku, "part_number", &f->sku_part_number);
    read_text(r, sku, "name", &f->sku_name);
    read_subscriptions(r, o, f);
    read_number(r, o, "units_to_unblock", &f->units_to_unblock);
    read_number(r, o, "units_to_buy", &f->units_to_buy);
}

static void read_cause(struct reader *r, const struct json *o, enum cause *ret)
{
    CLEANUP(free) char *word = NULL;
    read_text(r, o, "cause", &word);
    *ret = cause_parse(word);
}

static void read_rest(struct reader *r, const struct json *rest, struct facts *f)
{
    int64_t offset = 0;
    read_number(r, rest, "utc_offset", &offset);
    if (offset < -86400 || offset > 86400)
        r->error = r->error < 0 ? r->error : -EBADMSG;
    else
        f->utc_offset = (int32_t)offset;
    read_unsigned(r, rest, "oldest_at", (uint64_t)NUMBER_MAX, &f->oldest_at);
    read_number(r, rest, "reference", &f->reference);
    read_text(r, rest, "sibling_name", &f->sibling_name);
    read_number(r, rest, "sibling_free", &f->sibling_free);
    read_text(r, rest, "error_code", &f->error_code);
    read_number(r, rest, "error_count", &f->error_count);
    read_unsigned(r, rest, "errors_since_at", (uint64_t)NUMBER_MAX, &f->errors_since_at);
    read_cause(r, rest, &f->cause);
    read_text(r, rest, "hint", &f->hint);
    read_text(r, rest, "section", &f->section);
    read_text(r, rest, "receiver", &f->receiver);
    read_number(r, rest, "parked", &f->parked);
    read_text(r, rest, "principal", &f->principal);
    read_text(r, rest, "missing_plans", &f->missing_plans);
    read_text(r, rest, "source", &f->source);
    read_text(r, rest, "host", &f->host);
    read_number(r, rest, "tenants", &f->tenants);
    read_number(r, rest, "tenants_failing", &f->tenants_failing);
    read_number(r, rest, "tenants_read", &f->tenants_read);
    read_unsigned(r, rest, "failing_since_at", (uint64_t)NUMBER_MAX, &f->failing_since_at);
    read_text(r, rest, "credential", &f->credential);
    read_text(r, rest, "client_id", &f->client_id);
    read_text(r, rest, "file", &f->file);
    read_text(r, rest, "used_by", &f->used_by);
    read_number(r, rest, "n_used_by", &f->n_used_by);
    read_unsigned(r, rest, "expires_at", (uint64_t)NUMBER_MAX, &f->expires_at);
    if (r->error >= 0)
        (void)absent(r, json_get_bool(rest, "expires_by_day", &f->expires_by_day));
    read_unsigned(r, rest, "facts_at", (uint64_t)NUMBER_MAX, &f->observed_at);
}

int facts_read(const struct json *o, struct facts **ret)
{
    CLEANUP(facts_free) struct facts *f = NULL;
    int64_t schema;
    if (json_get_int(o, "schema", SCHEMA, SCHEMA, &schema) != JSON_OK)
        return -EBADMSG;
    int e = facts_new(&f);
    if (e < 0)
        return e;
    struct reader r = {0};
    read_public(&r, o, f);
    read_rest(&r, read_object(&r, o, REST), f);
    if (r.error < 0)
        return r.error;
    *ret = TAKE(f);
    return 0;
}

int facts_json_unpack(const char *bytes, size_t len, struct facts **ret)
{
    CLEANUP(json_free) struct json *root = NULL;
    int r = json_parse(bytes, len, &root, NULL);
    return r < 0 ? r : facts_read(root, ret);
}
