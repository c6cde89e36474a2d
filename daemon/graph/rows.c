/* SPDX-License-Identifier: MIT */
/* graph/rows.c: reads members of a row. */
#include "graph/rows.h"

#include "base/date.h"
#include "base/guid.h"
#include "base/text.h"
#include <errno.h>
#include <string.h>

const char *row_id(const struct json *row, const char *key)
{
    const char *s = NULL;
    if (json_get_string(row, key, &s) != JSON_OK || !s[0] || strlen(s) > PAGE_ID_MAX)
        return NULL;
    return s;
}

bool row_has_readable_sku(const struct json *row)
{
    /* A part number is a name, which is cut where it is too long. */
    static const struct {
        const char *key;
        size_t max;
    } MEMBERS[] = {{"skuId", PAGE_ID_MAX}, {"skuPartNumber", SIZE_MAX}};
    const char *s = NULL;
    for (size_t i = 0; i < N_ELEMENTS(MEMBERS); i++) {
        enum json_is is = json_get_string(row, MEMBERS[i].key, &s);
        if (is == JSON_WRONG_TYPE || (is == JSON_OK && (!*s || strlen(s) > MEMBERS[i].max)))
            return false;
    }
    return true;
}

int row_spoils(struct page *p)
{
    p->n_lacking++;
    p->spoiled = true;
    return 0;
}

const char *row_clean(const struct json *row, const char *key, char clean[static ROW_TEXT_MAX])
{
    const char *s = NULL;
    if (json_get_string(row, key, &s) != JSON_OK || !s[0])
        return NULL;
    return text_clean(clean, ROW_TEXT_MAX, s, strlen(s));
}

int member_guid(const struct json *row, const char *key, char **ret)
{
    char clean[ROW_TEXT_MAX];
    int r = text_copy(row_clean(row, key, clean), ret);
    if (r >= 0)
        guid_lower(*ret);
    return r;
}

int member_text(const struct json *row, const char *key, char **ret)
{
    char clean[ROW_TEXT_MAX];
    return text_copy(row_clean(row, key, clean), ret);
}

int row_link(const struct json *row, const char *key, char **ret)
{
    const char *s = NULL;
    enum json_is is = json_get_string(row, key, &s);
    *ret = NULL;
    if (is == JSON_MISSING || is == JSON_NULL)
        return 0;
    if (is != JSON_OK || !s[0] || strlen(s) > PAGE_LINK_MAX)
        return -EBADMSG;
    return text_copy(s, ret);
}

usec_t row_time(const struct json *row, const char *key)
{
    const char *s = NULL;
    usec_t at;
    if (json_get_string(row, key, &s) != JSON_OK || rfc3339_parse(s, &at) < 0)
        return 0;
    return at;
}

bool row_is_lacking(enum json_is is)
{
    return is == JSON_MISSING || is == JSON_NULL || is == JSON_WRONG_TYPE;
}

bool row_date(const struct json *row, const char *key, int32_t *ret)
{
    const char *s = NULL;
    enum json_is is = json_get_string(row, key, &s);
    *ret = DATE_UNKNOWN;
    return is == JSON_MISSING || is == JSON_NULL || (is == JSON_OK && date_parse(s, ret) >= 0);
}
