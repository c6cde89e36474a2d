/* SPDX-License-Identifier: MIT */
/* model/internal.h: functions that the files of model/ share. Internal to model/. */
#pragma once
#include "model/snapshot.h"

void allotment_clear(struct allotment *a);     /* frees the members */
void error_group_clear(struct error_group *g); /* frees the members */
int snapshot_count_skus(struct snapshot *s);   /* -ENOMEM */
