/* SPDX-License-Identifier: MIT */
/* runtime/notify.h: sd_notify(3) messages; nothing happens without NOTIFY_SOCKET. */
#pragma once
struct app;

void notify_checking(const struct app *app); /* a start may take long: EXTEND_TIMEOUT_USEC= */
void notify_ready(struct app *app);
void notify_alive(void); /* feeds the watchdog */
void notify_reloading(const struct app *app);
void notify_stopping(void);
void notify_status(struct app *app); /* the line in systemctl status, if it has changed */
