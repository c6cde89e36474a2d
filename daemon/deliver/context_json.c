/* SPDX-License-Identifier: MIT */
/* deliver/context_json.c: writes the context of an alert as JSON, and reads it back. */
#include "deliver/context_json.h"

#include "base/alloc.h"
#include "base/date.h"
#include "base/text.h"
#include "deliver/context_put.h"
#include <errno.h>
#include <string.h>

#define SCHEMA 1
#define CONTEXT_MAX (1024 * 1024) /* bytes; far above twenty subscriptions and their names */
#define DATE_LAST 2932896         /* 9999-12-31 */
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

/* Saturated: a larger number could be written, but not read back. */
void context_put_number(struct json_writer *w, const char *key, int64_t value)
{
    if (value == NUMBER_UNKNOWN)
        json_put_null(w, key);
    else
        json_put_int(w, key,
                     value > NUMBER_MAX    ? NUMBER_MAX
                     : value < -NUMBER_MAX ? -NUMBER_MAX
                                           : value);
}

void context_put_instant(struct json_writer *w, const char *key, usec_t at)
{
    char buf[RFC3339_MAX];
    json_put_string(w, key, at ? rfc3339_print(at, buf) : NULL);
}

void context_put_date(struct json_writer *w, const char *key, int32_t day)
{
    char buf[RFC3339_MAX];
    json_put_string(w, key, day == DATE_UNKNOWN ? NULL : date_print(day, buf));
}

/* A second label of the same name would make the object unreadable: the first one counts. */
static bool label_is_first(const struct alert_context *f, size_t i)
{
    for (size_t j = 0; j < i; j++)
        if (strcmp(f->label[j].key, f->label[i].key) == 0)
            return false;
    return true;
}

static void put_labels(struct json_writer *w, const char *key, const struct alert_context *f,
                       const struct cut *cut)
{
    json_open_object(w, key);
    size_t n = at_most(f->n_labels, cut ? cut->labels : LABELS_MAX);
    for (size_t i = 0; i < n; i++)
        if (label_is_first(f, i) && json_cost(f->label[i].key) <= name_max(cut))
            json_put_cut(w, f->label[i].key, f->label[i].value, name_max(cut));
    json_close_object(w);
}

static void put_field(struct json_writer *w, const struct context_field *field, const void *record,
                      const struct cut *cut);

static void put_subscriptions(struct json_writer *w, const char *key, const struct alert_context *f,
                              const struct cut *cut)
{
    size_t n = f ? at_most(f->n_subscriptions, cut ? cut->subscriptions : NO_CUT) : 0;
    json_open_array(w, key);
    for (size_t i = 0; i < n; i++) {
        json_open_object(w, NULL);
        CONTEXT_FIELDS (field, &CONTEXT_SUBSCRIPTION_RECORD)
            put_field(w, field, &f->subscription[i], cut);
        json_close_object(w);
    }
    json_close_array(w);
}

/* `record` may be NULL: null, or an empty list. */
static void put_field(struct json_writer *w, const struct context_field *field, const void *record,
                      const struct cut *cut)
{
    const char *key = field->name;
    if (!record && field->type != CONTEXT_SUBSCRIPTIONS) {
        json_put_null(w, key);
        return;
    }
    const void *at = record ? context_at(record, field) : NULL;
    switch (field->type) {
    case CONTEXT_TEXT:
        json_put_cut(w, key, *(char *const *)at, name_max(cut));
        break;
    case CONTEXT_ID:
        json_put_whole(w, key, *(char *const *)at, id_max(cut));
        break;
    case CONTEXT_NUMBER:
        context_put_number(w, key, *(const int64_t *)at);
        break;
    case CONTEXT_INSTANT:
        json_put_int(w, key, (int64_t) * (const usec_t *)at);
        break;
    case CONTEXT_OFFSET:
        json_put_int(w, key, *(const int32_t *)at);
        break;
    case CONTEXT_DATE:
        context_put_date(w, key, *(const int32_t *)at);
        break;
    case CONTEXT_FLAG:
        json_put_bool(w, key, *(const int32_t *)at);
        break;
    case CONTEXT_CAUSE:
        json_put_string(w, key, cause_word(*(const enum cause *)at));
        break;
    case CONTEXT_LABELS:
        put_labels(w, key, record, cut);
        break;
    case CONTEXT_SUBSCRIPTIONS:
        put_subscriptions(w, key, record, cut);
        break;
    }
}

/* The parts that are objects of their own; the members of the others are beside these. */
static const char *const OBJECTS[CONTEXT_PART_COUNT_] = {[CONTEXT_PART_TENANT] = "tenant",
                                                         [CONTEXT_PART_ALLOTMENT] = "allotment",
                                                         [CONTEXT_PART_SKU] = "sku",
                                                         [CONTEXT_PART_REST] = REST};

/* Under scope = "sku" there are sums without one pool's id: any field makes an object. */
static bool has_part(const struct alert_context *f, enum context_part part)
{
    static const char ZEROS[sizeof(void *) + sizeof(size_t)];
    CONTEXT_FIELDS (field, &CONTEXT_RECORD) {
        const void *at = context_at(f, field);
        if (field->part == part &&
            (field->type == CONTEXT_NUMBER ? *(const int64_t *)at != NUMBER_UNKNOWN
                                           : memcmp(at, ZEROS, field->size) != 0))
            return true;
    }
    return false;
}

