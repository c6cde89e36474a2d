/* SPDX-License-Identifier: MIT */
/* model/internal.h: what the files of this room share with each other and with nobody else. */
#pragma once
#include "model/snapshot.h"

void allotment_clear(struct allotment *a);     /* frees what is inside */
void error_group_clear(struct error_group *g); /* frees what is inside */
int snapshot_count_skus(struct snapshot *s);   /* -ENOMEM */
