/* SPDX-License-Identifier: MIT */
/* config/syntax.c: one table of allowed tokens by state, one of messages for the mistakes. */
#include "config/syntax.h"

#include "base/cleanup.h"
#include "base/text.h"
#include <errno.h>
#include <stdint.h>
#include <string.h>

enum mistake {
    OPEN = -3,  /* a bracket opens: go down */
    CLOSE = -2, /* a bracket closes: go up */
    GO = -1,    /* allowed; see NEXT */
    NO_KEY,
    NO_NAME,
    QUOTED_KEY,
    EMPTY_SETTING,
    BARE_GROUP,
    SECTION,
    NO_ASSIGN,
    BARE_WORD,
    TWO_ASSIGN,
    NO_VALUE,
    NO_SEPARATOR,
    WORD_IN_LIST,
    EMPTY_ELEMENT,
    TRAILING_COMMA,
    SEMICOLON_IN_LIST,
    NO_COMMA,
    ASSIGN_IN_LIST,
};

static const signed char STEPS[STATE_COUNT_][TOKEN_COUNT_] = {
    /* NAME          TRUTH         SCALAR        STRING        ASSIGN          ;                  ,
     * {             ( [           ) ] }           end */
    [STATE_KEY] =     {GO,           NO_NAME,      NO_NAME,      QUOTED_KEY,   NO_KEY,         EMPTY_SETTING,     EMPTY_SETTING, BARE_GROUP,   SECTION,      CLOSE,          GO},
    [STATE_ASSIGN] =  {NO_ASSIGN,    NO_ASSIGN,    NO_ASSIGN,    NO_ASSIGN,    GO,             NO_ASSIGN,         NO_ASSIGN,     NO_ASSIGN,    NO_ASSIGN,    NO_ASSIGN,      NO_ASSIGN},
    [STATE_VALUE] =   {BARE_WORD,    GO,           GO,           GO,           TWO_ASSIGN,     NO_VALUE,          NO_VALUE,      OPEN,         OPEN,         NO_VALUE,       NO_VALUE},
    [STATE_AFTER] =   {GO,           NO_SEPARATOR, NO_SEPARATOR, NO_SEPARATOR, NO_SEPARATOR,   GO,                GO,            NO_SEPARATOR, NO_SEPARATOR, CLOSE,          GO},
    [STATE_FIRST] =   {WORD_IN_LIST, GO,           GO,           GO,           ASSIGN_IN_LIST, SEMICOLON_IN_LIST, EMPTY_ELEMENT, OPEN,         OPEN,         CLOSE,          GO},
    [STATE_ELEMENT] = {WORD_IN_LIST, GO,           GO,           GO,           ASSIGN_IN_LIST, SEMICOLON_IN_LIST, EMPTY_ELEMENT, OPEN,         OPEN,         TRAILING_COMMA, GO},
    [STATE_REST] =    {NO_COMMA,     NO_COMMA,     NO_COMMA,     NO_COMMA,     ASSIGN_IN_LIST, SEMICOLON_IN_LIST, GO,            NO_COMMA,     NO_COMMA,     CLOSE,          GO},
};

/* After GO. A ';' or ',' after a setting is not required. */
static enum syntax_state next(enum syntax_state state, enum syntax_token token)
{
    switch (state) {
    case STATE_KEY:
        return STATE_ASSIGN;
    case STATE_ASSIGN:
        return STATE_VALUE;
    case STATE_VALUE:
        return STATE_AFTER;
    case STATE_AFTER:
        return token == TOKEN_SEMICOLON || token == TOKEN_COMMA ? STATE_KEY : STATE_ASSIGN;
    case STATE_REST:
        return STATE_ELEMENT;
    default:
        return STATE_REST;
    }
}

