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

static void put_labels(struct json_writer *w, const char *key, const struct facts *f,
                       const struct cut *cut)
{
    json_open_object(w, key);
    size_t n = at_most(f->n_labels, cut ? cut->labels : LABELS_MAX);
    for (size_t i = 0; i < n; i++)
        if (label_is_first(f, i) && json_cost(f->label[i].key) <= name_max(cut))
            json_put_cut(w, f->label[i].key, f->label[i].value, name_max(cut));
    json_close_object(w);
}

static void put_field(struct json_writer *w, const struct fact_field *field, const void *record,
                      const struct cut *cut);

static void put_subscriptions(struct json_writer *w, const char *key, const struct facts *f,
                              const struct cut *cut)
{
    size_t n = f ? at_most(f->n_subscriptions, cut ? cut->subscriptions : NO_CUT) : 0;
    json_open_array(w, key);
    for (size_t i = 0; i < n; i++) {
        json_open_object(w, NULL);
        FACT_FIELDS (field, &FACT_SUBSCRIPTION_RECORD)
            put_field(w, field, &f->subscription[i], cut);
        json_close_object(w);
    }
    json_close_array(w);
}

/* `record` may be NULL: null, or an empty list. */
static void put_field(struct json_writer *w, const struct fact_field *field, const void *record,
                      const struct cut *cut)
{
    const char *key = field->name;
    if (!record && field->type != FACT_SUBSCRIPTIONS) {
        json_put_null(w, key);
        return;
    }
    const void *at = record ? fact_at(record, field) : NULL;
    switch (field->type) {
    case FACT_TEXT:
        json_put_cut(w, key, *(char *const *)at, name_max(cut));
        break;
    case FACT_ID:
        json_put_whole(w, key, *(char *const *)at, id_max(cut));
        break;
    case FACT_NUMBER:
        fact_put_number(w, key, *(const int64_t *)at);
        break;
    case FACT_INSTANT:
        json_put_int(w, key, (int64_t)*(const usec_t *)at);
        break;
    case FACT_OFFSET:
        json_put_int(w, key, *(const int32_t *)at);
        break;
    case FACT_DATE:
        fact_put_date(w, key, *(const int32_t *)at);
        break;
    case FACT_FLAG:
        json_put_bool(w, key, *(const int32_t *)at);
        break;
    case FACT_CAUSE:
        json_put_string(w, key, cause_word(*(const enum cause *)at));
        break;
    case FACT_LABELS:
        put_labels(w, key, record, cut);
        break;
    case FACT_SUBSCRIPTIONS:
        put_subscriptions(w, key, record, cut);
        break;
    }
}

/* The parts that are objects of their own; members of the others stand beside these. */
static const char *const OBJECTS[FACT_PART_COUNT_] = {[FACTS_TENANT] = "tenant",
                                                      [FACTS_ALLOTMENT] = "allotment",
                                                      [FACTS_SKU] = "sku",
                                                      [FACTS_REST] = REST};

/* Under scope = "sku" there are sums without one pool's id: any field makes an object. */
static bool has_part(const struct facts *f, enum fact_part part)
{
    static const char ZEROS[sizeof(void *) + sizeof(size_t)];
    FACT_FIELDS (field, &FACTS_RECORD) {
        const void *at = fact_at(f, field);
        if (field->part == part &&
            (field->type == FACT_NUMBER ? *(const int64_t *)at != FACT_UNKNOWN
                                        : memcmp(at, ZEROS, field->size) != 0))
            return true;
    }
    return false;
}

static void put_part(struct json_writer *w, enum fact_part part, const struct facts *f,
                     const struct cut *cut)
{
    FACT_FIELDS (field, &FACTS_RECORD)
        if (field->part == part)
            put_field(w, field, f, cut);
}

void facts_put(struct json_writer *w, enum fact_part part, const struct facts *f,
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
    if (part == FACTS_ALLOTMENT) /* for people; the exact one is in the rest */
        fact_put_instant(w, "oldest_waiting_since", f->oldest_at);
    if (object)
        json_close_object(w);
}

void facts_open_rest(struct json_writer *w, const struct facts *f)
{
    json_open_object(w, REST);
    if (f)
        put_part(w, FACTS_REST, f, NULL);
}

int facts_json_pack(const struct facts *f, char **ret, size_t *ret_len)
{
    CLEANUP(json_writer_free) struct json_writer *w = json_writer_new(FACTS_MAX);
    if (!w)
        return -ENOMEM;
    json_open_object(w, NULL);
    json_put_int(w, "schema", SCHEMA);
    for (int part = 0; part < FACTS_REST; part++)
        facts_put(w, (enum fact_part)part, f, NULL);
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

static void read_field(struct reader *r, const struct json *o, const struct fact_field *field,
                       void *record);

static void read_subscriptions(struct reader *r, const struct json *o, const char *key,
                               struct facts *f)
{
    size_t n;
    const struct json *list = read_array(r, o, key, FACT_SUBSCRIPTIONS_MAX, &n);
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
        FACT_FIELDS (field, &FACT_SUBSCRIPTION_RECORD)
            read_field(r, e, field, s);
    }
}

static void read_field(struct reader *r, const struct json *o, const struct fact_field *field,
                       void *record)
{
    const char *key = field->name;
    void *at = fact_at(record, field);
    bool flag;
    switch (field->type) {
    case FACT_TEXT:
    case FACT_ID:
        read_text(r, o, key, at);
        break;
    case FACT_NUMBER:
        read_number(r, o, key, at);
        break;
    case FACT_INSTANT:
        read_unsigned(r, o, key, (uint64_t)NUMBER_MAX, at);
        break;
    case FACT_OFFSET:
        read_offset(r, o, key, at);
        break;
    case FACT_DATE:
        read_date(r, o, key, at);
        break;
    case FACT_FLAG:
        if (r->error >= 0 && !absent(r, json_get_bool(o, key, &flag)))
            *(int32_t *)at = flag;
        break;
    case FACT_CAUSE:
        read_cause(r, o, key, at);
        break;
    case FACT_LABELS:
        read_labels(r, read_object(r, o, key), record);
        break;
    case FACT_SUBSCRIPTIONS:
        read_subscriptions(r, o, key, record);
        break;
    }
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
    const struct json *part[FACT_PART_COUNT_];
    for (size_t i = 0; i < N_ELEMENTS(part); i++)
        part[i] = OBJECTS[i] ? read_object(&r, o, OBJECTS[i]) : o;
    FACT_FIELDS (field, &FACTS_RECORD)
        read_field(&r, part[field->part], field, f);
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
