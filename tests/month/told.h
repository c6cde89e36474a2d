/* SPDX-License-Identifier: MIT */
/* month/told.h: which events of each alert each receiver was told: I1 to I4, and early reminders.
 */
#pragma once
#include "month/heard.h"

/* `event_id`: NULL in a digest. `firing`: a message of type alert.firing. `baseline`: what is so at
 * a tenant's first poll; its end is not told. */
void told_line(unsigned receiver, const struct line *l, const char *event_id, bool firing,
               bool baseline);
void told_end(void); /* all harm is over */
void told_free(void);
