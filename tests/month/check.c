/* SPDX-License-Identifier: MIT */
#include "month/check.h"

#include "base/array.h"
#include "base/date.h"
#include "base/text.h"
#include "month/harm.h"
#include "month/heard.h"
#include "month/timers.h"
#include "month/told.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct accepted {
    char id[UUID_TEXT];
    uint64_t bytes; /* a hash of them */
    bool confirmed, lost;
};
struct digest_seen {
    char id[UUID_TEXT];
    unsigned receiver;
    uint32_t part, parts; /* part: so many were heard */
    size_t lines;
};
static const struct world *world;
static char *violation[INVARIANTS];
static struct accepted *accepted[RECEIVERS];
static struct digest_seen *digest;
static size_t n_accepted[RECEIVERS], n_digests, n_repeats, kills, repeats_of_kills[RECEIVERS];
static int expect_silence;

void check_note(int invariant, const char *fmt, ...)
{
    char text[400], at[RFC3339_MAX];
    va_list ap;
    if (violation[invariant])
        return;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    violation[invariant] =
        text_printf("I%d at %s (day %.2f): %s", invariant, rfc3339_print(timers_now().at, at),
                    (double)timers_now().mono / (double)USEC_PER_DAY - 1, text);
    assert_non_null(violation[invariant]);
}

const char *check_violation(int invariant)
{
    return violation[invariant];
}

void check_begin(const struct world *w, usec_t interval)
{
    world = w;
    harm_begin(w, interval);
}

void check_free(void)
{
    for (size_t i = 0; i < RECEIVERS; i++)
        free(accepted[i]), accepted[i] = NULL, n_accepted[i] = repeats_of_kills[i] = 0;
    told_free();
    harm_free();
    for (size_t i = 0; i < INVARIANTS; i++)
        free(violation[i]), violation[i] = NULL;
    free(digest), digest = NULL;
    n_digests = n_repeats = kills = 0;
    expect_silence = 0;
}

/* ---- digests ---- */

static int by_seq(const void *a, const void *b)
{
    const struct line *x = a, *y = b;
    return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static void check_digest(unsigned r, struct heard *h)
{
    struct digest_seen *d = NULL;
    for (size_t i = n_digests; i-- > 0 && !d;)
        if (digest[i].receiver == r && text_equal(digest[i].id, h->digest_id))
            d = &digest[i];
    if (!d) {
        assert_true(array_room(&digest, n_digests, sizeof *digest) >= 0);
        d = &digest[n_digests++];
        *d = (struct digest_seen){.receiver = r};
        (void)snprintf(d->id, sizeof d->id, "%s", h->digest_id);
    }
    d->part++;
    d->parts = h->parts;
    d->lines += h->n_lines;
    if (h->n_lines > 20 || h->part > h->parts)
        check_note(8, "%s: part %" PRIu32 " of %" PRIu32 " with %zu lines", RECEIVER_NAMES[r],
                   h->part, h->parts, h->n_lines);
    if (d->part == d->parts && text_equal(h->reason, "storm") && (int64_t)d->lines != h->counted)
        check_note(8, "%s: digest %s has %zu lines and counts %" PRId64, RECEIVER_NAMES[r], d->id,
                   d->lines, h->counted);
    qsort(h->line, h->n_lines, sizeof *h->line, by_seq);
}

/* ---- messages ---- */

static uint64_t hash(const char *bytes, size_t len) /* FNV-1a */
{
    uint64_t h = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < len; i++)
        h = (h ^ (unsigned char)bytes[i]) * UINT64_C(1099511628211);
    return h;
}

/* The same id once more. */
static void check_repeated(unsigned r, struct accepted *m, uint64_t bytes)
{
    n_repeats++;
    if (m->confirmed)
        check_note(4, "%s: %s again, although it had been recorded as delivered", RECEIVER_NAMES[r],
                   m->id);
    if (!m->lost && ++repeats_of_kills[r] > kills)
        check_note(4, "%s: more repeated ids than kills", RECEIVER_NAMES[r]);
    if (m->bytes != bytes)
        check_note(4, "%s: %s again with other bytes", RECEIVER_NAMES[r], m->id);
    m->lost = false;
}

static void check_new(unsigned r, const char *event_id, const char *body, size_t len)
{
    struct heard h;
    if (!heard_read(body, len, world, &h)) {
        check_note(8, "%s: unreadable: %.*s", RECEIVER_NAMES[r], (int)len, body);
        return;
    }
    const char *wanted = getenv("MONTH_ALERT");
    for (size_t i = 0; wanted && i < h.n_lines; i++)
        if (text_glob(wanted, h.line[i].alert_id))
            printf("day %.3f, %s: %.*s\n", (double)timers_now().mono / (double)USEC_PER_DAY - 1,
                   RECEIVER_NAMES[r], (int)len, body);
    if (memmem(body, len, SECRET, sizeof SECRET - 1))
        check_note(9, "%s: a message has the secret", RECEIVER_NAMES[r]);
    if (expect_silence && !(h.n_lines == 1 && h.line[0].reminder))
        check_note(expect_silence, "%s: %.*s", RECEIVER_NAMES[r], (int)(len < 300 ? len : 300),
                   body);
    if (h.digest)
        check_digest(r, &h);
    for (size_t i = 0; i < h.n_lines; i++)
        told_line(r, &h.line[i], h.digest ? NULL : event_id, h.firing,
                  text_equal(h.reason, "first_run"));
}

long check_heard(unsigned r, const char *event_id, const char *body, size_t len)
{
    uint64_t bytes = hash(body, len);
    for (size_t i = n_accepted[r]; i-- > 0;)
        if (text_equal(accepted[r][i].id, event_id)) {
            check_repeated(r, &accepted[r][i], bytes);
            return (long)i;
        }
    assert_true(array_room(&accepted[r], n_accepted[r], sizeof **accepted) >= 0);
    struct accepted *m = &accepted[r][n_accepted[r]];
    *m = (struct accepted){.bytes = bytes};
    (void)snprintf(m->id, sizeof m->id, "%s", event_id);
    check_new(r, event_id, body, len);
    return (long)n_accepted[r]++;
}

void check_confirmed(unsigned r, long n)
{
    accepted[r][n].confirmed = true;
}

void check_answer_lost(unsigned r, long n)
{
    accepted[r][n].lost = true;
}

void check_killed(void)
{
    kills++;
    harm_disturbed();
}

void check_expect_silence(int invariant)
{
    expect_silence = invariant;
}

/* ---- the end ---- */

void check_end(void)
{
    told_end();
    for (size_t i = 0; i < n_digests; i++)
        if (digest[i].part != digest[i].parts)
            check_note(8, "%s: digest %s has %" PRIu32 " of %" PRIu32 " parts",
                       RECEIVER_NAMES[digest[i].receiver], digest[i].id, digest[i].part,
                       digest[i].parts);
}

size_t check_messages(void)
{
    size_t n = 0;
    for (unsigned r = 0; r < RECEIVERS; r++)
        n += n_accepted[r];
    return n;
}

size_t check_digests(void)
{
    return n_digests;
}

size_t check_repeats(void)
{
    return n_repeats;
}
