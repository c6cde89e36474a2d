/* SPDX-License-Identifier: MIT */
/* tests/fuzz/fuzz_next_link.c: the check that every nextLink goes through. A link that is let
 * through leads, for libcurl itself, to the very scheme, host, port and prefix; and the origins
 * that links are held to read the same again. */
#include "http/http.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool truth)
{
    if (!truth)
        abort();
}

static void try_origin(const char *url)
{
    struct origin first, second;
    struct failure f = {0};
    if (origin_parse(url, true, &first, &f) < 0) {
        require(f.text[0]);
        return;
    }
    require(first.port > 0 && first.host[0] && !strpbrk(first.text, "@\\#% "));
    require(origin_parse(first.text, true, &second, NULL) == 0);
    require(strcmp(first.text, second.text) == 0 && first.port == second.port);
    require(origin_check(&first, first.text, NULL) == 0);
}

static void try_link(const struct origin *home, const char *url)
{
    struct origin seen;
    struct failure f = {0};
    if (origin_check(home, url, &f) < 0) {
        require(f.kind == FAILURE_SECURITY && f.text[0]);
        return;
    }
    require(origin_parse(url, false, &seen, NULL) == 0);
    require(strcmp(seen.text, home->text) == 0);
    const char *authority = strstr(url, "://") + 3, *path = authority + strcspn(authority, "/?");
    require(strncmp(path, home->prefix, strlen(home->prefix)) == 0);
    size_t len = strcspn(path, "?");
    require(!memmem(path, len, "/../", 4) && !memmem(path, len, "%2f", 3) &&
            !memmem(path, len, "%2F", 3));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct origin HOMES[] = {
        {"https", "graph.example", 443, "/beta/", "https://graph.example"},
        {"http", "127.0.0.1", 8080, "/v1.0/", "http://127.0.0.1:8080"},
    };
    char *text = malloc(size + 1);
    require(text);
    memcpy(text, data, size);
    text[size] = '\0';
    try_origin(text);
    for (size_t i = 0; i < sizeof HOMES / sizeof *HOMES; i++)
        try_link(&HOMES[i], text);
    free(text);
    return 0;
}
