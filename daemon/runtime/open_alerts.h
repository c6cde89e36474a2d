/* SPDX-License-Identifier: MIT */
/* runtime/open_alerts.h: the open alerts that are repeated to a receiver; see deliver/resend.h. */
#pragma once
#include "deliver/resend.h"

/* A resend_list; `userdata` is the app. */
int open_alerts_list(void *userdata, const char *receiver, struct repeated *to);
