/* SPDX-License-Identifier: MIT */
/* tests/unit/deliver/test_webhook_template.c: the examples of templates with their bodies, and a webhook with
 * headers, method, content type and template of its own. */
#include "deliver/webhook.h"
#include "http_type.h"

static const struct example {
    const char *name;
    char *rule[7];
    size_t n_rules;
} EXAMPLES[] = {
    {"servicenow",
     {(char *)"tone.critical = 1", (char *)"tone.warning = 4", (char *)"tone.info = 5",
      (char *)"tone.resolved = 0", (char *)"state.firing = New", (char *)"state.null = New",
      (char *)"state.resolved = Closing"},
     7},
    {"splunk-hec", {0}, 0},
    {"mattermost",
     {(char *)"tone.critical = #A30200", (char *)"tone.warning = #DAA038",
      (char *)"tone.info = #439FE0", (char *)"tone.resolved = #2EB886"},
     4},
    {"telegram", {0}, 0},
};

static void *member_at(struct receiver_options *o, const char *key, bool count)
{
    for (size_t i = 0; i < o->class->options.n; i++) {
        const struct conf_key *k = &o->class->options.key[i];
        if (strcmp(k->name, key) == 0)
            return (char *)o->own + (count ? k->n_at : k->at);
    }
    fail_msg("no key %s", key);
    return NULL;
}

/* As config/ does it: the text of the template file is beside its name. */
static void set_template(struct receiver_options *o, const char *text)
{
    some_set(o, "template_file", "t.json");
    *(const char **)member_at(o, "template_file", true) = text;
}

static void check_golden(const struct example *e, const char *text, const char *kind,
                         const struct notification *n, const struct digest *d)
{
    struct receiver_options o = some_receiver("hook", &webhook_class);
    CLEANUP(free) char *file = text_printf("template_%s_%s.json", e->name, kind);
    set_template(&o, text);
    *(char *const **)member_at(&o, "values", false) = e->rule;
    *(size_t *)member_at(&o, "values", true) = e->n_rules;
    CLEANUP(free) char *body = options_render(&o, n, d);
    CLEANUP(json_free) struct json *root = NULL;
    assert_int_equal(json_parse(body, strlen(body), &root, NULL), 0);
    assert_golden(file, body);
}

static void each_example_has_its_bodies(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(EXAMPLES); i++) {
        const struct example *e = &EXAMPLES[i];
        const struct template_words words = {e->rule, e->n_rules};
        CLEANUP(free)
        char *path = text_printf("%s/conf/examples/webhooks/%s.json", SOURCE_ROOT, e->name);
        CLEANUP(free) char *text = some_file(path);
        struct failure why = {0};
        if (webhook_template_check(text, &words, path, &why) < 0)
            fail_msg("%s", why.text);
        CLEANUP(notification_free) struct notification *n = some_notification();
        CLEANUP(notification_free) struct notification *hostile = some_hostile();
        CLEANUP(digest_free) struct digest *d = some_digest(2);
        check_golden(e, text, "firing", n, NULL);
        check_golden(e, text, "hostile", hostile, NULL);
        check_golden(e, text, "digest", NULL, d);
        n->type = EVENT_RESOLVED;
        n->state = ALERT_OK;
        check_golden(e, text, "resolved", n, NULL);
    }
}

/* A message always finds room: the object is shortened before the template is filled. */
static void the_largest_message_in_the_largest_template_fits(void **state)
{
    (void)state;
    CLEANUP(free) char *all = some_flood(",\"{{data}}\"", TEMPLATE_PLACEHOLDERS_MAX);
    CLEANUP(free) char *text = text_printf("[0%s]", all);
    struct receiver_options o = some_receiver("hook", &webhook_class);
    CLEANUP(digest_free) struct digest *d = some_digest(DIGEST_LINES);
    set_template(&o, text);
    for (size_t i = 0; i < d->n_notifications; i++)
        type_swell(d->notification[i], "\"", 4096);
    CLEANUP(free) char *body = options_render(&o, NULL, d);
    assert_true(strlen(body) <= WEBHOOK_TEMPLATE_BODY_MAX);
}

static void every_member_of_a_message_is_known_to_the_check(void **state)
{
    static const struct {
        const char *text, *says;
    } CASES[] = {
        {"[\"{{id}}\",{{unix}},\"{{utc}}{{key}}{{tone}}{{icon}}{{headline}}{{type}}\"]", NULL},
        {"[{{data.tenant.labels.group}},{{data.detail.cause}},{{data.allotment.name}}]", NULL},
        {"[{{links.status}},{{links.runbook}},{{links.silence}},{{timestamp}}]", NULL},
        {"[{{data.digest_id}},{{data.alerts}},{{data.counts}},{{data.sku.part_number}}]", NULL},
        {"[{{data.units_to_buy}},{{data.subscriptions}},{{data.previous_severity}}]", NULL},
        {"[\n{{data.tenants.name}}]", "t.json: line 2: {{data.tenants.name}} is unknown"},
        {"[{{data._}}]", "is unknown"},
        {"{\"a\": 1,}", "t.json: line 1: not valid JSON"},
    };
    const struct template_words none = {0};
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct failure why = {0};
        int r = webhook_template_check(CASES[i].text, &none, "t.json", &why);
        if ((r >= 0) != !CASES[i].says || (CASES[i].says && !strstr(why.text, CASES[i].says)))
            fail_msg("case %zu: %s", i, why.text);
    }
    /* Depth 32 in all: a template that leaves too little for the object. */
    CLEANUP(free) char *open = some_flood("[", 28);
    CLEANUP(free) char *close = some_flood("]", 28);
    CLEANUP(free) char *deep = text_printf("%s{{data}}%s", open, close);
    struct failure why = {0};
    assert_true(webhook_template_check(deep, &none, "t.json", &why) < 0);
    assert_non_null(strstr(why.text, "nest it less"));
}

