/* SPDX-License-Identifier: MIT */
/* model/subscription.c: the words of a subscription, and its copies. */
#include "model/subscription.h"
#include "base/text.h"
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
    {"enabled", SUBSCRIPTION_ACTIVE}, /* capabilityStatus of the older lists */
};

/* The next word of a comma list with optional blanks; 0 at the end of the text. An empty member is
 * a word of length 0 and 1 is returned. */
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

int subscription_copy(struct subscription *dst, const struct subscription *src)
{
    struct subscription copy = *src;
    copy.id = copy.state_text = copy.tags_text = NULL;
    int r = text_copy(src->id, &copy.id);
    if (r >= 0)
        r = text_copy(src->state_text, &copy.state_text);
    if (r >= 0)
        r = text_copy(src->tags_text, &copy.tags_text);
    if (r < 0) {
        subscription_clear(&copy);
        return r;
    }
    *dst = copy;
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
