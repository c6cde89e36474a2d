/* SPDX-License-Identifier: MIT */
/* rules/room.c: free units that nobody waits for. */
#include "rules/room.h"

#include "rules/sku_pools.h"

int64_t room_of(const struct allotment *a)
{
    if (!a->units_known || a->waiting.section == SECTION_UNKNOWN)
        return NUMBER_UNKNOWN;
    int64_t waiting = a->waiting.section == SECTION_COMPLETE ? a->waiting.count : 0; /* else the source has no such lists */
    int64_t room = a->allotted - a->consumed - waiting;
    return room > 0 && !allotment_has_ended(a) ? room : 0;
}

void room_add(struct room *r, int64_t units)
{
    r->n_pools++;
    if (units == NUMBER_UNKNOWN)
        r->unknown = true;
    else
        r->units += units;
}

enum room_fit room_fits(const struct room *r, int64_t members)
{
    if (r->n_pools && r->units >= members)
        return ROOM_FITS;
    return r->unknown ? ROOM_UNKNOWN : ROOM_NO;
}
