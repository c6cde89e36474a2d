/* SPDX-License-Identifier: MIT */
/* config/scan.c: splits a configuration into tokens, as libconfig's grammar does. */
#include "config/scan.h"

#include "base/ascii.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "config/syntax.h"
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct scanner {
    const char *at, *end;
    int line;
    struct syntax syntax;
    struct scan *found;
};

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
static bool is_name(char c)
{
    return is_letter(c) || ascii_is_digit(c) || c == '-' || c == '_' || c == '*';
}

static int refuse(int line, int *ret_line, struct failure *f, const char *what)
{
    *ret_line = line;
    return failure_set(f, FAILURE_CONFIG, EINVAL, "%s", what);
}

/* Steps over one byte and counts lines. */
static void step(struct scanner *s)
{
    s->line += *s->at == '\n';
    s->at++;
}

static bool starts(const struct scanner *s, const char *word)
{
    size_t len = strlen(word);
    return (size_t)(s->end - s->at) >= len && memcmp(s->at, word, len) == 0;
}

/* Behind a string; otherwise what is wrong with it. libconfig makes a byte of \xHH: beyond ASCII
 * that is half a character, and with \x00 it forgets what stands before it. */
static const char *skip_string(struct scanner *s)
{
    for (step(s); s->at < s->end; step(s)) {
        if (*s->at == '"') {
            step(s);
            return NULL;
        }
        if (*s->at == '\n') /* libconfig allows it, and no key of ours has a use for it */
            break;
        if (*s->at != '\\' || s->at + 1 == s->end)
            continue;
        step(s);
        bool pair = (*s->at == 'x' || *s->at == 'X') && s->end - s->at > 2 &&
                    isxdigit((unsigned char)s->at[1]) && isxdigit((unsigned char)s->at[2]);
        if (pair && (s->at[1] > '7' || (s->at[1] == '0' && s->at[2] == '0')))
            return "\\xHH is for \\x01 to \\x7f; write other characters as they are, in UTF-8";
    }
    return "the string that is opened in this line does not end in it; add the missing '\"'";
}

/* Behind a comment; false if the text ends inside it. */
static bool skip_comment(struct scanner *s)
{
    for (s->at += 2; s->at < s->end; step(s))
        if (starts(s, "*/")) {
            s->at += 2;
            return true;
        }
    return false;
}

static void skip_line(struct scanner *s)
{
    while (s->at < s->end && *s->at != '\n')
        step(s);
}

/* What libconfig keeps of an integer: 32 bits, with L at its end 64. */
static bool fits(const char *number)
{
    char *rest;
    errno = 0;
    size_t sign = *number == '-' || *number == '+';
    bool hex = number[sign] == '0' && (number[sign + 1] == 'x' || number[sign + 1] == 'X');
    long long n = strtoll(number, &rest, hex ? 16 : 10);
    if (*rest && *rest != 'L')
        return true; /* a float, or no number at all: not ours to judge */
    return errno != ERANGE && (*rest == 'L' || (n >= INT32_MIN && n <= INT32_MAX));
}

/* libconfig's forms of a number: 12, 0x1F, either with L or LL, and 1.5e3. */
static bool is_number(const char *number)
{
    char *rest;
    (void)strtoll(number, &rest, strpbrk(number, "xX") ? 16 : 10);
    if (rest != number && strspn(rest, "L") <= 2 && rest[strspn(rest, "L")] == 0)
        return true;
    (void)strtod(number, &rest);
    return rest != number && *rest == 0 && !strpbrk(number, "xXpPiInN");
}

/* The whole word: what begins like a number may be an id or a duration without its quotes. */
static size_t word_len(const struct scanner *s)
{
    size_t len = 0, left = (size_t)(s->end - s->at);
    while (len < left && !strchr(" \t\r\n\f\v;,(){}[]\"'#=:", s->at[len]))
        len++;
    return len;
}

static void find_wide(struct scanner *s, const char *number, size_t len)
{
    if (fits(number) || s->found->n_wide == SCAN_WIDE_MAX)
        return;
    struct scan_wide *w = &s->found->wide[s->found->n_wide++];
    w->line = s->line;
    (void)snprintf(w->key, sizeof w->key, "%s", s->syntax.key);
    text_clean(w->number, sizeof w->number, number, len);
}

static bool is_space(char c)
{
    return strchr(" \t\r\n\f\v", c) != NULL;
}

static bool assigned_behind(const struct scanner *s, size_t len)
{
    const char *p = s->at + len;
    while (p < s->end && is_space(*p))
        p++;
    return p < s->end && (*p == '=' || *p == ':');
}

static bool is_word(const char *text, size_t len, const char *word)
{
    return len == strlen(word) && strncasecmp(text, word, len) == 0;
}

static int take_name(struct scanner *s, int *ret_line, struct failure *f)
{
    size_t len = 0;
    while (s->at + len < s->end && is_name(s->at[len]))
        len++;
    bool truth = is_word(s->at, len, "true") || is_word(s->at, len, "false");
    struct syntax_here here = {.token = truth ? TOKEN_TRUTH : TOKEN_NAME,
                               .character = *s->at,
                               .line = s->line,
                               .name = s->at,
                               .name_len = len,
                               .assigned = assigned_behind(s, len)};
    s->at += len;
    return syntax_take(&s->syntax, &here, ret_line, f);
}