enum at { AT_TOKEN, AT_KEY, AT_LAST }; /* where the mistake is */
static const struct {
    enum at at;
    const char *text; /* @: the last key, ^: the byte that is wrong here, ~: the open bracket and its line */
} MESSAGES[] = {
    [NO_KEY] = {AT_TOKEN, "there is no key in front of this '^'; write key = value;"},
    [NO_NAME] = {AT_TOKEN, "this cannot be a key, which begins with a letter and is neither true nor false; "
                           "write key = value;"},
    [QUOTED_KEY] = {AT_TOKEN, "there is a quoted text where a key should be; write key = \"value\"; with quotes "
                              "around the value only"},
    [EMPTY_SETTING] = {AT_TOKEN, "there is nothing in front of this '^'; remove it"},
    [BARE_GROUP] = {AT_TOKEN, "a '{' without a key stands in lists only; write name = ( { ... }, { ... } );"},
    [SECTION] = {AT_TOKEN, "there is no key in front of this '^'; write name = { ... }; for a group of keys"},
    [NO_ASSIGN] = {AT_KEY, "there is no '=' after '@'; write @ = value; (a text in double quotes)"},
    [BARE_WORD] = {AT_TOKEN, "the value of '@' stands without quotes; write @ = \"...\";"},
    [TWO_ASSIGN] = {AT_TOKEN, "there are two signs after '@'; write one '='"},
    [NO_VALUE] = {AT_KEY, "'@' has no value; write one after the '='"},
    [NO_SEPARATOR] = {AT_TOKEN, "this is not allowed after the value of '@'; look for a missing ';' or for quotes "
                                "that should enclose the whole value"},
    [WORD_IN_LIST] = {AT_TOKEN, "a word without quotes in ~; write \"...\", or ( { key = value; } ) for keys"},
    [EMPTY_ELEMENT] = {AT_TOKEN, "there is no element in front of this ','; remove it"},
    [TRAILING_COMMA] = {AT_LAST, "there is no element after this ','; remove the ',' before '^'"},
    [SEMICOLON_IN_LIST] = {AT_TOKEN, "there is a ';' in ~; write ',' between elements, or close the list first"},
    [NO_COMMA] = {AT_LAST, "a ',' is missing after this element of ~; write one"},
    [ASSIGN_IN_LIST] = {AT_TOKEN, "there is a '^' in ~, which holds values only; write ( { key = value; } ) for keys"},
};

static void expand(const struct syntax *x, const char *text, char wrong, struct text *out)
{
    for (; *text; text++) {
        if (*text == '@')
            text_add(out, x->key);
        else if (*text == '^')
            text_add_bytes(out, &wrong, 1);
        else if (*text == '~')
            text_addf(out, "the '%c' of line %d", x->open[x->depth - 1].bracket, x->open[x->depth - 1].line);
        else
            text_add_bytes(out, text, 1);
    }
}

static int say(const struct syntax *x, enum mistake m, const struct syntax_here *here, int *ret_line,
               struct failure *f)
{
    struct text out = TEXT_INIT(384);
    *ret_line = MESSAGES[m].at == AT_KEY    ? x->key_line
                : MESSAGES[m].at == AT_LAST ? x->last_line
                                            : here->line;
    expand(x, MESSAGES[m].text, here->character, &out);
    CLEANUP(free) char *text = text_take(&out);
    return text ? failure_set(f, FAILURE_CONFIG, EINVAL, "%s", text) : failure_oom(f);
}

static char closing(char open)
{
    return open == '(' ? ')' : open == '[' ? ']' : '}';
}

static int descend(struct syntax *x, const struct syntax_here *here, int *ret_line, struct failure *f)
{
    *ret_line = here->line;
    if (x->depth == SYNTAX_DEPTH_MAX)
        return failure_set(f, FAILURE_CONFIG, EINVAL, "too many brackets inside each other; remove some");
    if (x->depth && x->open[x->depth - 1].bracket == '[')
        return failure_set(f, FAILURE_CONFIG, EINVAL,
                           "'%c' in the '[' of line %d, which holds plain values only; write ( ... ) there",
                           here->character, x->open[x->depth - 1].line);
    x->open[x->depth].line = here->line;
    x->open[x->depth++].bracket = here->character;
    x->state = here->token == TOKEN_GROUP ? STATE_KEY : STATE_FIRST;
    return 0;
}

static int ascend(struct syntax *x)
{
    x->depth--;
    x->state = x->depth == 0 || x->open[x->depth - 1].bracket == '{' ? STATE_AFTER : STATE_REST;
    return 0;
}

/* Checked first: a wrong bracket is wrong in any state. */
static int check_close(const struct syntax *x, const struct syntax_here *here, int *ret_line,
                       struct failure *f)
{
    *ret_line = here->line;
    if (x->depth == 0)
        return failure_set(f, FAILURE_CONFIG, EINVAL,
                           "'%c' closes nothing; remove it, or add what it should close", here->character);
    char open = x->open[x->depth - 1].bracket;
    if (closing(open) != here->character)
        return failure_set(f, FAILURE_CONFIG, EINVAL,
                           "'%c' does not close the '%c' of line %d; close that one first", here->character,
                           open, x->open[x->depth - 1].line);
    return 0;
}

