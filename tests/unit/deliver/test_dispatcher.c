/* SPDX-License-Identifier: MIT */
/* tests/unit/deliver/test_dispatcher.c: the outbox worked for real: a store on disk, HTTP over
 * loopback and local sockets, in one event loop. */
#include "base/journal.h"
#include "deliver/deliver.h"
#include "deliver/late_prefix.h"
#include "hook.h"
#include "options.h"
#include "json/json.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

enum { HOOK, JOURNAL, SYSLOG, N_RECEIVERS };
#define TO(receiver) ((receiver_set)1 << (receiver))
#define OK STATUS("200 OK")

struct office {
    struct hook hook;
    struct sink journal, syslog;
    struct receiver_options receiver[N_RECEIVERS];
    struct receiver_traits traits[N_RECEIVERS];
    struct store *store;
    struct dispatcher *dispatcher;
    uint64_t seq;
    usec_t age; /* of the events that are posted */
    unsigned heard[OUTBOX_SUPERSEDED + 1];
    bool idle;
};

static void on_heard(void *userdata, const char *receiver, enum outbox_state state)
{
    struct office *o = userdata;
    assert_non_null(receiver);
    o->heard[state]++;
}

static void on_idle(void *userdata)
{
    ((struct office *)userdata)->idle = true;
}

/* A stopped clock: nothing becomes due while a slow machine works. boot 0: the real one. */
static struct instant stopped;
struct instant __wrap_clock_now(void);
struct instant __real_clock_now(void);
struct instant __wrap_clock_now(void)
{
    return stopped.boot ? stopped : __real_clock_now();
}

static unsigned n_unpacked; /* notifications that were read from the store */
static int count_unpacked(const char *bytes, size_t len, struct notification **ret)
{
    n_unpacked++;
    return deliver_codec.unpack_notification(bytes, len, ret);
}

static void open_store(struct office *o)
{
    static struct store_codec counting;
    counting = deliver_codec;
    counting.unpack_notification = count_unpacked;
    const struct store_options options = {.directory = o->hook.dir.dir,
                                          .history_keep = USEC_PER_DAY,
                                          .outbox_max_rows = 10000,
                                          .outbox_max_bytes = 64 << 20};
    struct store_report report = {0};
    struct failure why = {0};
    if (store_open(&options, &counting, STORE_NORMAL, clock_now(), &o->store, &report, &why) <
        0)
        fail_msg("%s", why.text);
    assert_int_equal(store_outbox_recover(o->store, clock_now(), NULL), 0);
}

static void hire(struct office *o, struct http *http, sd_event *event)
{
    const struct dispatcher_options options = {.receiver = o->receiver, .n_receivers = N_RECEIVERS};
    struct failure why = {0};
    if (dispatcher_new(&options, o->store, http, event, on_heard, o, &o->dispatcher, &why) < 0)
        fail_msg("%s", why.text);
}

/* The store and its dispatcher end and begin anew, as at a restart. */
static void restart(struct office *o)
{
    dispatcher_free(TAKE(o->dispatcher));
    store_close(TAKE(o->store));
    open_store(o);
    hire(o, o->hook.http, o->hook.event);
}

static void office_prepare(struct office *o, const char *const *answers, size_t n)
{
    static char *const NAMES[] = {[HOOK] = "hook", [JOURNAL] = "journal", [SYSLOG] = "syslog"};
    *o = (struct office){.journal = sink_new(true), .syslog = sink_new(true)};
    hook_new(&o->hook, answers, n);
    for (int i = 0; i < N_RECEIVERS; i++)
        o->traits[i] = (struct receiver_traits){.name = NAMES[i], .wants_deescalations = true};
    o->receiver[HOOK] = some_receiver(NAMES[HOOK], &webhook_class);
    some_set(&o->receiver[HOOK], "url_file", o->hook.url_file);
    some_set(&o->receiver[HOOK], "signing_key_file", o->hook.key_file);
    o->receiver[JOURNAL] = some_receiver(NAMES[JOURNAL], &journal_class);
    some_set(&o->receiver[JOURNAL], "socket", o->journal.path);
    o->receiver[SYSLOG] = some_receiver(NAMES[SYSLOG], &syslog_class);
    some_set(&o->receiver[SYSLOG], "socket", o->syslog.path);
    open_store(o);
}

