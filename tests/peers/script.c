/* SPDX-License-Identifier: MIT */
/* peers/script.c: rules for answers out of the ordinary. */
#include "peers/script.h"
#include "peers/read.h"
#include <errno.h>
#include <string.h>

#define AT_MAX 64
#define RULES_MAX 256

static const char *const RULE[] = {"name", "path", "match", "at", "from", "times", "do", NULL};
static const char *const MATCH[] = {"path",        "tenant",   "method", "query_has",
                                    "query_lacks", "listener", "poll",   NULL};
static const char *const DO[] = {"status",   "body",     "headers",   "redirect",
                                 "delay_ms", "crawl_ms", "cut_after", "chunked",
                                 "endless",  "close",    "reset",     NULL};

struct rule {
    struct script_rule shown;
    char *name;
    const char *path, *tenant, *method, *query_has, *query_lacks, *listener;
    int64_t poll_from, poll_to; /* 0: any */
    int64_t at[AT_MAX];
    size_t n_at;
    int64_t from, times; /* times 0: without end */
    int64_t n_matched;
};

struct script {
    size_t n_rules;
    struct rule rules[];
};

/* A rule's number and, where it has one, its name; so that a failure can be found in the file. */
static int at_rule(struct failure *ret_failure, int r, size_t i)
{
    return r < 0 ? failure_prefix(ret_failure, r, "rule %zu", i + 1) : r;
}

static int read_at(const struct json *object, struct rule *rule, struct failure *ret_failure)
{
    const struct json *at = json_get(object, "at");
    if (!at)
        return 0;
    bool list = json_is_array(at);
    const struct json *one = list ? json_first(at) : at;
    for (; one; one = list ? json_next(one) : NULL) {
        if (rule->n_at == AT_MAX || json_int(one, 1, INT32_MAX, &rule->at[rule->n_at]) != JSON_OK)
            return failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                               "\"at\": at most %d whole numbers from 1", AT_MAX);
        rule->n_at++;
    }
    return 0;
}

/* 3, or {"from": 2, "to": 4} with either end open. */
static int read_poll(const struct json *match, struct rule *rule, struct failure *ret_failure)
{
    static const char *const POLL[] = {"from", "to", NULL};
    const struct json *poll = json_get(match, "poll");
    if (!poll)
        return 0;
    if (!json_is_object(poll)) {
        int r = read_int(match, "poll", 1, INT32_MAX, &rule->poll_from, ret_failure);
        rule->poll_to = rule->poll_from;
        return r;
    }
    int r = read_members(poll, "poll", POLL, ret_failure);
    rule->poll_from = 1;
    rule->poll_to = INT64_MAX;
    if (r >= 0)
        r = read_int(poll, "from", 1, INT32_MAX, &rule->poll_from, ret_failure);
    if (r >= 0)
        r = read_int(poll, "to", 1, INT32_MAX, &rule->poll_to, ret_failure);
    return r;
}

static int read_match(const struct json *object, struct rule *rule, struct failure *ret_failure)
{
    const struct json *match = NULL;
    int r = read_object(object, "match", &match, ret_failure);
    if (r < 0 || !match)
        return r;
    struct {
        const char *key, **to;
    } texts[] = {{"path", &rule->path},
                 {"tenant", &rule->tenant},
                 {"method", &rule->method},
                 {"query_has", &rule->query_has},
                 {"query_lacks", &rule->query_lacks},
                 {"listener", &rule->listener}};
    r = read_members(match, "match", MATCH, ret_failure);
    for (size_t i = 0; i < N_ELEMENTS(texts) && r >= 0; i++)
        r = read_string(match, texts[i].key, texts[i].to, ret_failure);
    return r < 0 ? r : read_poll(match, rule, ret_failure);
}

