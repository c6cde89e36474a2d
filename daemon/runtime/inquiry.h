/* SPDX-License-Identifier: MIT */
/* runtime/inquiry.h: commands that ask Graph, each a sequence of questions about one tenant.
 *
 * Polls go first: the next one interrupts an inquiry, which continues after it, and the inquiries of a tenant run one after
 * the other. An inquiry ends within INQUIRY_WITHIN, and what could not be read by then has a failure. It changes no
 * alert. */
#pragma once
#include "graph/detail.h"
#include "status/control.h"

#define INQUIRY_PARTS_MAX 40
#define INQUIRY_WITHIN (25 * USEC_PER_SEC) /* CONTROL_CONNECTION_MAX is longer */
#define INQUIRIES_MAX 4                    /* of a tenant, with those that wait */

struct app;
struct tenant;
struct command_inquiry;

struct inquiry_part {
    enum detail what; /* DETAIL_COUNT_: typed by the operator */
    char *about;      /* RIGHT_ALLOTMENTS: id of the right */
    bool offered;     /* false: Graph has no such list, and is not asked */
    struct inquiry_request request;
    char *target, *call;
    struct inquiry_answer answer;
};
struct inquiry_steps {
    /* All parts have ended: adds further ones, or not. NULL: there are none. */
    int (*more)(struct command_inquiry *q);
    void (*answer)(struct command_inquiry *q); /* answers q->call */
};
struct command_inquiry {
    struct command_inquiry *next; /* of the same tenant */
    struct tenant *tenant;
    struct control_call *call;
    const struct inquiry_steps *steps;
    struct detail_subject about; /* its strings are those below */
    char *id;
    struct inquiry_part part[INQUIRY_PARTS_MAX];
    size_t n_parts, n_done;
    usec_t deadline_mono, not_before_mono;
    bool asking;              /* Graph, about part n_done */
    unsigned waits;           /* for a Retry-After */
    sd_event_source *timer;
};

/* Without parts yet; `about->id` is copied. NULL: it was refused, and the call is answered. */
struct command_inquiry *inquiry_new(struct tenant *t, struct control_call *call, const struct inquiry_steps *steps,
                                    const struct detail_subject *about);
/* Adds a part; `other` NULL: none. -ENOMEM, -EINVAL: an id cannot be part of a path; -E2BIG: there are too many. */
int inquiry_add(struct command_inquiry *q, enum detail what, const char *other);
/* Adds a target of the operator's, which is taken. */
void inquiry_add_typed(struct command_inquiry *q, char *target, bool older, enum inquiry_form form);
/* The first part of this kind; NULL: none. */
const struct inquiry_part *inquiry_find(const struct command_inquiry *q, enum detail what);
void inquiry_begin(struct command_inquiry *q);
/* Answers with the failure: its status and a hint by its kind. */
void inquiry_refuse(struct control_call *call, const struct inquiry_answer *a);
void inquiry_free(struct command_inquiry *q); /* one that has not begun; answers nothing */

void inquiries_interrupt(struct tenant *t); /* a poll of the tenant begins */
void inquiries_resume(struct tenant *t);    /* nothing else reads the tenant now, as far as the caller knows */
/* All are answered with an error: the tenants, or the control sockets, go away. */
void inquiries_end(struct app *app, const char *why);
