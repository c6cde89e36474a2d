/* SPDX-License-Identifier: MIT */
/* store/registry.c: writes alerts as rows, and loads the registry from them. */
#include "store/commit.h"
#include "store/write.h"

#include "alerts/kind.h"
#include "base/text.h"
#include "store/enum_text.h"
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* ---- latches, mutes, ends: one line each, idle ones left out ---- */

#define LINES_MAX 8192

static bool latch_is_idle(const struct latch *l)
{
    return l->state == ALERT_OK && l->elapsed == 0 && l->observations == 0 && l->last.boot == 0 &&
           l->last.at == 0 && l->last.mono == 0;
}

static char *print_latches(const struct alert *a)
{
    struct text t = TEXT_INIT(LINES_MAX);
    for (int rule = 0; rule < RULE_COUNT_; rule++)
        for (int i = 0; i < LEVELS; i++) {
            const struct latch *l = &a->latch[rule][i];
            if (latch_is_idle(l))
                continue;
            text_addf(&t,
                      "%s %s %s %" PRIu64 " %" PRIu32 " %" PRIu64 " %" PRIu64 " %016" PRIx64 "\n",
                      rule_name((enum rule)rule), level_name((enum level)(i + 1)),
                      alert_state_name(l->state), l->elapsed, l->observations, l->last.at,
                      l->last.mono, l->last.boot);
        }
    return text_take(&t);
}

static char *print_muted(const struct alert *a)
{
    struct text t = TEXT_INIT(LINES_MAX);
    for (int rule = 0; rule < RULE_COUNT_; rule++)
        if (a->muted[rule] != LEVEL_NONE)
            text_addf(&t, "%s %s\n", rule_name((enum rule)rule), level_name(a->muted[rule]));
    return text_take(&t);
}

/* Splits the next line into words. Returns their number, 0 at the end, -1 if the text does not end in a
 * newline or a line has too many or too long words. */
#define WORDS_MAX 8
#define WORD_MAX 40
static int next_line(const char **at, char word[static WORDS_MAX][WORD_MAX])
{
    int n = 0;
    const char *c = *at;
    if (!*c)
        return 0;
    for (;;) {
        size_t len = strcspn(c, " \n");
        if (n == WORDS_MAX || len >= WORD_MAX || c[len] == '\0')
            return -1;
        memcpy(word[n], c, len);
        word[n++][len] = '\0';
        c += len + 1;
        if (c[-1] == '\n')
            break;
    }
    *at = c;
    return n;
}

static bool parse_number(const char *word, int base, uint64_t max, uint64_t *ret)
{
    char *end;
    errno = 0;
    if (!isxdigit((unsigned char)word[0])) /* strtoull takes signs and blanks */
        return false;
    *ret = strtoull(word, &end, base);
    return errno == 0 && *end == '\0' && *ret <= max;
}

static bool parse_latches(const char *text, struct alert *a)
{
    char w[WORDS_MAX][WORD_MAX];
    int n;
    while ((n = next_line(&text, w)) > 0) {
        int rule = rule_parse(w[0]), level = n == 8 ? enum_text_level(w[1]) : -1;
        int state = n == 8 ? enum_text_state(w[2]) : -1;
        uint64_t samples;
        if (rule < 0 || level < LEVEL_WARNING || state < 0)
            return false;
        struct latch *l = &a->latch[rule][level - 1];
        if (!parse_number(w[3], 10, INT64_MAX, &l->elapsed) ||
            !parse_number(w[4], 10, UINT32_MAX, &samples) ||
            !parse_number(w[5], 10, INT64_MAX, &l->last.at) ||
            !parse_number(w[6], 10, INT64_MAX, &l->last.mono) ||
            !parse_number(w[7], 16, UINT64_MAX, &l->last.boot))
            return false;
        l->state = (enum alert_state)state;
        l->observations = (uint32_t)samples;
    }
    return n == 0;
}

static bool parse_muted(const char *text, struct alert *a)
{
    char w[WORDS_MAX][WORD_MAX];
    int n;
    while ((n = next_line(&text, w)) > 0) {
        int rule = rule_parse(w[0]), level = n == 2 ? enum_text_level(w[1]) : -1;
        if (rule < 0 || level < 0)
            return false;
        a->muted[rule] = (enum level)level;
    }
    return n == 0;
}

