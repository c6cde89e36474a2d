/* SPDX-License-Identifier: MIT */
/* store/words.h: members of enums as they stand in the database. Private to the room.
 *
 * Parsing gives -EINVAL for a word that is not known, which makes a row a bad row. */
#pragma once
#include "alerts/alerts.h"

int words_level(const char *word);
int words_unit(const char *word);
int words_state(const char *word); /* enum alert_state */
int words_failure(const char *word);
const char *words_source_name(enum source s);
int words_source(const char *word);
const char *words_subscription_name(enum subscription_state s);
int word_subscription(const char *word);
