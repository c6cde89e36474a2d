/* SPDX-License-Identifier: MIT */
/* alerts/why_internal.h: the parts of an explanation. Internal to alerts/. */
#pragma once
#include "alerts/why.h"

/* Why the findings of c->observation, which is not NULL, raise nothing yet. */
int why_findings(const struct why_case *c, struct why *w);
/* How much longer a pending or recovering latch has to last; 0: long enough. */
usec_t why_left(const struct latch *l, const struct finding *f);
