/* SPDX-License-Identifier: MIT */
/* tests/fuzz/fuzz_text.c: the cleaner's promises, base64, globs and journal entries on any bytes.
 * The first byte of an input chooses the size of the output. */
#include "base/digest.h"
#include "base/journal.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool truth)
{
    if (!truth)
        abort();
}

static void try_cleaner(const char *raw, size_t len, size_t room)
{
    char *clean = malloc(room), twice[512];
    require(clean);
    require(text_clean(clean, room, raw, len) == clean);
    size_t n = strlen(clean);
    require(n < room && text_is_utf8(clean, n));
    for (size_t i = 0; i < n; i++)
        require((unsigned char)clean[i] >= 0x20 && clean[i] != 0x7F);
    require(strcmp(text_clean(twice, sizeof twice, clean, n), clean) == 0);
    size_t cut = text_cut(raw, len, room);
    require(cut <= len && cut <= room);
    if (text_is_utf8(raw, len))
        require(text_is_utf8(raw, cut));
    free(clean);
}

static void try_base64(const char *raw, size_t len)
{
    uint8_t *plain = malloc(len + 1);
    char *coded = malloc(4 * (len / 3 + 1) + 1);
    require(plain && coded);
    size_t coded_len = base64_encode(raw, len, coded);
    require(base64_decode(coded, coded_len, plain, len) == (int)len &&
            memcmp(plain, raw, len) == 0);
    int n = base64_decode(raw, len, plain, len);
    if (n >= 0) { /* one spelling only */
        require(base64_encode(plain, (size_t)n, coded) == len && memcmp(coded, raw, len) == 0);
    }
    free(plain);
    free(coded);
}

static void try_glob(const char *text, size_t len)
{
    char *glob = strndup(text, len < 40 ? len : 40);
    require(glob);
    require(text_glob("*", text) && text_glob(glob, glob) && text_glob("**", text));
    (void)text_glob(glob, text); /* only that it comes back */
    free(glob);
}

static void try_journal(const char *raw, size_t len)
{
    struct text entry = TEXT_INIT(JOURNAL_ENTRY_MAX);
    journal_add(&entry, "MESSAGE", raw, len);
    require(entry.error || entry.data[entry.len - 1] == '\n');
    if (!entry.error && !memchr(raw, '\n', len))
        require(entry.len == len + 9);
    text_free(&entry);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    size_t room = (size_t)data[0] + 1, len = size - 1;
    char *text = malloc(len + 1);
    require(text);
    memcpy(text, data + 1, len);
    text[len] = '\0';
    try_cleaner(text, len, room);
    try_base64(text, len);
    try_glob(text, strlen(text));
    try_journal(text, len);
    free(text);
    return 0;
}