static void office_open(struct office *o, const char *const *answers, size_t n)
{
    office_prepare(o, answers, n);
    hire(o, o->hook.http, o->hook.event);
    (void)alarm(60);
}

static void office_close(struct office *o)
{
    dispatcher_free(o->dispatcher);
    store_close(o->store);
    sink_free(&o->journal);
    sink_free(&o->syslog);
    hook_free(&o->hook);
    stopped = (struct instant){0};
}

/* Commits one event of the alert whose id begins with `alert`. */
static void post(struct office *o, char alert, enum event_type type, receiver_set to)
{
    struct instant now = clock_now();
    struct notification *n = some_notification();
    n->alert_id[0] = alert;
    n->type = type;
    n->state = type == EVENT_RESOLVED ? ALERT_OK : ALERT_FIRING;
    n->seq = ++o->seq;
    n->at = now.at - o->age;
    assert_int_equal(uuid_v7(now.at, n->event_id), 0);
    struct event e = {.notification = n, .to = to};
    struct changes changes = {.event = &e, .n_events = 1};
    const struct route_options routes = {.receiver = o->traits, .n_receivers = N_RECEIVERS};
    const struct commit c = {.changes = &changes, .routes = &routes, .now = now};
    struct failure why = {0};
    if (store_commit(o->store, &c, 1, &why) < 0)
        fail_msg("%s", why.text);
    notification_free(n);
}

static void turn(struct office *o)
{
    hook_turn(&o->hook);
}

/* One attempt for everything that is due; deterministic: it tells when it is over. */
static void drain(struct office *o)
{
    o->idle = false;
    assert_int_equal(dispatcher_drain(o->dispatcher, on_idle, o), 0);
    while (!o->idle)
        turn(o);
}

static struct store_stats stats(struct office *o, const char *receiver)
{
    struct store_stats s = {0};
    assert_int_equal(store_stats(o->store, receiver, &s, NULL), 0);
    return s;
}

static char *id_of(const struct office *o, size_t i)
{
    return hook_header(&o->hook.request[i], "webhook-id");
}

static unsigned n_syncs;
int __wrap_store_sync(struct store *s, struct failure *ret_failure);
int __real_store_sync(struct store *s, struct failure *ret_failure);
int __wrap_store_sync(struct store *s, struct failure *ret_failure)
{
    n_syncs++;
    return __real_store_sync(s, ret_failure);
}

/* ---- */

static void an_event_reaches_every_receiver_it_was_routed_to(void **state)
{
    static const char *const ANSWERS[] = {OK};
    (void)state;
    struct office o;
    char got[8192];
    office_open(&o, ANSWERS, 1);
    post(&o, 'a', EVENT_FIRING, TO(HOOK) | TO(JOURNAL) | TO(SYSLOG));
    post(&o, 'b', EVENT_FIRING, TO(SYSLOG));
    dispatcher_wake(o.dispatcher);
    while (o.heard[OUTBOX_DELIVERED] < 4)
        turn(&o);
    assert_int_equal(o.hook.n_requests, 1);
    assert_true(sink_take(&o.journal, got, sizeof got) > 0);
    assert_int_equal(sink_take(&o.journal, got, sizeof got), 0);
    assert_true(sink_take(&o.syslog, got, sizeof got) > 0);
    assert_true(sink_take(&o.syslog, got, sizeof got) > 0);
    assert_int_equal(stats(&o, NULL).queued, 0);
    office_close(&o);
}

static void a_retry_has_the_same_id_and_the_same_bytes(void **state)
{
    static const char *const ANSWERS[] = {STATUS("503 Busy"), OK};
    (void)state;
    struct office o;
    office_open(&o, ANSWERS, 2);
    o.age =
        LATE_AFTER - 3 * USEC_PER_SEC; /* rendered anew, the second one would say that it is late */
    post(&o, 'a', EVENT_FIRING, TO(HOOK));
    dispatcher_wake(o.dispatcher);
    while (o.heard[OUTBOX_DELIVERED] == 0) /* about 5 s: the first step of the backoff */
        turn(&o);
    CLEANUP(free) char *first = id_of(&o, 0), *second = id_of(&o, 1);
    assert_int_equal(o.hook.n_requests, 2);
    assert_string_equal(first, second);
    assert_string_equal(o.hook.request[0].body, o.hook.request[1].body);
    assert_in_range(o.hook.request[1].mono - o.hook.request[0].mono, 39 * USEC_PER_SEC / 10,
                    8 * USEC_PER_SEC);
    assert_int_equal(o.heard[OUTBOX_QUEUED], 1);
    office_close(&o);
}

