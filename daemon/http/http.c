/* SPDX-License-Identifier: MIT */
/* http/http.c: libcurl's multi interface on sd-event: three callbacks and a reaper.
 *
 * libcurl asks for sockets to be watched and for a timer (want_socket, want_timer); both events end
 * in one turn. What has finished is reaped later, one transfer a turn, so that a `done` may free
 * its request or start another without libcurl being on the stack. */
#include "http/internal.h"

#include "base/alloc.h"
#include "base/text.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#define CONNECTIONS_MAX 256L /* descriptors are finite; more requests than that wait in libcurl */
#define CONNECTIONS_IDLE 64L

int http_global_init(struct failure *ret_failure)
{
    CURLcode code = curl_global_init_mem(CURL_GLOBAL_DEFAULT, alloc_get, alloc_release,
                                         alloc_resize, alloc_strdup, alloc_zero);
    if (code != CURLE_OK)
        return failure_set(ret_failure, FAILURE_LOCAL, EIO, "libcurl cannot be initialised: %s",
                           curl_easy_strerror(code));
    return 0;
}

static void slot_drop_handle(struct slot *slot)
{
    curl_easy_cleanup(TAKE(slot->easy)); /* takes NULL */
    free(TAKE(slot->ca_file));
}

static void slot_free(struct slot *slot)
{
    if (!slot)
        return;
    slot_drop_handle(slot);
    alloc_release(slot->bytes);
    free(slot);
}
DEFINE_CLEANUP(struct slot *, slot_free)

/* An idle slot whose handle is for this origin already, or any other, or a new one. */
static struct slot *slot_get(struct http *h, const struct origin *to, const char *ca_file,
                             bool reusable)
{
    struct slot **at = &h->idle;
    while (*at && !(reusable && (*at)->easy && text_equal((*at)->to.text, to->text) &&
                    text_equal((*at)->ca_file, ca_file)))
        at = &(*at)->next;
    bool ready = *at;
    if (!ready)
        at = &h->idle;
    CLEANUP(slot_free) struct slot *slot = *at;
    if (slot) {
        *at = slot->next;
        h->n_idle--;
        h->idle_bytes -= slot->size;
    } else {
        slot = calloc(1, sizeof *slot);
    }
    if (slot && !ready) {
        slot_drop_handle(slot);
        slot->to = *to;
        if (text_copy(ca_file, &slot->ca_file) < 0)
            return NULL;
    }
    return TAKE(slot);
}

/* The buffer is wiped: an answer may have held a token. Connections belong to the multi handle and
 * stay. A handle is used again as it is, and only after a transfer that went well: when memory runs
 * out in curl_easy_reset(), which cannot say so, libcurl 7.88 reads into a buffer of size 0. */
static void slot_put(struct http *h, struct slot *slot, bool reusable)
{
    if (!reusable || curl_easy_setopt(slot->easy, CURLOPT_HTTPHEADER, NULL) != CURLE_OK)
        slot_drop_handle(slot);
    slot->request = NULL;
    if (slot->bytes)
        explicit_bzero(slot->bytes, slot->len);
    slot->len = 0;
    if (h->n_idle >= SLOTS_KEPT) {
        slot_free(slot);
        return;
    }
    if (slot->size > IDLE_BYTES - h->idle_bytes) {
        alloc_release(slot->bytes);
        slot->bytes = NULL;
        slot->size = 0;
    }
    slot->next = h->idle;
    h->idle = slot;
    h->n_idle++;
    h->idle_bytes += slot->size;
}

static void reap_soon(struct http *h)
{
    (void)sd_event_source_set_enabled(h->reaper,
                                      SD_EVENT_ONESHOT); /* fails on a bad argument only */
}

/* libcurl could not do its part: no memory, or a socket that cannot be watched. Which transfer now
 * waits for an event that never comes is not known, so all that are under way fail, in the reaper.
 * The multi handle goes with them: libcurl 7.88 leaves an emptied hash table behind when it fails
 * to remember a socket, and divides by its size (0) when that connection is used next. */
static void give_up(struct http *h)
{
    h->doomed = true;
    reap_soon(h);
}

static void http_turn(struct http *h, curl_socket_t fd, int what)
{
    int running;
    if (h->doomed)
        return;
    if (curl_multi_socket_action(h->multi, fd, what, &running) != CURLM_OK)
        give_up(h);
    reap_soon(h); /* failures of a transfer end there too */
}

