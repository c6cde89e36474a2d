/* SPDX-License-Identifier: MIT */
/* store/enum_text.c: converts enum members to and from their text in the database. */
#include "store/enum_text.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

/* The other libraries have functions for the names; these parse them. */
#define WAY_BACK(function, type, name_of, count)     \
    int function(const char *word)                   \
    {                                                \
        for (int i = 0; i < (int)(count); i++)       \
            if (strcmp(name_of((type)i), word) == 0) \
                return i;                            \
        return -EINVAL;                              \
    }
WAY_BACK(enum_text_level, enum level, level_name, LEVEL_COUNT_)
WAY_BACK(enum_text_unit, enum unit, unit_name, UNIT_COUNT_)
WAY_BACK(enum_text_state, enum alert_state, alert_state_name, ALERT_STATE_COUNT_)
WAY_BACK(enum_text_failure, enum failure_kind, failure_kind_name, FAILURE_KIND_COUNT_)

static const char *const SOURCES[] = {
    [SOURCE_NONE] = "none",
    [SOURCE_CLOUD_LICENSING] = "cloud_licensing",
    [SOURCE_SUBSCRIBED_SKUS] = "subscribed_skus",
};
static const char *const SUBSCRIPTIONS[] = {
    [SUBSCRIPTION_UNKNOWN] = "unknown",       [SUBSCRIPTION_ACTIVE] = "active",
    [SUBSCRIPTION_WARNING] = "warning",       [SUBSCRIPTION_SUSPENDED] = "suspended",
    [SUBSCRIPTION_LOCKED_OUT] = "locked_out", [SUBSCRIPTION_DELETED] = "deleted",
};

const char *enum_text_source_name(enum source s)
{
    assert((size_t)s < N_ELEMENTS(SOURCES));
    return SOURCES[s];
}
WAY_BACK(enum_text_source, enum source, enum_text_source_name, N_ELEMENTS(SOURCES))

const char *enum_text_subscription_name(enum subscription_state s)
{
    assert((size_t)s < N_ELEMENTS(SUBSCRIPTIONS));
    return SUBSCRIPTIONS[s];
}
WAY_BACK(word_subscription, enum subscription_state, enum_text_subscription_name,
         N_ELEMENTS(SUBSCRIPTIONS))
