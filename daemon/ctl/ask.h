/* SPDX-License-Identifier: MIT */
/* ctl/ask.h: sends a request to the daemon and prints what goes wrong. */
#pragma once
#include "ctl/cli.h"
#include "json/json.h"

/* GET: on the read socket if this user may use it, else on the other one. Returns the exit code. With --json the answer
 * is printed, and *ret is NULL. */
int ask_get(const struct ctl *c, const char *target, struct json **ret);
/* The same, and *ret is the answer with --json too. */
int ask_get_both(const struct ctl *c, const char *target, struct json **ret);
/* GET of a text, which is printed. Returns the exit code. */
int ask_text(const struct ctl *c, const char *target);
/* The same on the control socket. `body` may be NULL. *ret_status may be NULL; 0: there was no answer. */
int ask_change(const struct ctl *c, const char *method, const char *target, const char *body, struct json **ret,
               unsigned *ret_status);
/* Where an object is listed, and where it is changed: `before` ID `after`. */
struct ask_list {
    const char *target, *list, *key; /* "/v1/silences", "silences", "id" */
    const char *before, *after;
    bool whole; /* ids are numbers, of which a beginning is another one */
};
/* Changes the one object whose id begins with the first argument, in any case; one whose id it is wins. Prints "DONE: ID".
 * Returns the exit code. */
int ask_change_one(const struct ctl *c, const struct ask_list *where, const char *method, const char *body, const char *done);
/* "PATH?NAME=VALUE" with the value escaped; for free(). NULL: out of memory. */
char *ask_target(const char *path, const char *name, const char *value);
