/* SPDX-License-Identifier: MIT */
/* alerts/notification.h: one event with context, state and texts. Pure. */
#pragma once
#include "base/digest.h"
#include "rules/judge.h"

enum event_type {
    EVENT_FIRING,
    EVENT_ESCALATED,
    EVENT_DEESCALATED,
    EVENT_UPDATED,
    EVENT_REMINDER,
    EVENT_RESOLVED,
    EVENT_ACKNOWLEDGED,
    EVENT_DIGEST,
    EVENT_TEST,
    EVENT_INFO, /* no alert: alert_id is "", the level NONE, and there is no episode, seq or state */
    EVENT_TYPE_COUNT_
};
const char *event_type_name(enum event_type t); /* "alert.firing", ..., "alert.info" */
int event_type_parse(const char *name);

enum alert_state { ALERT_OK, ALERT_PENDING, ALERT_FIRING, ALERT_RECOVERING, ALERT_STATE_COUNT_ };
const char *alert_state_name(enum alert_state s); /* "ok", "pending", "firing", "recovering" */
bool alert_state_is_up(enum alert_state s);       /* FIRING or RECOVERING */

#define ALERT_ID_TEXT 17 /* 16 hex digits and NUL */
/* First 16 hex digits of SHA-256 over kind, tenant id and subject, each as LENGTH:BYTES. */
int alert_id(enum kind kind, const char *tenant_id, const char *subject,
             char ret[static ALERT_ID_TEXT]);

struct notification {
    enum event_type type;
    char event_id[UUID_TEXT];
    char alert_id[ALERT_ID_TEXT];
    enum kind kind;
    uint32_t episode;
    uint64_t seq;
    enum alert_state state;   /* FIRING, or OK for "resolved" */
    enum level level;         /* resolved: the level that ended */
    enum level previous;      /* LEVEL_NONE: null */
    enum rule rule;           /* the deciding finding */
    enum rule notified_rule;  /* the one of the notification before; "firing": `rule` */
    int64_t value, threshold; /* NUMBER_UNKNOWN; in `unit`; percent in basis points */
    enum unit unit;
    bool finding[RULE_COUNT_]; /* by rule: which findings are at a level now */
    bool waiting_pending;      /* the waiting finding is pending: not reported yet */
    usec_t started_at, observed_at, at; /* episode; poll; the event itself */
    usec_t stale_since_at;              /* not 0: time of the data ("data as of ...") */
    struct alert_context *context;      /* shared: read only; NULL only for TEST and DIGEST */
    char *title;                        /* one line for a phone, <= 120 bytes */
    char *summary;                      /* one line */
    char *description;                  /* several lines: what, since when, how many */
    char *next_step;                    /* what to do now */
    bool silenced;                      /* other notifications of the alert are suppressed now */
    struct {
        char *author, *comment; /* author NULL: nobody has acknowledged the alert */
        usec_t until_at;        /* 0: no end */
    } acknowledged;
    const char *reason;                 /* NULL, or "rule_removed" ...; a literal */
};
int notification_copy(const struct notification *src,
                      struct notification **ret); /* shares the context; -ENOMEM */
void notification_free(struct notification *n);
DEFINE_CLEANUP(struct notification *, notification_free)
/* Fills title, summary, description and next_step from the rest; -ENOMEM. Foreign names inside are
 * cleaned. Times are in the tenant's zone and carry its name. */
int notification_write_texts(struct notification *n);

/* A digest in parts of at most DIGEST_LINES; together the parts name every notification. */
#define DIGEST_LINES 20
struct digest {
    char event_id[UUID_TEXT];
    char digest_id[UUID_TEXT]; /* the same in all parts */
    uint32_t part, parts;
    const char *reason; /* "first_run", "held", "state_lost", "storm"; a literal */
    enum level worst;   /* LEVEL_NONE: all have resolved */
    usec_t at;
    struct notification **notification; /* owned */
    size_t n_notifications;
    struct {
        enum rule rule;
        enum level level;
        uint32_t count;
    } * count; /* of all parts together */
    size_t n_counts;
    char *title, *summary, *tenant_name, *tenant_id;
};
void digest_free(struct digest *d);
DEFINE_CLEANUP(struct digest *, digest_free)
