/* SPDX-License-Identifier: MIT */
/* graph/token_roles.c: reads the claims of a JSON web token (RFC 7519), without its signature: that is
 * up to whom the token is for. */
#include "graph/token_roles.h"

#include "base/alloc.h"
#include "base/digest.h"
#include "graph/page.h"
#include "json/json.h"
#include <string.h>

/* The second of three parts, padded as RFC 4648 section 4 wants it; NULL: there is none. */
static char *claims_of(const char *token, size_t *ret_len)
{
    const char *from = strchr(token, '.'), *end = from ? strchr(from + 1, '.') : NULL;
    if (!end || end - token > TOKEN_MAX)
        return NULL;
    size_t len = (size_t)(end - from - 1), padded = (len + 3) / 4 * 4;
    char *text = alloc_zero(padded + 1, 1);
    if (!text)
        return NULL;
    for (size_t i = 0; i < padded; i++) {
        char c = i < len ? from[1 + i] : '=';
        text[i] = c == '-' ? '+' : c == '_' ? '/' : c;
    }
    *ret_len = padded;
    return text;
}

static bool claims_have(const char *claims, size_t len, const char *role)
{
    static const char *const NAMES[] = {"roles", NULL};
    CLEANUP(json_free) struct json *root = NULL;
    const struct json *roles = NULL;
    if (json_parse_only(claims, len, NAMES, &root, NULL) < 0 ||
        json_get_array(root, "roles", &roles) != JSON_OK)
        return false;
    for (const struct json *r = json_first(roles); r; r = json_next(r))
        if (json_text(r) && strcmp(json_text(r), role) == 0)
            return true;
    return false;
}

bool token_has_role(const char *token, const char *role)
{
    size_t len;
    char *text = claims_of(token, &len);
    if (!text)
        return false;
    int n = base64_decode(text, len, (uint8_t *)text, len); /* never longer than its text */
    bool has = n > 0 && claims_have(text, (size_t)n, role);
    alloc_release(text);
    return has;
}