/* The first line has the last change while the alert flaps, each other one the time of an end. */
static char *print_flap(const struct flap *f)
{
    struct text t = TEXT_INIT(LINES_MAX);
    if (f->on || f->n_ends > 0)
        text_addf(&t, "%s %" PRIu64 " %" PRIu64 " %016" PRIx64 "\n", f->on ? "flapping" : "steady",
                  f->changed.at, f->changed.mono, f->changed.boot);
    for (uint32_t i = 0; i < f->n_ends; i++)
        text_addf(&t, "%" PRIu64 "\n", f->end_at[i]);
    return text_take(&t);
}

static bool parse_flap(const char *text, struct flap *f)
{
    char w[WORDS_MAX][WORD_MAX];
    int n = next_line(&text, w);
    if (n == 0)
        return true;
    f->on = strcmp(w[0], "flapping") == 0;
    if (n != 4 || (!f->on && strcmp(w[0], "steady") != 0) ||
        !parse_number(w[1], 10, INT64_MAX, &f->changed.at) ||
        !parse_number(w[2], 10, INT64_MAX, &f->changed.mono) ||
        !parse_number(w[3], 16, UINT64_MAX, &f->changed.boot))
        return false;
    for (; (n = next_line(&text, w)) == 1 && f->n_ends < FLAP_PAIRS_MAX; f->n_ends++)
        if (!parse_number(w[0], 10, INT64_MAX, &f->end_at[f->n_ends]))
            return false;
    return n == 0;
}

/* ---- rows ---- */

int alert_remove(struct store *s, const char *id, struct failure *f)
{
    struct row key = {0};
    row_text(&key, id);
    return row_delete(&s->db, &TABLE_ALERT, &key, f);
}

/* As in the registry, a tenant has one alert per kind and subject; the later one stays. */
static int remove_others(struct store *s, const struct alert *a, struct failure *f)
{
    char other[ALERT_ID_TEXT] = "";
    {
        CLEANUP(query_end)
        struct query q = query_new(&s->db, "SELECT id FROM alert WHERE tenant_id = ?1 AND kind = ?2"
                                           " AND subject = ?3 AND id <> ?4");
        query_text(&q, a->tenant_id);
        query_text(&q, kind_name(a->kind));
        query_text(&q, a->subject);
        query_text(&q, a->id);
        int r = query_step(&q, f);
        if (r <= 0)
            return r;
        (void)snprintf(other, sizeof other, "%s", query_get_text(&q, 0));
    }
    return alert_remove(s, other, f);
}

int alert_put(struct store *s, const struct alert *a, struct failure *f)
{
    CLEANUP(free) char *latches = print_latches(a);
    CLEANUP(free) char *muted = print_muted(a);
    CLEANUP(free) char *context = NULL;
    size_t context_len = 0;
    CLEANUP(free) char *flap = print_flap(&a->flap);
    if (!latches || !muted || !flap)
        return failure_oom(f);
    if (a->context) {
        int r = s->codec.pack_context(a->context, &context, &context_len);
        if (r < 0)
            return failure_set(f, FAILURE_LOCAL, -r, "context of alert %s: %s", a->id, strerror(-r));
    }
    struct row row = {0};
    row_text(&row, a->id);
    row_text(&row, kind_name(a->kind));
    row_text(&row, a->tenant_id);
    row_text(&row, a->subject);
    row_int(&row, a->episode);
    row_usec(&row, a->seq);
    row_text(&row, alert_state_name(a->state));
    row_text(&row, level_name(a->level));
    row_text(&row, rule_name(a->rule));
    row_int(&row, a->value);
    row_int(&row, a->threshold);
    row_text(&row, unit_name(a->unit));
    row_instant(&row, &a->started);
    row_text(&row, level_name(a->notified));
    row_text(&row, rule_name(a->notified_rule));
    row_int(&row, a->notified_value);
    row_int(&row, a->notified_waiting);
    row_int(&row, (int64_t)cause_hash(a->notified_cause)); /* a hash: the sign means nothing */
    row_usec(&row, a->reminder_at);
    row_int(&row, a->reminders);
    row_text(&row, latches);
    row_text(&row, muted);
    row_blob(&row, context, context_len);
    row_usec(&row, a->silenced.at);
    row_text(&row, level_name(a->silenced.level));
    row_text(&row, rule_name(a->silenced.rule));
    row_int(&row, a->silenced.value);
    row_int(&row, a->silenced.waiting);
    row_usec(&row, a->silenced.broken_at);
    row_text(&row, flap);
    int r = remove_others(s, a, f);
    return r < 0 ? r : row_put(&s->db, &TABLE_ALERT, &row, f);
}

