/* SPDX-License-Identifier: MIT */
/* tests/fuzz/fuzz_target.c: the target of a request to the control socket. What is accepted has bounded, non-empty
 * parts of clean UTF-8, and no way up. */
#include "base/text.h"
#include "status/target.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool truth)
{
    if (!truth)
        abort();
}

static void check(const char *s)
{
    require(text_is_utf8(s, strlen(s)));
    for (; *s; s++)
        require((unsigned char)*s >= 0x20 && *s != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct target t;
    struct failure f = {0};
    char *text = malloc(size + 1);
    require(text);
    memcpy(text, data, size);
    text[size] = '\0';
    if (target_parse(text, &t, &f) < 0)
        require(f.kind == FAILURE_REQUEST && f.text[0]);
    else {
        require(t.n_segments <= TARGET_SEGMENTS_MAX && t.n_params <= TARGET_PARAMS_MAX);
        for (size_t i = 0; i < t.n_segments; i++) {
            check(t.segment[i]);
            require(*t.segment[i] && strcmp(t.segment[i], ".") != 0 && strcmp(t.segment[i], "..") != 0);
        }
        for (size_t i = 0; i < t.n_params; i++) {
            check(t.param[i].name);
            check(t.param[i].value);
            require(target_param(&t, t.param[i].name) == t.param[i].value);
        }
    }
    free(text);
    return 0;
}