static void messages_about_one_alert_arrive_in_order(void **state)
{
    static const char *const ANSWERS[] = {OK};
    (void)state;
    struct office o;
    office_open(&o, ANSWERS, 1);
    post(&o, 'a', EVENT_FIRING, TO(HOOK));
    post(&o, 'b', EVENT_FIRING, TO(HOOK));
    post(&o, 'a', EVENT_ESCALATED, TO(HOOK));
    post(&o, 'b', EVENT_REMINDER, TO(HOOK));
    post(&o, 'a', EVENT_DEESCALATED, TO(HOOK));
    drain(&o);
    static const char *const WANT[2][4] = {
        {"alert.firing", "alert.escalated", "alert.deescalated", NULL},
        {"alert.firing", "alert.reminder", NULL, NULL}};
    size_t at[2] = {0};
    assert_int_equal(o.hook.n_requests, 5);
    for (size_t i = 0; i < 5; i++) {
        const char *body = o.hook.request[i].body;
        size_t alert = strstr(body, "\"alert_id\":\"a") ? 0 : 1;
        CLEANUP(free) char *lead = text_printf("{\"type\":\"%s\"", WANT[alert][at[alert]++]);
        assert_ptr_equal(strstr(body, lead), body);
    }
    office_close(&o);
}

static void a_failing_head_holds_back_its_own_alert_only(void **state)
{
    static const char *const ANSWERS[] = {STATUS("500 Oops"), OK};
    (void)state;
    struct office o;
    office_open(&o, ANSWERS, 2);
    post(&o, 'b', EVENT_FIRING, TO(HOOK)); /* the newest is the first to be sent */
    post(&o, 'a', EVENT_FIRING, TO(HOOK) | TO(JOURNAL));
    post(&o, 'a', EVENT_ESCALATED, TO(HOOK));
    drain(&o);
    assert_int_equal(o.hook.n_requests, 2);
    assert_non_null(strstr(o.hook.request[0].body, "\"alert_id\":\"a"));
    assert_non_null(strstr(o.hook.request[1].body, "\"alert_id\":\"b"));
    assert_int_equal(stats(&o, "hook").queued, 2);
    assert_int_equal(stats(&o, "journal").delivered, 1);
    office_close(&o);
}

static void a_redirect_is_a_failure_and_is_not_followed(void **state)
{
    (void)state;
    struct hook elsewhere;
    static const char *const LOGIN[] = {OK};
    hook_new(&elsewhere, LOGIN, 1);
    CLEANUP(free)
    char *redirect = text_printf(
        "HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1:%u/login\r\nContent-Length: 0\r\n\r\n",
        elsewhere.port);
    const char *const answers[] = {redirect};
    struct office o;
    office_open(&o, answers, 1);
    post(&o, 'a', EVENT_FIRING, TO(HOOK));
    drain(&o);
    assert_int_equal(sd_event_run(elsewhere.event, 0), 0);
    assert_int_equal(elsewhere.n_connections, 0);
    assert_int_equal(stats(&o, "hook").queued, 1);
    office_close(&o);
    hook_free(&elsewhere);
}

static void gone_parks_the_entry_and_disables_the_receiver_until_its_url_changes(void **state)
{
    static const char *const ANSWERS[] = {STATUS("410 Gone"), OK};
    (void)state;
    struct office o;
    office_open(&o, ANSWERS, 2);
    post(&o, 'a', EVENT_FIRING, TO(HOOK));
    post(&o, 'b', EVENT_FIRING, TO(HOOK));
    drain(&o);
    assert_int_equal(o.hook.n_requests, 1);
    assert_true(dispatcher_disabled(o.dispatcher, "hook"));
    assert_false(dispatcher_disabled(o.dispatcher, "journal"));
    assert_int_equal(stats(&o, "hook").parked, 1);
    assert_int_equal(stats(&o, "hook").queued, 1);
    drain(&o);
    assert_int_equal(o.hook.n_requests, 1);
    hook_url(&o.hook, "/new");
    drain(&o);
    drain(&o);
    assert_false(dispatcher_disabled(o.dispatcher, "hook"));
    assert_int_equal(o.hook.n_requests, 3); /* the parked one too */
    assert_int_equal(stats(&o, "hook").parked, 0);
    office_close(&o);
}