static int on_socket(sd_event_source *s, int fd, uint32_t revents, void *userdata)
{
    (void)s;
    http_turn(userdata, fd,
              (revents & EPOLLIN ? CURL_CSELECT_IN : 0) |
                  (revents & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                  (revents & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0));
    return 0;
}

static int on_timer(sd_event_source *s, uint64_t due, void *userdata)
{
    (void)s;
    (void)due;
    http_turn(userdata, CURL_SOCKET_TIMEOUT, 0);
    return 0;
}

static int cannot_watch(struct http *h)
{
    give_up(h);
    return -1;
}

static int want_socket(CURL *easy, curl_socket_t fd, int what, void *userdata, void *socket_data)
{
    struct http *h = userdata;
    sd_event_source *source = socket_data;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        sd_event_source_disable_unref(source); /* at once: the fd number may be reused */
        return 0;
    }
    uint32_t events = (what & CURL_POLL_IN ? (uint32_t)EPOLLIN : 0) |
                      (what & CURL_POLL_OUT ? (uint32_t)EPOLLOUT : 0);
    if (source)
        return sd_event_source_set_io_events(source, events) < 0 ? cannot_watch(h) : 0;
    if (sd_event_add_io(h->event, &source, fd, events, on_socket, h) < 0)
        return cannot_watch(h);
    (void)sd_event_source_set_description(source, "http-socket");
    (void)curl_multi_assign(h->multi, fd, source);
    return 0;
}

/* A limit of about a second or more may be noticed a little late: then nearly always it falls
 * together with what sd-event has set its clock to already, which saves a system call. */
static int want_timer(CURLM *multi, long ms, void *userdata)
{
    struct http *h = userdata;
    (void)multi;
    if (ms < 0)
        return sd_event_source_set_enabled(h->timer, SD_EVENT_OFF) < 0 ? cannot_watch(h) : 0;
    if (sd_event_source_set_time_accuracy(h->timer, ms < 800 ? 1000 : USEC_PER_SEC / 4) < 0 ||
        sd_event_source_set_time_relative(h->timer, (uint64_t)ms * 1000) < 0 ||
        sd_event_source_set_enabled(h->timer, SD_EVENT_ONESHOT) < 0)
        return cannot_watch(h);
    return 0;
}

static void unlink_request(struct http_request *r)
{
    struct http *h = r->http;
    if (r->prev)
        r->prev->next = r->next;
    else
        h->first = r->next;
    if (r->next)
        r->next->prev = r->prev;
    r->prev = r->next = NULL;
}

/* Takes the request off libcurl; what is left of it is memory. */
static struct slot *request_detach(struct http_request *r)
{
    if (!r->slot)
        return NULL;
    (void)curl_multi_remove_handle(r->http->multi, r->slot->easy);
    unlink_request(r);
    return TAKE(r->slot);
}

/* A connection stays with its handle until its owner frees it. */
static void stream_finish(struct http_request *r, CURLcode code)
{
    struct http *h = r->http;
    struct failure why = {0};
    struct slot *slot = NULL;
    if (code != CURLE_OK) {
        transfer_failure(r, code, &why);
        slot = request_detach(r);
    }
    h->calling = true;
    r->stream_done(r->userdata, code == CURLE_OK ? NULL : &why);
    h->calling = false;
    slot_free(slot);
}

static void request_finish(struct http_request *r, CURLcode code)
{
    struct http *h = r->http;
    if (r->stream_done) {
        stream_finish(r, code);
        return;
    }
    struct http_answer answer;
    http_answer_read(r, code, &answer);
    answer.took = clock_now().mono - r->started_mono;
    bool reusable = r->reusable && code == CURLE_OK;
    struct slot *slot = request_detach(r); /* `done` may free the request */
    struct curl_slist *headers = TAKE(r->headers);
    struct secret *secret_body = TAKE(r->secret_body);
    const struct redact sent = r->sent; /* points into these two */
    answer.sent = &sent;
    h->calling = true;
    r->done(r->userdata, &answer);
    h->calling = false;
    curl_slist_free_all(headers);
    secret_free(secret_body);
    slot_put(h, slot, reusable);
}

static bool set_multi(struct http *h)
{
    CURLM *m = h->multi;
    return curl_multi_setopt(m, CURLMOPT_SOCKETFUNCTION, want_socket) == CURLM_OK &&
           curl_multi_setopt(m, CURLMOPT_SOCKETDATA, h) == CURLM_OK &&
           curl_multi_setopt(m, CURLMOPT_TIMERFUNCTION, want_timer) == CURLM_OK &&
           curl_multi_setopt(m, CURLMOPT_TIMERDATA, h) == CURLM_OK &&
           curl_multi_setopt(m, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX) == CURLM_OK &&
           curl_multi_setopt(m, CURLMOPT_MAXCONNECTS, CONNECTIONS_IDLE) == CURLM_OK &&
           curl_multi_setopt(m, CURLMOPT_MAX_TOTAL_CONNECTIONS, CONNECTIONS_MAX) == CURLM_OK;
}

