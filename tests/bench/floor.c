/* SPDX-License-Identifier: MIT */
/* bench/floor.c: the least that a client can do: fetch the pages of a poll and throw them away.
 *
 * Plain libcurl, nothing of ours: the CPU time that this program takes is what seatwatchd's is
 * divided by. It keeps as many requests in flight as it has slots, follows continuations before it
 * begins a new list, and finds links and ids by looking for the bytes in front of them. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#define N_SLOTS 8
#define LINK "nextLink\":\"" /* of the list, and of a list within a row */
#define ID "\"id\":\""
#define TOKEN "\"access_token\":\""
#define CLOUD "/beta/admin/cloudLicensing/"

enum kind { KIND_TOKEN, KIND_ALLOTMENTS, KIND_WAITING, KIND_ERRORS };

struct tenant {
    char id[64], client[64], secret[128];
    struct curl_slist *headers;
};

struct work {
    struct work *next;
    struct tenant *tenant;
    enum kind kind;
    char url[];
};
struct queue {
    struct work *first, **end;
};

struct slot {
    struct work *work; /* NULL: idle */
    CURL *easy;
    char *bytes;
    size_t len, size;
};

struct floor_run {
    const char *root, *ca_file;
    const char *allotments, *waiting, *errors; /* query options; no `waiting`: rows bring theirs */
    struct queue links, lists;
    struct slot slots[N_SLOTS];
    CURLM *multi;
    size_t n_requests, n_bytes;
};

static void fail(const char *what, const char *detail)
{
    fprintf(stderr, "floor: %s: %s\n", what, detail);
    exit(1);
}

static void *must(void *p)
{
    if (!p)
        fail("memory", "exhausted");
    return p;
}

static void push(struct queue *q, struct tenant *t, enum kind kind, const char *a, size_t a_len,
                 const char *b, const char *c)
{
    size_t b_len = strlen(b), c_len = strlen(c);
    struct work *w = must(malloc(sizeof *w + a_len + b_len + c_len + 1));
    *w = (struct work){.tenant = t, .kind = kind};
    memcpy(w->url, a, a_len);
    memcpy(w->url + a_len, b, b_len);
    memcpy(w->url + a_len + b_len, c, c_len + 1);
    *q->end = w;
    q->end = &w->next;
}

static struct work *pop(struct queue *q)
{
    struct work *w = q->first;
    if (w)
        q->first = w->next;
    if (!q->first)
        q->end = &q->first;
    return w;
}

static size_t want_body(char *bytes, size_t one, size_t len, void *userdata)
{
    struct slot *s = userdata;
    (void)one;
    if (s->size - s->len < len) {
        while (s->size - s->len < len)
            s->size = s->size ? 2 * s->size : 16384;
        s->bytes = must(realloc(s->bytes, s->size));
    }
    memcpy(s->bytes + s->len, bytes, len);
    s->len += len;
    return len;
}

static void start(struct floor_run *f, struct slot *s, struct work *w)
{
    char form[512];
    struct tenant *t = w->tenant;
    s->work = w;
    s->len = 0;
    (void)curl_easy_setopt(s->easy, CURLOPT_URL, (const char *)w->url);
    (void)curl_easy_setopt(s->easy, CURLOPT_HTTPHEADER, t->headers);
    if (w->kind == KIND_TOKEN) {
        (void)snprintf(form, sizeof form,
                       "client_id=%s&client_secret=%s&grant_type=client_credentials"
                       "&scope=https%%3A%%2F%%2Fgraph.microsoft.com%%2F.default",
                       t->client, t->secret);
        (void)curl_easy_setopt(s->easy, CURLOPT_COPYPOSTFIELDS, form);
    } else {
        (void)curl_easy_setopt(s->easy, CURLOPT_HTTPGET, 1L);
    }
    if (curl_multi_add_handle(f->multi, s->easy) != CURLM_OK)
        fail("libcurl", "takes no request");
    f->n_requests++;
}

static void fill(struct floor_run *f)
{
    for (size_t i = 0; i < N_SLOTS; i++) {
        if (f->slots[i].work)
            continue;
        struct work *w = pop(&f->links);
        if (!w)
            w = pop(&f->lists);
        if (!w)
            return;
        start(f, &f->slots[i], w);
    }
}

static void got_token(struct floor_run *f, const struct slot *s)
{
    struct tenant *t = s->work->tenant;
    const char *from = memmem(s->bytes, s->len, TOKEN, strlen(TOKEN));
    if (!from)
        fail("no token", s->work->url);
    from += strlen(TOKEN);
    const char *to = must(memchr(from, '"', s->len - (size_t)(from - s->bytes)));
    char header[4096];
    (void)snprintf(header, sizeof header, "Authorization: Bearer %.*s", (int)(to - from), from);
    t->headers = must(curl_slist_append(NULL, header));
    push(&f->lists, t, KIND_ALLOTMENTS, f->root, strlen(f->root), CLOUD "allotments",
         f->allotments);
    push(&f->lists, t, KIND_ERRORS, f->root, strlen(f->root), CLOUD "assignmentErrors", f->errors);
}

