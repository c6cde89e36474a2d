/* SPDX-License-Identifier: MIT */
/* runtime/app_status_lists.h: the lists of a status that are made of the last polls and the outbox. Private to
 * app_status.c. */
#pragma once
#include "status/status.h"

struct app;

/* Pools, assignment errors and subscriptions of the last polls that have a list. -ENOMEM. */
int app_status_pools(const struct app *app, struct status *s);
int app_status_silences(const struct app *app, struct status *s); /* -ENOMEM */
/* -ENOMEM. An outbox that cannot be counted is unknown. */
int app_status_receivers(const struct app *app, struct status *s);
