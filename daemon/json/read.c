/* SPDX-License-Identifier: MIT */
/* json/read.c: parses checked text with cJSON; typed getters that say what is wrong. */
#include "json/json.h"

#include "base/alloc.h"
#include "base/text.h"
#include "json/check.h"
#include <errno.h>
#include <stdalign.h>
#include <stddef.h>
#include <string.h>

#include <cjson/cJSON.h>

/* struct json is never defined: it is cJSON's node under a name that nobody outside can look into.
 */
static const cJSON *node(const struct json *j)
{
    return (const cJSON *)(const void *)j;
}
static const struct json *from_node(const cJSON *item)
{
    return (const struct json *)(const void *)item;
}

/* ---- memory ----
 *
 * cJSON asks for a node, a name and a string per member, and they all go together: so each document
 * takes them from a few large blocks. A page of 100 assignment errors is read and freed in half the
 * time that it takes with an allocation each. */

#define BLOCK_SIZE ((size_t)64 << 10) /* below glibc's threshold for a mapping of its own */

struct block {
    struct block *older;
    size_t size, used;
    alignas(max_align_t) char bytes[];
};

/* cJSON's nodes do not point to their parents, so the root can be a copy that lies here. */
struct document {
    cJSON root;
    struct block *blocks;
    size_t next_size;
};

static _Thread_local struct document *parsing;

