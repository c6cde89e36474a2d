/* SPDX-License-Identifier: MIT */
/* config/keys.h: the key table, in rows of base/conf_key.h. Parsing, ranges, defaults, freeing,
 * --dump-config and the checks of manual page and sample all walk these rows; a new key is a new
 * row. The keys of a receiver type are in deliver/, in the file of the type. */
#pragma once
#include "base/conf_key.h"
#include "config/config.h"
#include "deliver/receiver.h"

extern const struct conf_section conf_root, conf_tenant, conf_receiver;

const struct conf_key *conf_key_find(const struct conf_section *s, const char *name);
/* The words of a kind of sign-in: "client_secret". */
const char *conf_auth_name(enum auth auth);
/* The nearest real key, or NULL. Borrowed. */
const char *conf_key_nearest(const struct conf_section *s, const char *name);
/* The path of the group at the top level that has such a key ("poll"), or NULL. */
const char *conf_key_home(const char *name);
/* Type, range and default in one line for people: `duration, "1s" to "1d"; default "5m"`. */
int conf_key_context(const struct conf_key *k, char **ret);
/* Every key, parents first. Tenants' keys come under "tenants" only, and rules of overrides as
 * one row each: they are those of thresholds. */
typedef void conf_key_visit(void *userdata, const char *path, const struct conf_key *k);
void conf_keys_each(conf_key_visit *visit, void *userdata);
/* Where the rule group of a rule is: "thresholds.usage" has the section. NULL: no such group. */
const struct conf_key *conf_rule_key(enum rule rule);

/* The key of a receiver: one of all types, one of `class` (may be NULL), or one of another type.
 * *ret_type: the type whose options it fills; NULL: struct receiver_options itself. */
const struct conf_key *conf_receiver_key(const struct receiver_class *class, const char *name,
                                         const struct receiver_class **ret_type);
/* The keys of all types together, each name once, for messages and lists. Fills `buf`. */
#define CONF_RECEIVER_KEYS_MAX 128
struct conf_section conf_receiver_keys(struct conf_key buf[static CONF_RECEIVER_KEYS_MAX]);
/* The words of a WORD or RECEIVER_TYPE, NULL-terminated; `buf` may be used for them. */
const char *const *conf_key_words(const struct conf_key *k,
                                  const char *buf[static RECEIVER_TYPES_MAX]);
