/* SPDX-License-Identifier: MIT */
/* deliver/lines.c: priorities, and the lines of a message. */
#include "deliver/lines.h"

#include "deliver/notification_put.h"
#include "deliver/late_prefix.h"
#include <string.h>

#define LINE_MAX_BYTES 2048

int message_priority(const struct message *m)
{
    if (m->notification && m->notification->type == EVENT_RESOLVED)
        return LOG_NOTICE;
    if (m->notification && m->notification->type == EVENT_INFO)
        return LOG_INFO;
    enum level level = m->notification ? m->notification->level : m->digest->worst;
    return level == LEVEL_CRITICAL ? LOG_CRIT : level == LEVEL_WARNING ? LOG_WARNING : LOG_NOTICE;
}

void clean_add(struct text *t, const char *s, size_t max)
{
    char clean[LINE_MAX_BYTES];
    if (s)
        text_add(t, text_clean(clean, max < sizeof clean ? max : sizeof clean, s, strlen(s)));
}

/* Keeps line breaks, leaves out empty lines. */
static void block_add(struct text *t, const char *s)
{
    while (s && *s) {
        size_t len = strcspn(s, "\n");
        char clean[LINE_MAX_BYTES];
        if (len > 0) {
            text_add(t, t->len > 0 ? "\n" : "");
            text_add(t, text_clean(clean, sizeof clean, s, len));
        }
        s += len + (s[len] == '\n');
    }
}

/* "critical firing: ", "resolved: ", "info: ": readers may see the text only. */
static void head_add(struct text *t, const struct message *m)
{
    enum event_type type = m->notification ? m->notification->type : EVENT_DIGEST;
    const char *level =
        m->notification ? notification_severity(m->notification) : level_word(m->digest->worst);
    if (level && type != EVENT_RESOLVED && type != EVENT_INFO)
        text_addf(t, "%s ", level);
    text_addf(t, "%s: ", strchr(event_type_name(type), '.') + 1);
}

static void digest_add(struct text *t, const struct message *m)
{
    const struct digest *d = m->digest;
    char late[64];
    if (lateness(d->at, m->now_at, late, sizeof late)[0])
        text_addf(t, "(%s) ", late);
    clean_add(t, d->title, LINE_MAX_BYTES); /* includes "part 1 of 2" */
    block_add(t, d->summary);
    for (size_t i = 0; i < d->n_notifications; i++) {
        text_addf(t, "\n- %s: ", line_word(d->notification[i]));
        clean_add(t, d->notification[i]->title, LINE_MAX_BYTES);
    }
}

void lines_add(struct text *t, const struct message *m)
{
    head_add(t, m);
    if (m->digest) {
        digest_add(t, m);
        return;
    }
    clean_add(t, m->notification->title, LINE_MAX_BYTES);
    block_add(t, m->notification->description);
    block_add(t, m->notification->next_step);
}