static bool have_multi(struct http *h)
{
    if (h->multi)
        return true;
    h->multi = curl_multi_init();
    if (h->multi && set_multi(h))
        return true;
    (void)curl_multi_cleanup(h->multi); /* libcurl takes NULL */
    h->multi = NULL;
    return false;
}

static void reap_doomed(struct http *h)
{
    reap_soon(h);
    if (h->first) {
        request_finish(h->first, CURLE_OUT_OF_MEMORY);
        return;
    }
    (void)curl_multi_cleanup(h->multi);
    h->multi = NULL; /* made anew by the next request */
    (void)sd_event_source_set_enabled(h->timer, SD_EVENT_OFF);
    h->doomed = false;
}

static int on_reap(sd_event_source *s, void *userdata)
{
    struct http *h = userdata;
    int left;
    (void)s; /* ONESHOT: off until enabled again */
    if (h->doomed) {
        reap_doomed(h);
        return 0;
    }
    CURLMsg *msg = h->multi ? curl_multi_info_read(h->multi, &left) : NULL;
    if (!msg)
        return 0;
    reap_soon(h); /* one a turn; the others wait for theirs */
    if (msg->msg == CURLMSG_DONE) {
        char *private = NULL;
        curl_off_t connected = 0;
        CURLcode code = msg->data.result; /* `msg` is gone once the handle is removed */
        (void)curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &private);
        (void)curl_easy_getinfo(msg->easy_handle, CURLINFO_PRETRANSFER_TIME_T, &connected);
        if (code == CURLE_OUT_OF_MEMORY && connected == 0)
            give_up(h); /* others may wait for this connection for good */
        request_finish(((struct slot *)(void *)private)->request, code);
    }
    return 0;
}

static int check_secret(const struct secret *s, const struct origin *to,
                        struct failure *ret_failure)
{
    if (!s || text_equal(secret_audience(s), to->text))
        return 0;
    return failure_set(ret_failure, FAILURE_SECURITY, EPERM,
                       "a secret that is not meant for %s was not sent there", to->text);
}

/* Checks URL and secrets; *ret_to is the origin that the request goes to. */
static int admit(const struct http_call *call, struct origin *ret_to, struct failure *ret_failure)
{
    struct failure why = {0};
    int r;
    if (call->allowed) {
        r = origin_check(call->allowed, call->url, &why);
        *ret_to = *call->allowed;
    } else {
        r = origin_parse(call->url, call->allow_http, ret_to, &why);
    }
    if (r == -ENOMEM)
        return failure_oom(ret_failure);
    if (r < 0)
        return failure_set(ret_failure, FAILURE_SECURITY, EPERM, "%s", why.text);
    r = check_secret(call->bearer ? call->bearer : call->basic, ret_to, ret_failure);
    if (r >= 0)
        r = check_secret(call->secret_body, ret_to, ret_failure);
    return r;
}

int request_new(struct http *h, const struct origin *to, const char *ca_file, bool reusable,
                struct http_request **ret, struct failure *ret_failure)
{
    if (h->doomed ||
        !have_multi(h)) /* after out of memory: nothing starts until the reaper has run */
        return failure_oom(ret_failure);
    CLEANUP(http_request_free) struct http_request *r = calloc(1, sizeof *r);
    CLEANUP(slot_free)
    struct slot *slot = slot_get(h, to, ca_file && *ca_file ? ca_file : h->ca_file, reusable);
    if (!r || !slot)
        return failure_oom(ret_failure);
    slot->request = r;
    slot->heads.bytes = 0;
    heads_clear(&slot->heads);
    slot->errbuf[0] = '\0';
    r->http = h;
    r->reusable = reusable;
    r->started_mono = clock_now().mono;
    r->slot = TAKE(slot);
    *ret = TAKE(r);
    return 0;
}

void request_abandon(struct http_request *r)
{
    slot_free(TAKE(r->slot));
}

int request_launch(struct http_request *r, struct failure *ret_failure)
{
    struct http *h = r->http;
    CURLMcode code = curl_multi_add_handle(h->multi, r->slot->easy);
    if (code != CURLM_OK)
        return failure_set(ret_failure, FAILURE_LOCAL, ENOMEM, "libcurl refused the request: %s",
                           curl_multi_strerror(code));
    r->next = h->first;
    if (h->first)
        h->first->prev = r;
    h->first = r;
    /* libcurl is not on the stack, so it can begin now instead of at its timer's next turn. */
    http_turn(h, CURL_SOCKET_TIMEOUT, 0);
    return 0;
}

