/* SPDX-License-Identifier: MIT */
/* deliver/template.h: a JSON document with placeholders for the members of another one. Pure.
 *
 * {{data.severity}} is the member `severity` of the member `data`. Inside a string it is the text
 * of the member, escaped; a member that is missing or null is nothing, an object or list its JSON.
 * In the place of a value it is the value itself, or null. {{data.title:100}} is cut to 100
 * characters. Member names hold no placeholders, and there is no logic. */
#pragma once
#include "base/failure.h"
#include <stdbool.h>
#include <stddef.h>

#define TEMPLATE_MAX (16 * 1024)
#define TEMPLATE_PLACEHOLDERS_MAX 32

/* Replaces words: "severity.critical = 1" makes the text critical of a member named severity 1. */
struct template_words {
    char *const *rule;
    size_t n;
};
/* Errors of `text` that no message is needed for. `known` is asked for the path of each
 * placeholder. kind CONFIG, beginning with the line. */
typedef bool template_known(void *userdata, const char *path, size_t len);
int template_check(const char *text, template_known *known, void *userdata,
                   struct failure *ret_failure);
/* A rule has its form, and the text a placeholder for it. kind CONFIG */
int template_check_words(const char *text, const struct template_words *words,
                         struct failure *ret_failure);
/* `values` is a JSON object of our own writer. *ret is valid JSON if template_check() likes the
 * text and knows its placeholders. -ENOMEM, -E2BIG: beyond `max` bytes, -EBADMSG: no valid JSON. */
int template_fill(const char *text, const char *values, const struct template_words *words,
                  size_t max, char **ret, size_t *ret_len);
/* The member at this path, as JSON text within `values`; *ret_len is its length. NULL: missing. */
const char *template_member(const char *values, const char *path, size_t path_len, size_t *ret_len);