static int get_word(struct row *row, int (*parse)(const char *word))
{
    int value = parse(row_get_text(row));
    row->wrong = row->wrong || value < 0;
    return value < 0 ? 0 : value;
}

struct loading {
    const struct store_codec *codec;
    struct alert_registry *registry;
};

static int take_alert(struct row *row, void *into)
{
    const struct loading *l = into;
    CLEANUP(alert_free) struct alert *a = calloc(1, sizeof *a);
    if (!a)
        return -ENOMEM;
    row_get_buffer(row, a->id, sizeof a->id);
    a->kind = (enum kind)get_word(row, kind_parse);
    if (text_copy(row_get_text(row), &a->tenant_id) < 0 ||
        text_copy(row_get_text(row), &a->subject) < 0)
        return -ENOMEM;
    a->episode = (uint32_t)row_get_int(row, 0, UINT32_MAX);
    a->seq = row_get_usec(row);
    a->state = (enum alert_state)get_word(row, enum_text_state);
    a->level = (enum level)get_word(row, enum_text_level);
    a->rule = (enum rule)get_word(row, rule_parse);
    a->value = row_get_int(row, INT64_MIN, INT64_MAX);
    a->threshold = row_get_int(row, INT64_MIN, INT64_MAX);
    a->unit = (enum unit)get_word(row, enum_text_unit);
    a->started = row_get_instant(row);
    a->notified = (enum level)get_word(row, enum_text_level);
    a->notified_rule = (enum rule)get_word(row, rule_parse);
    a->notified_value = row_get_int(row, INT64_MIN, INT64_MAX);
    a->notified_waiting = row_get_int(row, INT64_MIN, INT64_MAX);
    a->notified_cause = cause_from_hash((uint64_t)row_get_int(row, INT64_MIN, INT64_MAX));
    a->reminder_at = row_get_usec(row);
    a->reminders = (uint32_t)row_get_int(row, 0, UINT32_MAX);
    bool whole = parse_latches(row_get_text(row), a);
    whole = parse_muted(row_get_text(row), a) && whole;
    size_t context_len;
    const char *context = row_get_blob(row, &context_len);
    a->silenced.at = row_get_usec(row);
    a->silenced.level = (enum level)get_word(row, enum_text_level);
    a->silenced.rule = (enum rule)get_word(row, rule_parse);
    a->silenced.value = row_get_int(row, INT64_MIN, INT64_MAX);
    a->silenced.waiting = row_get_int(row, INT64_MIN, INT64_MAX);
    a->silenced.broken_at = row_get_usec(row);
    whole = parse_flap(row_get_text(row), &a->flap) && whole;
    row->wrong = row->wrong || !whole || strlen(a->id) != ALERT_ID_TEXT - 1;
    if (context && !row->wrong) {
        int r = l->codec->unpack_context(context, context_len, &a->context);
        if (r == -ENOMEM)
            return r;
        row->wrong = r < 0;
    }
    if (!row->wrong)
        (void)registry_put(l->registry, TAKE(a)); /* never fails */
    return 0;
}

static int load_registry(struct store *s, struct alert_registry **ret, struct failure *ret_failure)
{
    CLEANUP(registry_free) struct alert_registry *registry = NULL;
    CLEANUP(bad_rows_free) struct bad_rows bad = {0};
    int r = registry_new(&registry);
    if (r < 0)
        return failure_oom(ret_failure);
    struct loading loading = {.codec = &s->codec, .registry = registry};
    r = store_ready(s, ret_failure);
    if (r >= 0) {
        CLEANUP(query_end) struct query q = row_select(&s->db, &TABLE_ALERT, "");
        r = rows_each(&q, &TABLE_ALERT, 0, take_alert, &loading, &bad, ret_failure);
    }
    if (r >= 0)
        r = store_quarantine(s, &bad, ret_failure);
    if (r < 0)
        return r;
    *ret = TAKE(registry);
    return 0;
}

int store_load_registry(struct store *s, struct alert_registry **ret, struct failure *ret_failure)
{
    return MENDING(s, ret_failure, load_registry(s, ret, ret_failure));
}