int http_start(struct http *h, const struct http_call *call, http_done *done, void *userdata,
               struct http_request **ret, struct failure *ret_failure)
{
    struct origin to;
    CLEANUP(http_request_free) struct http_request *r = NULL;
    /* Answers to a bearer are pages. Other answers may be a token, which must not stay in the
     * memory of a kept handle. */
    bool reusable = call->bearer && strcmp(call->method, "GET") == 0;
    int got = admit(call, &to, ret_failure);
    if (got >= 0)
        got = request_new(h, &to, call->ca_file, reusable, &r, ret_failure);
    if (got < 0)
        return got;
    r->done = done;
    r->userdata = userdata;
    got = setup_request(r, call, ret_failure);
    if (got >= 0)
        got = request_launch(r, ret_failure);
    if (got < 0) {
        request_abandon(r);
        return got;
    }
    *ret = TAKE(r);
    return 0;
}

void http_request_free(struct http_request *r)
{
    if (!r)
        return;
    struct slot *slot = request_detach(r);
    if (slot)
        slot_put(r->http, slot, false);
    curl_slist_free_all(r->headers);
    secret_free(r->secret_body);
    alloc_release(r->body);
    free(r);
}

static int add_sources(struct http *h)
{
    int r = sd_event_add_time_relative(h->event, &h->timer, CLOCK_BOOTTIME, 0, 1000, on_timer, h);
    if (r >= 0)
        r = sd_event_source_set_enabled(h->timer, SD_EVENT_OFF);
    if (r >= 0)
        r = sd_event_add_defer(h->event, &h->reaper, on_reap, h);
    if (r >= 0)
        r = sd_event_source_set_enabled(h->reaper, SD_EVENT_OFF);
    if (r < 0)
        return r;
    (void)sd_event_source_set_description(h->timer, "http-timer");
    (void)sd_event_source_set_description(h->reaper, "http-reaper");
    return 0;
}

static int copy_options(struct http *h, const struct http_options *o, struct failure *ret_failure)
{
    int r = 0;
    if (o->ca_file && *o->ca_file) {
        r = setup_check_ca(o->ca_file, ret_failure);
        if (r < 0)
            return r;
        r = text_copy(o->ca_file, &h->ca_file);
    }
    if (r >= 0)
        r = text_copy(o->user_agent ? o->user_agent : "seatwatchd/" SEATWATCH_VERSION,
                      &h->user_agent);
    if (r >= 0 && o->proxy && *o->proxy) {
        r = setup_proxy_name(o->proxy, h->proxy_name, ret_failure);
        if (r < 0)
            return r;
        r = text_copy(o->proxy, &h->proxy);
    }
    if (r < 0)
        return failure_oom(ret_failure);
    if (!o->proxy_password)
        return 0;
    return secret_new(secret_bytes(o->proxy_password), secret_len(o->proxy_password), NULL,
                      &h->proxy_password, ret_failure);
}

int http_new(sd_event *event, const struct http_options *o, struct http **ret,
             struct failure *ret_failure)
{
    CLEANUP(http_free) struct http *h = calloc(1, sizeof *h);
    if (!h)
        return failure_oom(ret_failure);
    h->event = sd_event_ref(event);
    int r = copy_options(h, o, ret_failure);
    if (r < 0)
        return r;
    r = add_sources(h);
    if (r < 0)
        return failure_set(ret_failure, FAILURE_LOCAL, -r, "event loop: %s", strerror(-r));
    if (!have_multi(h))
        return failure_oom(ret_failure);
    *ret = TAKE(h);
    return 0;
}

sd_event *http_event(const struct http *h)
{
    return h->event;
}

void http_free(struct http *h)
{
    if (!h)
        return;
    assert(!h->calling);
    /* The owners of requests free them before or after; afterwards only their memory is left. */
    while (h->first) {
        struct slot *slot = request_detach(h->first);
        slot_free(slot);
    }
    for (struct slot *slot = h->idle, *next; slot; slot = next) {
        next = slot->next;
        slot_free(slot);
    }
    (void)curl_multi_cleanup(h->multi); /* closes what is idle; libcurl takes NULL */
    sd_event_source_disable_unref(h->timer);
    sd_event_source_disable_unref(h->reaper);
    sd_event_unref(h->event);
    secret_free(h->proxy_password);
    free(h->ca_file);
    free(h->proxy);
    free(h->user_agent);
    free(h);
}
