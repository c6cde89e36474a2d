/* SPDX-License-Identifier: MIT */
/* tests/fuzz/fuzz_url.c: what passes as an origin reads the same again, and a link that is let
 * through leads, for libcurl itself, to the very host, port and prefix. */
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

static void try_link(const char *url)
{
    static const struct origin GRAPH = {"https", "graph.example", 443, "/beta/",
                                        "https://graph.example"};
    struct origin seen;
    if (origin_check(&GRAPH, url, NULL) < 0)
        return;
    require(origin_parse(url, false, &seen, NULL) == 0);
    require(strcmp(seen.text, GRAPH.text) == 0);
    const char *path = strchr(url + 8, '/');
    require(path && strncmp(path, "/beta/", 6) == 0);
    size_t len = strcspn(path, "?");
    require(!memmem(path, len, "/../", 4) && !memmem(path, len, "%2f", 3) &&
            !memmem(path, len, "%2F", 3));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    require(text);
    memcpy(text, data, size);
    text[size] = '\0';
    try_origin(text);
    try_link(text);
    free(text);
    return 0;
}
