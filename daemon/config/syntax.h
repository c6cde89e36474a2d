/* SPDX-License-Identifier: MIT */
/* config/syntax.h: libconfig's grammar, token by token, with a message for each usual mistake.
 * Pure.
 *
 * libconfig says "syntax error" and the line it noticed it in, which is often a later one. */
#pragma once
#include "base/failure.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SYNTAX_DEPTH_MAX 16 /* the deepest key of ours is five levels down */
#define SYNTAX_KEY_MAX 64

enum syntax_token {
    TOKEN_NAME,   /* a key, or a text without quotes */
    TOKEN_TRUTH,  /* true, false */
    TOKEN_SCALAR, /* a number */
    TOKEN_STRING,
    TOKEN_ASSIGN, /* = or : */
    TOKEN_SEMICOLON,
    TOKEN_COMMA,
    TOKEN_GROUP, /* { */
    TOKEN_LIST,  /* ( or [ */
    TOKEN_CLOSE, /* ) ] } */
    TOKEN_END,
    TOKEN_COUNT_
};
enum syntax_state { /* what may come next */
    STATE_KEY,      /* in a group: a key, or its end */
    STATE_ASSIGN,   /* behind a key */
    STATE_VALUE,    /* behind its '=' */
    STATE_AFTER,    /* behind its value */
    STATE_FIRST,    /* in a list: an element, or its end */
    STATE_ELEMENT,  /* behind a ',' */
    STATE_REST,     /* behind an element */
    STATE_COUNT_
};
struct syntax {
    enum syntax_state state;
    struct {
        char bracket;
        int line;
    } open[SYNTAX_DEPTH_MAX];
    size_t depth;
    char key[SYNTAX_KEY_MAX]; /* the last key */
    int key_line, last_line;  /* of the key; of the last token */
    bool after_string;        /* the last token was a string: libconfig joins it with the next */
};
struct syntax_here {
    enum syntax_token token;
    char character; /* its first byte */
    int line;
    const char *name; /* NAME and TRUTH */
    size_t name_len;
    bool assigned; /* NAME and TRUTH: '=' follows */
};
/* -EINVAL: this token cannot stand here; *ret_line says where the mistake is. Values are never
 * repeated: one of them may be a secret. */
int syntax_take(struct syntax *x, const struct syntax_here *here, int *ret_line,
                struct failure *ret_failure);
/* Something that is no token at all begins here: U+2019, '%', '.'. The result is always -EINVAL. */
int syntax_refuse(const struct syntax *x, uint32_t character, int line, int *ret_line,
                  struct failure *ret_failure);
