/* SPDX-License-Identifier: MIT */
/* deliver/resend.c: rounds of repetitions: lists the open alerts and sends what is due in batches,
 * one after the other. */
#include "deliver/resend.h"

#include "base/alloc.h"
#include "base/log.h"
#include <errno.h>
#include <string.h>

#define ACCURACY (USEC_PER_SEC / 10)
#define SOON (5 * USEC_PER_SEC) /* polls that end together share a round */
#define WATCHDOG "{\"alertname\":\"SeatwatchWatchdog\",\"severity\":\"none\"}"
#define WATCHDOG_ABOUT "{\"summary\":\"seatwatchd works and can alert\"}"
#define WATCHDOG_RESENDS 4 /* it ends when so many repetitions are missing */
#define EVENT_ID "seatwatchd-repeats"

struct resend {
    struct resends *all;
    const struct receiver_options *options;
    struct receiver_handle *handle;
    sd_event_source *timer;
    struct repeated list;
    usec_t begun_mono;    /* of the last round */
    usec_t watchdog_mono; /* when the watchdog was last accepted */
    bool watchdog;        /* is part of the batch under way */
    size_t from,
        next; /* the batch under way: those of the list that are due from `from` to before `next` */
    size_t single; /* alerts before this index are sent one by one, to find the refused one */
    char *body;    /* of the request under way; NULL: no round is under way */
    bool failing, partial, withheld; /* logged */
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
    return ((const struct alertmanager_options *)b->options->own)->resend;
}

/* ---- the requests ---- */

static void put_watchdog(const struct resend *b, struct json_writer *w, struct instant now)
{
    char labels[] = WATCHDOG, about[] = WATCHDOG_ABOUT;
    const struct alertmanager_alert a = {.labels = labels,
                                         .about = about,
                                         .started_at = b->all->since.at,
                                         .ends_at = now.at + WATCHDOG_RESENDS * interval_of(b)};
    alertmanager_put(w, &a);
}

/* 0: nothing is left. */
static int make_batch(struct resend *b, struct instant now)
{
    CLEANUP(json_writer_free) struct json_writer *w = json_writer_new(ALERTMANAGER_BODY_MAX);
    size_t n = b->watchdog, len, most = b->next < b->single ? 1 : ALERTMANAGER_BATCH;
    if (!w)
        return -ENOMEM;
    json_open_array(w, NULL);
    if (b->watchdog)
        put_watchdog(b, w, now);
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
                b->options->name, a->text, (unsigned)(interval_of(b) / USEC_PER_SEC));
    else if (partial && !b->partial)
        log_say(LOG_WARNING, "receiver %s: %s", b->options->name, a->text);
    else if (!failing && !partial && (b->failing || b->partial))
        log_say(LOG_NOTICE, "receiver %s: all servers accept open alerts again", b->options->name);
    b->failing = failing;
    b->partial = partial;
}

static void log_refused(struct resend *b, struct repeated_alert *k, const struct answer *a)
{
    if (!k->refused)
        log_say(LOG_WARNING, "receiver %s: an open alert is refused: %s: %s", b->options->name,
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
        if (make_batch(b, now) <= 0)
            return; /* without memory the rest waits for the next round */
        a = (struct answer){0};
        const struct payload p = {
            .event_id = EVENT_ID, .body = b->body, .len = strlen(b->body), .now = now};
        if (b->options->class->transport->send(b->handle, &p, &a, on_sent, b) == 0)
            return;
    } while (batch_end(b, &a));
    free(TAKE(b->body));
}

/* ---- the rounds ---- */

static void look_at_watchdog(struct resend *b, struct instant now)
{
    const char *trouble = b->all->alive(b->all->userdata);
    if (trouble && !b->withheld)
        log_say(LOG_WARNING, "receiver %s: SeatwatchWatchdog is withheld: %s", b->options->name,
                trouble);
    else if (!trouble && b->withheld)
        log_say(LOG_NOTICE, "receiver %s: SeatwatchWatchdog is sent again", b->options->name);
    b->withheld = trouble;
    b->watchdog =
        !trouble && (b->watchdog_mono == 0 || now.mono >= b->watchdog_mono + interval_of(b));
}

static void arm(struct resend *b, usec_t delay)
{
    (void)sd_event_source_set_time_relative(b->timer, delay); /* fail on a bad argument only */
    (void)sd_event_source_set_enabled(b->timer, SD_EVENT_ONESHOT);
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
    arm(b, b->body ? apart(b) : interval_of(b));
    if (b->body)
        return 0; /* the last round is still under way */
    struct instant now = clock_now();
    b->begun_mono = now.mono;
    b->next = b->single = 0;
    if (b->all->list(b->all->userdata, b->options->name, &b->list) < 0 ||
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
        arm(b, next_mono > now_mono ? next_mono - now_mono : 0);
    }
}

static int open_one(struct resend *b, struct http *http, struct failure *ret_failure)
{
    int r = b->options->class->transport->open(b->options, http, &b->handle, ret_failure);
    if (r < 0)
        return failure_prefix(ret_failure, r, "receiver %s", b->options->name);
    r = sd_event_add_time_relative(http_event(http), &b->timer, CLOCK_BOOTTIME, 0, ACCURACY, on_due,
                                   b);
    return r < 0 ? failure_set(ret_failure, FAILURE_LOCAL, -r, "cannot make a timer: %s",
                               strerror(-r))
                 : 0;
}

void resends_free(struct resends *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->n; i++) {
        struct resend *b = &r->one[i];
        (void)sd_event_source_disable_unref(b->timer);
        if (b->handle)
            b->options->class->transport->close(b->handle);
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
        *b = (struct resend){.all = r, .options = options};
        b->list = (struct repeated){
            .options = options, .interval = interval_of(b), .since_mono = r->since.mono};
        int e = open_one(b, http, ret_failure);
        if (e < 0)
            return e;
    }
    *ret = TAKE(r);
    return 0;
}
