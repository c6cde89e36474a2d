/* SPDX-License-Identifier: MIT */
/* tests/fuzz/fuzz_silence.c: the JSON of silences and acknowledgements. What is refused has its reason and leaves
 * nothing behind. */
#include "runtime/silence_body.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool truth)
{
    if (!truth)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(json_free) struct json *body = NULL;
    struct failure f = {0};
    if (json_parse((const char *)data, size, &body, NULL) < 0 || !json_is_object(body))
        return 0;
    struct silence_request silence = {0}, acknowledgement = {0};
    if (silence_body_parse(body, &silence, &f) < 0)
        require(f.text[0] && !silence.match.tenant && !silence.match.label);
    match_clear(&silence.match);
    f.text[0] = '\0';
    if (silence_body_parse_acknowledgement(body, &acknowledgement, &f) < 0)
        require(f.text[0]);
    require(!acknowledgement.lasts && !acknowledgement.weekly);
    return 0;
}
