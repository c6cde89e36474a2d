/* SPDX-License-Identifier: MIT */
/* store/enum_text.h: converts enum members to and from their text in the database. Internal to
 * store/.
 *
 * Parsing an unknown word returns -EINVAL; its row is then a bad row. */
#pragma once
#include "alerts/alerts.h"

int enum_text_level(const char *word);
int enum_text_unit(const char *word);
int enum_text_state(const char *word); /* enum alert_state */
int enum_text_failure(const char *word);
const char *enum_text_source_name(enum source s);
int enum_text_source(const char *word);
const char *enum_text_subscription_name(enum subscription_state s);
int word_subscription(const char *word);
