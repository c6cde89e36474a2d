/* SPDX-License-Identifier: MIT */
/* tests/unit/deliver/test_graph_mail.c: mail through Microsoft Graph: its JSON, and what the answers mean. */
#include "base/redact.h"
#include "http/signed_in.h"
#include "http_type.h"

/* Signs in nowhere, and answers at once what a test says. */
static struct {
    int status;
    const char *body;
    struct failure failure;
    char path[256], client_id[64];
    unsigned asked; /* for roles */
} fake;

static int fake_open(const struct signed_in_options *o, struct http *http, struct signed_in **ret,
                     struct failure *ret_failure)
{
    (void)http, (void)ret_failure;
    (void)snprintf(fake.client_id, sizeof fake.client_id, "%s", o->client_id);
    *ret = (struct signed_in *)(void *)&fake;
    return 0;
}

static void fake_close(struct signed_in *s)
{
    (void)s;
}

static int fake_post(struct signed_in *s, const struct signed_in_post *p, http_done *done,
                     void *userdata, struct failure *ret_failure)
{
    static const struct redact NOTHING;
    const struct http_answer a = {.status = fake.status, .body = fake.body,
                                  .body_len = strlen(fake.body), .failure = fake.failure, .sent = &NOTHING};
    (void)s, (void)ret_failure;
    (void)snprintf(fake.path, sizeof fake.path, "%s", p->path);
    done(userdata, &a);
    return 0;
}
static bool fake_has_role(const struct signed_in *s, const char *role)
{
    (void)s;
    fake.asked++;
    return strcmp(role, "Mail.Send") == 0;
}
static const struct signed_in_functions FAKE = {fake_open, fake_close, fake_post, NULL, NULL, fake_has_role};

static char *to[1];
static struct receiver_options some_mail(const char *from)
{
    struct receiver_options o = some_receiver("mail", &graph_mail_class);
    const struct conf_section *s = &o.class->options;
    o.signed_in = &FAKE;
    some_set(&o, "tenant_id", SOME_TENANT_ID);
    some_set(&o, "client_id", "c1");
    some_set(&o, "client_secret_file", "sender.secret");
    some_set(&o, "from", from);
    to[0] = (char *)"oncall@example.com";
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->key[i].name, "to") == 0) {
            *(char ***)(void *)((char *)o.own + s->key[i].at) = to;
            *(size_t *)(void *)((char *)o.own + s->key[i].n_at) = 1;
        }
    return o;
}

static char *render(const struct notification *n, const struct digest *d)
{
    struct receiver_options o = some_mail("seats@example.com");
    return options_render(&o, n, d);
}

static void each_message_has_its_subject_and_importance(void **state)
{
    (void)state;
    CLEANUP(notification_free) struct notification *n = some_notification();
    CLEANUP(notification_free) struct notification *hostile = some_hostile();
    CLEANUP(digest_free) struct digest *d = some_digest(20);
    CLEANUP(free) char *firing = render(n, NULL);
    assert_golden("graph_mail_firing.json", firing);
    n->type = EVENT_RESOLVED;
    CLEANUP(free) char *resolved = render(n, NULL);
    assert_golden("graph_mail_resolved.json", resolved);
    CLEANUP(free) char *names = render(hostile, NULL);
    assert_golden("graph_mail_hostile.json", names);
    CLEANUP(free) char *digest = render(NULL, d);
    assert_golden("graph_mail_digest.json", digest);
}

static void check_limits(const char *body)
{
    assert_true(strlen(body) <= 512 * 1024);
}

static void the_largest_texts_can_be_sent(void **state)
{
    (void)state;
    type_swollen(&graph_mail_class, check_limits);
}

static struct answer sent(const struct receiver_options *o)
{
    const struct payload p = {.event_id = SOME_EVENT, .body = "{}", .len = 2};
    struct receiver_handle *h = NULL;
    struct type_got got = {0};
    assert_int_equal(deliver_check(o, NULL), 0);
    assert_int_equal(graph_post.open(o, NULL, &h, NULL), 0);
    assert_int_equal(graph_post.send(h, &p, &got.answer, type_done, &got), 0);
    graph_post.close(h);
    assert_true(got.done);
    return got.answer;
}

