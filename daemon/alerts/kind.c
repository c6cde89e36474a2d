/* SPDX-License-Identifier: MIT */
/* alerts/kind.c: the table of alert kinds. */
#include "alerts/kind.h"

#include "alerts/texts.h"
#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#define IN_CONTEXT(member) .at = offsetof(struct alert_context, member)
#define IN_SUBSCRIPTION(member) \
    .of_subscription = true, .at = offsetof(struct context_subscription, member)

/* clang-format off */
static const struct kind_row KINDS[KIND_COUNT_] = {
    [KIND_CAPACITY] = {.name = "capacity", .listed = true, .words = message_capacity, .detail = {
        {"reference_units", DETAIL_NUMBER, IN_CONTEXT(reference), .rules = 1u << RULE_CAPACITY_DROP},
    }},
    [KIND_SUBSCRIPTION] = {.name = "subscription", .listed = true, .explains = true,
        .words = message_subscription, .detail = {
        {"subscription_id", DETAIL_ID, IN_SUBSCRIPTION(id)},
        {"state", DETAIL_NAME, IN_SUBSCRIPTION(state)},
        {"next_lifecycle_date", DETAIL_DATE, IN_SUBSCRIPTION(next_lifecycle_date)},
    }},
    [KIND_ERRORS] = {.name = "errors", .listed = true, .words = message_errors, .detail = {
        {"code", DETAIL_NAME, IN_CONTEXT(error_code)},
        {"count", DETAIL_NUMBER, IN_CONTEXT(error_count)},
    }},
    [KIND_POLL] = {.name = "poll", .cause = true, .words = message_poll, .detail = {
        {"cause", DETAIL_CAUSE, IN_CONTEXT(cause)},
        {"hint", DETAIL_TEXT, IN_CONTEXT(hint)},
        {"source", DETAIL_WORD, IN_CONTEXT(source)},
    }},
    [KIND_DELIVERY] = {.name = "delivery", .of_receiver = true, .words = message_delivery, .detail = {
        {"receiver", DETAIL_NAME, IN_CONTEXT(receiver)},
        {"parked", DETAIL_NUMBER, IN_CONTEXT(parked)},
    }},
    [KIND_RIGHT] = {.name = "right", .cause = true, .words = message_right, .detail = {
        {"principal", DETAIL_NAME, IN_CONTEXT(principal)},
        {"missing_plans", DETAIL_WORDS, IN_CONTEXT(missing_plans)},
    }},
    [KIND_SERVICE] = {.name = "service", .cause = true, .of_tenants = true, .words = message_service, .detail = {
        {"cause", DETAIL_CAUSE, IN_CONTEXT(cause)},
        {"hint", DETAIL_TEXT, IN_CONTEXT(hint)},
        {"host", DETAIL_NAME, IN_CONTEXT(host)},
        {"tenants", DETAIL_NUMBER, IN_CONTEXT(tenants)},
        {"tenants_failing", DETAIL_NUMBER, IN_CONTEXT(tenants_failing)},
        {"failing_since", DETAIL_INSTANT, IN_CONTEXT(failing_since_at)},
    }},
    [KIND_STORM] = {.name = "storm", .to_receiver = true, .words = message_storm, .detail = {
        {"receiver", DETAIL_NAME, IN_CONTEXT(receiver)},
    }},
    [KIND_CREDENTIAL] = {.name = "credential", .cause = true, .words = message_credential, .detail = {
        {"credential", DETAIL_WORD, IN_CONTEXT(credential)},
        {"expires_at", DETAIL_INSTANT, IN_CONTEXT(expires_at)},
        {"cause", DETAIL_CAUSE, IN_CONTEXT(cause)},
        {"client_id", DETAIL_ID, IN_CONTEXT(client_id)},
        {"file", DETAIL_NAME, IN_CONTEXT(file)},
        {"tenants", DETAIL_LINES, IN_CONTEXT(used_by)},
        {"tenant_count", DETAIL_NUMBER, IN_CONTEXT(n_used_by)},
        {"receivers", DETAIL_LINES, IN_CONTEXT(receivers)},
    }},
    [KIND_INVENTORY] = {.name = "inventory", .words = message_inventory, .detail = {
        {"change", DETAIL_CAUSE, IN_CONTEXT(cause)},
        {"former_units", DETAIL_NUMBER, IN_CONTEXT(reference)},
    }},
    [KIND_UNUSED] = {.name = "unused", .words = message_unused, .detail = {
        {"subscription_id", DETAIL_ID, IN_SUBSCRIPTION(id)},
        {"next_lifecycle_date", DETAIL_DATE, IN_SUBSCRIPTION(next_lifecycle_date)},
        {"most_used_units", DETAIL_NUMBER, IN_CONTEXT(reference)},
        {"unused_since", DETAIL_INSTANT, IN_CONTEXT(unused_since_at)},
    }},
};
/* clang-format on */

const struct kind_row *kind_row(enum kind k)
{
    assert((unsigned)k < N_ELEMENTS(KINDS));
    return &KINDS[k];
}

const char *kind_name(enum kind k)
{
    return kind_row(k)->name;
}

int kind_parse(const char *name)
{
    for (size_t i = 0; i < N_ELEMENTS(KINDS); i++)
        if (strcmp(name, KINDS[i].name) == 0)
            return (int)i;
    return -EINVAL;
}
