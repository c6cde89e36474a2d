/* SPDX-License-Identifier: MIT */
/* config/value.h: one value as text, and as what the other libraries use. Pure. */
#pragma once
#include "base/text.h"
#include "config/keys.h"

/* What a value was in the file; keys want one of them. */
enum conf_written { WRITTEN_STRING, WRITTEN_INTEGER, WRITTEN_BOOLEAN, WRITTEN_OTHER };
enum conf_written value_written(const struct conf_key *k);
/* True if that can be right for this key; a count may be an integer or the string "off". */
bool value_fits(const struct conf_key *k, enum conf_written as);

/* Reads `text` for a scalar key, checks form and range, and stores it at `at` (strings are copied,
 * an older one is freed). kind CONFIG: "what is wrong; what to do". -ENOMEM. */
/* Ids are compared as bytes: their letters become what the key says. In place. */
void value_fold(const struct conf_key *k, char *text);
int value_store(const struct conf_key *k, const char *text, void *at, struct failure *ret_failure);
/* The value as a file would say it, quotes included. */
void value_print(const struct conf_key *k, const void *at, struct text *out);
/* A string as libconfig reads it back. */
void value_print_string(const char *s, struct text *out);
/* An example of how the key is written, for messages: interval = "5m" */
void value_example(const struct conf_key *k, struct text *out);
