/* SPDX-License-Identifier: MIT */
/* month/heard.h: what a receiver reads in the bytes of a message. */
#pragma once
#include "base/digest.h"
#include "month/world.h"

#include <stddef.h>

#define LINES_MAX 32

struct line { /* an alert in a message */
    char alert_id[17], tenant_id[40];
    uint32_t episode;
    uint64_t seq;
    bool up, reminder; /* up: not resolved */
    bool
        first; /* neither a reminder nor an acknowledgement: reminders are counted from it, and from each other */
    bool acknowledged;
    bool excused; /* resolved for a reason: the rule was removed, or the new number is the normal
                     one */
    bool service;
    int about; /* a receiver; -1: none */
    struct subject subject;
    int64_t amount;       /* members that wait, errors, or 1 */
    char observed_at[32]; /* the time of the poll it rests on */
};
struct heard {
    bool digest, firing;
    char digest_id[UUID_TEXT], reason[16];
    uint32_t part, parts;
    int64_t counted; /* alerts in all parts, as the digest says */
    struct line line[LINES_MAX];
    size_t n_lines;
};
/* False: it is no message that the manual describes. */
bool heard_read(const char *body, size_t len, const struct world *w, struct heard *ret);
