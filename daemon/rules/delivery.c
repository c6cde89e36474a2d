/* SPDX-License-Identifier: MIT */
/* rules/delivery.c: evaluates a receiver that has parked entries or is disabled. */
#include "base/text.h"
#include "rules/internal.h"
#include <errno.h>
#include <string.h>

static enum cause cause_of(const struct receiver_state *r)
{
    return r->disabled           ? CAUSE_DISABLED
           : r->parked > 0       ? CAUSE_PARKED
           : r->failing_since_at ? CAUSE_FAILING
                                 : CAUSE_NONE;
}

int judge_delivery(const struct receiver_state *receiver, const struct instant *now,
                   struct observation *ret, struct failure *ret_failure)
{
    struct observation s = {
        .kind = KIND_DELIVERY, .subject = strdup(receiver->name), .n_findings = 1};
    enum cause cause = cause_of(receiver);
    enum level bad = receiver->pager ? LEVEL_CRITICAL : LEVEL_WARNING;
    enum level level = cause == CAUSE_NONE ? LEVEL_NONE : bad;
    bool unproven = cause == CAUSE_NONE && receiver->queued > 0;
    s.finding[0] = (struct finding){.rule = RULE_DELIVERY,
                                    .state = unproven ? FINDING_UNKNOWN : FINDING_KNOWN,
                                    .raise = level,
                                    .keep = level,
                                    .value = receiver->parked,
                                    .threshold = {NUMBER_UNKNOWN, NUMBER_UNKNOWN, NUMBER_UNKNOWN},
                                    .unit = rule_row(RULE_DELIVERY)->unit,
                                    .min_samples = 1};
    s.finding[0].threshold[bad] = 1;
    int r = s.subject ? context_new(&s.context) : -ENOMEM;
    if (r >= 0)
        r = text_copy(receiver->name, &s.context->receiver);
    if (r >= 0) {
        s.context->cause = cause;
        s.context->parked = receiver->parked;
        s.context->failing_since_at = cause == CAUSE_FAILING ? receiver->failing_since_at : 0;
        s.context->observed_at = now->at;
    }
    return observation_finish(&s, r, ret, ret_failure);
}
