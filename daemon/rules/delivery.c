/* SPDX-License-Identifier: MIT */
/* rules/delivery.c: evaluates a receiver that has parked entries or is disabled. */
#include "base/text.h"
#include "rules/internal.h"
#include <errno.h>
#include <string.h>

int judge_delivery(const char *receiver, bool pager, int64_t parked, bool disabled,
                   const struct instant *now, struct observation *ret, struct failure *ret_failure)
{
    struct observation s = {.kind = KIND_DELIVERY, .subject = strdup(receiver), .n_findings = 1};
    enum level bad = pager ? LEVEL_CRITICAL : LEVEL_WARNING;
    enum level level = parked > 0 || disabled ? bad : LEVEL_NONE;
    s.finding[0] = (struct finding){.rule = RULE_DELIVERY,
                                    .state = FINDING_KNOWN,
                                    .raise = level,
                                    .keep = level,
                                    .value = parked,
                                    .threshold = {NUMBER_UNKNOWN, NUMBER_UNKNOWN, NUMBER_UNKNOWN},
                                    .unit = rule_row(RULE_DELIVERY)->unit,
                                    .min_samples = 1};
    s.finding[0].threshold[bad] = 1;
    int r = s.subject ? context_new(&s.context) : -ENOMEM;
    if (r >= 0)
        r = text_copy(receiver, &s.context->receiver);
    if (r >= 0) {
        s.context->cause = disabled ? CAUSE_DISABLED : parked > 0 ? CAUSE_PARKED : CAUSE_NONE;
        s.context->parked = parked;
        s.context->observed_at = now->at;
    }
    return observation_finish(&s, r, ret, ret_failure);
}
