/* SPDX-License-Identifier: MIT */
/* deliver/notification_json.c: writes notifications as JSON, and reads them back. */
#include "deliver/context_json.h"

#include "alerts/kind.h"
#include "base/alloc.h"
#include "base/text.h"
#include "deliver/notification_put.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SCHEMA 1
#define NOTIFICATION_MAX (2 * 1024 * 1024)
#define NO_CUT SIZE_MAX

/* ---- words ---- */

static const char *const REASONS[] = {
    "rule_removed",
    "new_normal",
    "acknowledged",
    "gone_for_good",
    "source_changed",
    "restored", /* of an end */
    "first_run",
    "storm",
    "held", /* of a digest */
    "unsilenced", /* of digests and of alerts that were silenced */
    "flapping",
    "state_lost",
    "receiver_removed", /* of digests and of alerts that fire again; the former of ends, too */
};

const char *reason_literal(const char *word)
{
    for (size_t i = 0; word && i < N_ELEMENTS(REASONS); i++)
        if (strcmp(REASONS[i], word) == 0)
            return REASONS[i];
    return NULL;
}

static bool is_of_alert(const struct notification *n)
{
    return n->type != EVENT_TEST && n->type != EVENT_INFO;
}

const char *notification_state_word(const struct notification *n)
{
    return !is_of_alert(n)             ? NULL
           : n->type == EVENT_RESOLVED ? "resolved"
                                       : alert_state_name(n->state);
}

const char *notification_severity(const struct notification *n)
{
    return n->type == EVENT_TEST ? level_word(n->level) : severity_name(n->level);
}

const char *level_word(enum level level)
{
    return level == LEVEL_NONE ? NULL : level_name(level);
}

const char *notification_number(int64_t value, enum unit unit, char buf[static NUMBER_TEXT])
{
    buf[0] = '\0';
    if (value == NUMBER_UNKNOWN)
        return buf;
    if (unit != UNIT_PERCENT) {
        (void)snprintf(buf, NUMBER_TEXT, "%" PRId64, value);
        return buf;
    }
    uint64_t bp = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    int len = snprintf(buf, NUMBER_TEXT, "%s%" PRIu64 ".%02u", value < 0 ? "-" : "", bp / 100,
                       (unsigned)(bp % 100));
    if (buf[len - 1] == '0') /* 96.40 -> 96.4, as in the JSON */
        buf[len - 1] = '\0';
    return buf;
}

/* ---- writing ---- */

static void put_measure(struct json_writer *w, const char *key, int64_t value, enum unit unit)
{
    if (value != NUMBER_UNKNOWN && unit == UNIT_PERCENT)
        json_put_decimal(w, key, value, 2);
    else
        context_put_number(w, key, value);
}

/* The deciding one first, the others in the order that breaks ties. */
static void put_findings(struct json_writer *w, const struct notification *n)
{
    json_open_array(w, "findings");
    if (n->finding[n->rule])
        json_put_string(w, NULL, rule_name(n->rule));
    for (size_t i = 0; i < RULE_COUNT_; i++)
        if (rule_by_tie(i) != n->rule && n->finding[rule_by_tie(i)])
            json_put_string(w, NULL, rule_name(rule_by_tie(i)));
    json_close_array(w);
}

static void put_names(struct json_writer *w, const char *key, const char *names, char between,
                      size_t max)
{
    const char ends[] = {between, '\0'};
    char name[CUT_MAX + 1];
    json_open_array(w, key);
    for (const char *p = names ? names : ""; *p; p += *p == between) {
        size_t len = strcspn(p, ends);
        (void)snprintf(name, sizeof name, "%.*s", len < CUT_MAX ? (int)len : CUT_MAX, p);
        json_put_cut(w, NULL, name, max);
        p += len;
    }
    json_close_array(w);
}

/* A member of the context or of a subscription; `base` is its struct. */
#define MEMBER(type, base, d) (*(type const *)(const void *)((const char *)(base) + (d)->at))

static void put_field(struct json_writer *w, const struct detail_field *d, const void *base,
                      const struct cut *cut)
{
    size_t name = cut ? cut->name : NO_CUT;
    switch (d->as) {
    case DETAIL_WORD:
        json_put_string(w, d->name, MEMBER(char *, base, d));
        return;
    case DETAIL_ID:
        json_put_whole(w, d->name, MEMBER(char *, base, d), cut ? cut->id : NO_CUT);
        return;
    case DETAIL_NAME:
        json_put_cut(w, d->name, MEMBER(char *, base, d), name);
        return;
    case DETAIL_TEXT:
        json_put_cut(w, d->name, MEMBER(char *, base, d), cut ? cut->text : NO_CUT);
        return;
    case DETAIL_WORDS:
        put_names(w, d->name, MEMBER(char *, base, d), ' ', name);
        return;
    case DETAIL_LINES:
        put_names(w, d->name, MEMBER(char *, base, d), '\n', name);
        return;
    case DETAIL_CAUSE:
        json_put_cut(w, d->name, cause_word(MEMBER(enum cause, base, d)), name);
        return;
    case DETAIL_NUMBER:
        context_put_number(w, d->name, MEMBER(int64_t, base, d));
        return;
    case DETAIL_INSTANT:
        context_put_instant(w, d->name, MEMBER(usec_t, base, d));
        return;
    case DETAIL_DATE:
        context_put_date(w, d->name, MEMBER(int32_t, base, d));
        return;
    }
}