#define TOKEN "canary-token-5f0c2a9e"
static void set_up(struct hook *h, struct receiver_options *o)
{
    *o = some_receiver("hook", &webhook_class);
    some_set(o, "url_file", h->url_file);
    some_set_bool(o, "signing", true); /* off */
    some_set(o, "headers_file", h->key_file);
    some_write(h->key_file, "Authorization: Splunk " TOKEN "\n\nX-Team:  licences\n");
    some_set_bool(o, "method", true);
    some_set(o, "content_type", "application/vnd.example+json");
}

static void headers_method_and_content_type_are_sent(void **state)
{
    static const char *const ANSWERS[] = {STATUS("200 OK")};
    (void)state;
    struct hook h;
    hook_new(&h, ANSWERS, 1);
    assert_int_equal(type_send(&h, set_up, "{\"a\":1}").class, ANSWER_OK);
    CLEANUP(free) char *token = hook_header(&h.request[0], "authorization");
    CLEANUP(free) char *team = hook_header(&h.request[0], "x-team");
    CLEANUP(free) char *type = hook_header(&h.request[0], "content-type");
    CLEANUP(free) char *id = hook_header(&h.request[0], "webhook-id");
    assert_int_equal(strncmp(h.request[0].head, "PUT /", 5), 0);
    assert_string_equal(token, "Splunk " TOKEN);
    assert_string_equal(team, "licences");
    assert_string_equal(type, "application/vnd.example+json");
    assert_string_equal(id, SOME_EVENT);
    hook_free(&h);
}

static void no_answer_shows_a_header(void **state)
{
    static const struct answer_case CASES[] = {
        {ANSWER("403 Forbidden", "{\"text\":\"no such token: " TOKEN "\"}"), ANSWER_RETRY, 0,
         "[redacted]"},
        {ANSWER("400 Bad Request", "Authorization: Splunk " TOKEN), ANSWER_RETRY, 0, "[redacted]"},
    };
    (void)state;
    type_answers(set_up, CASES, N_ELEMENTS(CASES), TOKEN);
}

static void a_header_that_is_not_the_users_is_refused_before_the_start(void **state)
{
    static const struct {
        const char *lines, *says; /* NULL: they are fine */
    } CASES[] = {
        {"A: 1\nB: 2\nC: 3\nD: 4\nE: 5\nF: 6\n", NULL},
        {"A: 1\nB: 2\nC: 3\nD: 4\nE: 5\nF: 6\nG: 7\n", ":7: there are more than 6"},
        {"Authorization: Bearer x", NULL},
        {"X: a\r\nY: b\r\n", ":1: there is a control character"},
        {"X: a\tb\n", ":1: there is a control character"},
        {"X: a\x7f\n", ":1: there is a control character"},
        {"X: \xc3\xa4\n", ":1: there is a control character"},
        {"Fine: 1\nno colon\n", ":2: a header is written"},
        {"Bad name: 1\n", ":1: a header is written"},
        {": 1\n", ":1: a header is written"},
        {"X:\n", ":1: a header is written"},
        {"X:   \n", ":1: a header is written"},
        {"Host: evil.example\n", ":1: this header is set by seatwatchd"},
        {"content-TYPE: text/html\n", ":1: this header is set by seatwatchd"},
        {"Content-Length: 1\n", ":1: this header is set by seatwatchd"},
        {"Webhook-Signature: v1,x\n", ":1: this header is set by seatwatchd"},
        {"Transfer-Encoding: chunked\n", ":1: this header is set by seatwatchd"},
        {"Proxy-Authorization: x\n", ":1: this header is set by seatwatchd"},
        {"Hostess: 1\nTeam: 2\n", NULL},
        {"X: 1\nx: 2\n", ":2: this header is there already"},
    };
    static const char *const ANSWERS[] = {STATUS("200 OK")};
    (void)state;
    struct hook h;
    struct receiver_options o;
    hook_new(&h, ANSWERS, 1);
    set_up(&h, &o);
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct failure why = {0};
        some_write(h.key_file, CASES[i].lines);
        int r = deliver_check(&o, &why);
        if ((r >= 0) != !CASES[i].says || (CASES[i].says && !strstr(why.text, CASES[i].says)))
            fail_msg("case %zu: %s", i, why.text);
    }
    hook_free(&h);
}

static void values_without_a_template_are_refused(void **state)
{
    char *rule = (char *)"severity.critical = 1";
    (void)state;
    struct receiver_options o = some_receiver("hook", &webhook_class);
    struct failure why = {0};
    some_set(&o, "url_file", "/hook.url");
    some_set_bool(&o, "signing", true);
    *(char ***)member_at(&o, "values", false) = &rule;
    *(size_t *)member_at(&o, "values", true) = 1;
    assert_true(webhook_class.check(&o, &why) < 0);
    assert_non_null(strstr(why.text, "no template_file"));
    set_template(&o, "[{{data.rule}}]");
    assert_true(webhook_class.check(&o, &why) < 0);
    assert_non_null(strstr(why.text, "no placeholder named severity"));
    set_template(&o, "[{{data.severity}}]");
    assert_int_equal(webhook_class.check(&o, &why), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_example_has_its_bodies),
        cmocka_unit_test(the_largest_message_in_the_largest_template_fits),
        cmocka_unit_test(every_member_of_a_message_is_known_to_the_check),
        cmocka_unit_test(headers_method_and_content_type_are_sent),
        cmocka_unit_test(no_answer_shows_a_header),
        cmocka_unit_test(a_header_that_is_not_the_users_is_refused_before_the_start),
        cmocka_unit_test(values_without_a_template_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