/* Only the same address: whoever has a new one, or is given another chance, is used again. */
static void gone_is_remembered_over_a_restart(void **state)
{
    static const char *const ANSWERS[] = {STATUS("410 Gone"), STATUS("410 Gone"), OK};
    (void)state;
    struct office o;
    office_open(&o, ANSWERS, 3);
    post(&o, 'a', EVENT_FIRING, TO(HOOK));
    drain(&o);
    post(&o, 'b', EVENT_FIRING, TO(HOOK));
    restart(&o);
    struct instant now = clock_now();
    assert_true(dispatcher_stuck(o.dispatcher, &now));
    assert_true(dispatcher_disabled(o.dispatcher, "hook"));
    drain(&o);
    assert_int_equal(o.hook.n_requests, 1);
    assert_int_equal(store_outbox_retry(o.store, "hook", clock_now(), NULL), 0);
    assert_false(dispatcher_disabled(o.dispatcher, "hook"));
    drain(&o); /* it is gone still */
    assert_int_equal(o.hook.n_requests, 2);
    assert_true(dispatcher_disabled(o.dispatcher, "hook"));
    hook_url(&o.hook, "/new");
    restart(&o);
    assert_false(dispatcher_disabled(o.dispatcher, "hook"));
    drain(&o);
    assert_int_equal(o.hook.n_requests, 4);
    assert_int_equal(stats(&o, "hook").parked + stats(&o, "hook").queued, 0);
    office_close(&o);
}

static void retry_after_pauses_the_whole_receiver_and_no_other(void **state)
{
    static const char *const ANSWERS[] = {STATUS("429 Slow down\r\nRetry-After: 3000"), OK};
    (void)state;
    struct office o;
    office_open(&o, ANSWERS, 2);
    for (char alert = 'a'; alert <= 'f'; alert++)
        post(&o, alert, EVENT_FIRING, TO(HOOK) | TO(JOURNAL));
    drain(&o);
    drain(&o);
    assert_int_equal(o.hook.n_requests, 1);
    assert_int_equal(stats(&o, "hook").queued, 6);
    assert_int_equal(stats(&o, "journal").delivered, 6);
    office_close(&o);
}

static void a_dead_receiver_is_only_probed_after_five_different_messages(void **state)
{
    static const char *const ANSWERS[] = {STATUS("500 Oops")};
    (void)state;
    struct office o;
    stopped = clock_now();
    office_open(&o, ANSWERS, 1);
    for (char alert = 'a'; alert <= 'f'; alert++)
        for (int i = 0; i < 2; i++)
            post(&o, alert, i ? EVENT_ESCALATED : EVENT_FIRING, TO(HOOK));
    post(&o, '0', EVENT_FIRING, TO(HOOK));
    drain(&o);
    assert_int_equal(o.hook.n_requests, 5);
    drain(&o);
    assert_int_equal(o.hook.n_requests, 5);
    assert_int_equal(stats(&o, "hook").queued, 13);
    struct instant now = clock_now();
    assert_false(dispatcher_stuck(o.dispatcher, &now));
    now.mono += 10 * USEC_PER_MINUTE + USEC_PER_SEC;
    assert_true(dispatcher_stuck(o.dispatcher, &now));
    office_close(&o);
}

static void the_first_success_after_an_outage_releases_the_queue(void **state)
{
    static const char *const ANSWERS[] = {STATUS("500 Oops"), STATUS("500 Oops"), STATUS("500 Oops"), OK};
    (void)state;
    struct office o;
    stopped = clock_now();
    office_open(&o, ANSWERS, 4);
    for (char alert = 'a'; alert <= 'c'; alert++)
        post(&o, alert, EVENT_FIRING, TO(HOOK));
    drain(&o);
    assert_int_equal(stats(&o, "hook").queued, 3);
    stopped.at += USEC_PER_SEC; /* the first step of their backoff is 5 s */
    stopped.mono += USEC_PER_SEC;
    post(&o, 'd', EVENT_FIRING, TO(HOOK));
    dispatcher_wake(o.dispatcher);
    while (stats(&o, "hook").queued + stats(&o, "hook").in_flight > 0)
        turn(&o);
    assert_int_equal(o.hook.n_requests, 7);
    office_close(&o);
}

