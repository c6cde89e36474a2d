/* SPDX-License-Identifier: MIT */
/* graphsim/faults.c: answers that are wrong in ways of Graph's own: bodies that are none, links
 * that lead away, recorded bodies, tokens taken back. */
#include "graphsim/sim.h"
#include "peers/outgo.h"
#include "peers/read.h"
#include <errno.h>
#include <string.h>

#define BOMB_MIB_DEFAULT 64

const char *const FAULT_MEMBERS[] = {"garbage", "bomb_mib", "next_link", "nested_link",
                                     "fixture", "revoke",   NULL};

static const char HTML[] =
    "<!DOCTYPE html><html><head><title>Sign in to your account</title></head>"
    "<body><h1>Sign in</h1><form method=\"post\"></form></body></html>";

static void set(struct call *c, const char *body)
{
    answer_body(c->answer, "application/json; charset=utf-8", body, strlen(body));
}

static void html(struct call *c, const struct json *act)
{
    (void)act;
    answer_body(c->answer, "text/html; charset=utf-8", HTML, strlen(HTML));
}

static void empty(struct call *c, const struct json *act)
{
    (void)act;
    set(c, "");
}

/* Whole as far as HTTP can tell, and half of the JSON. */
static void truncated(struct call *c, const struct json *act)
{
    (void)act;
    c->answer->body.len /= 2;
}

/* A byte that no UTF-8 has, within the first string. */
static void bad_utf8(struct call *c, const struct json *act)
{
    struct text *body = &c->answer->body;
    char *quote = body->data ? memchr(body->data, '"', body->len) : NULL;
    (void)act;
    if (quote && quote + 1 < body->data + body->len)
        quote[1] = (char)0xff;
}

static void trailing(struct call *c, const struct json *act)
{
    (void)act;
    text_add(&c->answer->body, "{}");
}

/* The first member once more, in front. */
static void duplicate_key(struct call *c, const struct json *act)
{
    struct text *body = &c->answer->body;
    CLEANUP(text_free) struct text twice = TEXT_INIT(ANSWER_BODY_MAX);
    (void)act;
    text_add(&twice, "{\"value\":[],");
    if (body->len > 1)
        text_add_bytes(&twice, body->data + 1, body->len - 1);
    if (twice.error)
        abort();
    answer_body(c->answer, "application/json; charset=utf-8", twice.data, twice.len);
}

static void deep(struct call *c, const struct json *act)
{
    CLEANUP(text_free) struct text body = TEXT_INIT(1 << 20);
    (void)act;
    text_add(&body, "{\"value\":");
    for (int i = 0; i < 50000; i++)
        text_add(&body, "[");
    for (int i = 0; i < 50000; i++)
        text_add(&body, "]");
    text_add(&body, "}");
    if (body.error)
        abort();
    set(c, body.data);
}

/* Small on the wire, `bomb_mib` MiB when it is unpacked. */
static void bomb(struct call *c, const struct json *act)
{
    int64_t mib = BOMB_MIB_DEFAULT;
    CLEANUP(text_free) struct text packed = TEXT_INIT(ANSWER_BODY_MAX);
    CLEANUP(free) char *blank = malloc((size_t)1 << 20);
    if (!blank)
        abort();
    memset(blank, ' ', (size_t)1 << 20);
    (void)json_get_int(act, "bomb_mib", 1, 65536, &mib);
    outgo_gzip(blank, (size_t)1 << 20, (size_t)mib, &packed);
    answer_body(c->answer, "application/json; charset=utf-8", packed.data, packed.len);
    answer_header(c->answer, "Content-Encoding", "gzip");
    c->answer->compress = false;
}

static void endless(struct call *c, const struct json *act)
{
    (void)act;
    set(c, "{\"value\":[");
    c->answer->endless = true;
    c->answer->compress = false;
}

static void null(struct call *c, const struct json *act)
{
    (void)act;
    set(c, "null");
}

static void array(struct call *c, const struct json *act)
{
    (void)act;
    set(c, "[]");
}

static void no_value(struct call *c, const struct json *act)
{
    (void)act;
    set(c, "{}");
}

static void value_null(struct call *c, const struct json *act)
{
    (void)act;
    set(c, "{\"value\":null}");
}

static void value_object(struct call *c, const struct json *act)
{
    (void)act;
    set(c, "{\"value\":{}}");
}

static void error_in_200(struct call *c, const struct json *act)
{
    (void)act;
    graph_status(c, 503);
    c->answer->status = 200;
}

static void not_gzip(struct call *c, const struct json *act)
{
    (void)act;
    answer_header(c->answer, "Content-Encoding", "gzip");
    c->answer->compress = false;
}

static const struct garbage {
    const char *name;
    void (*make)(struct call *c, const struct json *act);
} GARBAGE[] = {{"html", html},
               {"empty", empty},
               {"truncated_json", truncated},
               {"bad_utf8", bad_utf8},
               {"trailing", trailing},
               {"duplicate_key", duplicate_key},
               {"deep", deep},
               {"bomb", bomb},
               {"endless", endless},
               {"null", null},
               {"array", array},
               {"no_value", no_value},
               {"value_null", value_null},
               {"value_object", value_object},
               {"error_in_200", error_in_200},
               {"not_gzip", not_gzip}};

