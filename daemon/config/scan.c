/* SPDX-License-Identifier: MIT */
/* config/scan.c: the tokens of libconfig's grammar, as far as a look needs them. */
#include "config/scan.h"

#include "base/ascii.h"
#include "base/text.h"
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct scanner {
    const char *at, *end;
    int line;
    struct {
        char bracket;
        int line;
    } open[SCAN_DEPTH_MAX];
    size_t depth;
    char name[64]; /* the last name seen: the key of what follows */
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

static int refuse(const struct scanner *s, int line, int *ret_line, struct failure *f,
                  const char *what)
{
    (void)s;
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
        if (*s->at != '\\' || s->at + 1 == s->end)
            continue;
        step(s);
        bool pair = (*s->at == 'x' || *s->at == 'X') && s->end - s->at > 2 &&
                    isxdigit((unsigned char)s->at[1]) && isxdigit((unsigned char)s->at[2]);
        if (pair && (s->at[1] > '7' || (s->at[1] == '0' && s->at[2] == '0')))
            return "\\xHH is for \\x01 to \\x7f; write other characters as they are, in UTF-8";
    }
    return "the string that begins here never ends; add the missing '\"'";
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

static void take_name(struct scanner *s)
{
    const char *start = s->at;
    while (s->at < s->end && is_name(*s->at))
        s->at++;
    size_t len = (size_t)(s->at - start);
    len = len < sizeof s->name ? len : sizeof s->name - 1;
    memcpy(s->name, start, len);
    s->name[len] = 0;
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

static void take_number(struct scanner *s)
{
    const char *start = s->at;
    do
        s->at++;
    while (s->at < s->end && (ascii_is_digit(*s->at) || is_letter(*s->at) || *s->at == '.'));
    char number[400]; /* cut: what is cut is too large anyway */
    size_t len = (size_t)(s->at - start);
    len = len < sizeof number ? len : sizeof number - 1;
    memcpy(number, start, len);
    number[len] = 0;
    if (fits(number) || s->found->n_wide == SCAN_WIDE_MAX)
        return;
    struct scan_wide *w = &s->found->wide[s->found->n_wide++];
    w->line = s->line;
    memcpy(w->key, s->name, sizeof w->key);
    text_clean(w->number, sizeof w->number, number, len);
}

static char closing(char open)
{
    return open == '(' ? ')' : open == '[' ? ']' : '}';
}

static int take_bracket(struct scanner *s, int *ret_line, struct failure *f)
{
    char c = *s->at;
    if (c == '(' || c == '[' || c == '{') {
        if (s->depth == SCAN_DEPTH_MAX)
            return refuse(s, s->line, ret_line, f, "too many brackets inside each other");
        s->open[s->depth].line = s->line;
        s->open[s->depth++].bracket = c;
        return 0;
    }
    if (s->depth == 0 || closing(s->open[s->depth - 1].bracket) != c) {
        *ret_line = s->line;
        if (s->depth == 0)
            return failure_set(f, FAILURE_CONFIG, EINVAL,
                               "'%c' closes nothing; remove it, or add what it should close", c);
        return failure_set(f, FAILURE_CONFIG, EINVAL,
                           "'%c' does not close the '%c' of line %d; close that one first", c,
                           s->open[s->depth - 1].bracket, s->open[s->depth - 1].line);
    }
    s->depth--;
    return 0;
}

static int take_token(struct scanner *s, int *ret_line, struct failure *f)
{
    int line = s->line;
    char c = *s->at;
    if (c == '"') {
        const char *wrong = skip_string(s);
        return wrong ? refuse(s, line, ret_line, f, wrong) : 0;
    }
    if (starts(s, "/*"))
        return skip_comment(s) ? 0
                               : refuse(s, line, ret_line, f,
                                        "the comment that begins here never ends; add \"*/\"");
    if (c == '#' || starts(s, "//")) {
        skip_line(s);
        return 0;
    }
    if (starts(s, "@include"))
        return refuse(
            s, line, ret_line, f,
            "@include is not used here; put tenants into files of the directory tenants.d beside "
            "the main file");
    if (is_letter(c) || c == '*') {
        take_name(s);
        return 0;
    }
    if (ascii_is_digit(c) || c == '-' || c == '+') {
        take_number(s);
        return 0;
    }
    int r = strchr("()[]{}", c) ? take_bracket(s, ret_line, f) : 0;
    step(s);
    return r;
}

int scan_text(const char *text, size_t len, struct scan *ret, int *ret_line,
              struct failure *ret_failure)
{
    struct scanner s = {.at = text, .end = text + len, .line = 1, .found = ret};
    ret->n_wide = 0;
    for (size_t i = 0; i < len;) {
        uint32_t c;
        int n = text_decode(text + i, len - i, &c);
        if (n < 0 || c == 0) {
            int line = 1;
            for (size_t j = 0; j < i; j++)
                line += text[j] == '\n';
            return refuse(&s, line, ret_line, ret_failure,
                          n < 0 ? "not valid UTF-8; save the file as UTF-8"
                                : "a NUL byte; this is not a text file");
        }
        i += (size_t)n;
    }
    while (s.at < s.end) {
        int r = take_token(&s, ret_line, ret_failure);
        if (r < 0)
            return r;
    }
    if (s.depth == 0)
        return 0;
    *ret_line = s.open[s.depth - 1].line;
    return failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                       "the '%c' of this line is never closed; add '%c'",
                       s.open[s.depth - 1].bracket, closing(s.open[s.depth - 1].bracket));
}

bool scan_is_wide(const struct scan *s, int line)
{
    for (size_t i = 0; i < s->n_wide; i++)
        if (s->wide[i].line == line)
            return true;
    return false;
}
