/* SPDX-License-Identifier: MIT */
/* tests/unit/deliver/http_type.h: what the tests of receiver types over HTTP have in common: golden
 * bodies, and a table of answers. */
#pragma once
#include "deliver/http_post.h"
#include "deliver/links.h"
#include "hook.h"
#include "json/json.h"
#include "options.h"

#define ANSWER(status, text) \
    "HTTP/1.1 " status "\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n" text

/* The body of a message, with links. */
static inline char *options_render(struct receiver_options *o, const struct notification *n,
                                   const struct digest *d)
{
    static const struct links LINKS = {.status_url = (char *)"https://status.example/{alert_id}",
                                       .runbook_url = (char *)"https://wiki.example/seats"};
    const struct message m = {.notification = n, .digest = d, .now_at = n ? n->at : d->at};
    char *body = NULL;
    size_t len;
    o->links = &LINKS;
    int r = receiver_render(o, &m, &body, &len);
    if (r < 0)
        fail_msg("%s: %s", o->class->name, strerror(-r));
    assert_int_equal(strlen(body), len);
    return body;
}

/* The same of this type with its default options. */
static inline char *type_render(const struct receiver_class *class, const struct notification *n,
                                const struct digest *d)
{
    struct receiver_options o = some_receiver("chat", class);
    return options_render(&o, n, d);
}

/* The file fixtures/receivers/NAME, which ends with a newline of its own. What differs is written to
 * the build directory. */
static inline void assert_golden(const char *name, const char *body)
{
    CLEANUP(free) char *path = text_printf("%s/receivers/%s", FIXTURES, name);
    CLEANUP(free) char *got_path = text_printf("%s/differs_%s", BINARY_ROOT, name);
    CLEANUP(free) char *got = text_printf("%s\n", body);
    CLEANUP(free) char *want = some_file(path);
    if (strcmp(got, want) == 0)
        return;
    some_write(got_path, got);
    fail_msg("%s differs; compare %s", path, got_path);
}

/* Names that look like mentions, links and markup. */
static inline struct notification *some_hostile(void)
{
    static const char NAME[] = "<!channel> @everyone <@U024BE7LH> *b* _i_ ~s~ `c` ||d|| # > & &lt; "
                               "[x](https://evil.example/) <https://evil.example/|y> \"q\" \\ {{z}}";
    struct notification *n = some_notification();
    CLEANUP(free) char *title = text_printf("contoso: %s is full", NAME);
    CLEANUP(free) char *what = text_printf("All units of %s are used.\n# %s", NAME, NAME);
    some_replace(&n->title, title);
    some_replace(&n->description, what);
    some_replace(&n->context->tenant_name, NAME);
    some_replace(&n->context->sku_name, "\xe2\x80\xae" "E5\nE5\x1b[31m");
    some_replace(&n->context->allotment_name, "   ");
    return n;
}

/* Each text of it becomes `times` times `unit`. */
static inline void type_swell(struct notification *n, const char *unit, size_t times)
{
    CLEANUP(free) char *flood = some_flood(unit, times);
    some_replace(&n->title, flood);
    some_replace(&n->summary, flood);
    some_replace(&n->description, flood);
    some_replace(&n->next_step, flood);
    some_replace(&n->context->tenant_name, flood);
    some_replace(&n->context->sku_name, flood);
    some_replace(&n->context->allotment_name, flood);
}

/* Renders alerts and full digests whose texts are long, with characters that take much room. */
typedef void type_limits(const char *body);
static inline void options_swollen(struct receiver_options *o, type_limits *check)
{
    static const char *const UNITS[] = {"x",  "*",  "<",  "&",  "\"", "\\",
                                        " ",  "a\n", "\x01", "\xff", "\xe4\xb8\xad", "\xf0\x9f\x98\x80"};
    for (size_t i = 0; i < N_ELEMENTS(UNITS); i++)
        for (size_t times = 1; times <= 16384; times *= 8) {
            CLEANUP(notification_free) struct notification *n = some_notification();
            CLEANUP(digest_free) struct digest *d = some_digest(DIGEST_LINES);
            CLEANUP(free) char *flood = some_flood(UNITS[i], times);
            type_swell(n, UNITS[i], times);
            some_replace(&d->title, flood);
            some_replace(&d->summary, flood);
            for (size_t k = 0; k < d->n_notifications; k++)
                type_swell(d->notification[k], UNITS[i], times);
            CLEANUP(free) char *alert = options_render(o, n, NULL);
            CLEANUP(free) char *digest = options_render(o, NULL, d);
            check(alert);
            check(digest);
        }
}