static void put_part(struct json_writer *w, enum context_part part, const struct alert_context *f,
                     const struct cut *cut)
{
    CONTEXT_FIELDS (field, &CONTEXT_RECORD)
        if (field->part == part)
            put_field(w, field, f, cut);
}

void context_put(struct json_writer *w, enum context_part part, const struct alert_context *f,
                 const struct cut *cut)
{
    const char *object = OBJECTS[part];
    if (object && (!f || !has_part(f, part))) {
        json_put_null(w, object);
        return;
    }
    if (object)
        json_open_object(w, object);
    put_part(w, part, f, cut);
    if (part == CONTEXT_PART_ALLOTMENT) /* for people; the exact value is under "_" */
        context_put_instant(w, "oldest_waiting_since", f->oldest_at);
    if (object)
        json_close_object(w);
}

void context_open_rest(struct json_writer *w, const struct alert_context *f)
{
    json_open_object(w, REST);
    if (f)
        put_part(w, CONTEXT_PART_REST, f, NULL);
}

int context_json_pack(const struct alert_context *f, char **ret, size_t *ret_len)
{
    CLEANUP(json_writer_free) struct json_writer *w = json_writer_new(CONTEXT_MAX);
    if (!w)
        return -ENOMEM;
    json_open_object(w, NULL);
    json_put_int(w, "schema", SCHEMA);
    for (int part = 0; part < CONTEXT_PART_REST; part++)
        context_put(w, (enum context_part)part, f, NULL);
    context_open_rest(w, f);
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

static void read_labels(struct reader *r, const struct json *labels, struct alert_context *f)
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

static void read_offset(struct reader *r, const struct json *o, const char *key, int32_t *ret)
{
    int64_t offset = 0;
    read_number(r, o, key, &offset);
    if (offset < -86400 || offset > 86400)
        r->error = r->error < 0 ? r->error : -EBADMSG;
    else
        *ret = (int32_t)offset;
}

static void read_cause(struct reader *r, const struct json *o, const char *key, enum cause *ret)
{
    const char *word = NULL;
    if (r->error >= 0 && !absent(r, json_get_string(o, key, &word)))
        *ret = cause_parse(word);
}

static void read_field(struct reader *r, const struct json *o, const struct context_field *field,
                       void *record);

static void read_subscriptions(struct reader *r, const struct json *o, const char *key,
                               struct alert_context *f)
{
    size_t n;
    const struct json *list = read_array(r, o, key, CONTEXT_SUBSCRIPTIONS_MAX, &n);
    if (n == 0)
        return;
    f->subscription = alloc_zero(n, sizeof *f->subscription);
    if (!f->subscription) {
        r->error = -ENOMEM;
        return;
    }
    for (const struct json *e = json_first(list); e && r->error >= 0; e = json_next(e)) {
        struct context_subscription *s = &f->subscription[f->n_subscriptions++];
        s->start_date = s->next_lifecycle_date = DATE_UNKNOWN;
        if (!json_is_object(e))
            r->error = -EBADMSG;
        CONTEXT_FIELDS (field, &CONTEXT_SUBSCRIPTION_RECORD)
            read_field(r, e, field, s);
    }
}

static void read_field(struct reader *r, const struct json *o, const struct context_field *field,
                       void *record)
{
    const char *key = field->name;
    void *at = context_at(record, field);
    bool flag;
    switch (field->type) {
    case CONTEXT_TEXT:
    case CONTEXT_ID:
        read_text(r, o, key, at);
        break;
    case CONTEXT_NUMBER:
        read_number(r, o, key, at);
        break;
    case CONTEXT_INSTANT:
        read_unsigned(r, o, key, (uint64_t)NUMBER_MAX, at);
        break;
    case CONTEXT_OFFSET:
        read_offset(r, o, key, at);
        break;
    case CONTEXT_DATE:
        read_date(r, o, key, at);
        break;
    case CONTEXT_FLAG:
        if (r->error >= 0 && !absent(r, json_get_bool(o, key, &flag)))
            *(int32_t *)at = flag;
        break;
    case CONTEXT_CAUSE:
        read_cause(r, o, key, at);
        break;
    case CONTEXT_LABELS:
        read_labels(r, read_object(r, o, key), record);
        break;
    case CONTEXT_SUBSCRIPTIONS:
        read_subscriptions(r, o, key, record);
        break;
    }
}

int context_read(const struct json *o, struct alert_context **ret)
{
    CLEANUP(context_free) struct alert_context *f = NULL;
    int64_t schema;
    if (json_get_int(o, "schema", SCHEMA, SCHEMA, &schema) != JSON_OK)
        return -EBADMSG;
    int e = context_new(&f);
    if (e < 0)
        return e;
    struct reader r = {0};
    const struct json *part[CONTEXT_PART_COUNT_];
    for (size_t i = 0; i < N_ELEMENTS(part); i++)
        part[i] = OBJECTS[i] ? read_object(&r, o, OBJECTS[i]) : o;
    CONTEXT_FIELDS (field, &CONTEXT_RECORD)
        read_field(&r, part[field->part], field, f);
    if (r.error < 0)
        return r.error;
    *ret = TAKE(f);
    return 0;
}

int context_json_unpack(const char *bytes, size_t len, struct alert_context **ret)
{
    CLEANUP(json_free) struct json *root = NULL;
    int r = json_parse(bytes, len, &root, NULL);
    return r < 0 ? r : context_read(root, ret);
}
