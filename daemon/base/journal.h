/* SPDX-License-Identifier: MIT */
/* base/journal.h: sends entries in journald's native protocol without blocking
 * (systemd.io/JOURNAL_NATIVE_PROTOCOL). libsystemd's sender blocks if journald is frozen and
 * reports success if there is no journald, so it cannot be used. */
#pragma once
#include "base/text.h"

#define JOURNAL_SOCKET "/run/systemd/journal/socket"
#define JOURNAL_ENTRY_MAX (256 * 1024)

/* Appends a field to an entry; values may contain any bytes. Pure. Names that
 * journald would drop (not A-Z 0-9 _, leading digit or underscore, over 64) are a bug: assert. */
void journal_add(struct text *entry, const char *name, const char *value, size_t len);
void journal_addf(struct text *entry, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

struct journal; /* one non-blocking datagram socket, connected on demand */
int journal_new(const char *socket_path, struct journal **ret); /* does not connect yet; -ENOMEM */
void journal_free(struct journal *j);
/* Sends one entry. 0: journald has the datagram. -ENOENT / -ECONNREFUSED: nobody listens.
 * -EAGAIN: its queue is full (frozen or busy): retry later. A datagram that is too large for the
 * socket is sent as a sealed memfd. Other -E as sendmsg(2). */
int journal_send(struct journal *j, const struct text *entry);
/* The part of journal_send() for large entries: sends a sealed memfd over a connected socket. */
int journal_send_file(int fd, const struct text *entry);
