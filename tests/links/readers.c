/* SPDX-License-Identifier: MIT */
#include "links/readers.h"

#include "base/text.h"
#include "deliver/periodic.h"
#include "month/timers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RENDERED_MAX 1024

const char *const READER_NAMES[READERS] = {"pager", "chat", "mail", "journal"};

static struct {
    enum fault fault;
    usec_t refused_mono;
} reader[READERS];
static struct rendered { /* what the bytes are about; one for each alert of a digest */
    struct heard heard;
    enum rule rule;
    int about;
} rendered[RENDERED_MAX];
static struct heard heard[READERS * RENDERED_MAX];
static size_t n_rendered, n_heard;
static usec_t told_mono[RULE_COUNT_][READERS + 1], last_beat_mono; /* [READERS]: about none */

void readers_begin(void)
{
    memset(reader, 0, sizeof reader);
    memset(told_mono, 0, sizeof told_mono);
    n_rendered = n_heard = 0;
    last_beat_mono = 0;
}

void readers_break(enum reader who, enum fault fault)
{
    reader[who].fault = fault;
}

usec_t readers_told_mono(enum rule rule, int about)
{
    return told_mono[rule][about < 0 ? READERS : about];
}

usec_t reader_refused_mono(enum reader who)
{
    return reader[who].refused_mono;
}

usec_t readers_last_beat_mono(void)
{
    return last_beat_mono;
}

/* ---- what a message is about ---- */

static int reader_of(const char *name)
{
    int i = READERS - 1;
    while (i >= 0 && !text_equal(READER_NAMES[i], name))
        i--;
    return i;
}

static void add_rendered(const char *event_id, bool digest, const struct notification *n)
{
    assert_true(n_rendered < RENDERED_MAX);
    struct rendered *r = &rendered[n_rendered++];
    *r = (struct rendered){.heard = {.digest = digest, .fired_at = n->at},
                           .rule = n->rule,
                           .about = n->context ? reader_of(n->context->receiver) : -1};
    (void)snprintf(r->heard.event_id, sizeof r->heard.event_id, "%s", event_id);
    (void)snprintf(r->heard.alert_id, sizeof r->heard.alert_id, "%s", n->alert_id);
}

static bool is_rendered(const char *event_id)
{
    for (size_t i = n_rendered; i-- > 0;)
        if (text_equal(rendered[i].heard.event_id, event_id))
            return true;
    return false;
}

int __real_receiver_render(const struct receiver_options *o, const struct message *m, char **ret,
                           size_t *ret_len);
int __wrap_receiver_render(const struct receiver_options *o, const struct message *m, char **ret,
                           size_t *ret_len);
int __wrap_receiver_render(const struct receiver_options *o, const struct message *m, char **ret,
                           size_t *ret_len)
{
    const struct digest *d = m->digest;
    const char *event_id = d ? d->event_id : m->notification->event_id;
    bool known = is_rendered(event_id);
    for (size_t i = 0; d && !known && i < d->n_notifications; i++)
        add_rendered(event_id, true, d->notification[i]);
    if (!d && !known)
        add_rendered(event_id, false, m->notification);
    return __real_receiver_render(o, m, ret, ret_len);
}

static void read_message(enum reader who, const char *event_id)
{
    for (size_t i = 0; i < n_rendered; i++) {
        const struct rendered *r = &rendered[i];
        usec_t *told = &told_mono[r->rule][r->about < 0 ? READERS : r->about];
        if (!text_equal(r->heard.event_id, event_id))
            continue;
        assert_true(n_heard < N_ELEMENTS(heard));
        heard[n_heard] = r->heard;
        heard[n_heard++].who = who;
        if (*told == 0 && who < PERSONS && reader[who].fault == FAULT_NONE)
            *told = timers_now().mono;
    }
}

size_t readers_heard(const struct heard **ret)
{
    *ret = heard;
    return n_heard;
}

/* ---- the transport ---- */

struct receiver_handle {
    enum reader who;
};

static int reader_open(const struct receiver_options *o, struct http *http,
                       struct receiver_handle **ret, struct failure *ret_failure)
{
    struct receiver_handle *h = calloc(1, sizeof *h);
    int who = reader_of(o->name);
    (void)http, (void)ret_failure;
    assert_true(h && who >= 0);
    h->who = (enum reader)who;
    *ret = h;
    return 0;
}

static void reader_close(struct receiver_handle *h)
{
    free(h);
}

static int reader_send(struct receiver_handle *h, const struct payload *p, struct answer *ret,
                       handle_done *done, void *userdata)
{
    static const enum answer_class ANSWERS[] = {[FAULT_NONE] = ANSWER_OK,
                                                [FAULT_REFUSES] = ANSWER_RETRY,
                                                [FAULT_GONE] = ANSWER_GONE,
                                                [FAULT_DROPS] = ANSWER_OK};
    (void)done, (void)userdata;
    answer_set(ret, ANSWERS[reader[h->who].fault], "as the test says");
    if (ret->class == ANSWER_OK)
        read_message(h->who, p->event_id);
    else if (reader[h->who].refused_mono == 0)
        reader[h->who].refused_mono = timers_now().mono;
    return 1;
}

static const struct transport READER = {
    .open = reader_open, .close = reader_close, .send = reader_send};

const struct transport *__wrap_receiver_transport(const struct receiver_options *o);
const struct transport *__wrap_receiver_transport(const struct receiver_options *o)
{
    (void)o;
    return &READER;
}

/* A heartbeat that is allowed would be sent: here it is only noted. */
bool __real_periodic_allowed(struct periodic *p, heartbeat_alive *alive, void *userdata,
                             const char *what);
bool __wrap_periodic_allowed(struct periodic *p, heartbeat_alive *alive, void *userdata,
                             const char *what);
bool __wrap_periodic_allowed(struct periodic *p, heartbeat_alive *alive, void *userdata,
                             const char *what)
{
    if (__real_periodic_allowed(p, alive, userdata, what))
        last_beat_mono = timers_now().mono;
    return false;
}
