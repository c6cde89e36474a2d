/* SPDX-License-Identifier: MIT */
/* graph/response.h: what an answer means for its list. */
#pragma once
#include "graph/fetch.h"

/* `l` has left its queue and its request is freed. Afterwards it is queued again, or freed, or the
 * loop has ended. */
void response_handle(struct fetch_list *l, const struct http_answer *a);