static void a_burst_goes_at_once_and_the_next_message_waits_for_its_token(void **state)
{
    static const char *const ANSWERS[] = {OK};
    (void)state;
    struct office o;
    stopped = clock_now();
    office_prepare(&o, ANSWERS, 1);
    o.receiver[HOOK].pace = (struct pace){.burst = 2, .rate = 1};
    hire(&o, o.hook.http, o.hook.event);
    (void)alarm(60);
    post(&o, 'a', EVENT_FIRING, TO(HOOK));
    post(&o, 'b', EVENT_FIRING, TO(HOOK));
    drain(&o);
    assert_int_equal(o.hook.n_requests, 2);
    post(&o, 'c', EVENT_FIRING, TO(HOOK));
    n_unpacked = 0;
    dispatcher_wake(o.dispatcher);
    for (int i = 0; i < N_RECEIVERS; i++) /* one timer each */
        turn(&o);
    assert_int_equal(o.hook.n_requests, 2);
    assert_int_equal(n_unpacked, 0); /* what must wait is not read */
    stopped.mono += USEC_PER_SEC;
    drain(&o);
    assert_int_equal(o.hook.n_requests, 3);
    office_close(&o);
}

static void alerts_beyond_the_burst_become_one_digest(void **state)
{
    static const char *const ANSWERS[] = {OK};
    (void)state;
    struct office o;
    stopped = clock_now();
    office_prepare(&o, ANSWERS, 1);
    o.receiver[HOOK].pace = (struct pace){.burst = 3, .rate = 1};
    hire(&o, o.hook.http, o.hook.event);
    (void)alarm(60);
    for (char alert = 'a'; alert <= 'f'; alert++)
        post(&o, alert, EVENT_FIRING, TO(HOOK) | TO(JOURNAL));
    dispatcher_wake(o.dispatcher);
    while (o.hook.n_requests < 3)
        turn(&o);
    stopped.mono += USEC_PER_SEC;
    drain(&o);
    assert_int_equal(o.hook.n_requests, 4);
    const char *digest = o.hook.request[3].body;
    assert_non_null(strstr(digest, "\"reason\":\"storm\""));
    for (char alert = 'd'; alert <= 'f'; alert++) { /* all are equally bad and new */
        CLEANUP(free) char *id = text_printf("\"alert_id\":\"%c", alert);
        assert_non_null(strstr(digest, id));
    }
    assert_int_equal(stats(&o, "hook").queued, 0);
    assert_int_equal(stats(&o, "journal").delivered, 6);
    office_close(&o);
}

static void what_alertmanager_refuses_is_not_parked_because_its_state_is_repeated(void **state)
{
    static const char *const ANSWERS[] = {STATUS("400 Bad Request"), OK};
    (void)state;
    struct office o;
    office_prepare(&o, ANSWERS, 2);
    char *urls[] = {(char *)hook_address(&o.hook, "/")};
    o.receiver[HOOK] = some_receiver("hook", &alertmanager_class);
    *(char ***)some_option(&o.receiver[HOOK], "urls") = urls;
    ((size_t *)some_option(&o.receiver[HOOK], "urls"))[1] = 1;
    hire(&o, o.hook.http, o.hook.event);
    (void)alarm(60);
    post(&o, 'a', EVENT_FIRING, TO(HOOK));
    post(&o, 'a', EVENT_ESCALATED, TO(HOOK));
    drain(&o);
    assert_int_equal(o.hook.n_requests, 2);
    assert_int_equal(o.heard[OUTBOX_SUPERSEDED], 1);
    assert_int_equal(o.heard[OUTBOX_DELIVERED], 1);
    assert_int_equal(stats(&o, "hook").parked, 0);
    office_close(&o);
}

/* Without journald the messages go to stderr, which takes any number of them. */
static void a_long_queue_is_worked_off_over_several_turns(void **state)
{
    static const char *const ANSWERS[] = {OK};
    (void)state;
    struct office o;
    unsigned turns = 0;
    office_open(&o, ANSWERS, 1);
    for (unsigned i = 0; i < 120; i++)
        post(&o, "0123456789abcdef"[i % 16], i < 16 ? EVENT_FIRING : EVENT_UPDATED, TO(JOURNAL));
    assert_int_equal(unlink(o.journal.path), 0);
    int saved = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    assert_true(saved >= 0 && null >= 0 && dup2(null, STDERR_FILENO) >= 0);
    dispatcher_wake(o.dispatcher);
    for (; o.heard[OUTBOX_DELIVERED] < 120; turns++)
        turn(&o);
    assert_true(dup2(saved, STDERR_FILENO) >= 0);
    assert_int_equal(close(saved) | close(null), 0);
    assert_true(turns >= 3); /* others had their turn in between */
    assert_int_equal(stats(&o, "journal").queued, 0);
    office_close(&o);
}

