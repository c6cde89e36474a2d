/* SPDX-License-Identifier: MIT */
/* runtime/inquiry.c: runs the questions of commands one after the other, between the polls of their tenant. */
#include "runtime/inquiry.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "runtime/app.h"
#include "runtime/find.h"
#include "runtime/tenant.h"

#define WAITS_MAX 2                       /* for a Retry-After */
#define WAIT_DEFAULT (2 * USEC_PER_SEC) /* where none is given */

void inquiry_free(struct command_inquiry *q)
{
    if (!q)
        return;
    for (size_t i = 0; i < q->n_parts; i++) {
        struct inquiry_part *p = &q->part[i];
        inquiry_answer_clear(&p->answer);
        free(p->about);
        free(p->target);
        free(p->call);
    }
    sd_event_source_disable_unref(q->timer);
    free(q->id);
    free(q);
}

/* ---- parts ---- */

int inquiry_add(struct command_inquiry *q, enum detail what, const char *other)
{
    struct inquiry_part *p = &q->part[q->n_parts];
    struct detail_subject about = q->about;
    if (q->n_parts == INQUIRY_PARTS_MAX)
        return -E2BIG;
    *p = (struct inquiry_part){.what = what, .offered = detail_is_offered(what, about.kind)};
    about.other = other;
    if (text_copy(other, &p->about) < 0)
        return -ENOMEM;
    int r = p->offered ? detail_request(what, &about, &p->request, &p->target, &p->call) : 0;
    if (r < 0)
        free(TAKE(p->about));
    else
        q->n_parts++;
    return r;
}

void inquiry_add_typed(struct command_inquiry *q, char *target, bool older, enum inquiry_form form)
{
    struct inquiry_part *p = &q->part[q->n_parts++];
    *p = (struct inquiry_part){
        .what = DETAIL_COUNT_,
        .offered = true,
        .target = target,
        .request = {.target = target,
                    .older = older,
                    .form = form,
                    .call = "GET of the path that was given",
                    .permission = "that Microsoft's page of this call names"},
    };
}

const struct inquiry_part *inquiry_find(const struct command_inquiry *q, enum detail what)
{
    for (size_t i = 0; i < q->n_parts; i++)
        if (q->part[i].what == what)
            return &q->part[i];
    return NULL;
}

/* ---- one after the other ---- */

void inquiry_refuse(struct control_call *call, const struct inquiry_answer *a)
{
    static const struct {
        unsigned status;
        const char *hint;
    } KINDS[FAILURE_KIND_COUNT_] = {
        [FAILURE_LOCAL] = {500, "see the log of the daemon"},
        [FAILURE_CONFIG] = {409, "correct the configuration of the tenant: seatwatchd --check-access"},
        [FAILURE_AUTH] = {409, "correct the credentials of the tenant: seatwatchd --check-access"},
        [FAILURE_PERMISSION] = {403, "seatwatchd --check-access lists what the tenant's application may not read"},
        [FAILURE_ABSENT] = {404, "check the id and the tenant"},
        [FAILURE_REQUEST] = {400, "Graph does not take this query; its pages say what it takes"},
        [FAILURE_THROTTLED] = {503, "try again later"},
        [FAILURE_TRANSIENT] = {504, "try again later"},
        [FAILURE_UNAVAILABLE] = {503, "try again later"},
    };
    enum failure_kind kind = a->failure.kind;
    unsigned status = a->status == 404 ? 404 : KINDS[kind].status ? KINDS[kind].status : 502;
    const char *hint = a->status == 404 ? "check the id and the tenant" : KINDS[kind].hint;
    control_error(call, status, hint ? hint : "see the log of the daemon", "%s", a->failure.text);
}

static void unlink_from_tenant(struct command_inquiry *q)
{
    struct command_inquiry **at = &q->tenant->inquiry;
    while (*at && *at != q)
        at = &(*at)->next;
    if (*at)
        *at = q->next;
}

