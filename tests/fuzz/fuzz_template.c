/* SPDX-License-Identifier: MIT */
/* tests/fuzz/fuzz_template.c: a template is refused with its line, or whatever the values are it becomes
 * valid JSON. */
#include "deliver/template.h"
#include "json/json.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool truth)
{
    if (!truth)
        abort();
}

/* No object or list: together with the template it might be nested too deeply. */
static const char VALUES[] = "{\"s\":\"a \\\"b\\\" \\\\ \\u0001 \xc3\xa4 {{s}} \\n\",\"n\":-96.4,"
                             "\"null\":null,\"o\":{\"s\":\"\",\"b\":true}}";

static bool is_scalar(void *userdata, const char *path, size_t len)
{
    (void)userdata;
    return len != 1 || *path != 'o';
}

static void try_template(const char *text)
{
    char *const rules[] = {(char[]){"n.-96.4 = 1"}, (char[]){"b.true=\"\\"}};
    const struct template_words words = {rules, 2};
    struct failure why = {0};
    char *filled = NULL;
    size_t len = 0;
    int r = template_check(text, is_scalar, NULL, &why);
    if (r < 0) {
        require(r == -EINVAL && strncmp(why.text, "line ", 5) == 0);
        return;
    }
    require(template_fill(text, VALUES, &words, 1 << 20, &filled, &len) == 0);
    require(strlen(filled) == len);
    free(filled);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    require(text);
    memcpy(text, data, size);
    text[size] = '\0';
    try_template(text);
    free(text);
    return 0;
}
