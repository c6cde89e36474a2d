/* SPDX-License-Identifier: MIT */
/* graph/poll_core.c: adds lists to a poll, keeps its worst failure, starts its snapshot. */
#include "graph/error_text.h"
#include "graph/poll.h"

#include <string.h>

int poll_add(struct poll *p, enum list list, const char *id, const char *link,
                    struct fetch_list **ret)
{
    struct fetch_ask ask = query_for(list);
    ask.option_state = &p->graph->service.options[list];
    return fetch_add(&p->fetch, &ask, (int)list, id, link, ret);
}

/* Two lists often fail for the same reason, in any order: the order of enum list decides, so that
 * the text is the same in each poll. */
void poll_note_failure(struct poll *p, const struct failure *why, enum list list,
                         const char *request_id)
{
    bool as_bad = !error_text_worse(&p->failure, why);
    if (!error_text_worse(why, &p->failure) && !(as_bad && list < p->failed_list))
        return;
    p->failure = *why;
    p->failed_list = list;
    text_clean(p->request_id, sizeof p->request_id, request_id, strlen(request_id));
}

void poll_out_of_memory(struct poll *p)
{
    struct failure why = {0};
    (void)failure_oom(&why);
    poll_note_failure(p, &why, LIST_COUNT_, "");
}

int poll_new_builder(struct poll *p, enum source source)
{
    struct snapshot_builder *b = NULL;
    int r =
        snapshot_builder_new(p->graph->o.name, p->graph->o.tenant_id, source, p->fetch.began, &b);
    if (r < 0)
        return r;
    snapshot_builder_free(p->builder);
    p->builder = b;
    return 0;
}
