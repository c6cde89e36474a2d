/* SPDX-License-Identifier: MIT */
/* alerts/registry.h: the clock of the registry. Internal to alerts/. */
#pragma once
#include "alerts/alerts.h"

/* Both clocks when changes were last applied; boot 0: never. */
const struct instant *registry_clock(const struct alert_registry *b);
