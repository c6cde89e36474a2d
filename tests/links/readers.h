/* SPDX-License-Identifier: MIT */
/* links/readers.h: who reads the receivers of the daemon, and what they were told. They take the
 * place of all transports; the dispatcher and the formats are the daemon's own. */
#pragma once
#include "deliver/receiver.h"

enum reader { PAGER, CHAT, MAIL, JOURNAL, READERS };
#define PERSONS JOURNAL /* the readers before it are people who need not look for a message */
extern const char *const READER_NAMES[READERS];

enum fault { FAULT_NONE, FAULT_REFUSES, FAULT_GONE, FAULT_DROPS };

void readers_begin(void);
void readers_break(enum reader who, enum fault fault);
/* When a person was first told by this rule, about this receiver if it is one, boot time; 0: never. */
usec_t readers_told_mono(enum rule rule, int about);
usec_t reader_refused_mono(enum reader who); /* its first message that it did not accept; 0: none */
usec_t readers_last_beat_mono(void);         /* the last heartbeat that was allowed */

struct heard { /* an alert in a message that a reader accepted */
    enum reader who;
    char event_id[UUID_TEXT], alert_id[ALERT_ID_TEXT];
    bool digest;
    usec_t fired_at;
};
size_t readers_heard(const struct heard **ret); /* all of them, in order */