static void a_frozen_sink_blocks_nothing_and_gets_its_messages_when_it_wakes(void **state)
{
    static const char *const ANSWERS[] = {OK};
    (void)state;
    struct office o;
    char got[8192];
    office_open(&o, ANSWERS, 1);
    struct journal *noise = NULL;
    CLEANUP(text_free) struct text filler = TEXT_INIT(100);
    text_add(&filler, "MESSAGE=noise\n");
    assert_int_equal(journal_new(o.journal.path, &noise), 0);
    while (journal_send(noise, &filler) == 0)
        ;
    journal_free(noise);
    post(&o, 'a', EVENT_FIRING, TO(JOURNAL) | TO(SYSLOG) | TO(HOOK));
    drain(&o);
    assert_int_equal(stats(&o, "journal").queued, 1);
    assert_int_equal(stats(&o, "syslog").delivered, 1);
    assert_int_equal(stats(&o, "hook").delivered, 1);
    while (sink_take(&o.journal, got, sizeof got) > 0)
        ;
    dispatcher_wake(o.dispatcher);
    while (o.heard[OUTBOX_DELIVERED] < 3) /* about 1 s */
        turn(&o);
    size_t len = sink_take(&o.journal, got, sizeof got);
    assert_non_null(memmem(got, len, "alert.firing", 12));
    office_close(&o);
}

/* ---- restarts ---- */

static void an_attempt_that_was_cut_off_is_repeated_with_the_same_id_and_bytes(void **state)
{
    static const char *const ANSWERS[] = {HANG, OK};
    (void)state;
    struct office o;
    office_open(&o, ANSWERS, 2);
    post(&o, 'a', EVENT_FIRING, TO(HOOK));
    dispatcher_wake(o.dispatcher);
    while (o.hook.n_requests == 0)
        turn(&o);
    restart(&o);
    drain(&o);
    CLEANUP(free) char *first = id_of(&o, 0), *second = id_of(&o, 1);
    assert_int_equal(o.hook.n_requests, 2);
    assert_string_equal(first, second);
    assert_string_equal(o.hook.request[0].body, o.hook.request[1].body);
    assert_int_equal(stats(&o, "hook").delivered, 1);
    restart(&o);
    drain(&o);
    assert_int_equal(o.hook.n_requests, 2); /* and what was delivered stays delivered */
    office_close(&o);
}

static void a_killed_process_repeats_at_most_the_message_in_flight(void **state)
{
    static const char *const ANSWERS[] = {OK, HANG, OK};
    (void)state;
    struct office o;
    office_prepare(&o, ANSWERS, 3);
    (void)alarm(60);
    post(&o, 'a', EVENT_FIRING, TO(HOOK));
    post(&o, 'b', EVENT_FIRING, TO(HOOK));
    store_close(TAKE(o.store)); /* SQLite must not be carried over a fork */
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        static const struct http_options HTTP = {.user_agent = "child"};
        sd_event *event = NULL;
        struct http *http = NULL;
        (void)alarm(60);
        open_store(&o);
        if (sd_event_new(&event) < 0 || http_new(event, &HTTP, &http, NULL) < 0)
            _exit(1);
        hire(&o, http, event);
        dispatcher_wake(o.dispatcher);
        (void)sd_event_loop(event);
        _exit(1);
    }
    while (o.hook.n_requests < 2)
        turn(&o);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    open_store(&o);
    hire(&o, o.hook.http, o.hook.event);
    drain(&o);
    CLEANUP(free) char *second = id_of(&o, 1), *third = id_of(&o, 2);
    assert_int_equal(o.hook.n_requests, 3);
    assert_string_equal(second, third);
    assert_string_equal(o.hook.request[1].body, o.hook.request[2].body);
    assert_int_equal(stats(&o, "hook").delivered, 2);
    office_close(&o);
}

/* ---- a store that cannot write ---- */

/* Files cannot grow: what SQLite sees of a full disk. */
static void disk_is_full(bool full)
{
    static rlim_t usual;
    struct rlimit r;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &r), 0);
    if (full)
        usual = r.rlim_cur;
    r.rlim_cur = full ? 0 : usual;
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &r), 0);
}

