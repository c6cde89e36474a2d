/* SPDX-License-Identifier: MIT */
/* deliver/resend.c: rounds of repetitions: lists the open alerts and sends what is due in batches,
 * one after the other. */
#include "deliver/resend.h"

#include "base/alloc.h"
#include "base/log.h"
#include "deliver/periodic.h"
#include <errno.h>
#include <string.h>

#define SOON (5 * USEC_PER_SEC) /* polls that end together share a round */
#define WATCHDOG "{\"alertname\":\"SeatwatchWatchdog\",\"severity\":\"none\"}"
#define WATCHDOG_ABOUT "{\"summary\":\"seatwatchd works and can alert\"}"
#define WATCHDOG_RESENDS 4 /* it ends when so many repetitions are missing */
#define EVENT_ID "seatwatchd-repeats"

struct resend {
    struct resends *all;
    struct periodic periodic;
    struct repeated list;
    usec_t begun_mono;    /* of the last round */
    usec_t watchdog_mono; /* when the watchdog was last accepted */
    bool watchdog;        /* is part of the batch under way */
    size_t from,
        next; /* the batch under way: those of the list that are due from `from` to before `next` */
    size_t single; /* alerts before this index are sent one by one, to find the refused one */
    char *body;    /* of the request under way; NULL: no round is under way */
    bool failing, partial; /* logged */
};
struct resends {
    struct resend *one;
    size_t n;
    struct instant since;
    resend_list *list;
    heartbeat_alive *alive;
    void *userdata;
};

static usec_t interval_of(const struct resend *b)
{
    return ((const struct alertmanager_options *)b->periodic.options->own)->resend;
}

static const char *name_of(const struct resend *b)
{
    return b->periodic.options->name;
}

/* ---- the requests ---- */

static void put_watchdog(const struct resend *b, struct json_writer *w)
{
    char labels[] = WATCHDOG, about[] = WATCHDOG_ABOUT;
    const struct alertmanager_alert a = {.labels = labels,
                                         .about = about,
                                         .started_at = b->all->since.at,
                                         .lasts = WATCHDOG_RESENDS * interval_of(b)};
    alertmanager_put(w, &a);
}

/* 0: nothing is left. */
static int make_batch(struct resend *b)
{
    CLEANUP(json_writer_free) struct json_writer *w = json_writer_new(ALERTMANAGER_BODY_MAX);
    size_t n = b->watchdog, len, most = b->next < b->single ? 1 : ALERTMANAGER_BATCH;
    if (!w)
        return -ENOMEM;
    json_open_array(w, NULL);
    if (b->watchdog)
        put_watchdog(b, w);
    for (b->from = b->next; b->next < b->list.n && n < most; b->next++)
        if (b->list.alert[b->next].due) {
            alertmanager_put(w, &b->list.alert[b->next].alert);
            n++;
        }
    json_close_array(w);
    return n == 0 ? 0 : json_write_take(w, &b->body, &len) < 0 ? -ENOMEM : 1;
}

/* Logs when repetitions begin to fail, or to fail at some of the servers, and when all is well
 * again. */
static void log_answer(struct resend *b, const struct answer *a)
{
    bool failing = a->class != ANSWER_OK && a->class != ANSWER_PERMANENT;
    bool partial = a->class == ANSWER_OK && a->n_refused > 0;
    if (failing && !b->failing)
        log_say(LOG_WARNING, "receiver %s: open alerts cannot be repeated: %s; tried again in %u s",
                name_of(b), a->text, (unsigned)(interval_of(b) / USEC_PER_SEC));
    else if (partial && !b->partial)
        log_say(LOG_WARNING, "receiver %s: %s", name_of(b), a->text);
    else if (!failing && !partial && (b->failing || b->partial))
        log_say(LOG_NOTICE, "receiver %s: all servers accept open alerts again", name_of(b));
    b->failing = failing;
    b->partial = partial;
}

static void log_refused(struct resend *b, struct repeated_alert *k, const struct answer *a)
{
    if (!k->refused)
        log_say(LOG_WARNING, "receiver %s: an open alert is refused: %s: %s", name_of(b),
                a->text, k->alert.labels);
    k->refused = true;
}

