/* SPDX-License-Identifier: MIT */
/* graph/client_secret.c: reads a client secret, trims blanks, and refuses what cannot be one. Entra
 * would only answer that the secret is invalid. */
#include "graph/client_secret.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define BLANKS " \t\r\n\f\v"
#define DIGITS "0123456789abcdefABCDEF"

static bool is_guid(const char *s, size_t len)
{
    if (len != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-')
        return false;
    for (size_t i = 0, n = 0; i < len; i++) {
        n += s[i] == '-';
        if (s[i] == '-' ? n > 4 : !strchr(DIGITS, s[i]))
            return false;
    }
    return true;
}

/* What is wrong and what to do, or NULL. The text quotes nothing of the file. */
static const char *mistake(const char *s, size_t len)
{
    if (len == 0)
        return "holds nothing but blanks; write the secret's value into it";
    if (memchr(s, '\n', len))
        return "has more than one line; leave nothing but the secret's value in it";
    if (len > 1 && (s[0] == '"' || s[0] == '\'') && s[len - 1] == s[0])
        return "has quotes around the secret; remove them";
    if (strcspn(s, BLANKS) < len)
        return "has a blank inside the secret, which no secret has; copy the value anew";
    if (is_guid(s, len))
        return "holds a GUID, which is the id of a secret; write the \"Value\" into it, which the portal shows "
               "only right after the secret was made";
    return NULL;
}

int client_secret_read(const char *path, const char *audience, struct secret **ret,
                       struct failure *ret_failure)
{
    CLEANUP(secret_free) struct secret *raw = NULL;
    int r = secret_read(path, NULL, &raw, ret_failure);
    if (r < 0)
        return r;
    const char *s = secret_bytes(raw) + strspn(secret_bytes(raw), BLANKS);
    size_t len = strlen(s);
    while (len > 0 && strchr(BLANKS, s[len - 1]))
        len--;
    const char *wrong = mistake(s, len);
    if (wrong)
        return failure_set(ret_failure, FAILURE_CONFIG, EINVAL, "secret file %s %s", path, wrong);
    return secret_new(s, len, audience, ret, ret_failure);
}