/* Checks the members of "do" once, so that script_apply has nothing left to refuse. */
static int read_do(const struct json *act, const char *const *own, struct failure *ret_failure)
{
    const char *known[64];
    size_t n = 0;
    for (const char *const *word = DO; *word; word++)
        known[n++] = *word;
    for (const char *const *word = own; *word && n + 1 < N_ELEMENTS(known); word++)
        known[n++] = *word;
    known[n] = NULL;
    static const struct {
        const char *key;
        int64_t min, max;
    } INTS[] = {{"status", 100, 599},
                {"delay_ms", 0, 3600000},
                {"crawl_ms", 0, 3600000},
                {"cut_after", 0, INT32_MAX}};
    static const char *const BOOLS[] = {"chunked", "endless", "close", "reset"};
    const struct json *headers = NULL;
    const char *redirect;
    int64_t number;
    bool truth;
    int r = read_members(act, "do", known, ret_failure);
    for (size_t i = 0; i < N_ELEMENTS(INTS) && r >= 0; i++)
        r = read_int(act, INTS[i].key, INTS[i].min, INTS[i].max, &number, ret_failure);
    for (size_t i = 0; i < N_ELEMENTS(BOOLS) && r >= 0; i++)
        r = read_bool(act, BOOLS[i], &truth, ret_failure);
    if (r >= 0)
        r = read_string(act, "redirect", &redirect, ret_failure);
    if (r >= 0)
        r = read_object(act, "headers", &headers, ret_failure);
    for (const struct json *h = headers ? json_first(headers) : NULL; h && r >= 0; h = json_next(h))
        if (!json_is_string(h) && !json_is_array(h))
            r = failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                            "header \"%s\": text or a list of texts expected", json_name(h));
    return r;
}

static bool is_true(const struct json *act, const char *key)
{
    bool truth = false;
    return json_get_bool(act, key, &truth) == JSON_OK && truth;
}

static int read_rule(const struct json *object, size_t number, const char *const *own,
                     struct rule *rule, struct failure *ret_failure)
{
    const char *name = NULL;
    const struct json *act = NULL;
    int64_t status = 0;
    int r = read_members(object, "rule", RULE, ret_failure);
    if (r >= 0)
        r = read_string(object, "name", &name, ret_failure);
    if (r >= 0)
        r = read_match(object, rule, ret_failure);
    if (r >= 0)
        r = read_string(object, "path", &rule->path, ret_failure);
    if (r >= 0)
        r = read_at(object, rule, ret_failure);
    rule->from = 1;
    if (r >= 0)
        r = read_int(object, "from", 1, INT32_MAX, &rule->from, ret_failure);
    if (r >= 0)
        r = read_int(object, "times", 1, INT32_MAX, &rule->times, ret_failure);
    if (r >= 0)
        r = read_object(object, "do", &act, ret_failure);
    if (r >= 0 && !act)
        r = failure_set(ret_failure, FAILURE_CONFIG, EINVAL, "\"do\" is missing");
    if (r >= 0)
        r = read_do(act, own, ret_failure);
    if (r >= 0)
        r = read_int(act, "status", 100, 599, &status, ret_failure);
    if (r < 0)
        return r;
    rule->name = name ? strdup(name) : text_printf("rule %zu", number + 1);
    if (!rule->name)
        return failure_oom(ret_failure);
    rule->shown = (struct script_rule){
        .name = rule->name,
        .act = act,
        .replaces = (status && status != 200) || json_get(act, "body") || json_get(act, "redirect"),
        .silent = is_true(act, "close") || is_true(act, "reset")};
    return 0;
}

int script_read(const struct json *array, const char *const *own, struct script **ret,
                struct failure *ret_failure)
{
    size_t n = array ? json_count(array) : 0;
    if (n > RULES_MAX)
        return failure_set(ret_failure, FAILURE_CONFIG, E2BIG, "more than %d rules", RULES_MAX);
    CLEANUP(script_free) struct script *s = calloc(1, sizeof *s + n * sizeof s->rules[0]);
    if (!s)
        return failure_oom(ret_failure);
    const struct json *object = n ? json_first(array) : NULL;
    for (; object; object = json_next(object)) {
        size_t i = s->n_rules++;
        int r = at_rule(ret_failure, read_rule(object, i, own, &s->rules[i], ret_failure), i);
        if (r < 0)
            return r;
    }
    *ret = TAKE(s);
    return 0;
}