/* Ends and updates have a reason, and so has an alert that was silenced. */
static const char *reason_of(const struct notification *n)
{
    bool told = n->type == EVENT_RESOLVED || n->type == EVENT_UPDATED || text_equal(n->reason, "unsilenced");
    return told ? n->reason : NULL;
}

static bool field_applies(const struct notification *n, const struct detail_field *d)
{
    if (!d->rules)
        return true;
    bool present = n->reason && (n->type == EVENT_RESOLVED || n->type == EVENT_UPDATED);
    for (int rule = 0; rule < RULE_COUNT_; rule++)
        present |= n->finding[rule] && d->rules >> rule & 1;
    return present && MEMBER(int64_t, n->context, d) != NUMBER_UNKNOWN;
}

/* The members of the row of its kind, and the reason. */
static void put_detail(struct json_writer *w, const struct notification *n, const struct cut *cut)
{
    const struct alert_context *f = n->context;
    const char *reason = reason_of(n);
    const struct detail_field *d = kind_row(n->kind)->detail;
    bool any = reason != NULL;
    for (size_t i = 0; f && i < DETAIL_MAX && d[i].name; i++)
        any |= field_applies(n, &d[i]);
    if (!f || !any) {
        json_put_null(w, "detail");
        return;
    }
    json_open_object(w, "detail");
    for (size_t i = 0; i < DETAIL_MAX && d[i].name; i++)
        if (field_applies(n, &d[i]) && (!d[i].of_subscription || f->n_subscriptions > 0))
            put_field(w, &d[i], d[i].of_subscription ? (const void *)f->subscription : f, cut);
    if (reason)
        json_put_string(w, "reason", reason);
    json_close_object(w);
}

/* The text, which people read, states that a list is shortened. */
static void put_description(struct json_writer *w, const struct notification *n,
                            const struct cut *cut)
{
    size_t have = n->context ? n->context->n_subscriptions : 0;
    if (!cut || cut->text == 0 || !n->description || have <= cut->subscriptions) {
        json_put_cut(w, "description", n->description, cut ? cut->text : NO_CUT);
        return;
    }
    char text[CUT_MAX + 128]; /* json_put_cut() cuts before snprintf() would */
    (void)snprintf(text, sizeof text, "(shortened: %zu of %zu subscriptions are listed) %s",
                   cut->subscriptions, have, n->description);
    json_put_cut(w, "description", text, cut->text);
}

static void put_texts(struct json_writer *w, const struct notification *n, const struct cut *cut)
{
    size_t text = cut ? cut->text : NO_CUT;
    json_put_cut(w, "title", n->title, cut ? cut->title : NO_CUT);
    json_put_cut(w, "summary", n->summary, text);
    put_description(w, n, cut);
    json_put_cut(w, "next_step", n->next_step, text);
}

static void put_acknowledged(struct json_writer *w, const struct notification *n, const struct cut *cut)
{
    if (!n->acknowledged.author) {
        json_put_null(w, "acknowledged");
        return;
    }
    json_open_object(w, "acknowledged");
    json_put_cut(w, "author", n->acknowledged.author, cut ? cut->name : NO_CUT);
    json_put_cut(w, "comment", n->acknowledged.comment, cut ? cut->text : NO_CUT);
    context_put_instant(w, "until", n->acknowledged.until_at);
    json_close_object(w);
}

static void put_rest(struct json_writer *w, const struct notification *n)
{
    context_open_rest(w, n->context);
    json_put_string(w, "type", event_type_name(n->type));
    json_put_string(w, "event_id", n->event_id);
    json_put_string(w, "kind", kind_name(n->kind));
    json_put_string(w, "state", alert_state_name(n->state));
    context_put_number(w, "value", n->value);
    context_put_number(w, "threshold", n->threshold);
    json_put_int(w, "started_at", (int64_t)n->started_at);
    json_put_int(w, "observed_at", (int64_t)n->observed_at);
    json_put_int(w, "at", (int64_t)n->at);
    json_put_int(w, "stale_since_at", (int64_t)n->stale_since_at);
    json_put_int(w, "acknowledged_until_at", (int64_t)n->acknowledged.until_at);
    json_put_string(w, "reason", n->reason);
    json_put_string(w, "notified_rule", rule_name(n->notified_rule));
    json_put_bool(w, "has_facts", n->context != NULL);
    json_close_object(w);
}

