/* SPDX-License-Identifier: MIT */
/* runtime/credential_watch.h: notices that the files of a refused credential change. */
#pragma once
#include <stdbool.h>

struct failure;
struct tenant;

typedef void credential_watch_changed(struct tenant *t);

void credential_watch_begin(struct tenant *t); /* a poll begins */
/* It has ended, with `why` as in its report. After a refusal `changed` is called once when the files change. */
void credential_watch_arm(struct tenant *t, const struct failure *why, credential_watch_changed *changed);
/* The files differ from those that the last poll of `before` used. */
bool credential_watch_is_changed(const struct tenant *t, const struct tenant *before);