/* What is no number is taken for a word: "5m" and "1f2e..." lack their quotes. */
static int take_number(struct scanner *s, int *ret_line, struct failure *f)
{
    char number[400]; /* cut: what is cut is too large anyway */
    size_t whole = word_len(s), len = whole < sizeof number ? whole : sizeof number - 1;
    memcpy(number, s->at, len);
    number[len] = 0;
    enum syntax_state state = s->syntax.state;
    bool value = state == STATE_VALUE || state == STATE_FIRST || state == STATE_ELEMENT;
    struct syntax_here here = {.token = value && !is_number(number) ? TOKEN_NAME : TOKEN_SCALAR,
                               .character = *s->at,
                               .line = s->line,
                               .name = "",
                               .assigned = false};
    int r = syntax_take(&s->syntax, &here, ret_line, f);
    if (r >= 0)
        find_wide(s, number, len);
    s->at += whole;
    return r;
}

static int take_string(struct scanner *s, int *ret_line, struct failure *f)
{
    struct syntax_here here = {.token = TOKEN_STRING, .character = '"', .line = s->line};
    const char *wrong = skip_string(s);
    return wrong ? refuse(here.line, ret_line, f, wrong) : syntax_take(&s->syntax, &here, ret_line, f);
}

/* A character of its own, or none that may stand here. */
static int take_sign(struct scanner *s, int *ret_line, struct failure *f)
{
    static const struct {
        char character;
        enum syntax_token token;
    } SIGNS[] = {{'=', TOKEN_ASSIGN}, {':', TOKEN_ASSIGN}, {';', TOKEN_SEMICOLON}, {',', TOKEN_COMMA},
                 {'{', TOKEN_GROUP},  {'(', TOKEN_LIST},   {'[', TOKEN_LIST},      {'}', TOKEN_CLOSE},
                 {')', TOKEN_CLOSE},  {']', TOKEN_CLOSE}};
    uint32_t c = 0;
    for (size_t i = 0; i < N_ELEMENTS(SIGNS); i++) {
        if (SIGNS[i].character != *s->at)
            continue;
        struct syntax_here here = {.token = SIGNS[i].token, .character = *s->at, .line = s->line};
        s->at++;
        return syntax_take(&s->syntax, &here, ret_line, f);
    }
    (void)text_decode(s->at, (size_t)(s->end - s->at), &c); /* all of it is UTF-8 */
    return syntax_refuse(&s->syntax, c, s->line, ret_line, f);
}

static int take_token(struct scanner *s, int *ret_line, struct failure *f)
{
    int line = s->line;
    char c = *s->at;
    if (is_space(c)) {
        step(s);
        return 0;
    }
    if (c == '"')
        return take_string(s, ret_line, f);
    if (starts(s, "/*"))
        return skip_comment(s) ? 0
                               : refuse(line, ret_line, f,
                                        "the comment that begins here never ends; add \"*/\"");
    if (c == '#' || starts(s, "//")) {
        skip_line(s);
        return 0;
    }
    if (starts(s, "@include"))
        return refuse(
            line, ret_line, f,
            "@include is not used here; put tenants into files of the directory tenants.d beside "
            "the main file");
    if (is_letter(c) || c == '*')
        return take_name(s, ret_line, f);
    if (ascii_is_digit(c) || c == '-' || c == '+' || (c == '.' && s->syntax.state != STATE_ASSIGN))
        return take_number(s, ret_line, f);
    return take_sign(s, ret_line, f);
}

static int refuse_bytes(const char *text, size_t len, size_t at, bool nul, int *ret_line, struct failure *f)
{
    int line = 1;
    for (size_t i = 0; i < at; i++)
        line += text[i] == '\n';
    if (text_is_utf16(text, len))
        return refuse(1, ret_line, f, "this file is UTF-16, which Windows calls Unicode; save it as UTF-8");
    return refuse(line, ret_line, f,
                  nul ? "a NUL byte; this is not a text file" : "not valid UTF-8; save the file as UTF-8");
}

int scan_text(const char *text, size_t len, struct scan *ret, int *ret_line,
              struct failure *ret_failure)
{
    struct scanner s = {.at = text + text_bom(text, len), .end = text + len, .line = 1, .found = ret};
    ret->n_wide = 0;
    for (size_t i = 0; i < len;) {
        uint32_t c;
        int n = text_decode(text + i, len - i, &c);
        if (n < 0 || c == 0)
            return refuse_bytes(text, len, i, n >= 0, ret_line, ret_failure);
        i += (size_t)n;
    }
    int r = 0;
    while (s.at < s.end && r >= 0)
        r = take_token(&s, ret_line, ret_failure);
    struct syntax_here end = {.token = TOKEN_END, .line = s.line};
    return r < 0 ? r : syntax_take(&s.syntax, &end, ret_line, ret_failure);
}

bool scan_is_wide(const struct scan *s, int line)
{
    for (size_t i = 0; i < s->n_wide; i++)
        if (s->wide[i].line == line)
            return true;
    return false;
}
