/* SPDX-License-Identifier: MIT */
/* runtime/poller.h: when each tenant is polled. */
#pragma once
#include "base/clock.h"
#include <stdbool.h>
#include <stddef.h>

struct app;
struct poller;
struct tenant;

struct poller *poller_new(void);    /* NULL: out of memory */
void poller_free(struct poller *p); /* with the results that were not taken */
/* Arms the timer of every tenant, spread by poll.jitter; a tenant of `before` (a reload) keeps its place in
 * the interval. */
void poller_start(struct app *app, struct tenant *before, size_t n_before);
/* Polls every tenant once, now. The activity of `app` ends when that is done. */
void poller_start_once(struct app *app);
/* Polls every tenant out of turn (SIGUSR1). False: all of them were requested already and have not begun. */
bool poller_poll_now(struct app *app);
bool poller_poll_tenant(struct tenant *t); /* the same for one tenant, which has a connection to Graph */
/* The wall clock was set: polls that failed because it was wrong are repeated now. */
void poller_clock_set(struct app *app);
bool poller_any_stale(const struct app *app); /* tenant_is_stale() of any */
void poller_settle(struct app *app);          /* takes results now that wait for others to share a commit */
bool poller_on_time(const struct app *app, const struct instant *now); /* for the watchdog */
