/* SPDX-License-Identifier: MIT */
/* graph/inquiry.c: asks one question with the fetch loop, and keeps what comes back. */
#include "graph/inquiry.h"

#include "base/array.h"
#include "base/text.h"
#include "graph/envelope.h"
#include "graph/fetch.h"
#include "graph/internal.h"

#include <errno.h>
#include <string.h>

struct inquiry {
    struct fetch fetch;
    struct graph *graph;
    struct inquiry_request rq;
    inquiry_done *done;
    void *userdata;
    struct inquiry_answer answer;
    struct text rows;         /* ALL: elements of "value" so far */
    char *context, *rest;     /* ALL: "@odata.context", and the link to the page that is left out; NULL */
    size_t bytes;
};

void inquiry_answer_clear(struct inquiry_answer *a)
{
    for (size_t i = 0; i < a->n_pages; i++)
        json_free(a->page[i]);
    free(a->page);
    free(a->text);
    *a = (struct inquiry_answer){0};
}

const struct json *inquiry_object(const struct inquiry_answer *a)
{
    const struct json *root = a->n_pages ? a->page[0] : NULL, *wrapped = json_get(root, "value");
    return wrapped ? wrapped : root;
}

void graph_inquiry_free(struct inquiry *q)
{
    if (!q)
        return;
    fetch_clear(&q->fetch);
    inquiry_answer_clear(&q->answer);
    text_free(&q->rows);
    free(q->context);
    free(q->rest);
    free(q);
}

/* ---- pages ---- */

static int too_large(struct failure *f)
{
    return failure_set(f, FAILURE_LOCAL, E2BIG, "the answer is larger than %zu MiB: ask for less",
                       INQUIRY_BYTES_MAX >> 20);
}

/* Takes `root`. */
static int keep_page(struct inquiry *q, struct json *root, struct failure *f)
{
    struct inquiry_answer *a = &q->answer;
    if (array_room(&a->page, a->n_pages, sizeof *a->page) < 0) {
        json_free(root);
        return failure_oom(f);
    }
    a->page[a->n_pages++] = root;
    return 0;
}

static int take_object(struct inquiry *q, const char *bytes, size_t len, struct failure *f)
{
    CLEANUP(json_free) struct json *root = NULL;
    const struct json *entity = NULL;
    int r = row_open_entity(bytes, len, NULL, &root, &entity, f);
    return r < 0 ? r : keep_page(q, TAKE(root), f);
}

/* The text between the brackets of the member "value" of a valid object; NULL: it is no array. The bytes were checked:
 * only strings and brackets need to be followed. */
static const char *rows_of(const char *bytes, size_t len, size_t *ret_len)
{
    static const char KEY[] = "\"value\"";
    const char *from = NULL;
    int depth = 0;
    for (size_t i = 0; i < len; i++) {
        char c = bytes[i];
        if (c == '"') {
            size_t begin = i++;
            while (i < len && bytes[i] != '"')
                i += bytes[i] == '\\' ? 2 : 1;
            size_t next = i + 1;
            while (next < len && memchr(" \t\r\n:", bytes[next], 5))
                next++;
            if (depth == 1 && i - begin + 1 == sizeof KEY - 1 && memcmp(bytes + begin, KEY, sizeof KEY - 1) == 0 &&
                next < len && bytes[next] == '[' && memchr(bytes + i, ':', next - i))
                from = bytes + next + 1;
        } else if (c == '{' || c == '[') {
            depth++;
        } else if (c == '}' || c == ']') {
            depth--;
            if (from && depth == 1 && bytes + i >= from) {
                *ret_len = (size_t)(bytes + i - from);
                return from;
            }
        }
    }
    return NULL;
}

static int add_rows(struct inquiry *q, const char *rows, size_t len, const struct json *root, struct failure *f)
{
    const char *context = NULL;
    bool empty = strspn(rows, " \t\r\n") >= len;
    if (!q->context && json_get_string(root, "@odata.context", &context) == JSON_OK && text_copy(context, &q->context) < 0)
        return failure_oom(f);
    if (!empty) {
        text_add(&q->rows, q->rows.len ? "," : "");
        text_add_bytes(&q->rows, rows, len);
    }
    return q->rows.error == -E2BIG ? too_large(f) : q->rows.error ? failure_oom(f) : 0;
}

/* An answer of another kind than a list is passed on as it is. */
static int take_bytes(struct inquiry *q, const char *bytes, size_t len, struct page *page, struct failure *f)
{
    static const char *const NAMES[] = {"@odata.nextLink", "@odata.context", "value", NULL};
    CLEANUP(json_free) struct json *root = NULL;
    size_t bom = text_bom(bytes, len), n = 0;
    int r = json_parse_only(bytes, len, NAMES, &root, f);
    if (r < 0)
        return r;
    bool list = q->rq.form == INQUIRY_ALL && json_is_array(json_get(root, "value"));
    const char *rows = list ? rows_of(bytes + bom, len - bom, &n) : NULL;
    if (!rows) {
        if (q->rows.len)
            return row_not_a_page(f, "\"value\" is no array");
        q->answer.text = strndup(bytes + bom, len - bom);
        return q->answer.text ? 0 : failure_oom(f);
    }
    page->n_rows = json_count(json_get(root, "value"));
    r = add_rows(q, rows, n, root, f);
    if (r < 0)
        return r;
    r = row_link(root, "@odata.nextLink", &page->next_link);
    return r == -EBADMSG ? row_not_a_page(f, "\"@odata.nextLink\" is no link") : r < 0 ? failure_oom(f) : 0;
}

