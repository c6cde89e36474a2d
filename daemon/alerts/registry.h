/* SPDX-License-Identifier: MIT */
/* alerts/registry.h: what the files of this room need of the registry beyond alerts.h. Private to
 * the room.
 */
#pragma once
#include "alerts/alerts.h"

/* Both clocks when changes were last applied; boot 0: never. */
const struct instant *registry_clock(const struct alert_registry *b);