static int check_end(const struct syntax *x, int *ret_line, struct failure *f)
{
    if (x->depth == 0)
        return 0;
    *ret_line = x->open[x->depth - 1].line;
    return failure_set(f, FAILURE_CONFIG, EINVAL, "the '%c' of this line is never closed; add '%c'",
                       x->open[x->depth - 1].bracket, closing(x->open[x->depth - 1].bracket));
}

static enum mistake step_for(const struct syntax *x, const struct syntax_here *here)
{
    bool joined = here->token == TOKEN_STRING && x->after_string;
    if (joined && (x->state == STATE_AFTER || x->state == STATE_REST))
        return GO;
    /* `scope =` and the next key in the next line */
    if (x->state == STATE_VALUE && here->token <= TOKEN_TRUTH && here->assigned)
        return NO_VALUE;
    return STEPS[x->state][here->token];
}

int syntax_take(struct syntax *x, const struct syntax_here *here, int *ret_line,
                struct failure *ret_failure)
{
    int r = here->token == TOKEN_CLOSE ? check_close(x, here, ret_line, ret_failure)
            : here->token == TOKEN_END ? check_end(x, ret_line, ret_failure)
                                       : 0;
    enum mistake m = step_for(x, here);
    if (r >= 0 && m >= 0)
        r = say(x, m, here, ret_line, ret_failure);
    if (r < 0 || here->token == TOKEN_END)
        return r;
    bool joined = here->token == TOKEN_STRING && x->after_string;
    if (m == OPEN)
        r = descend(x, here, ret_line, ret_failure);
    else if (m == CLOSE)
        r = ascend(x);
    else if (!joined || (x->state != STATE_AFTER && x->state != STATE_REST))
        x->state = next(x->state, here->token);
    if (x->state == STATE_ASSIGN) {
        size_t len = here->name_len < sizeof x->key ? here->name_len : sizeof x->key - 1;
        memcpy(x->key, here->name, len);
        x->key[len] = 0;
        x->key_line = here->line;
    }
    x->last_line = here->line;
    x->after_string = here->token == TOKEN_STRING;
    return r;
}

/* ---- invalid characters ---- */

static bool among(uint32_t c, const uint32_t *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (list[i] == c)
            return true;
    return false;
}

int syntax_refuse(const struct syntax *x, uint32_t c, int line, int *ret_line, struct failure *f)
{
    static const uint32_t CURLY[] = {0x2018, 0x2019, 0x201A, 0x201B, 0x201C, 0x201D, 0x201E, 0x201F,
                                     0x00AB, 0x00BB, 0x2039, 0x203A, 0x00B4, 0x2032, 0x2033, 0xFF02};
    static const uint32_t UNSEEN[] = {0x00A0, 0x00AD, 0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x2060, 0x3000};
    bool value = x->state == STATE_VALUE || x->state == STATE_FIRST || x->state == STATE_ELEMENT;
    *ret_line = line;
    if (c == '\'' || c == '`')
        return failure_set(f, FAILURE_CONFIG, EINVAL,
                           "single quotes do not enclose a text; write double ones: \"...\"");
    if (among(c, CURLY, N_ELEMENTS(CURLY)))
        return failure_set(f, FAILURE_CONFIG, EINVAL,
                           "these are not the quotes of a keyboard (U+%04X, as word processors write them); "
                           "write \"...\"", (unsigned)c);
    if (c == 0xFEFF)
        return failure_set(f, FAILURE_CONFIG, EINVAL,
                           "there is a byte order mark inside the file, where two files were joined; remove it");
    if (among(c, UNSEEN, N_ELEMENTS(UNSEEN)) || (c >= 0x2000 && c <= 0x200F))
        return failure_set(f, FAILURE_CONFIG, EINVAL,
                           "there is a blank or invisible character that is not the usual one (U+%04X); "
                           "write an ordinary blank", (unsigned)c);
    if (x->state == STATE_ASSIGN && c == '.')
        return failure_set(f, FAILURE_CONFIG, EINVAL,
                           "'.' is not allowed after '%s'; for a key of that group write %s = { key = value; };",
                           x->key, x->key);
    if (value)
        return failure_set(f, FAILURE_CONFIG, EINVAL,
                           "the value of '%s' stands without quotes; write \"...\"", x->key);
    if (c > ' ' && c < 0x7F)
        return failure_set(f, FAILURE_CONFIG, EINVAL,
                           "'%c' has no meaning here; put texts into double quotes, and comments after a '#'", (char)c);
    return failure_set(f, FAILURE_CONFIG, EINVAL,
                       "the character U+%04X has no meaning here; put texts into double quotes, and comments "
                       "after a '#'", (unsigned)c);
}
