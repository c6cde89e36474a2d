/* SPDX-License-Identifier: MIT */
/* rules/storm.c: evaluates a pager for which new alerts wait. */
#include "base/text.h"
#include "rules/internal.h"
#include <errno.h>
#include <string.h>

int judge_storm(const char *receiver, int64_t held, bool full, const struct instant *now,
                struct observation *ret, struct failure *ret_failure)
{
    struct observation s = {.kind = KIND_STORM, .subject = strdup(receiver), .n_findings = 1};
    s.finding[0] = (struct finding){.rule = RULE_DELIVERY,
                                    .state = FINDING_KNOWN,
                                    .raise = held > 0 && full ? LEVEL_CRITICAL : LEVEL_NONE,
                                    .keep = held > 0 ? LEVEL_CRITICAL : LEVEL_NONE,
                                    .value = held,
                                    .threshold = {NUMBER_UNKNOWN, NUMBER_UNKNOWN, NUMBER_UNKNOWN},
                                    .unit = rule_row(RULE_DELIVERY)->unit,
                                    .min_samples = 1};
    s.finding[0].threshold[LEVEL_CRITICAL] = 1;
    int r = s.subject ? context_new(&s.context) : -ENOMEM;
    if (r >= 0)
        r = text_copy(receiver, &s.context->receiver);
    if (r >= 0)
        s.context->observed_at = now->at;
    return observation_finish(&s, r, ret, ret_failure);
}
