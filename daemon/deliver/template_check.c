/* SPDX-License-Identifier: MIT */
/* deliver/template_check.c: finds what is wrong with a template before a message needs it. */
#include "deliver/template_parts.h"

#include "base/text.h"
#include "json/json.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static size_t line_of(const char *text, const char *at)
{
    size_t n = 1;
    for (; text < at; text++)
        n += *text == '\n';
    return n;
}

/* The template with something else of the same length for each placeholder: in the place of a value
 * with something that is no member's name, and no part of a longer number or word. */
static char *filler(const char *text)
{
    struct text t = TEXT_INIT(TEMPLATE_MAX);
    struct template_cursor c = {.at = text};
    struct template_part p;
    while (template_next(&c, &p)) {
        if (p.type == PART_LITERAL)
            text_add_bytes(&t, p.at, p.len);
        for (size_t i = 0; p.type == PART_PLACEHOLDER && i < p.whole; i++)
            text_add(&t, p.in_string ? "x" : i == 0 ? "[" : i == 1 ? "]" : " ");
    }
    return text_take(&t);
}

/* The first line behind which the error of the whole text shows already. */
static size_t broken_line(const char *text, const struct failure *whole)
{
    size_t n = 1;
    for (const char *end = text; *end; n++) {
        CLEANUP(json_free) struct json *root = NULL;
        struct failure why = {0};
        end += strcspn(end, "\n");
        end += *end == '\n';
        if (json_parse(text, (size_t)(end - text), &root, &why) < 0 &&
            strcmp(why.text, whole->text) == 0)
            return n;
    }
    return n > 1 ? n - 1 : 1;
}

static int check_json(const char *text, struct failure *ret_failure)
{
    CLEANUP(free) char *filled = filler(text);
    CLEANUP(json_free) struct json *root = NULL;
    struct failure why = {0};
    if (!filled)
        return failure_oom(ret_failure);
    int r = json_parse(filled, strlen(filled), &root, &why);
    if (r == -ENOMEM)
        return failure_oom(ret_failure);
    if (r < 0)
        return failure_set(ret_failure, FAILURE_CONFIG, EINVAL, "line %zu: %s",
                           broken_line(filled, &why), why.text);
    return 0;
}

/* True if this string, which holds the placeholder, is the name of a member. */
static bool names_member(const struct template_cursor *c)
{
    const char *at = c->at;
    for (; *at && *at != '"'; at++)
        at += *at == '\\' && at[1];
    at += *at == '"';
    return at[strspn(at, " \t\r\n")] == ':';
}

int template_check(const char *text, template_known *known, void *userdata,
                   struct failure *ret_failure)
{
    struct template_cursor c = {.at = text};
    struct template_part p;
    size_t n = 0;
    if (strlen(text) > TEMPLATE_MAX)
        return failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                           "line 1: the template has %zu bytes, %d are allowed; shorten it",
                           strlen(text), TEMPLATE_MAX);
    for (const char *at = text; template_next(&c, &p); at = c.at) {
        size_t line = line_of(text, at);
        if (p.type == PART_BROKEN)
            return failure_set(
                ret_failure, FAILURE_CONFIG, EINVAL,
                "line %zu: a placeholder is {{NAME}}, or {{NAME:%d}} to {{NAME:%d}} with "
                "a number of characters; write \"{\\u007b\" for braces themselves",
                line, TEMPLATE_CUT_MIN, TEMPLATE_CUT_MAX);
        if (p.type == PART_LITERAL)
            continue;
        if (!known(userdata, p.at, p.len))
            return failure_set(
                ret_failure, FAILURE_CONFIG, EINVAL,
                "line %zu: {{%.*s}} is unknown; seatwatchd.conf(5) lists what there is", line,
                (int)(p.len < 80 ? p.len : 80), p.at);
        if (p.in_string && names_member(&c))
            return failure_set(
                ret_failure, FAILURE_CONFIG, EINVAL,
                "line %zu: {{%.*s}} is in the name of a member; placeholders stand in "
                "strings that are values, or as values",
                line, (int)(p.len < 80 ? p.len : 80), p.at);
        if (++n > TEMPLATE_PLACEHOLDERS_MAX)
            return failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                               "line %zu: there are more than %d placeholders; use fewer", line,
                               TEMPLATE_PLACEHOLDERS_MAX);
    }
    return check_json(text, ret_failure);
}

static bool has_name(const char *text, const struct template_word *w)
{
    struct template_cursor c = {.at = text};
    struct template_part p;
    while (template_next(&c, &p)) {
        size_t len;
        const char *name = p.type == PART_PLACEHOLDER ? template_last_name(&p, &len) : NULL;
        if (name && len == w->name_len && memcmp(name, w->name, len) == 0)
            return true;
    }
    return false;
}

int template_check_words(const char *text, const struct template_words *words,
                         struct failure *ret_failure)
{
    for (size_t i = 0; i < words->n; i++) {
        struct template_word w;
        if (!template_word_split(words->rule[i], &w))
            return failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                               "values: entry %zu is not of the form \"severity.critical = 1\"",
                               i + 1);
        if (!has_name(text, &w))
            return failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                               "values: the template has no placeholder named %.*s; remove entry "
                               "%zu",
                               (int)w.name_len, w.name, i + 1);
    }
    return 0;
}