/* Every occurrence of `mark` in the page, up to the next quote. */
static void each(struct floor_run *f, const struct slot *s, const char *mark,
                 void (*take)(struct floor_run *f, const struct work *w, const char *text,
                              size_t len))
{
    const char *at = s->bytes, *end = s->bytes + s->len;
    while (at < end && (at = memmem(at, (size_t)(end - at), mark, strlen(mark)))) {
        at += strlen(mark);
        const char *to = memchr(at, '"', (size_t)(end - at));
        if (!to)
            return;
        take(f, s->work, at, (size_t)(to - at));
        at = to;
    }
}

static void take_link(struct floor_run *f, const struct work *w, const char *text, size_t len)
{
    enum kind kind = memmem(text, len, "/waitingMembers", 15) ? KIND_WAITING : w->kind;
    push(&f->links, w->tenant, kind, text, len, "", "");
}

static void take_id(struct floor_run *f, const struct work *w, const char *text, size_t len)
{
    char path[256];
    (void)snprintf(path, sizeof path, CLOUD "allotments/%.*s/waitingMembers", (int)len, text);
    push(&f->lists, w->tenant, KIND_WAITING, f->root, strlen(f->root), path, f->waiting);
}

static void finished(struct floor_run *f, CURL *easy, CURLcode code)
{
    char *private = NULL;
    long status = 0;
    (void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);
    (void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_multi_remove_handle(f->multi, easy);
    struct slot *s = (struct slot *)(void *)private;
    if (code != CURLE_OK || status != 200)
        fail(s->work->url, code ? curl_easy_strerror(code) : "not 200");
    f->n_bytes += s->len;
    if (s->work->kind == KIND_TOKEN)
        got_token(f, s);
    else
        each(f, s, LINK, take_link);
    if (s->work->kind == KIND_ALLOTMENTS && f->waiting)
        each(f, s, ID, take_id);
    free(s->work);
    s->work = NULL;
}

static void run(struct floor_run *f)
{
    int running = 1, left;
    fill(f);
    while (running) {
        if (curl_multi_perform(f->multi, &running) != CURLM_OK)
            fail("libcurl", "gives up");
        for (CURLMsg *m; (m = curl_multi_info_read(f->multi, &left));)
            if (m->msg == CURLMSG_DONE)
                finished(f, m->easy_handle, m->data.result);
        fill(f);
        for (size_t i = 0; i < N_SLOTS; i++)
            running |= f->slots[i].work != NULL;
        if (running)
            (void)curl_multi_poll(f->multi, NULL, 0, 1000, NULL);
    }
}

static void open_slots(struct floor_run *f)
{
    f->multi = must(curl_multi_init());
    for (size_t i = 0; i < N_SLOTS; i++) {
        struct slot *s = &f->slots[i];
        s->easy = must(curl_easy_init());
        (void)curl_easy_setopt(s->easy, CURLOPT_PRIVATE, s);
        (void)curl_easy_setopt(s->easy, CURLOPT_WRITEFUNCTION, want_body);
        (void)curl_easy_setopt(s->easy, CURLOPT_WRITEDATA, s);
        (void)curl_easy_setopt(s->easy, CURLOPT_ACCEPT_ENCODING, "gzip");
        (void)curl_easy_setopt(s->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
        (void)curl_easy_setopt(s->easy, CURLOPT_PIPEWAIT, 1L);
        (void)curl_easy_setopt(s->easy, CURLOPT_NOSIGNAL, 1L);
        if (f->ca_file)
            (void)curl_easy_setopt(s->easy, CURLOPT_CAINFO, f->ca_file);
    }
}

static void read_tenants(struct floor_run *f, const char *path)
{
    FILE *file = must(fopen(path, "re"));
    struct tenant one = {0};
    while (fscanf(file, "%63s %63s %127s", one.id, one.client, one.secret) == 3) {
        struct tenant *t = must(malloc(sizeof *t));
        char sign_in[128];
        *t = one;
        (void)snprintf(sign_in, sizeof sign_in, "/%s/oauth2/v2.0/token", t->id);
        push(&f->lists, t, KIND_TOKEN, f->root, strlen(f->root), sign_in, "");
    }
    (void)fclose(file);
}

int main(int argc, char **argv)
{
    static const struct option LONG[] = {{"ca-file", required_argument, NULL, 'c'},
                                         {"allotments", required_argument, NULL, 'a'},
                                         {"waiting", required_argument, NULL, 'w'},
                                         {"errors", required_argument, NULL, 'e'},
                                         {NULL, 0, NULL, 0}};
    struct floor_run f = {.allotments = "", .errors = ""};
    for (int c; (c = getopt_long(argc, argv, "", LONG, NULL)) != -1;) {
        switch (c) {
        case 'c':
            f.ca_file = optarg;
            break;
        case 'a':
            f.allotments = optarg;
            break;
        case 'w':
            f.waiting = optarg;
            break;
        case 'e':
            f.errors = optarg;
            break;
        default:
            fail("usage", "floor [--ca-file FILE] [--allotments ?QUERY] [--waiting ?QUERY] "
                          "[--errors ?QUERY] ROOT TENANTS");
        }
    }
    if (argc - optind != 2)
        fail("usage", "ROOT and a file of \"TENANT CLIENT SECRET\" lines are needed");
    f.root = argv[optind];
    f.links.end = &f.links.first;
    f.lists.end = &f.lists.first;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        fail("libcurl", "does not start");
    read_tenants(&f, argv[optind + 1]);
    open_slots(&f);
    run(&f);
    printf("{\"requests\": %zu, \"bytes\": %zu}\n", f.n_requests, f.n_bytes);
    return 0;
}