static int take_list(struct inquiry *q, const char *bytes, size_t len, struct page *page, struct failure *f)
{
    CLEANUP(json_free) struct json *root = NULL;
    const struct json *rows = NULL;
    int r = row_open_page(bytes, len, NULL, &root, &rows, page, f);
    return r < 0 ? r : keep_page(q, TAKE(root), f);
}

static int take_page(struct fetch_list *l, const char *bytes, size_t len, struct page *ret, struct failure *f)
{
    struct inquiry *q = l->fetch->userdata;
    struct inquiry_answer *a = &q->answer;
    CLEANUP(page_clear) struct page page = {0};
    q->bytes += len;
    int r = q->bytes > INQUIRY_BYTES_MAX       ? too_large(f)
            : q->rq.form == INQUIRY_LIST   ? take_list(q, bytes, len, &page, f)
            : q->rq.form == INQUIRY_OBJECT ? take_object(q, bytes, len, f)
                                           : take_bytes(q, bytes, len, &page, f);
    if (r < 0)
        return r;
    a->n_rows += page.n_rows;
    if (page.next_link && (a->n_rows >= INQUIRY_ROWS_MAX || l->pages + 1 >= INQUIRY_PAGES_MAX)) {
        a->more = true;
        q->rest = TAKE(page.next_link);
    }
    *ret = page;
    page = (struct page){0};
    return 0;
}

/* ---- the end ---- */

static void on_failed(struct fetch *f, struct fetch_list *l, const struct fetch_failed *why)
{
    struct inquiry *q = f->userdata;
    (void)l;
    inquiry_answer_clear(&q->answer);
    q->answer.failure = why->failure;
    q->answer.status = why->status;
    q->answer.throttled = call_is_throttled(why->status) || why->failure.kind == FAILURE_THROTTLED;
    q->answer.nobody = why->status == 404 && text_equal_nocase(why->error.code, "Request_ResourceNotFound");
}

/* One list of all pages, with Graph's own link where pages are left out. */
static void join_pages(struct inquiry *q)
{
    CLEANUP(json_writer_free) struct json_writer *w = json_writer_new(INQUIRY_BYTES_MAX + (1U << 20));
    CLEANUP(free) char *rows = text_printf("[%s]", q->rows.data ? q->rows.data : "");
    size_t len;
    if (w && rows) {
        json_open_object(w, NULL);
        if (q->context)
            json_put_string(w, "@odata.context", q->context);
        json_put_raw(w, "value", rows);
        if (q->rest)
            json_put_string(w, "@odata.nextLink", q->rest);
        json_close_object(w);
    }
    if (!w || !rows || json_write_take(w, &q->answer.text, &len) < 0)
        (void)failure_oom(&q->answer.failure);
}

static void finish(struct fetch *f)
{
    struct inquiry *q = f->userdata;
    if (q->rq.form == INQUIRY_ALL && !q->answer.failure.text[0] && !q->answer.text)
        join_pages(q);
    struct inquiry_answer answer = q->answer;
    inquiry_done *done = q->done;
    void *userdata = q->userdata;
    q->answer = (struct inquiry_answer){0};
    q->graph->inquiry = NULL;
    graph_inquiry_free(q);
    done(userdata, &answer); /* may free the graph */
}

static const struct fetch_calls CALLS = {
    .page = take_page,
    .failed = on_failed,
    .done = finish,
};

/* ---- begin ---- */

static int ask(struct inquiry *q)
{
    const struct fetch_ask ask = {
        .call = q->rq.call,
        .permission = q->rq.permission,
        .fallback = q->rq.older,
        .max_body = INQUIRY_PAGE_BYTES_MAX,
    };
    const struct graph *g = q->graph;
    CLEANUP(free) char *url =
        text_printf("%s/%s/%s", g->api.text, q->rq.older ? "v1.0" : g->o.api_version, q->rq.target);
    return url ? fetch_add(&q->fetch, &ask, 0, NULL, url, NULL) : -ENOMEM;
}

int graph_inquire(struct graph *g, const struct inquiry_request *rq, usec_t timeout, inquiry_done *done, void *userdata,
                  struct failure *ret_failure)
{
    if (g->poll || g->access || g->lookup || g->inquiry)
        return failure_set(ret_failure, FAILURE_LOCAL, EBUSY, "the tenant is being read already");
    CLEANUP(graph_inquiry_free) struct inquiry *q = calloc(1, sizeof *q);
    if (!q)
        return failure_oom(ret_failure);
    q->graph = g;
    q->rq = *rq;
    q->done = done;
    q->userdata = userdata;
    q->rows = TEXT_INIT(INQUIRY_BYTES_MAX);
    int r = fetch_begin(&q->fetch, g, &CALLS, q, timeout, ret_failure);
    if (r < 0)
        return r;
    q->fetch.signs_in = true;
    q->fetch.hold_until_mono = g->pace.not_before_mono;
    if (ask(q) < 0)
        return failure_oom(ret_failure);
    g->inquiry = TAKE(q);
    return 0;
}

void graph_inquiry_cancel(struct graph *g)
{
    if (!g->inquiry)
        return;
    token_cancel(g);
    graph_inquiry_free(TAKE(g->inquiry));
}
