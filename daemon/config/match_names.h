/* SPDX-License-Identifier: MIT */
/* config/match_names.h: what a match must not name, because it would never match. Pure. */
#pragma once
#include "config/config.h"

bool match_tenant_exists(const struct options *o, const char *name);
/* Borrowed; NULL: none is similar. */
const char *match_nearest_tenant(const struct options *o, const char *name);
/* What to write in place of `sku`, which is the name of a product; NULL: it is none. Borrowed. */
const char *match_part_number(const struct options *o, const char *sku);
/* It lets alerts pass, not only events of severity info. */
bool match_is_for_alerts(const struct match *m);
/* The match of a silence. -EINVAL, kind CONFIG: it can never match. */
int match_check_silence(const struct options *o, const struct match *m, struct failure *ret_failure);