static void what_cannot_be_written_down_is_not_sent(void **state)
{
    static const char *const ANSWERS[] = {OK};
    (void)state;
    struct office o;
    office_open(&o, ANSWERS, 1);
    post(&o, 'a', EVENT_FIRING, TO(HOOK) | TO(JOURNAL) | TO(SYSLOG));
    disk_is_full(true);
    drain(&o);
    disk_is_full(false);
    char got[8192];
    assert_int_equal(o.hook.n_requests, 0);
    assert_int_equal(sink_take(&o.journal, got, sizeof got), 0);
    dispatcher_wake(o.dispatcher);
    while (o.heard[OUTBOX_DELIVERED] < 3)
        turn(&o);
    assert_int_equal(o.hook.n_requests, 1);
    office_close(&o);
}

static void an_end_that_cannot_be_written_is_written_later_and_nothing_goes_twice(void **state)
{
    static const char *const ANSWERS[] = {OK};
    (void)state;
    struct office o;
    office_open(&o, ANSWERS, 1);
    post(&o, 'a', EVENT_FIRING, TO(HOOK));
    dispatcher_wake(o.dispatcher);
    while (o.hook.n_requests == 0)
        turn(&o);
    disk_is_full(true); /* the answer is on its way */
    for (int i = 0; i < 20 && store_trouble(o.store) == NULL; i++)
        turn(&o);
    assert_non_null(store_trouble(o.store));
    assert_int_equal(o.heard[OUTBOX_DELIVERED], 0);
    disk_is_full(false);
    dispatcher_wake(o.dispatcher);
    while (o.heard[OUTBOX_DELIVERED] == 0)
        turn(&o);
    drain(&o);
    assert_int_equal(o.heard[OUTBOX_DELIVERED], 1);
    assert_int_equal(o.hook.n_requests, 1);
    office_close(&o);
}

/* ---- the end ---- */

/* The answer comes after the wait for the disk that the attempt's beginning asked for. */
static void what_was_delivered_is_on_the_disk_soon_after_its_end(void **state)
{
    static const char *const ANSWERS[] = {HANG};
    static const char ANSWER[] = OK;
    (void)state;
    struct office o;
    office_open(&o, ANSWERS, 1);
    n_syncs = 0;
    post(&o, 'a', EVENT_FIRING, TO(HOOK));
    dispatcher_wake(o.dispatcher);
    while (o.hook.n_requests == 0 || n_syncs == 0) /* a second */
        turn(&o);
    struct hook_connection *c = &o.hook.connection[0];
    assert_int_equal(send(c->fd, ANSWER, strlen(ANSWER), MSG_NOSIGNAL), strlen(ANSWER));
    hook_close(c);
    while (o.heard[OUTBOX_DELIVERED] == 0)
        turn(&o);
    unsigned before = n_syncs;
    usec_t ended_mono = clock_now().mono;
    while (n_syncs == before && clock_now().mono < ended_mono + 20 * USEC_PER_SEC)
        (void)sd_event_run(o.hook.event, USEC_PER_SEC);
    assert_int_equal(n_syncs, before + 1);
    office_close(&o);
}

static void stopping_waits_for_what_is_under_way_but_not_for_ever(void **state)
{
    static const char *const ANSWERS[] = {HANG};
    (void)state;
    struct office o;
    office_open(&o, ANSWERS, 1);
    post(&o, 'a', EVENT_FIRING, TO(HOOK));
    post(&o, 'b', EVENT_FIRING, TO(HOOK));
    dispatcher_wake(o.dispatcher);
    while (o.hook.n_requests == 0)
        turn(&o);
    usec_t begun = clock_now().mono;
    assert_true(dispatcher_stop(o.dispatcher, USEC_PER_SEC / 5, on_idle, &o) >= 0);
    assert_false(o.idle);
    while (!o.idle)
        turn(&o);
    assert_true(clock_now().mono - begun < 14 * USEC_PER_SEC); /* the request's own deadline is 15 s */
    assert_int_equal(o.hook.n_requests, 1);
    office_close(&o);
}

