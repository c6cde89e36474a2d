/* SPDX-License-Identifier: MIT */
/* model/subscription.c: parses, compares and deduplicates subscriptions. */
#include "model/subscription.h"
#include "base/cleanup.h"
#include "base/text.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct {
    const char *word;
    enum subscription_state state;
} STATES[] = {
    {"active", SUBSCRIPTION_ACTIVE},       {"warning", SUBSCRIPTION_WARNING},
    {"suspended", SUBSCRIPTION_SUSPENDED}, {"lockedOut", SUBSCRIPTION_LOCKED_OUT},
    {"deleted", SUBSCRIPTION_DELETED},
    {"enabled", SUBSCRIPTION_ACTIVE}, /* capabilityStatus of subscribedSkus */
};

/* The next word of a comma list with optional blanks; returns 0 at the end. An empty member is a word of
 * length 0. */
static int next_word(const char **at, const char **ret_word, size_t *ret_len)
{
    if (!*at)
        return 0;
    const char *word = *at + strspn(*at, " \t");
    const char *comma = strchr(word, ',');
    size_t len = comma ? (size_t)(comma - word) : strlen(word);
    while (len > 0 && (word[len - 1] == ' ' || word[len - 1] == '\t'))
        len--;
    *at = comma ? comma + 1 : NULL;
    *ret_word = word;
    *ret_len = len;
    return 1;
}

static bool word_is(const char *word, size_t len, const char *want)
{
    return strlen(want) == len && strncasecmp(word, want, len) == 0;
}

enum subscription_state subscription_state_parse(const char *text)
{
    enum subscription_state worst = SUBSCRIPTION_UNKNOWN;
    const char *at = text, *word;
    size_t len;

    while (next_word(&at, &word, &len)) {
        enum subscription_state found = SUBSCRIPTION_UNKNOWN;
        for (size_t i = 0; i < sizeof STATES / sizeof *STATES; i++)
            if (word_is(word, len, STATES[i].word))
                found = STATES[i].state;
        if (found == SUBSCRIPTION_UNKNOWN)
            return SUBSCRIPTION_UNKNOWN;
        if (found > worst)
            worst = found;
    }
    return worst;
}

const char *subscription_state_word(enum subscription_state state)
{
    for (size_t i = 0; i < sizeof STATES / sizeof *STATES; i++)
        if (STATES[i].state == state)
            return STATES[i].word;
    return NULL;
}

bool subscription_tags_trial(const char *text)
{
    const char *at = text, *word;
    size_t len;

    while (next_word(&at, &word, &len))
        if (word_is(word, len, "trial"))
            return true;
    return false;
}

bool subscription_equal(const struct subscription *a, const struct subscription *b)
{
    return text_equal(a->id, b->id) && a->state == b->state && a->trial == b->trial &&
           a->licenses == b->licenses && a->start_date == b->start_date &&
           a->next_lifecycle_date == b->next_lifecycle_date;
}

static int compare_ids(const void *a, const void *b)
{
    const struct subscription *const *x = a, *const *y = b;
    return strcmp((*x)->id, (*y)->id);
}

int subscriptions_unify(struct subscription *list, size_t *n)
{
    CLEANUP(free) struct subscription **sorted = calloc(*n + 1, sizeof *sorted);
    size_t kept = 0, last = 0;
    if (!sorted)
        return -ENOMEM;
    for (size_t i = 0; i < *n; i++)
        sorted[i] = &list[i];
    qsort(sorted, *n, sizeof *sorted, compare_ids);
    for (size_t i = 1; i < *n; i++) {
        if (strcmp(sorted[last]->id, sorted[i]->id) != 0)
            last = i;
        else if (!subscription_equal(sorted[last], sorted[i]))
            return -EEXIST;
        else
            subscription_clear(sorted[i]);
    }
    for (size_t i = 0; i < *n; i++)
        if (list[i].id)
            list[kept++] = list[i];
    *n = kept;
    return 0;
}

void subscription_clear(struct subscription *s)
{
    free(s->id);
    free(s->state_text);
    free(s->tags_text);
    *s = (struct subscription){.start_date = DATE_UNKNOWN, .next_lifecycle_date = DATE_UNKNOWN};
}

void subscriptions_free(struct subscription *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        subscription_clear(&s[i]);
    free(s);
}
