/* SPDX-License-Identifier: MIT */
/* runtime/credential_user.h: who signs in with a client secret or certificate: the tenants, and after them the
 * receivers with an application of their own, in the order of the configuration. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct app;
struct tenant;
struct tenant_options;

struct credential_user { /* all borrowed */
    struct tenant *tenant;   /* NULL: a receiver */
    const char *receiver;    /* its name; NULL: a tenant */
    const char *client_id;
    const char *file;        /* of the secret or certificate; NULL: it has none that could expire */
    const char *private_key; /* of a receiver */
    const char *name;        /* of `file` as configured, without directories */
    const char *expires;     /* client_secret_expires; "": unknown */
    bool certificate;
};
size_t credential_users(const struct app *app);
struct credential_user credential_user(const struct app *app, size_t i);
struct credential_user credential_user_of(struct tenant *t);
/* They have the same one. */
bool credential_user_is_same(const struct credential_user *a, const struct credential_user *b);
/* Combined stamp of the files that it signs in with (base/stamp.h). */
uint64_t credential_user_stamp(const struct credential_user *u);
uint64_t credentials_stamp(const struct tenant_options *t); /* the same of a tenant; STAMP_NONE: it has none */