void script_free(struct script *s)
{
    for (size_t i = 0; s && i < s->n_rules; i++)
        free(s->rules[i].name);
    free(s);
}

/* A word names an endpoint; with a slash or a star it is a glob over the path. */
static bool path_matches(const char *want, const struct script_context *context)
{
    if (strpbrk(want, "/*"))
        return text_glob(want, context->request->path);
    return context->endpoint && strcmp(want, context->endpoint) == 0;
}

static bool matches(const struct rule *rule, const struct script_context *context)
{
    const struct request *r = context->request;
    return (!rule->path || path_matches(rule->path, context)) &&
           (!rule->tenant || (context->tenant && strcmp(rule->tenant, context->tenant) == 0)) &&
           (!rule->method || strcmp(rule->method, r->method) == 0) &&
           (!rule->query_has || strstr(r->query, rule->query_has)) &&
           (!rule->query_lacks || !strstr(r->query, rule->query_lacks)) &&
           (!rule->listener || strcmp(rule->listener, r->listener) == 0) &&
           (!rule->poll_from ||
            (context->poll >= rule->poll_from && context->poll <= rule->poll_to));
}

static bool acts(const struct rule *rule)
{
    for (size_t i = 0; i < rule->n_at; i++)
        if (rule->at[i] == rule->n_matched)
            return true;
    int64_t since = rule->n_matched - rule->from;
    return rule->n_at == 0 && since >= 0 && (rule->times == 0 || since < rule->times);
}

const struct script_rule *script_pick(struct script *s, const struct script_context *context)
{
    const struct script_rule *picked = NULL;
    for (size_t i = 0; i < s->n_rules; i++) {
        struct rule *rule = &s->rules[i];
        if (!matches(rule, context))
            continue;
        rule->n_matched++;
        if (!picked && acts(rule))
            picked = &rule->shown;
    }
    return picked;
}

static void apply_body(const struct json *body, struct answer *a, usec_t now)
{
    const char *text = json_text(body);
    const char *type = answer_get_header(a, "Content-Type");
    if (text) {
        CLEANUP(free) char *kept = strdup(type ? type : "application/json");
        if (!kept)
            abort();
        answer_body(a, kept, text, strlen(text));
        return;
    }
    struct json_writer *w = json_writer_new(ANSWER_BODY_MAX);
    if (!w)
        abort();
    read_copy(w, NULL, body, now);
    answer_json(a, w);
}

static void apply_header(struct answer *a, const struct json *h)
{
    if (json_text(h)) {
        answer_header(a, json_name(h), "%s", json_text(h));
        return;
    }
    for (const struct json *one = json_first(h); one; one = json_next(one))
        answer_header_add(a, json_name(h), json_text(one));
}

void script_apply(const struct script_rule *rule, struct answer *a, usec_t now)
{
    const struct json *act = rule->act, *headers = NULL, *body = json_get(act, "body");
    const char *redirect = NULL;
    int64_t number;
    a->fault = strdup(rule->name);
    if (!a->fault)
        abort();
    if (json_get_int(act, "status", 100, 599, &number) == JSON_OK)
        a->status = (unsigned)number;
    if (json_get_string(act, "redirect", &redirect) == JSON_OK) {
        a->status = json_get(act, "status") ? a->status : 302;
        answer_header(a, "Location", "%s", redirect);
    }
    if (body)
        apply_body(body, a, now);
    (void)json_get_object(act, "headers", &headers);
    for (const struct json *h = headers ? json_first(headers) : NULL; h; h = json_next(h))
        apply_header(a, h);
    if (json_get_int(act, "delay_ms", 0, INT32_MAX, &number) == JSON_OK)
        a->delay = (usec_t)number * 1000;
    if (json_get_int(act, "crawl_ms", 0, INT32_MAX, &number) == JSON_OK)
        a->crawl = (usec_t)number * 1000;
    (void)json_get_int(act, "cut_after", 0, INT32_MAX, &a->cut_after);
    a->chunked = is_true(act, "chunked");
    a->endless = a->endless || is_true(act, "endless");
    a->close = is_true(act, "close");
    a->reset = is_true(act, "reset");
}
