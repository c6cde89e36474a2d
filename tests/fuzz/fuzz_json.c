/* SPDX-License-Identifier: MIT */
/* tests/fuzz/fuzz_json.c: what the strict check lets through, cJSON reads, what is read can be
 * written and read again, and leaving members out leaves out those and no others. */
#include "json/check.h"
#include "json/json.h"

#include "base/text.h"
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool truth)
{
    if (!truth)
        abort();
}

static const char *const WANTED[] = {"id", "value", "a", "code", "@odata.nextLink", NULL};

static bool is_wanted(const char *name)
{
    for (size_t i = 0; WANTED[i]; i++)
        if (strcmp(name, WANTED[i]) == 0)
            return true;
    return false;
}

/* Writes `j` again, all of it or what is wanted, and calls every getter on the way. Numbers that
 * are no integers have no place in our output. */
static void copy(struct json_writer *w, const char *key, const struct json *j, bool all)
{
    int64_t n;
    bool flag;
    if (json_is_object(j)) {
        json_open_object(w, key);
        for (const struct json *member = json_first(j); member; member = json_next(member)) {
            require(json_get(j, json_name(member)) == member); /* no name stands twice */
            if (all || is_wanted(json_name(member)))
                copy(w, json_name(member), member, all);
        }
        json_close_object(w);
    } else if (json_is_array(j)) {
        size_t count = 0;
        json_open_array(w, key);
        for (const struct json *element = json_first(j); element; element = json_next(element)) {
            copy(w, NULL, element, all);
            count++;
        }
        require(count == json_count(j));
        json_close_array(w);
    } else if (json_is_string(j)) {
        require(text_is_utf8(json_text(j), strlen(json_text(j))));
        json_put_string(w, key, json_text(j));
    } else if (json_int(j, INT64_MIN, INT64_MAX, &n) == JSON_OK) {
        require(n > -(INT64_C(1) << 53) && n < INT64_C(1) << 53);
        json_put_int(w, key, n);
    } else if (json_bool(j, &flag) == JSON_OK) {
        json_put_bool(w, key, flag);
    } else {
        json_put_null(w, key);
    }
}

static char *written(const struct json *j, bool all, size_t *ret_len)
{
    char *text = NULL;
    CLEANUP(json_writer_free) struct json_writer *w = json_writer_new(64 << 20);
    require(w);
    copy(w, NULL, j, all);
    require(json_write_take(w, &text, ret_len) == 0);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool ready;
    if (!ready)
        json_init();
    ready = true;
    CLEANUP(json_free) struct json *first = NULL, *second = NULL;
    struct failure f = {0};
    int r = json_parse((const char *)data, size, &first, &f);
    require(r == json_check((const char *)data, size, NULL, NULL));
    if (r < 0) {
        require(f.text[0] && text_is_utf8(f.text, strlen(f.text)));
        return 0;
    }
    require(text_is_utf8(data, size));
    size_t len, again_len;
    CLEANUP(free) char *text = written(first, true, &len);
    require(json_parse(text, len, &second, &f) == 0);
    CLEANUP(free) char *again = written(second, true, &again_len);
    require(len == again_len && memcmp(text, again, len) == 0);

    /* What is left out is left out, and nothing else. */
    CLEANUP(json_free) struct json *few = NULL;
    require(json_parse_only((const char *)data, size, WANTED, &few, &f) == 0);
    size_t want_len, few_len;
    CLEANUP(free) char *want = written(first, false, &want_len);
    CLEANUP(free) char *got = written(few, true, &few_len);
    require(want_len == few_len && memcmp(want, got, want_len) == 0);
    return 0;
}
