/* SPDX-License-Identifier: MIT */
/* model/internal.h: functions shared by the files of this room. Private to the room. */
#pragma once
#include "model/snapshot.h"

void allotment_clear(struct allotment *a);     /* frees the members */
void error_group_clear(struct error_group *g); /* frees the members */
int snapshot_count_skus(struct snapshot *s);   /* -ENOMEM */