void notification_put(struct json_writer *w, const char *key, const struct notification *n,
                      const struct links *links, const struct cut *cut, bool rest)
{
    bool test = n->type == EVENT_TEST, counted = is_of_alert(n);
    json_open_object(w, key);
    json_put_int(w, "schema", SCHEMA);
    json_put_string(w, "alert_id", n->alert_id[0] ? n->alert_id : NULL);
    context_put_number(w, "episode", counted ? (int64_t)n->episode : NUMBER_UNKNOWN);
    context_put_number(w, "seq",
                       !counted                        ? NUMBER_UNKNOWN
                       : n->seq > (uint64_t)NUMBER_MAX ? NUMBER_MAX
                                                       : (int64_t)n->seq);
    json_put_string(w, "state", notification_state_word(n));
    json_put_string(w, "severity", notification_severity(n));
    json_put_string(w, "previous_severity", level_word(n->previous));
    json_put_string(w, "rule", test ? NULL : rule_name(n->rule));
    context_put(w, CONTEXT_PART_TENANT, n->context, cut);
    context_put(w, CONTEXT_PART_ALLOTMENT, n->context, cut);
    context_put(w, CONTEXT_PART_SKU, n->context, cut);
    context_put(w, CONTEXT_PART_SUBSCRIPTIONS, n->context, cut);
    put_measure(w, "value", n->value, n->unit);
    put_measure(w, "threshold", n->threshold, n->unit);
    json_put_string(w, "unit", test ? NULL : unit_name(n->unit));
    context_put(w, CONTEXT_PART_UNITS, n->context, cut);
    put_findings(w, n);
    put_texts(w, n, cut);
    put_detail(w, n, cut);
    put_acknowledged(w, n, cut);
    json_put_bool(w, "silenced", n->silenced);
    context_put_instant(w, "started_at", n->started_at);
    context_put_instant(w, "observed_at", n->observed_at);
    if (rest)
        put_rest(w, n);
    else
        links_put(w, links, n, cut ? cut->link : NO_CUT);
    json_close_object(w);
}

int notification_json_pack(const struct notification *n, char **ret, size_t *ret_len)
{
    CLEANUP(json_writer_free) struct json_writer *w = json_writer_new(NOTIFICATION_MAX);
    if (!w)
        return -ENOMEM;
    notification_put(w, NULL, n, NULL, NULL, true);
    return json_write_take(w, ret, ret_len);
}

/* ---- reading ---- */

static const char *unit_word(int u)
{
    return unit_name((enum unit)u);
}
static const char *state_word(int s)
{
    return alert_state_name((enum alert_state)s);
}
static const char *kind_word(int k)
{
    return kind_name((enum kind)k);
}
static const char *severity_word(int l)
{
    return severity_name((enum level)l);
}
static const char *type_word(int t)
{
    return event_type_name((enum event_type)t);
}
static const char *rule_word(int r)
{
    return rule_name((enum rule)r);
}

/* The number of the word behind `key`; `dflt` if it is null, -1 keeps null from being one. */
static int read_word(struct reader *r, const struct json *o, const char *key,
                     const char *(*word)(int), int n, int dflt)
{
    const char *s;
    enum json_is is = json_get_string(o, key, &s);
    if (is == JSON_OK)
        for (int i = 0; i < n; i++)
            if (strcmp(word(i), s) == 0)
                return i;
    if ((is != JSON_NULL && is != JSON_MISSING) || dflt < 0)
        r->error = r->error < 0 ? r->error : -EBADMSG;
    return dflt < 0 ? 0 : dflt;
}

static void read_findings(struct reader *r, const struct json *o, struct notification *n)
{
    size_t count;
    const struct json *list = read_array(r, o, "findings", RULE_COUNT_, &count);
    for (const struct json *e = list ? json_first(list) : NULL; e; e = json_next(e)) {
        int rule = json_text(e) ? rule_parse(json_text(e)) : -EINVAL;
        if (rule < 0)
            r->error = -EBADMSG;
        else
            n->finding[rule] = true;
    }
}

/* Ids go into headers and keys: only our own format is accepted. */
static void read_id(struct reader *r, const struct json *o, const char *key, const char *alphabet,
                    size_t len, char *ret)
{
    const char *s = NULL;
    enum json_is is = json_get_string(o, key, &s);
    if (is == JSON_OK && (s[0] == '\0' || (strlen(s) == len && strspn(s, alphabet) == len)))
        memcpy(ret, s, strlen(s) + 1);
    else if (is != JSON_NULL && is != JSON_MISSING)
        r->error = -EBADMSG;
}

