/* SPDX-License-Identifier: MIT */
/* deliver/answer.c: classifies answers, and computes backoff, circuit breaker and age limit. */
#include "deliver/answer.h"

#include "base/text.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define BUSY_FIRST USEC_PER_SEC
#define BUSY_MAX USEC_PER_MINUTE
#define PROBE_FIRST 2 /* index into the delivery delays: 30 s */

/* First match wins. Retry-After applies to all entries of the receiver, with any status. */
static const struct {
    int from, to;
    enum answer_class plain, with_retry_after;
} STATUSES[] = {
    {200, 299, ANSWER_OK, ANSWER_OK},
    {410, 410, ANSWER_GONE, ANSWER_GONE},
    {429, 429, ANSWER_THROTTLED, ANSWER_THROTTLED},
    {300, 399, ANSWER_RETRY, ANSWER_RETRY}, /* never followed: a login page answers 200, too */
    {0, 999, ANSWER_RETRY, ANSWER_THROTTLED},
};

enum answer_class answer_class_of(int status, bool retry_after)
{
    for (size_t i = 0; i < N_ELEMENTS(STATUSES); i++)
        if (status >= STATUSES[i].from && status <= STATUSES[i].to)
            return retry_after ? STATUSES[i].with_retry_after : STATUSES[i].plain;
    return ANSWER_RETRY;
}

void answer_set(struct answer *a, enum answer_class class, const char *fmt, ...)
{
    char raw[2 * sizeof a->text];
    va_list ap;
    va_start(ap, fmt);
    if (vsnprintf(raw, sizeof raw, fmt, ap) < 0)
        raw[0] = '\0';
    va_end(ap);
    a->class = class;
    text_clean(a->text, sizeof a->text, raw, strlen(raw));
}

static usec_t later(usec_t a, usec_t b)
{
    return a > b ? a : b;
}

static usec_t busy_delay(unsigned n)
{
    return n < 6 ? BUSY_FIRST << n : BUSY_MAX;
}

/* The circuit opens when CIRCUIT_ROWS different entries have failed without a success between. */
static void count_row(struct health *h, int64_t id)
{
    for (size_t i = 0; i < h->n_failed; i++)
        if (h->failed[i] == id)
            return;
    if (h->n_failed < CIRCUIT_ROWS)
        h->failed[h->n_failed++] = id;
}

/* An entry expires by age, and only if the receiver has been failing for a while: after a long power
 * cut or a clock jump the age alone proves nothing. */
static bool budget_is_spent(const struct outbox_entry *entry, struct instant now,
                            const struct health *h)
{
    return now.at > entry->created_at && now.at - entry->created_at >= DELIVERY_BUDGET &&
           h->down_since_mono != 0 && now.mono - h->down_since_mono >= DELIVERY_PROOF;
}

static void settle_ok(struct health *h, struct attempt_result *ret)
{
    *h = (struct health){0};
    ret->state = OUTBOX_DELIVERED;
}

/* A full local socket is not a failure of the entry: all entries wait together, and never for long,
 * because the reader may resume at any moment. */
static void settle_busy(const struct outbox_entry *entry, struct instant now, struct health *h,
                        struct attempt_result *ret)
{
    usec_t wait = busy_delay(h->busy++);
    h->quiet_until_mono = now.mono + wait;
    ret->state = budget_is_spent(entry, now, h) ? OUTBOX_PARKED : OUTBOX_QUEUED;
    ret->due_at = now.at + wait;
}

static void settle_later(const struct answer *a, const struct outbox_entry *entry,
                         struct instant now, uint32_t dice, struct health *h,
                         struct attempt_result *ret)
{
    usec_t wait = later(retry_delivery_delay(entry->attempts + 1, dice), a->retry_after);
    bool was_open = circuit_open(h);
    count_row(h, entry->id);
    if (a->class == ANSWER_THROTTLED)
        h->quiet_until_mono = now.mono + wait;
    if (circuit_open(h)) {
        h->probes += was_open;
        usec_t probe = retry_delivery_delay(PROBE_FIRST + h->probes, dice);
        h->quiet_until_mono = later(h->quiet_until_mono, now.mono + probe);
    }
    ret->state = budget_is_spent(entry, now, h) ? OUTBOX_PARKED : OUTBOX_QUEUED;
    ret->due_at = now.at + wait;
}

void answer_settle(const struct answer *a, const struct outbox_entry *entry, struct instant now,
                   uint32_t dice, struct health *h, struct attempt_result *ret)
{
    *ret = (struct attempt_result){.status = a->status};
    memcpy(ret->text, a->text, sizeof ret->text);
    memcpy(ret->ref, a->ref, sizeof ret->ref);
    if (a->class == ANSWER_OK) {
        settle_ok(h, ret);
        return;
    }
    h->failures++;
    if (h->down_since_mono == 0)
        h->down_since_mono = now.mono;
    if (a->class == ANSWER_BUSY) {
        settle_busy(entry, now, h, ret);
    } else if (a->class == ANSWER_PERMANENT || a->class == ANSWER_GONE) {
        ret->state = OUTBOX_PARKED;
        h->disabled = a->class == ANSWER_GONE;
    } else {
        settle_later(a, entry, now, dice, h, ret);
    }
}
