/* SPDX-License-Identifier: MIT */
/* links/backlog.h: what a receiver gets that was down while many alerts fired. */
#pragma once

/* Fails unless it gets each alert once, the newest first, in few messages. */
void backlog_try(void);
