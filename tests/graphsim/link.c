/* SPDX-License-Identifier: MIT */
/* graphsim/link.c: nextLinks whose $skiptoken is signed over the very bytes of the link, so that a
 * client that rebuilds, reorders or re-encodes one is found out. */
#include "graphsim/sim.h"
#include <string.h>

#define TOKEN_MARK "$skiptoken="
#define OFFSET_SIZE 8
#define MAC_SIZE 13
#define TOKEN_SIZE (OFFSET_SIZE + MAC_SIZE) /* a multiple of three: no padding in base64 */
#define TOKEN_TEXT (TOKEN_SIZE / 3 * 4)

static void sign(const struct call *c, const char *base, const uint8_t offset[static OFFSET_SIZE],
                 uint8_t ret[static MAC_SIZE])
{
    CLEANUP(text_free) struct text text = TEXT_INIT(1 << 20);
    uint8_t mac[SHA256_SIZE];
    text_addf(&text, "link\n%s\n%s\n", c->tenant->id, base);
    text_add_bytes(&text, offset, OFFSET_SIZE);
    if (text.error || hmac_sha256(c->sim->key, sizeof c->sim->key, text.data, text.len, mac) < 0)
        abort();
    memcpy(ret, mac, MAC_SIZE);
}

char *link_make(const struct call *c, const char *path_and_query, int64_t offset)
{
    uint8_t bytes[TOKEN_SIZE];
    char plain[TOKEN_TEXT + 1];
    for (size_t i = 0; i < OFFSET_SIZE; i++)
        bytes[i] = (uint8_t)((uint64_t)offset >> (8 * i));
    sign(c, path_and_query, bytes, bytes + OFFSET_SIZE);
    (void)base64_encode(bytes, sizeof bytes, plain);
    CLEANUP(text_free) struct text text = TEXT_INIT(1 << 20);
    size_t len = strlen(path_and_query);
    bool first = len && path_and_query[len - 1] == '?';
    text_addf(&text, "%s%s%s" TOKEN_MARK, c->origin, path_and_query, first ? "" : "&");
    for (const char *p = plain; *p; p++) {
        if (*p == '+' || *p == '/')
            text_addf(&text, "%%%02X", (unsigned)(unsigned char)*p);
        else
            text_add_bytes(&text, p, 1);
    }
    char *link = text_take(&text);
    if (!link)
        abort();
    return link;
}

char *link_base(const struct call *c)
{
    const struct request *r = c->request;
    const char *mark = strstr(r->query, TOKEN_MARK);
    size_t kept = mark ? (size_t)(mark - r->query) : strlen(r->query);
    if (mark && kept > 0) /* the separator belongs to the token */
        kept--;
    char *base = text_printf("%s?%.*s", r->path, (int)kept, r->query);
    if (!base)
        abort();
    return base;
}

int64_t link_offset(const struct call *c)
{
    const char *token = odata_get(&c->query, "$skiptoken");
    if (!token)
        return 0;
    const char *mark = strstr(c->request->query, TOKEN_MARK);
    uint8_t bytes[TOKEN_SIZE], mac[MAC_SIZE];
    if (!mark || strchr(mark, '&') || strlen(token) != TOKEN_TEXT ||
        base64_decode(token, TOKEN_TEXT, bytes, sizeof bytes) != TOKEN_SIZE)
        return -1;
    CLEANUP(free) char *base = link_base(c);
    CLEANUP(free) char *path = NULL;
    sign(c, base, bytes, mac);
    uint64_t offset = 0;
    for (size_t i = 0; i < OFFSET_SIZE; i++)
        offset |= (uint64_t)bytes[i] << (8 * i);
    /* The text of the token is compared too: another spelling of its escapes is another link. */
    path = link_make(c, base, (int64_t)offset);
    bool same = strcmp(path + strlen(c->origin), c->request->target) == 0;
    return same && memcmp(mac, bytes + OFFSET_SIZE, MAC_SIZE) == 0 ? (int64_t)offset : -1;
}

bool link_mode_known(const char *mode)
{
    static const char *const MODES[] = {"repeat",   "foreign", "off_prefix",      "http",
                                        "userinfo", "dots",    "relative",        "empty",
                                        "null",     "number",  "host_as_userinfo", "back"};
    for (size_t i = 0; i < N_ELEMENTS(MODES); i++)
        if (strcmp(MODES[i], mode) == 0)
            return true;
    return strstr(mode, "://") != NULL;
}

/* What a rule puts where a good link belongs. For free(). */
static char *bad_link(const struct call *c, const char *mode)
{
    const char *target = c->request->target;
    const char *host = strstr(c->origin, "://") + 3;
    bool https = strncmp(c->origin, "https", 5) == 0;
    if (strcmp(mode, "repeat") == 0)
        return text_printf("%s%s", c->origin, target);
    if (strcmp(mode, "foreign") == 0)
        return text_printf("https://attacker.example%s", target);
    if (strcmp(mode, "off_prefix") == 0)
        return text_printf("%s/elsewhere%s", c->origin, target);
    if (strcmp(mode, "http") == 0)
        return text_printf("%s://%s%s", https ? "http" : "https", host, target);
    if (strcmp(mode, "userinfo") == 0)
        return text_printf("%s://someone@%s%s", https ? "https" : "http", host, target);
    if (strcmp(mode, "host_as_userinfo") == 0)
        return text_printf("%s@attacker.example%s", c->origin, target);
    if (strcmp(mode, "dots") == 0)
        return text_printf("%s/beta/../elsewhere%s", c->origin, target);
    if (strcmp(mode, "relative") == 0)
        return strdup(target);
    if (strcmp(mode, "empty") == 0)
        return strdup("");
    return strdup(mode);
}

void link_put(const struct call *c, struct json_writer *w, const char *key, const char *mode,
              const char *base, int64_t offset, int64_t total)
{
    CLEANUP(free) char *link = NULL;
    if (mode && strcmp(mode, "null") == 0) {
        json_put_null(w, key);
        return;
    }
    if (mode && strcmp(mode, "number") == 0) {
        json_put_int(w, key, 1);
        return;
    }
    bool back = mode && strcmp(mode, "back") == 0; /* a good link, but a row has moved meanwhile */
    if (mode && !back)
        link = bad_link(c, mode);
    else if (offset < total)
        link = link_make(c, base, back && offset > 0 ? offset - 1 : offset);
    if (link)
        json_put_string(w, key, link);
}
