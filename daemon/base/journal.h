/* SPDX-License-Identifier: MIT */
/* base/journal.h: journald's native protocol, never blocking
 * (systemd.io/JOURNAL_NATIVE_PROTOCOL). libsystemd's own sender blocks when journald is frozen and
 * reports success when there is no journald, so we write the few lines ourselves. */
#pragma once
#include "base/text.h"

#define JOURNAL_SOCKET "/run/systemd/journal/socket"
#define JOURNAL_ENTRY_MAX (256 * 1024)

/* Append one field to an entry under construction; values may hold any bytes. Pure. Names that
 * journald would drop (not A-Z 0-9 _, leading digit or underscore, over 64) are a bug: assert. */
void journal_add(struct text *entry, const char *name, const char *value, size_t len);
void journal_addf(struct text *entry, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

struct journal; /* one non-blocking datagram socket, connected on demand */
int journal_new(const char *socket_path, struct journal **ret); /* does not connect yet; -ENOMEM */
void journal_free(struct journal *j);
/* Sends one entry. 0: journald has the datagram. -ENOENT / -ECONNREFUSED: nobody listens.
 * -EAGAIN: its queue is full (frozen or busy): try later. A datagram that is too large for the
 * socket goes as a sealed memfd. Other -E as sendmsg(2). */
int journal_send(struct journal *j, const struct text *entry);
/* The part of journal_send() for large entries: sends a sealed memfd over a connected socket. */
int journal_send_file(int fd, const struct text *entry);
