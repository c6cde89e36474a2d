/* SPDX-License-Identifier: MIT */
/* runtime/commands_query.c: passes one read-only query on to Graph, and its answer back. */
#include "runtime/commands_query.h"

#include <string.h>

#include "base/text.h"
#include "graph/typed.h"
#include "runtime/app.h"
#include "runtime/command_answer.h"
#include "runtime/commands_graph.h"
#include "runtime/inquiry.h"
#include "runtime/tenant.h"

#define ANSWER_MAX (4 * INQUIRY_BYTES_MAX)

/* The same JSON, in which characters that could deceive a terminal are escaped: outside strings there are none. NULL: out
 * of memory, or too long. */
static char *escape_unsafe(const char *json)
{
    CLEANUP(text_free) struct text t = TEXT_INIT(ANSWER_MAX);
    size_t len = strlen(json), kept = 0;
    for (size_t i = 0; i < len;) {
        uint32_t c = 0;
        int n = text_decode(json + i, len - i, &c);
        bool space = c == '\t' || c == '\n' || c == '\r';
        if (n > 0 && text_is_unsafe(c) && !space) {
            text_add_bytes(&t, json + kept, i - kept);
            if (c > 0xffff)
                text_addf(&t, "\\u%04x\\u%04x", 0xd800 + ((c - 0x10000) >> 10), 0xdc00 + ((c - 0x10000) & 0x3ff));
            else
                text_addf(&t, "\\u%04x", c);
            kept = i + (size_t)n;
        }
        i += n > 0 ? (size_t)n : (size_t)-n;
    }
    text_add_bytes(&t, json + kept, len - kept);
    return text_take(&t);
}

static void answer_query(struct command_inquiry *q)
{
    const struct inquiry_answer *a = &q->part[0].answer;
    if (a->failure.text[0] || !a->text)
        inquiry_refuse(q->call, a);
    else
        control_answer(q->call, 200, escape_unsafe(a->text));
}

void command_get_graph(void *userdata, struct control_call *call)
{
    static const struct inquiry_steps STEPS = {NULL, answer_query};
    const char *typed = target_param(&call->target, "path");
    struct failure why = {0};
    char *target = NULL;
    bool older = false;
    struct tenant *t = command_tenant(userdata, call);
    if (!t)
        return;
    if (!typed) {
        control_error(call, 400, "add path=/users/ID/licenseDetails", "it is not said what to ask for");
        return;
    }
    int r = graph_typed(typed, t->options->graph.api_version, &target, &older, &why);
    if (r < 0) {
        command_refuse(call, r, &why);
        return;
    }
    const struct detail_subject about = {.id = NULL};
    struct command_inquiry *q = inquiry_new(t, call, &STEPS, &about);
    if (!q) {
        free(target);
        return;
    }
    inquiry_add_typed(q, target, older, target_param(&call->target, "all") ? INQUIRY_ALL : INQUIRY_BYTES);
    inquiry_begin(q);
}
