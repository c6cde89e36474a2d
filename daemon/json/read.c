/* SPDX-License-Identifier: MIT */
/* json/read.c: cJSON behind the strict check, and getters that tell what is wrong. */
#include "json/json.h"

#include "base/alloc.h"
#include "json/check.h"
#include <errno.h>

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

void json_init(void)
{
    cJSON_Hooks hooks = {.malloc_fn = alloc_get, .free_fn = alloc_release};
    cJSON_InitHooks(&hooks);
}

int json_parse(const char *text, size_t len, struct json **ret, struct failure *ret_failure)
{
    int r = json_check(text, len, ret_failure);
    if (r < 0)
        return r;
    /* What passed the check is a subset of what cJSON takes (a fuzzer holds this), so it can only
     * fail for want of memory. */
    cJSON *root = cJSON_ParseWithLength(text, len);
    if (!root)
        return failure_oom(ret_failure);
    *ret = (struct json *)(void *)root;
    return 0;
}

void json_free(struct json *root)
{
    cJSON_Delete((cJSON *)(void *)root);
}

/* ---- looking around ---- */

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
    return from_node(cJSON_GetObjectItemCaseSensitive(node(object), key));
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

/* What there is to say before the type matters; JSON_OK: there is a value, of some type. */
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