static void an_attempt_long_after_its_deadline_is_a_hang(void **state)
{
    static const char *const ANSWERS[] = {HANG};
    (void)state;
    struct office o;
    office_open(&o, ANSWERS, 1);
    struct instant now = clock_now();
    now.mono += USEC_PER_DAY;
    assert_true(dispatcher_on_time(o.dispatcher, &now)); /* nothing is under way */
    post(&o, 'a', EVENT_FIRING, TO(HOOK));
    dispatcher_wake(o.dispatcher);
    while (o.hook.n_requests == 0)
        turn(&o);
    assert_false(dispatcher_on_time(o.dispatcher, &now));
    now = clock_now();
    now.mono += 30 * USEC_PER_SEC; /* its own deadline ends it, and nobody else */
    assert_true(dispatcher_on_time(o.dispatcher, &now));
    office_close(&o);
}

static void stopping_an_idle_dispatcher_ends_at_once_and_nothing_new_goes(void **state)
{
    static const char *const ANSWERS[] = {OK};
    (void)state;
    struct office o;
    office_open(&o, ANSWERS, 1);
    assert_true(dispatcher_stop(o.dispatcher, USEC_PER_HOUR, on_idle, &o) >= 0);
    while (!o.idle)
        turn(&o);
    post(&o, 'a', EVENT_FIRING, TO(HOOK) | TO(JOURNAL));
    dispatcher_wake(o.dispatcher);
    while (sd_event_run(o.hook.event, 0) > 0)
        ;
    assert_int_equal(o.hook.n_requests, 0);
    assert_int_equal(stats(&o, NULL).queued, 2);
    dispatcher_resume(o.dispatcher); /* the reload was refused */
    while (o.heard[OUTBOX_DELIVERED] < 2)
        turn(&o);
    office_close(&o);
}

static void a_dispatcher_without_receivers_is_done_at_once(void **state)
{
    static const char *const ANSWERS[] = {OK};
    static const struct dispatcher_options NONE = {0};
    (void)state;
    struct office o;
    office_prepare(&o, ANSWERS, 1);
    assert_int_equal(dispatcher_new(&NONE, o.store, o.hook.http, o.hook.event, on_heard, &o,
                                    &o.dispatcher, NULL),
                     0);
    drain(&o);
    office_close(&o);
}

int main(void)
{
    if (http_global_init(NULL) < 0)
        return 1;
    json_init();
    digest_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_reaches_every_receiver_it_was_routed_to),
        cmocka_unit_test(a_retry_has_the_same_id_and_the_same_bytes),
        cmocka_unit_test(messages_about_one_alert_arrive_in_order),
        cmocka_unit_test(a_failing_head_holds_back_its_own_alert_only),
        cmocka_unit_test(a_redirect_is_a_failure_and_is_not_followed),
        cmocka_unit_test(gone_is_remembered_over_a_restart),
        cmocka_unit_test(gone_parks_the_entry_and_disables_the_receiver_until_its_url_changes),
        cmocka_unit_test(retry_after_pauses_the_whole_receiver_and_no_other),
        cmocka_unit_test(a_dead_receiver_is_only_probed_after_five_different_messages),
        cmocka_unit_test(the_first_success_after_an_outage_releases_the_queue),
        cmocka_unit_test(a_burst_goes_at_once_and_the_next_message_waits_for_its_token),
        cmocka_unit_test(alerts_beyond_the_burst_become_one_digest),
        cmocka_unit_test(what_alertmanager_refuses_is_not_parked_because_its_state_is_repeated),
        cmocka_unit_test(a_long_queue_is_worked_off_over_several_turns),
        cmocka_unit_test(a_frozen_sink_blocks_nothing_and_gets_its_messages_when_it_wakes),
        cmocka_unit_test(an_attempt_that_was_cut_off_is_repeated_with_the_same_id_and_bytes),
        cmocka_unit_test(a_killed_process_repeats_at_most_the_message_in_flight),
        cmocka_unit_test(what_cannot_be_written_down_is_not_sent),
        cmocka_unit_test(an_end_that_cannot_be_written_is_written_later_and_nothing_goes_twice),
        cmocka_unit_test(what_was_delivered_is_on_the_disk_soon_after_its_end),
        cmocka_unit_test(stopping_waits_for_what_is_under_way_but_not_for_ever),
        cmocka_unit_test(an_attempt_long_after_its_deadline_is_a_hang),
        cmocka_unit_test(stopping_an_idle_dispatcher_ends_at_once_and_nothing_new_goes),
        cmocka_unit_test(a_dispatcher_without_receivers_is_done_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
