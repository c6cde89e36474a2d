/* SPDX-License-Identifier: MIT */
/* deliver/outline.h: what a message says to people, in parts that each receiver type lays out in its
 * own format: chats, pagers, mail. Pure.
 *
 * All strings are clean: well-formed UTF-8 without control, bidi or invisible characters; only `what`
 * and `next` have several lines. Nothing is cut and nothing is escaped for a format: both are up to
 * the type. A late or combined message says so. */
#pragma once
#include "deliver/links.h"
#include "deliver/receiver.h"

enum tone { TONE_CRITICAL, TONE_WARNING, TONE_INFO, TONE_RESOLVED, TONE_COUNT_ };

#define OUTLINE_FACTS 8
struct outline {
    enum tone tone;        /* for colour and icon; a digest has that of its worst alert */
    const char *icon;      /* one coloured circle that tells the tone */
    char *state;           /* "CRITICAL", "WARNING, was critical", "RESOLVED", "TEST" */
    char *title;           /* one line */
    char *what;            /* description; of a digest its summary */
    char *next;            /* what to do now; "" */
    char *alert_id;        /* "" for a test message; a digest has its digest id */
    struct outline_fact {
        const char *name;  /* "In use" */
        char *value;       /* "990 of 1000 units (99 %)" */
    } fact[OUTLINE_FACTS];
    size_t n_facts;
    struct outline_line {  /* the alerts of a digest */
        enum tone tone;
        const char *icon;
        char *title;
    } *line;
    size_t n_lines;
    struct outline_link {
        const char *name;  /* "Status", "Runbook", "Silence" */
        char *url;
    } link[3];
    size_t n_links;
};
/* -ENOMEM */
int outline_new(const struct message *m, const struct links *links, struct outline **ret);
void outline_free(struct outline *o);
DEFINE_CLEANUP(struct outline *, outline_free)

/* Bytes of the first `max` code points of `s`, or of all. */
size_t outline_cut(const char *s, size_t max);
/* `s` if it has at most `max` code points, else its beginning and "..."; new memory, NULL: none.
 * `max` is at least 4. */
char *outline_shorten(const char *s, size_t max);