static void rest_failed(struct command_inquiry *q, const struct failure *why, bool throttled)
{
    for (; q->n_done < q->n_parts; q->n_done++) {
        struct inquiry_answer *a = &q->part[q->n_done].answer;
        inquiry_answer_clear(a);
        a->failure = *why;
        a->throttled = throttled;
    }
}

static void proceed(struct tenant *t);

/* False: it has ended and is freed. */
static bool ask_more(struct command_inquiry *q)
{
    struct failure why = {0};
    int r = q->steps->more ? q->steps->more(q) : 0;
    if (q->n_done < q->n_parts)
        return true;
    unlink_from_tenant(q);
    if (r < 0) {
        struct inquiry_answer failed = {0};
        (void)failure_oom(&why);
        failed.failure = why;
        inquiry_refuse(q->call, &failed);
    } else {
        q->steps->answer(q);
    }
    inquiry_free(q);
    return false;
}

static void arm(struct command_inquiry *q)
{
    usec_t at = q->not_before_mono && q->not_before_mono < q->deadline_mono ? q->not_before_mono : q->deadline_mono;
    (void)sd_event_source_set_time(q->timer, at); /* does not fail for a timer that exists */
    (void)sd_event_source_set_enabled(q->timer, SD_EVENT_ONESHOT);
}

/* True: the part is repeated after the wait that Graph asks for. */
static bool waits(struct command_inquiry *q, const struct inquiry_answer *a)
{
    usec_t now = clock_now().mono, wait = a->failure.retry_after ? a->failure.retry_after : WAIT_DEFAULT;
    struct tenant *t = q->tenant;
    if (!a->throttled)
        return false;
    if (t->rights_not_before_mono < now + wait)
        t->rights_not_before_mono = now + wait;
    if (q->waits++ >= WAITS_MAX || now + wait >= q->deadline_mono)
        return false;
    q->not_before_mono = now + wait;
    arm(q);
    return true;
}

static void on_answer(void *userdata, struct inquiry_answer *answer)
{
    struct command_inquiry *q = userdata;
    struct tenant *t = q->tenant;
    struct inquiry_part *p = &q->part[q->n_done];
    struct failure why = answer->failure;
    q->asking = false;
    if (waits(q, answer)) {
        inquiry_answer_clear(answer);
        return;
    }
    p->answer = *answer;
    q->n_done++;
    /* The others would fail for the same reason, or must not be sent. */
    if (why.text[0] && (answer->throttled || answer->nobody || why.kind == FAILURE_AUTH || why.kind == FAILURE_LOCAL))
        rest_failed(q, &why, answer->throttled);
    proceed(t);
}

static void ask(struct command_inquiry *q)
{
    struct inquiry_part *p = &q->part[q->n_done];
    struct failure why = {0};
    usec_t now = clock_now().mono;
    p->request.target = p->target;
    p->request.call = p->call ? p->call : p->request.call;
    int r = graph_inquire(q->tenant->graph, &p->request, q->deadline_mono > now ? q->deadline_mono - now : 0, on_answer, q,
                          &why);
    q->asking = r >= 0;
    if (r < 0 && r != -EBUSY)
        rest_failed(q, &why, false);
}

static bool is_ready(const struct command_inquiry *q)
{
    const struct tenant *t = q->tenant;
    return !q->asking && !graph_polling(t->graph) && !t->lookup_run && q->not_before_mono <= clock_now().mono;
}

static void proceed(struct tenant *t)
{
    struct command_inquiry *q;
    while ((q = t->inquiry)) {
        while (q->n_done < q->n_parts && !q->part[q->n_done].offered)
            q->n_done++;
        if (q->n_done == q->n_parts) {
            (void)ask_more(q);
            continue;
        }
        if (!is_ready(q))
            return;
        size_t done = q->n_done;
        ask(q);
        if (q->n_done == done)
            return;
    }
}

