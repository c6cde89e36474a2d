/* SPDX-License-Identifier: MIT */
/* graph/typed.c: makes a target of a path that was typed, or refuses it. */
#include "graph/typed.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#define TARGET_LENGTH 8192

static int refuse(struct failure *f, const char *why)
{
    return failure_set(f, FAILURE_CONFIG, EINVAL, "%s", why);
}

/* Escapes what is not in `keep` and not unreserved. */
static void add_part(struct text *t, const char *s, size_t len, const char *keep)
{
    for (size_t i = 0; i < len; i++) {
        const char one[2] = {s[i]};
        if (s[i] && strchr(keep, s[i]))
            text_add(t, one);
        else
            text_add_encoded(t, one);
    }
}

static bool is_word(const char *s, size_t len, const char *word)
{
    return strlen(word) == len && strncasecmp(s, word, len) == 0;
}

static int add_path(struct text *t, const char *path, size_t len, struct failure *f)
{
    const char *end = path + len;
    for (const char *at = path; at <= end;) {
        size_t n = strcspn(at, "/");
        n = at + n > end ? (size_t)(end - at) : n;
        if (n == 0 || is_word(at, n, ".") || is_word(at, n, ".."))
            return refuse(f, "the path has an empty part, \".\" or \"..\"; write one such as /users/ID/licenseDetails");
        if (is_word(at, n, "$batch"))
            return refuse(f, "$batch can carry requests that write; write the path of one request");
        if (at != path)
            text_add(t, "/");
        add_part(t, at, n, "$(),=':@!*;");
        at += n + 1;
    }
    return 0;
}

/* An "&" within quotes belongs to the value. */
static size_t option_length(const char *s)
{
    bool quoted = false;
    size_t n = 0;
    for (; s[n] && (quoted || s[n] != '&'); n++)
        quoted ^= s[n] == '\'';
    return n;
}

static int add_query(struct text *t, const char *query, struct failure *f)
{
    char sign = '?';
    for (const char *at = query;; sign = '&') {
        size_t n = option_length(at), name = strcspn(at, "=");
        if (name == 0 || name >= n)
            return refuse(f, "an option of the query has no name or no value; write $select=id&$filter=...");
        text_addf(t, "%c", sign);
        add_part(t, at, name, "$@");
        text_add(t, "=");
        add_part(t, at + name + 1, n - name - 1, "$(),=':@/*;!");
        at += n;
        if (!*at)
            return 0;
        at++;
    }
}

/* Skips the version, if there is one that the tenant may be asked in. */
static const char *skip_version(const char *path, const char *version, bool *ret_older)
{
    size_t len = strcspn(path, "/?");
    *ret_older = path[len] == '/' && is_word(path, len, "v1.0");
    return path[len] == '/' && (*ret_older || is_word(path, len, version)) ? path + len + 1 : path;
}

int graph_typed(const char *typed, const char *version, char **ret, bool *ret_older, struct failure *ret_failure)
{
    CLEANUP(text_free) struct text t = TEXT_INIT(TARGET_LENGTH);
    bool older;
    const char *path = skip_version(typed + (*typed == '/'), version, &older);
    size_t len = strcspn(path, "?");
    if (strpbrk(typed, "%"))
        return refuse(ret_failure, "there is a \"%\" in the path; write blanks and other characters as they are");
    if (memmem(path, len, "://", 3) || memchr(path, '\\', len))
        return refuse(ret_failure, "only the tenant's own Graph is asked; write a path such as /users/ID/licenseDetails");
    for (const char *c = typed; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            return refuse(ret_failure, "the path has a control character; leave it out");
    int r = add_path(&t, path, len, ret_failure);
    if (r >= 0 && path[len])
        r = add_query(&t, path + len + 1, ret_failure);
    if (r < 0)
        return r;
    if (t.error == -E2BIG)
        return refuse(ret_failure, "the path is too long; ask for less");
    *ret = text_take(&t);
    if (!*ret)
        return failure_oom(ret_failure);
    *ret_older = older;
    return 0;
}
