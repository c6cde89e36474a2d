/* SPDX-License-Identifier: MIT */
/* deliver/template.c: fills the placeholders of a JSON template.
 *
 * Values come from JSON text of our own writer and go into JSON: the inside of a string is copied
 * with its escapes, so that nothing in it can end the string around it. */
#include "deliver/template_parts.h"

#include "base/text.h"
#include "json/json.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *replacement(const struct template_words *words, const struct template_part *p,
                               const char *text, size_t text_len)
{
    size_t len;
    const char *name = template_last_name(p, &len);
    for (size_t i = 0; i < words->n; i++) {
        struct template_word w;
        if (template_word_split(words->rule[i], &w) && w.name_len == len &&
            w.word_len == text_len && memcmp(w.name, name, len) == 0 &&
            memcmp(w.word, text, text_len) == 0)
            return w.value;
    }
    return NULL;
}

static void add_escaped(struct text *t, const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (s[i] == '"' || s[i] == '\\')
            text_add(t, "\\");
        text_add_bytes(t, s + i, 1);
    }
}

/* The bytes of one character: an escape, or UTF-8. */
static size_t unit(const char *s, size_t len)
{
    size_t n = *s != '\\' ? 1 : len > 1 && s[1] == 'u' ? 6 : 2;
    while (*s != '\\' && n < len && ((unsigned char)s[n] & 0xC0) == 0x80)
        n++;
    return n < len ? n : len;
}

/* The inside of a string, cut between characters and never inside an escape. */
static void add_cut(struct text *t, const char *s, size_t len, size_t max)
{
    size_t at = 0, keep = 0;
    for (size_t n = 0; at < len && (max == 0 || n < max); n++) {
        if (n + 3 == max)
            keep = at;
        at += unit(s + at, len - at);
    }
    text_add_bytes(t, s, at == len ? len : keep);
    text_add(t, at == len ? "" : "...");
}

static bool is_bare(const char *value)
{
    CLEANUP(json_free) struct json *root = NULL;
    return json_parse(value, strlen(value), &root, NULL) >= 0 && !json_is_string(root) &&
           !json_is_array(root) && !json_is_object(root);
}

/* A member as its text within a string, or as a value of its own. */
static void add_member(struct text *t, const struct template_part *p, const char *value, size_t len)
{
    bool string = len >= 2 && *value == '"', null = len == 4 && memcmp(value, "null", 4) == 0;
    if (!p->in_string && !string) {
        text_add_bytes(t, value, len);
        return;
    }
    text_add(t, p->in_string ? "" : "\"");
    if (string) {
        add_cut(t, value + 1, len - 2, p->max);
    } else if (!null) {
        CLEANUP(text_free) struct text escaped = TEXT_INIT(2 * len);
        add_escaped(&escaped, value, len);
        if (escaped.error)
            t->error = t->error ? t->error : escaped.error;
        else
            add_cut(t, escaped.data, escaped.len, p->max);
    }
    text_add(t, p->in_string ? "" : "\"");
}

static void add_placeholder(struct text *t, const struct template_part *p, const char *values,
                            const struct template_words *words)
{
    size_t len = 4;
    const char *value = template_member(values, p->at, p->len, &len);
    value = value ? value : "null";
    bool string = *value == '"';
    const char *word = replacement(words, p, value + string, len - 2 * string);
    if (!word) {
        add_member(t, p, value, len);
        return;
    }
    bool bare = p->in_string || is_bare(word);
    text_add(t, bare ? "" : "\"");
    if (p->in_string || !bare)
        add_escaped(t, word, strlen(word));
    else
        text_add(t, word);
    text_add(t, bare ? "" : "\"");
}

int template_fill(const char *text, const char *values, const struct template_words *words,
                  size_t max, char **ret, size_t *ret_len)
{
    CLEANUP(text_free) struct text t = TEXT_INIT(max);
    CLEANUP(json_free) struct json *root = NULL;
    struct template_cursor c = {.at = text};
    struct template_part p;
    while (template_next(&c, &p)) {
        if (p.type == PART_PLACEHOLDER)
            add_placeholder(&t, &p, values, words);
        else
            text_add_bytes(&t, p.at, p.whole);
    }
    if (t.error)
        return t.error;
    int r = json_parse(t.data ? t.data : "", t.len, &root, NULL);
    if (r < 0)
        return r;
    *ret_len = t.len;
    *ret = text_take(&t);
    return *ret ? 0 : -ENOMEM;
}