/* The deadline, or the end of a wait. */
static int on_time(sd_event_source *s, uint64_t due, void *userdata)
{
    struct command_inquiry *q = userdata;
    struct failure why = {0};
    (void)s, (void)due;
    if (clock_now().mono >= q->deadline_mono) {
        if (q->asking)
            graph_inquiry_cancel(q->tenant->graph);
        q->asking = false;
        (void)failure_set(&why, FAILURE_TRANSIENT, ETIMEDOUT, "Graph was not asked to the end within %llu s, because it is "
                          "slow or the tenant is being polled", (unsigned long long)(INQUIRY_WITHIN / USEC_PER_SEC));
        struct tenant *t = q->tenant;
        rest_failed(q, &why, false);
        q->steps->answer(q);
        unlink_from_tenant(q);
        inquiry_free(q);
        proceed(t);
        return 0;
    }
    q->not_before_mono = 0;
    arm(q);
    proceed(q->tenant);
    return 0;
}

/* ---- begin ---- */

/* False: Graph cannot be asked about this tenant now, and the call is answered. */
static bool can_be_asked(const struct tenant *t, struct control_call *call)
{
    const char *name = t->options->identity.name;
    size_t n = 0;
    for (const struct command_inquiry *q = t->inquiry; q; q = q->next)
        n++;
    if (!check_polled(t, call))
        return false;
    if (t->app->stopping || t->app->reloading)
        control_error(call, 503, "try again when that has ended", "the daemon is %s",
                      t->app->stopping ? "stopping" : "reloading");
    else if (t->refused) /* another attempt might lock the account */
        control_error(call, 409, "correct the credentials, then: seatwatchctl poll", "%s: the last sign-in was refused: %s",
                      name, t->health.text);
    else if (t->rights_not_before_mono > clock_now().mono + INQUIRY_WITHIN)
        control_error(call, 503, "try again later", "%s: Graph has asked to wait for another %llu s", name,
                      (unsigned long long)((t->rights_not_before_mono - clock_now().mono) / USEC_PER_SEC));
    else if (n >= INQUIRIES_MAX)
        control_error(call, 503, "try again when they have ended", "%s: %zu other commands ask Graph", name, n);
    else
        return true;
    return false;
}

struct command_inquiry *inquiry_new(struct tenant *t, struct control_call *call, const struct inquiry_steps *steps,
                                    const struct detail_subject *about)
{
    struct command_inquiry *q;
    if (!can_be_asked(t, call))
        return NULL;
    q = calloc(1, sizeof *q);
    if (!q || text_copy(about->id, &q->id) < 0) {
        inquiry_free(q);
        control_answer(call, 500, NULL); /* out of memory */
        return NULL;
    }
    q->tenant = t;
    q->call = call;
    q->steps = steps;
    q->about = *about;
    q->about.id = q->id;
    q->deadline_mono = clock_now().mono + INQUIRY_WITHIN;
    q->not_before_mono = t->rights_not_before_mono;
    return q;
}

void inquiry_begin(struct command_inquiry *q)
{
    struct command_inquiry **at = &q->tenant->inquiry;
    struct tenant *t = q->tenant;
    int r = sd_event_add_time(t->app->event, &q->timer, CLOCK_BOOTTIME, q->deadline_mono, USEC_PER_SEC / 100, on_time, q);
    if (r < 0) {
        control_error(q->call, 500, "see the log of the daemon", "event loop: %s", strerror(-r));
        inquiry_free(q);
        return;
    }
    (void)sd_event_source_set_description(q->timer, "inquiry");
    arm(q);
    while (*at)
        at = &(*at)->next;
    *at = q;
    proceed(t);
}

/* ---- what else happens to the tenant ---- */

void inquiries_interrupt(struct tenant *t)
{
    if (!t->inquiry || !t->inquiry->asking)
        return;
    graph_inquiry_cancel(t->graph);
    t->inquiry->asking = false;
}

void inquiries_resume(struct tenant *t)
{
    proceed(t);
}

void inquiries_end(struct app *app, const char *why)
{
    for (size_t i = 0; i < app->n_tenants; i++) {
        struct command_inquiry *q;
        inquiries_interrupt(&app->tenant[i]);
        while ((q = app->tenant[i].inquiry)) {
            app->tenant[i].inquiry = q->next;
            control_error(q->call, 503, "try again", "%s", why);
            inquiry_free(q);
        }
    }
}