static const struct garbage *garbage_of(const struct json *act)
{
    const char *name;
    if (json_get_string(act, "garbage", &name) != JSON_OK)
        return NULL;
    for (size_t i = 0; i < N_ELEMENTS(GARBAGE); i++)
        if (strcmp(GARBAGE[i].name, name) == 0)
            return &GARBAGE[i];
    return NULL;
}

/* The recorded body with Graph's address replaced by ours; NULL: it cannot be read. For free(). */
static char *fixture_body(const struct sim *sim, const char *name, const char *origin)
{
    static const char HOST[] = "https://graph.microsoft.com";
    CLEANUP(free) char *path = text_printf("%s/%s", sim->fixtures, name);
    CLEANUP(fclose) FILE *file = path ? fopen(path, "re") : NULL;
    CLEANUP(text_free) struct text all = TEXT_INIT((size_t)16 << 20);
    CLEANUP(text_free) struct text out = TEXT_INIT((size_t)32 << 20);
    char buf[8192];
    if (!file)
        return NULL;
    for (size_t n; (n = fread(buf, 1, sizeof buf, file)) > 0;)
        text_add_bytes(&all, buf, n);
    if (ferror(file) || all.error || !all.data)
        return NULL;
    const char *rest = all.data;
    for (const char *hit; (hit = strstr(rest, HOST)); rest = hit + sizeof HOST - 1) {
        text_add_bytes(&out, rest, (size_t)(hit - rest));
        text_add(&out, origin);
    }
    text_add(&out, rest);
    return text_take(&out);
}

static int check_link(const struct json *act, const char *key, struct failure *ret_failure)
{
    const char *mode = NULL;
    int r = read_string(act, key, &mode, ret_failure);
    if (r >= 0 && mode && !link_mode_known(mode))
        r = failure_set(ret_failure, FAILURE_CONFIG, EINVAL, "\"%s\": unknown kind %s", key, mode);
    return r;
}

int fault_check(const struct sim *sim, const struct scenario *s, struct failure *ret_failure)
{
    const struct json *faults = json_get(s->root, "faults");
    const struct json *rule = faults ? json_first(faults) : NULL;
    for (size_t i = 1; rule; rule = json_next(rule), i++) {
        const struct json *act = json_get(rule, "do");
        const char *text = NULL;
        bool revoke = false;
        int64_t mib;
        int r = read_string(act, "garbage", &text, ret_failure);
        if (r >= 0 && text && !garbage_of(act))
            r = failure_set(ret_failure, FAILURE_CONFIG, EINVAL, "\"garbage\": unknown kind %s",
                            text);
        if (r >= 0)
            r = read_int(act, "bomb_mib", 1, 65536, &mib, ret_failure);
        if (r >= 0)
            r = check_link(act, "next_link", ret_failure);
        if (r >= 0)
            r = check_link(act, "nested_link", ret_failure);
        if (r >= 0)
            r = read_bool(act, "revoke", &revoke, ret_failure);
        text = NULL;
        if (r >= 0)
            r = read_string(act, "fixture", &text, ret_failure);
        CLEANUP(free)
        char *body = r >= 0 && text && sim->fixtures ? fixture_body(sim, text, "") : NULL;
        if (r >= 0 && text && !body)
            r = failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                            "\"fixture\": %s/%s: not to be had",
                            sim->fixtures ? sim->fixtures : "(no --fixtures)", text);
        if (r < 0)
            return failure_prefix(ret_failure, r, "rule %zu", i);
    }
    return 0;
}

bool fault_before(struct call *c, const struct script_rule *rule)
{
    bool revoke = false;
    const char *fixture = NULL;
    (void)json_get_string(rule->act, "next_link", &c->next_link);
    (void)json_get_string(rule->act, "nested_link", &c->nested_link);
    if (json_get_bool(rule->act, "revoke", &revoke) == JSON_OK && revoke && c->tenant) {
        c->tenant->revoked_below = c->sim->tokens;
        c->bearer = c->bearer == BEARER_OK ? BEARER_REVOKED : c->bearer;
    }
    if (json_get_string(rule->act, "fixture", &fixture) == JSON_OK) {
        CLEANUP(free) char *body = fixture_body(c->sim, fixture, c->origin);
        set(c, body ? body : "");
        return true;
    }
    return rule->replaces || rule->silent;
}

void fault_after(struct call *c, const struct script_rule *rule)
{
    const struct garbage *garbage = garbage_of(rule->act);
    bool token = c->endpoint && strcmp(c->endpoint, "token") == 0;
    int64_t status;
    if (garbage)
        garbage->make(c, rule->act);
    script_apply(rule, c->answer, c->sim->scenario->read_at);
    bool bodied = json_get(rule->act, "body") || json_get(rule->act, "fixture") || garbage;
    if (bodied || json_get_int(rule->act, "status", 400, 599, &status) != JSON_OK)
        return;
    if (token)
        entra_refuse(c, status == 429 ? 90055 : status >= 500 ? 90033 : 0, NULL);
    else if (c->endpoint && strcmp(c->endpoint, "identity") == 0)
        identity_status(c, (unsigned)status);
    else
        graph_status(c, (unsigned)status);
    c->answer->status = (unsigned)status;
}
