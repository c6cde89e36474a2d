/* SPDX-License-Identifier: MIT */
/* alerts/book.h: what the files of this room need of the book beyond alerts.h. Private to the room.
 */
#pragma once
#include "alerts/alerts.h"

/* Both clocks when changes were last applied; boot 0: never. */
const struct instant *book_clock(const struct book *b);
