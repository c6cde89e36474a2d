/* SPDX-License-Identifier: MIT */
/* tests/fuzz/fuzz_notification.c: whatever a row of the database holds, it is refused or it is a
 * notification that packs to the same bytes again and fits into every receiver's message. */
#include "deliver/context_json.h"
#include "deliver/receiver.h"
#include "deliver/webhook.h"
#include "json/json.h"
#include <errno.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool truth)
{
    if (!truth)
        abort();
}

static void require_same(char *a, size_t a_len, char *b, size_t b_len)
{
    require(a_len == b_len && memcmp(a, b, a_len) == 0);
    free(a);
    free(b);
}

static void renders(const struct notification *n, const struct digest *d)
{
    const struct message m = {n, d, n && n->seq % 2, (usec_t)1 << 51};
    for (size_t i = 0; receiver_types[i]; i++) {
        const struct receiver_class *type = receiver_types[i];
        CLEANUP(free) char *bytes = NULL;
        CLEANUP(json_free) struct json *root = NULL;
        CLEANUP(free) void *own = calloc(1, type->options_size);
        const struct receiver_options o = {.name = (char[]){"fuzz"}, .class = type, .own = own};
        size_t len;
        require(own != NULL);
        int r = receiver_render(&o, &m, &bytes, &len);
        require(r == 0 && len > 0);
        if (type == &webhook_class)
            require(len <= WEBHOOK_BODY_MAX && json_parse(bytes, len, &root, NULL) == 0);
        if (type == &syslog_class)
            require(!memchr(bytes, '\n', len));
    }
}

static void try_context(const char *bytes, size_t size)
{
    CLEANUP(context_free) struct alert_context *f = NULL, *back = NULL;
    char *first, *second;
    size_t first_len, second_len;
    if (context_json_unpack(bytes, size, &f) < 0)
        return;
    require(context_json_pack(f, &first, &first_len) == 0);
    require(context_json_unpack(first, first_len, &back) == 0);
    require(context_json_pack(back, &second, &second_len) == 0);
    require_same(first, first_len, second, second_len);
}

static void try_notification(const char *bytes, size_t size)
{
    CLEANUP(notification_free) struct notification *n = NULL, *back = NULL;
    char *first, *second;
    size_t first_len, second_len;
    if (notification_json_unpack(bytes, size, &n) < 0)
        return;
    require(notification_json_pack(n, &first, &first_len) == 0);
    require(notification_json_unpack(first, first_len, &back) == 0);
    require(notification_json_pack(back, &second, &second_len) == 0);
    require_same(first, first_len, second, second_len);
    if (n->type != EVENT_DIGEST)
        renders(n, NULL);
}

static void try_digest(const char *bytes, size_t size)
{
    CLEANUP(digest_free) struct digest *d = NULL, *back = NULL;
    char *first, *second;
    size_t first_len, second_len;
    if (digest_json_unpack(bytes, size, &d) < 0)
        return;
    require(digest_json_pack(d, &first, &first_len) == 0);
    require(digest_json_unpack(first, first_len, &back) == 0);
    require(digest_json_pack(back, &second, &second_len) == 0);
    require_same(first, first_len, second, second_len);
    renders(NULL, d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool ready;
    if (!ready)
        json_init();
    ready = true;
    try_context((const char *)data, size);
    try_notification((const char *)data, size);
    try_digest((const char *)data, size);
    return 0;
}