/* The same of this type with its default options. */
static inline void type_swollen(const struct receiver_class *class, type_limits *check)
{
    struct receiver_options o = some_receiver("chat", class);
    options_swollen(&o, check);
}

/* Each allocation of a rendering fails once: the result is an error, or the whole body. */
static inline void type_starved(const struct receiver_class *class)
{
    static const struct links LINKS = {.status_url = (char *)"https://status.example/{alert_id}",
                                       .runbook_url = (char *)"https://wiki.example/seats"};
    CLEANUP(notification_free) struct notification *n = some_notification();
    CLEANUP(digest_free) struct digest *d = some_digest(3);
    struct receiver_options o = some_receiver("chat", class);
    o.links = &LINKS;
    for (int digest = 0; digest <= 1; digest++) {
        const struct message m = {
            .notification = digest ? NULL : n, .digest = digest ? d : NULL, .now_at = n->at};
        CLEANUP(free) char *whole = type_render(class, m.notification, m.digest);
        bool failed = true;
        for (size_t at = 1; failed; at++) {
            CLEANUP(free) char *body = NULL;
            size_t len;
            (void)alloc_fail_at(at, false);
            int r = receiver_render(&o, &m, &body, &len);
            failed = alloc_fail_at(0, false) >= at;
            if (r == -ENOMEM ? !failed : r < 0 || strcmp(body, whole) != 0)
                fail_msg("%s: allocation %zu: %d, %s", class->name, at, r, r < 0 ? "" : body);
        }
    }
}

typedef void type_set_up(struct hook *h, struct receiver_options *o);

struct type_got {
    bool done;
    struct answer answer;
};
static inline void type_done(void *userdata, const struct answer *a)
{
    *(struct type_got *)userdata = (struct type_got){true, *a};
}

/* Sends these stored bytes to the hook. `ref`: of the message that the receiver shows; NULL: none. */
static inline struct answer type_send_ref(struct hook *h, type_set_up *set_up, const char *body,
                                          const char *ref)
{
    const struct payload p = {.event_id = SOME_EVENT,
                              .body = body,
                              .len = strlen(body),
                              .now.at = some_time(SOME_AT),
                              .ref = ref};
    struct receiver_handle *handle = NULL;
    struct receiver_options o;
    struct type_got got = {0};
    struct failure why = {0};
    set_up(h, &o);
    const struct transport *t = o.class->transport;
    if (deliver_check(&o, &why) < 0 || t->open(&o, h->http, &handle, &why) < 0)
        fail_msg("%s", why.text);
    got.done = t->send(handle, &p, &got.answer, type_done, &got) == 1;
    while (!got.done)
        hook_turn(h);
    t->close(handle);
    return got.answer;
}

static inline struct answer type_send(struct hook *h, type_set_up *set_up, const char *body)
{
    return type_send_ref(h, set_up, body, NULL);
}

struct answer_case {
    const char *answer;
    enum answer_class want;
    usec_t retry_after;
    const char *says;
};
/* Each answer has its class; no text shows `secret`. */
static inline void type_answers(type_set_up *set_up, const struct answer_case *c, size_t n,
                                const char *secret)
{
    for (size_t i = 0; i < n; i++) {
        struct hook h;
        hook_new(&h, &c[i].answer, 1);
        struct answer a = type_send(&h, set_up, "{\"a\":1}");
        if (a.class != c[i].want || a.retry_after != c[i].retry_after || !strstr(a.text, c[i].says))
            fail_msg("case %zu: class %d, retry after %llu, %s", i, a.class,
                     (unsigned long long)a.retry_after, a.text);
        if (strstr(a.text, secret))
            fail_msg("case %zu leaks: %s", i, a.text);
        hook_free(&h);
    }
}