static void *block_get(size_t wanted)
{
    struct document *d = parsing;
    struct block *b = d->blocks;
    size_t size = (wanted + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    if (!b || size > b->size - b->used) {
        size_t room = size > d->next_size ? size : d->next_size;
        b = alloc_get(sizeof *b + room);
        if (!b)
            return NULL;
        *b = (struct block){.older = d->blocks, .size = room};
        d->blocks = b;
        d->next_size = BLOCK_SIZE;
    }
    void *p = b->bytes + b->used;
    b->used += size;
    return p;
}

static void block_keep(void *p)
{
    (void)p; /* goes with its document */
}

static void document_free(struct document *d)
{
    for (struct block *b = d->blocks, *older; b; b = older) {
        older = b->older;
        alloc_release(b);
    }
    alloc_release(d);
}

static bool initialised;

void json_init(void)
{
    initialised = true;
    cJSON_Hooks hooks = {.malloc_fn = block_get, .free_fn = block_keep};
    cJSON_InitHooks(&hooks);
}

/* ---- parsing ---- */

/* What passed the check is a subset of what cJSON takes (a fuzzer holds this), so it can only fail
 * for want of memory. */
static int parse_checked(const char *text, size_t len, struct json **ret,
                         struct failure *ret_failure)
{
    if (!initialised)
        json_init(); /* without it, nothing that cJSON allocates would ever be freed */
    struct document *d = alloc_zero(1, sizeof *d);
    if (!d)
        return failure_oom(ret_failure);
    d->next_size = len < BLOCK_SIZE / 4 ? 4 * len + 256 : BLOCK_SIZE;
    parsing = d;
    const cJSON *root = cJSON_ParseWithLength(text, len);
    parsing = NULL;
    if (!root) {
        document_free(d);
        return failure_oom(ret_failure);
    }
    d->root = *root;
    *ret = (struct json *)(void *)&d->root;
    return 0;
}

int json_parse(const char *text, size_t len, struct json **ret, struct failure *ret_failure)
{
    int r = json_check(text, len, NULL, ret_failure);
    size_t bom = text_bom(text, len);
    return r < 0 ? r : parse_checked(text + bom, len - bom, ret, ret_failure);
}

int json_parse_only(const char *text, size_t len, const char *const *names, struct json **ret,
                    struct failure *ret_failure)
{
    struct json_sieve sieve = {.names = names};
    int r = json_check(text, len, &sieve, ret_failure);
    size_t bom = text_bom(text, len);
    if (r < 0)
        return r;
    if (sieve.text)
        r = parse_checked(sieve.text, sieve.len, ret, ret_failure);
    else
        r = parse_checked(text + bom, len - bom, ret, ret_failure);
    alloc_release(sieve.text);
    return r;
}

void json_free(struct json *root)
{
    if (root)
        document_free((struct document *)(void *)root);
}

/* ---- navigation ---- */

bool json_is_object(const struct json *j)
{
    return j && cJSON_IsObject(node(j));
}
bool json_is_array(const struct json *j)
{
    return j && cJSON_IsArray(node(j));
}
bool json_is_null(const struct json *j)
{
    return j && cJSON_IsNull(node(j));
}
bool json_is_string(const struct json *j)
{
    return j && cJSON_IsString(node(j));
}

const struct json *json_get(const struct json *object, const char *key)
{
    if (!json_is_object(object))
        return NULL;
    /* As cJSON_GetObjectItemCaseSensitive() does, but without a call for every name that differs in
     * its first byte: a poll of 20,000 waiting
     * members and as many errors makes 430,000 comparisons. */
    const cJSON *item = node(object)->child;
    while (item && (item->string[0] != key[0] || strcmp(item->string, key) != 0))
        item = item->next;
    return from_node(item);
}

size_t json_count(const struct json *array)
{
    size_t n = 0;
    if (json_is_array(array))
        for (const struct json *j = json_first(array); j; j = json_next(j))
            n++;
    return n;
}

const struct json *json_first(const struct json *container)
{
    return json_is_array(container) || json_is_object(container) ? from_node(node(container)->child)
                                                                 : NULL;
}

const struct json *json_next(const struct json *child)
{
    return from_node(node(child)->next);
}
const char *json_name(const struct json *member)
{
    return node(member)->string;
}
const char *json_text(const struct json *j)
{
    return json_is_string(j) ? node(j)->valuestring : NULL;
}

/* ---- typed values ---- */

/* Missing or null; JSON_OK: there is a value of some type. */
static enum json_is presence(const struct json *j)
{
    return !j ? JSON_MISSING : json_is_null(j) ? JSON_NULL : JSON_OK;
}

/* cJSON keeps numbers as doubles. From 2^53 on a double no longer tells an integer from its
 * neighbour, so those are out of range whatever the caller allows. */
enum json_is json_int(const struct json *j, int64_t min, int64_t max, int64_t *ret)
{
    static const double LIMIT = 9007199254740992.0;
    enum json_is is = presence(j);
    if (is != JSON_OK)
        return is;
    if (!cJSON_IsNumber(node(j)))
        return JSON_WRONG_TYPE;
    double value = node(j)->valuedouble;
    if (!(value > -LIMIT && value < LIMIT))
        return JSON_OUT_OF_RANGE;
    int64_t whole = (int64_t)value;
    if ((double)whole < value || (double)whole > value)
        return JSON_WRONG_TYPE;
    if (whole < min || whole > max)
        return JSON_OUT_OF_RANGE;
    *ret = whole;
    return JSON_OK;
}

enum json_is json_bool(const struct json *j, bool *ret)
{
    enum json_is is = presence(j);
    if (is != JSON_OK)
        return is;
    if (!cJSON_IsBool(node(j)))
        return JSON_WRONG_TYPE;
    *ret = cJSON_IsTrue(node(j));
    return JSON_OK;
}

enum json_is json_get_int(const struct json *object, const char *key, int64_t min, int64_t max,
                          int64_t *ret)
{
    return json_int(json_get(object, key), min, max, ret);
}

enum json_is json_get_bool(const struct json *object, const char *key, bool *ret)
{
    return json_bool(json_get(object, key), ret);
}

enum json_is json_get_string(const struct json *object, const char *key, const char **ret)
{
    const struct json *j = json_get(object, key);
    enum json_is is = presence(j);
    if (is != JSON_OK)
        return is;
    if (!json_is_string(j))
        return JSON_WRONG_TYPE;
    *ret = json_text(j);
    return JSON_OK;
}

enum json_is json_get_array(const struct json *object, const char *key, const struct json **ret)
{
    const struct json *j = json_get(object, key);
    enum json_is is = presence(j);
    if (is != JSON_OK)
        return is;
    if (!json_is_array(j))
        return JSON_WRONG_TYPE;
    *ret = j;
    return JSON_OK;
}

enum json_is json_get_object(const struct json *object, const char *key, const struct json **ret)
{
    const struct json *j = json_get(object, key);
    enum json_is is = presence(j);
    if (is != JSON_OK)
        return is;
    if (!json_is_object(j))
        return JSON_WRONG_TYPE;
    *ret = j;
    return JSON_OK;
}