static void each_answer_has_its_class(void **state)
{
    static const struct {
        int status;
        const char *body;
        enum answer_class want;
        const char *says;
    } CASES[] = {
        {202, "", ANSWER_OK, "HTTP 202 from Microsoft Graph"},
        {200, "<html>", ANSWER_RETRY, "<html>"},
        {400, "{\"error\":{\"code\":\"ErrorInvalidRecipients\"}}", ANSWER_PERMANENT, "ErrorInvalidRecipients"},
        {401, "", ANSWER_RETRY, "HTTP 401"},
        {403, "{\"error\":{\"code\":\"ErrorAccessDenied\"}}", ANSWER_RETRY, "ErrorAccessDenied"},
        {404, "", ANSWER_RETRY, "HTTP 404"},
        {410, "", ANSWER_RETRY, "HTTP 410"},
        {413, "", ANSWER_PERMANENT, "HTTP 413"},
        {429, "", ANSWER_THROTTLED, "HTTP 429"},
        {503, "", ANSWER_RETRY, "HTTP 503"},
        {0, "", ANSWER_RETRY, "sign-in was refused"},
    };
    (void)state;
    const struct receiver_options o = some_mail("o'neil+seats@example.com");
    (void)failure_set(&fake.failure, FAILURE_AUTH, EACCES, "sign-in was refused");
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        fake.status = CASES[i].status;
        fake.body = CASES[i].body;
        struct answer a = sent(&o);
        if (a.class != CASES[i].want || !strstr(a.text, CASES[i].says))
            fail_msg("case %zu: class %d: %s", i, a.class, a.text);
    }
    assert_string_equal(fake.path, "users/o%27neil%2Bseats@example.com/sendMail");
    assert_string_equal(fake.client_id, "c1");
}

static void the_permission_for_all_mailboxes_is_warned_of_once(void **state)
{
    const struct payload p = {.event_id = SOME_EVENT, .body = "{}", .len = 2};
    (void)state;
    struct receiver_options o = some_mail("seats@example.com");
    struct receiver_handle *h = NULL;
    struct type_got got = {0};
    assert_int_equal(graph_post.open(&o, NULL, &h, NULL), 0);
    fake.asked = 0;
    fake.body = "";
    fake.status = 403; /* says nothing about the permission */
    assert_int_equal(graph_post.send(h, &p, &got.answer, type_done, &got), 0);
    assert_int_equal(fake.asked, 0);
    fake.status = 202;
    for (int i = 0; i < 2; i++)
        assert_int_equal(graph_post.send(h, &p, &got.answer, type_done, &got), 0);
    assert_int_equal(fake.asked, 1);
    graph_post.close(h);
}

static void one_way_to_sign_in_is_needed(void **state)
{
    static const struct {
        const char *secret, *certificate, *key, *says;
    } CASES[] = {
        {"s", "", "", NULL},
        {"", "c", "k", NULL},
        {"", "", "", "needs client_secret_file"},
        {"", "c", "", "needs client_secret_file"},
        {"s", "c", "k", "remove one of the two"},
        {"s", "", "k", "remove one of the two"},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct failure why = {0};
        struct receiver_options o = some_mail("seats@example.com");
        some_set(&o, "client_secret_file", CASES[i].secret);
        some_set(&o, "certificate_file", CASES[i].certificate);
        some_set(&o, "private_key_file", CASES[i].key);
        int r = deliver_check(&o, &why);
        if ((r >= 0) != !CASES[i].says || (CASES[i].says && !strstr(why.text, CASES[i].says)))
            fail_msg("case %zu: %s", i, why.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_message_has_its_subject_and_importance),
        cmocka_unit_test(the_largest_texts_can_be_sent),
        cmocka_unit_test(each_answer_has_its_class),
        cmocka_unit_test(the_permission_for_all_mailboxes_is_warned_of_once),
        cmocka_unit_test(one_way_to_sign_in_is_needed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
