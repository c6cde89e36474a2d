/* SPDX-License-Identifier: MIT */
/* graph/fetch_list.c: the lists of a fetch loop, their queues, and how a list or the loop ends. */
#include "graph/fetch.h"

#include "base/text.h"
#include "graph/internal.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* ---- lists and their queues ---- */

void fetch_list_unlink(struct fetch_list *l)
{
    if (!l->pprev)
        return;
    *l->pprev = l->next;
    if (l->next)
        l->next->pprev = l->pprev;
    l->next = NULL;
    l->pprev = NULL;
}

/* Linear: `lists_max` bounds the queues. */
void fetch_list_append(struct fetch_list **queue, struct fetch_list *l)
{
    assert(!l->pprev);
    while (*queue)
        queue = &(*queue)->next;
    l->pprev = queue;
    *queue = l;
}

void fetch_list_again(struct fetch_list *l, usec_t not_before_mono)
{
    l->not_before_mono = not_before_mono;
    fetch_list_append(&l->fetch->resumed, l);
}

void fetch_list_free(struct fetch_list *l)
{
    if (!l)
        return;
    fetch_list_unlink(l);
    if (l->request) {
        http_request_free(l->request);
        l->fetch->n_in_flight--;
    }
    l->fetch->n_lists--;
    free(l->id);
    free(l->url);
    id_set_free(&l->links);
    id_set_free(&l->ids);
    free(l);
}

int fetch_list_first_url(struct fetch_list *l)
{
    char *url = l->fetch->calls->url(l, query_dropped(l->step));
    if (!url)
        return -ENOMEM;
    free(l->url);
    l->url = url;
    return 0;
}

int fetch_add(struct fetch *f, const struct fetch_ask *ask, int list, const char *id,
              const char *link, struct fetch_list **ret)
{
    CLEANUP(fetch_list_free) struct fetch_list *l = calloc(1, sizeof *l);
    if (!l)
        return -ENOMEM;
    l->fetch = f;
    f->n_lists++;
    l->ask = *ask;
    l->list = list;
    l->step = ask->option_state ? ask->option_state->step : 0;
    l->first_page = !link;
    int r = text_copy(id, &l->id);
    if (r >= 0)
        r = link ? text_copy(link, &l->url) : fetch_list_first_url(l);
    if (r >= 0)
        r = id_set_add(&l->links, l->url);
    if (r < 0)
        return r;
    fetch_list_append(&f->work, l);
    if (ret)
        *ret = l;
    (void)TAKE(l);
    return 0;
}

void fetch_drop_lists(struct fetch *f)
{
    while (f->in_flight)
        fetch_list_free(f->in_flight);
    while (f->resumed)
        fetch_list_free(f->resumed);
    while (f->work)
        fetch_list_free(f->work);
    assert(f->n_in_flight == 0);
}

void fetch_clear(struct fetch *f)
{
    fetch_drop_lists(f);
    f->begin = sd_event_source_disable_unref(f->begin);
    f->wake = sd_event_source_disable_unref(f->wake);
    free(TAKE(f->claims));
}

void fetch_note(struct fetch *f, const char *fmt, ...)
{
    char *note = f->report.note;
    size_t used = strlen(note);
    va_list ap;
    if (used > 0 && used + 2 < sizeof f->report.note) {
        memcpy(note + used, "; ", 3);
        used += 2;
    }
    va_start(ap, fmt);
    (void)vsnprintf(note + used, sizeof f->report.note - used, fmt, ap);
    va_end(ap);
}

/* ---- ends ---- */

void fetch_fail_all(struct fetch *f, const struct failure *why)
{
    const struct fetch_failed failed = {.failure = *why};
    f->calls->failed(f, NULL, &failed);
}

void fetch_end(struct fetch *f, const struct failure *why)
{
    if (why)
        fetch_fail_all(f, why);
    f->ended = true;
}

void fetch_give_up_until(struct fetch *f, usec_t until_mono, struct failure *why)
{
    usec_t now = clock_now().mono;
    f->report.resume_at_mono = until_mono;
    why->retry_after = until_mono > now ? until_mono - now : 0;
    fetch_end(f, why);
}

void fetch_list_fail(struct fetch_list *l, const struct fetch_failed *why)
{
    l->fetch->calls->failed(l->fetch, l, why);
    fetch_list_free(l);
}

usec_t fetch_left(const struct fetch *f, usec_t now_mono)
{
    return f->deadline_mono > now_mono ? f->deadline_mono - now_mono : 0;
}