static void read_texts(struct reader *r, const struct json *o, struct notification *n)
{
    read_text(r, o, "title", &n->title);
    read_text(r, o, "summary", &n->summary);
    read_text(r, o, "description", &n->description);
    read_text(r, o, "next_step", &n->next_step);
}

/* Messages of older versions have neither. */
static void read_acknowledged(struct reader *r, const struct json *o, struct notification *n)
{
    const struct json *a = json_get(o, "acknowledged");
    if (a) {
        read_text(r, a, "author", &n->acknowledged.author);
        read_text(r, a, "comment", &n->acknowledged.comment);
    }
    if (json_get_bool(o, "silenced", &n->silenced) == JSON_WRONG_TYPE)
        r->error = -EBADMSG;
}

static void read_public(struct reader *r, const struct json *o, struct notification *n)
{
    read_id(r, o, "alert_id", "0123456789abcdef", ALERT_ID_TEXT - 1, n->alert_id);
    uint64_t episode = 0;
    read_unsigned(r, o, "episode", UINT32_MAX, &episode);
    n->episode = (uint32_t)episode;
    read_unsigned(r, o, "seq", (uint64_t)NUMBER_MAX, &n->seq);
    n->level = (enum level)read_word(r, o, "severity", severity_word, LEVEL_COUNT_, LEVEL_NONE);
    n->previous =
        (enum level)read_word(r, o, "previous_severity", severity_word, LEVEL_COUNT_, LEVEL_NONE);
    n->rule = (enum rule)read_word(r, o, "rule", rule_word, RULE_COUNT_, 0);
    n->unit = (enum unit)read_word(r, o, "unit", unit_word, UNIT_COUNT_, 0);
    read_findings(r, o, n);
    read_texts(r, o, n);
    read_acknowledged(r, o, n);
}

static void read_rest(struct reader *r, const struct json *rest, struct notification *n)
{
    n->type = (enum event_type)read_word(r, rest, "type", type_word, EVENT_TYPE_COUNT_, -1);
    if (n->type == EVENT_DIGEST)
        r->error = -EBADMSG; /* more than one notification */
    n->kind = (enum kind)read_word(r, rest, "kind", kind_word, KIND_COUNT_, -1);
    n->state = (enum alert_state)read_word(r, rest, "state", state_word, ALERT_STATE_COUNT_, -1);
    read_id(r, rest, "event_id", "0123456789abcdef-", UUID_TEXT - 1, n->event_id);
    n->value = n->threshold = NUMBER_UNKNOWN;
    read_number(r, rest, "value", &n->value);
    read_number(r, rest, "threshold", &n->threshold);
    read_unsigned(r, rest, "started_at", (uint64_t)NUMBER_MAX, &n->started_at);
    read_unsigned(r, rest, "observed_at", (uint64_t)NUMBER_MAX, &n->observed_at);
    read_unsigned(r, rest, "at", (uint64_t)NUMBER_MAX, &n->at);
    read_unsigned(r, rest, "stale_since_at", (uint64_t)NUMBER_MAX, &n->stale_since_at);
    read_unsigned(r, rest, "acknowledged_until_at", (uint64_t)NUMBER_MAX, &n->acknowledged.until_at);
    const char *reason = NULL;
    (void)json_get_string(rest, "reason", &reason); /* an unknown reason reads as none */
    n->reason = reason_literal(reason);
    n->notified_rule =
        (enum rule)read_word(r, rest, "notified_rule", rule_word, RULE_COUNT_, (int)n->rule);
}

int notification_read(const struct json *o, struct notification **ret)
{
    const struct json *rest = json_get(o, REST);
    CLEANUP(notification_free) struct notification *n = alloc_zero(1, sizeof *n);
    if (!n)
        return -ENOMEM;
    struct reader r = {0};
    bool has_context = true;
    read_public(&r, o, n);
    read_rest(&r, rest, n);
    if (r.error < 0)
        return r.error;
    if (json_get_bool(rest, "has_facts", &has_context) == JSON_WRONG_TYPE)
        return -EBADMSG;
    int e = has_context ? context_read(o, &n->context) : 0;
    if (e < 0)
        return e;
    *ret = TAKE(n);
    return 0;
}

int notification_json_unpack(const char *bytes, size_t len, struct notification **ret)
{
    CLEANUP(json_free) struct json *root = NULL;
    int r = json_parse(bytes, len, &root, NULL);
    return r < 0 ? r : notification_read(root, ret);
}