/* A refused batch is sent again alert by alert. False: the round ends. */
static bool batch_end(struct resend *b, const struct answer *a)
{
    size_t n = 0;
    log_answer(b, a);
    if (a->class != ANSWER_OK && a->class != ANSWER_PERMANENT)
        return false;
    for (size_t i = b->from; i < b->next; i++)
        n += b->list.alert[i].due;
    if (a->class == ANSWER_PERMANENT && n + b->watchdog > 1) {
        b->single = b->next;
        b->next = b->from;
        return true;
    }
    for (size_t i = b->from; i < b->next; i++) {
        struct repeated_alert *k = &b->list.alert[i];
        if (k->due && a->class == ANSWER_PERMANENT)
            log_refused(b, k, a);
        if (k->due)
            k->sent_mono = b->begun_mono;
    }
    if (b->watchdog && a->class == ANSWER_OK)
        b->watchdog_mono = b->begun_mono;
    b->watchdog = false;
    return true;
}

static void send_batches(struct resend *b);

static void on_sent(void *userdata, const struct answer *a)
{
    struct resend *b = userdata;
    free(TAKE(b->body));
    if (batch_end(b, a))
        send_batches(b);
}

static void send_batches(struct resend *b)
{
    struct answer a;
    do {
        struct instant now = clock_now();
        free(TAKE(b->body));
        if (make_batch(b) <= 0)
            return; /* without memory the rest waits for the next round */
        a = (struct answer){0};
        const struct payload p = {
            .event_id = EVENT_ID, .body = b->body, .len = strlen(b->body), .now = now};
        const struct periodic *to = &b->periodic;
        if (to->options->class->transport->send(to->handle, &p, &a, on_sent, b) == 0)
            return;
    } while (batch_end(b, &a));
    free(TAKE(b->body));
}

/* ---- the rounds ---- */

static void look_at_watchdog(struct resend *b, struct instant now)
{
    bool allowed =
        periodic_allowed(&b->periodic, b->all->alive, b->all->userdata, "SeatwatchWatchdog is");
    b->watchdog =
        allowed && (b->watchdog_mono == 0 || now.mono >= b->watchdog_mono + interval_of(b));
}

/* Between two rounds, at least. */
static usec_t apart(const struct resend *b)
{
    return interval_of(b) < SOON ? interval_of(b) : SOON;
}

static int on_due(sd_event_source *s, uint64_t due, void *userdata)
{
    struct resend *b = userdata;
    (void)s, (void)due;
    periodic_arm(&b->periodic, b->body ? apart(b) : interval_of(b));
    if (b->body)
        return 0; /* the last round is still under way */
    struct instant now = clock_now();
    b->begun_mono = now.mono;
    b->next = b->single = 0;
    if (b->all->list(b->all->userdata, name_of(b), &b->list) < 0 ||
        repeated_round(&b->list, now) < 0) {
        repeated_drop(&b->list);
        return 0; /* no memory now: the next round follows */
    }
    look_at_watchdog(b, now);
    send_batches(b);
    return 0;
}

void resends_wake(struct resends *r)
{
    usec_t now_mono = clock_now().mono;
    for (size_t i = 0; r && i < r->n; i++) {
        struct resend *b = &r->one[i];
        usec_t next_mono = b->begun_mono + apart(b);
        periodic_arm(&b->periodic, next_mono > now_mono ? next_mono - now_mono : 0);
    }
}

void resends_free(struct resends *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->n; i++) {
        struct resend *b = &r->one[i];
        periodic_close(&b->periodic);
        repeated_clear(&b->list);
        free(b->body);
    }
    alloc_release(r->one);
    alloc_release(r);
}

int resends_new(const struct dispatcher_options *o, struct http *http, resend_list *list,
                heartbeat_alive *alive, void *userdata, struct resends **ret,
                struct failure *ret_failure)
{
    CLEANUP(resends_free) struct resends *r = alloc_zero(1, sizeof *r);
    if (!r)
        return failure_oom(ret_failure);
    r->one = alloc_zero(o->n_receivers, sizeof *r->one);
    if (!r->one && o->n_receivers > 0)
        return failure_oom(ret_failure);
    r->since = clock_now();
    r->list = list;
    r->alive = alive;
    r->userdata = userdata;
    for (size_t i = 0; i < o->n_receivers; i++) {
        const struct receiver_options *options = &o->receiver[i];
        if (!(options->class->traits & RECEIVER_REPEATED) || options->broken)
            continue;
        struct resend *b = &r->one[r->n++];
        *b = (struct resend){.all = r, .periodic.options = options};
        b->list = (struct repeated){
            .options = options, .interval = interval_of(b), .since_mono = r->since.mono};
        int e = periodic_open(&b->periodic, options, http, on_due, b, ret_failure);
        if (e < 0)
            return e;
    }
    *ret = TAKE(r);
    return 0;
}
