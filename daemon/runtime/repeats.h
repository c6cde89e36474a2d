/* SPDX-License-Identifier: MIT */
/* runtime/repeats.h: the open alerts that are repeated to a receiver; see deliver/resend.h. */
#pragma once
#include "deliver/resend.h"

/* A resend_list; `userdata` is the app. */
int repeats_list(void *userdata, const char *receiver, struct resend *to);
