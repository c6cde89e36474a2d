/* SPDX-License-Identifier: MIT */
/* month/harm.h: compares the notifications with the simulated truth: the daemon resolves no alert whose
 * subject was not read (I5) or still breaches its limit, and notifies of new and doubled breaches in time
 * (I10). "Harm" is such a breach. */
#pragma once
#include "month/heard.h"

void harm_begin(const struct world *w, usec_t interval);
void harm_free(void);
void harm_polled(size_t tenant); /* Graph has shown this tenant, or refused to, now */
void harm_told(unsigned receiver, const struct line *l);     /* it has read this line, */
void harm_resolved(unsigned receiver, const struct line *l); /* ... which says "resolved" */
void harm_disturbed(void);           /* the daemon did not run, or began anew */
void harm_silenced(size_t tenant);   /* until now, its messages were held back */
void harm_excused(struct subject s); /* acknowledged, or there from the start: until it is over */
void harm_look(void);                /* is everything told that should be by now? */
/* A harmed subject that the witness knows of, and its alert; NULL: none. */
const char *harm_firing(uint64_t dice, struct subject *ret);
