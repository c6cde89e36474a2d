/* SPDX-License-Identifier: MIT */
/* store/silences.c: silences and acknowledgements, one row each. */
#include "store/commit.h"
#include "store/write.h"

#include "base/text.h"
#include <errno.h>
#include <string.h>

#define LABELS_MAX 8192

/* "key=value" lines: keys are names of libconfig, values have no control characters. */
static char *print_labels(const struct match *m)
{
    struct text t = TEXT_INIT(LABELS_MAX);
    for (size_t i = 0; i < m->n_labels; i++)
        text_addf(&t, "%s=%s\n", m->label[i].key, m->label[i].value);
    return text_take(&t);
}

/* -EBADMSG: not such lines. */
static int parse_labels(const char *text, struct match *m)
{
    while (*text) {
        const char *equals = strchr(text, '='), *end = strchr(text, '\n');
        if (!equals || !end || equals > end)
            return -EBADMSG;
        if (array_room(&m->label, m->n_labels, sizeof *m->label) < 0)
            return -ENOMEM;
        struct label *l = &m->label[m->n_labels++];
        *l = (struct label){strndup(text, (size_t)(equals - text)),
                            strndup(equals + 1, (size_t)(end - equals - 1))};
        if (!l->key || !l->value)
            return -ENOMEM;
        text = end + 1;
    }
    return 0;
}

int silence_put(struct store *s, const struct silence *one, struct failure *f)
{
    char weekly[HOURS_TEXT];
    CLEANUP(free) char *labels = print_labels(&one->match);
    struct row row = {0};
    if (!labels)
        return failure_oom(f);
    row_text(&row, one->id);
    row_text(&row, one->author);
    row_text(&row, one->comment);
    row_text(&row, one->match.tenant);
    row_text(&row, one->match.sku);
    row_text(&row, one->match.allotment);
    row_text(&row, one->match.rule);
    row_text(&row, one->match.severity);
    row_text(&row, labels);
    row_text(&row, one->alert_id);
    row_int(&row, one->episode);
    row_instant(&row, &one->created);
    row_usec(&row, one->start_at);
    row_usec(&row, one->end_at);
    row_int(&row, one->lasts);
    row_text(&row, one->weekly.n_ranges ? hours_print(&one->weekly, weekly) : NULL);
    row_text(&row, one->zone);
    row_int(&row, one->hold);
    return row_put(&s->db, &TABLE_SILENCE, &row, f);
}

int silence_remove(struct store *s, const char *id, struct failure *f)
{
    struct row key = {0};
    row_text(&key, id);
    return row_delete(&s->db, &TABLE_SILENCE, &key, f);
}

static int copy_or_null(struct row *row, char **ret)
{
    return text_copy(row_get_text_or_null(row), ret);
}

static int read_silence(struct row *row, struct silence *s)
{
    if (text_copy(row_get_text(row), &s->id) < 0 || text_copy(row_get_text(row), &s->author) < 0 ||
        text_copy(row_get_text(row), &s->comment) < 0 || copy_or_null(row, &s->match.tenant) < 0 ||
        copy_or_null(row, &s->match.sku) < 0 || copy_or_null(row, &s->match.allotment) < 0 ||
        copy_or_null(row, &s->match.rule) < 0 || copy_or_null(row, &s->match.severity) < 0)
        return -ENOMEM;
    int labels = parse_labels(row_get_text(row), &s->match);
    if (labels == -ENOMEM || copy_or_null(row, &s->alert_id) < 0)
        return -ENOMEM;
    s->episode = (uint32_t)row_get_int(row, 0, UINT32_MAX);
    s->created = row_get_instant(row);
    s->start_at = row_get_usec(row);
    if (s->start_at == s->created.at) /* what earlier versions stored where no begin was given */
        s->start_at = 0;
    s->end_at = row_get_usec(row);
    s->lasts = row_get_bool(row);
    const char *weekly = row_get_text_or_null(row);
    if (copy_or_null(row, &s->zone) < 0)
        return -ENOMEM;
    s->hold = row_get_bool(row);
    row->wrong = row->wrong || labels < 0 || (weekly && hours_parse(weekly, &s->weekly, NULL) < 0);
    return 0;
}

struct loaded {
    struct silence *silence;
    size_t n;
};

static void loaded_free_at(struct loaded *all)
{
    for (size_t i = 0; i < all->n; i++)
        silence_clear(&all->silence[i]);
    free(all->silence);
}

static int take_row(struct row *row, void *into)
{
    struct loaded *all = into;
    struct silence one = {0};
    int r = read_silence(row, &one);
    if (r >= 0 && !row->wrong)
        r = array_room(&all->silence, all->n, sizeof *all->silence);
    if (r < 0 || row->wrong)
        silence_clear(&one);
    else
        all->silence[all->n++] = one;
    return r;
}

static int load(struct store *s, struct silence **ret, size_t *ret_n, struct failure *f)
{
    CLEANUP(loaded_free) struct loaded all = {0};
    CLEANUP(bad_rows_free) struct bad_rows bad = {0};
    int r = store_ready(s, f);
    if (r >= 0) {
        CLEANUP(query_end) struct query q = row_select(&s->db, &TABLE_SILENCE, "ORDER BY id");
        r = rows_each(&q, &TABLE_SILENCE, 0, take_row, &all, &bad, f);
    }
    if (r >= 0)
        r = store_quarantine(s, &bad, f);
    if (r < 0)
        return r;
    *ret = TAKE(all.silence);
    *ret_n = all.n;
    all.n = 0;
    return 0;
}

int store_silences(struct store *s, struct silence **ret, size_t *ret_n, struct failure *ret_failure)
{
    return MENDING(s, ret_failure, load(s, ret, ret_n, ret_failure));
}
