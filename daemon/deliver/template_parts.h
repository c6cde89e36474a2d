/* SPDX-License-Identifier: MIT */
/* deliver/template_parts.h: takes a template and the rules for its words apart. Pure. For the files
 * of the template only. */
#pragma once
#include "deliver/template.h"

#define TEMPLATE_CUT_MIN 4
#define TEMPLATE_CUT_MAX 20000

enum template_part_type { PART_LITERAL, PART_PLACEHOLDER, PART_BROKEN };
struct template_part {
    enum template_part_type type;
    const char *at; /* the first byte; of a placeholder its path */
    size_t len;
    size_t whole; /* bytes of the template, with braces and limit */
    size_t max;   /* characters of a placeholder; 0: all */
    bool in_string;
};
struct template_cursor {
    const char *at;
    bool in_string;
};

/* False: the template ends. A broken placeholder is a part of its own. */
bool template_next(struct template_cursor *c, struct template_part *ret);
/* The last name of the path of a placeholder. */
const char *template_last_name(const struct template_part *p, size_t *ret_len);

struct template_word {
    const char *name, *word, *value;
    size_t name_len, word_len;
};

/* "NAME.WORD = VALUE"; false: it is not of that form. Borrows from `rule`. */
bool template_word_split(const char *rule, struct template_word *ret);
