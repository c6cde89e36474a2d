/* SPDX-License-Identifier: MIT */
/* deliver/types.c: the table of receiver types. */
#include "deliver/receiver.h"

const struct receiver_class *const receiver_types[] = {
    &journal_class,
    &syslog_class,
    &webhook_class,
    &pagerduty_class,
    &discord_class,
    &teams_class,
    &slack_class,
    &cloudevents_class,
    &ntfy_class,
    &jsm_class,
    &alertmanager_class,
    &graph_mail_class,
    &email_class,
    &heartbeat_class,
    NULL,
};
