/* SPDX-License-Identifier: MIT */
/* deliver/application.h: receivers that sign in at Microsoft as an application: keys that their types
 * share, and how a transport opens one. */
#pragma once
#include "deliver/receiver.h"
#include "http/signed_in.h"

/* clang-format off */
#define APPLICATION_LOGIN_ROW(struct_)                                                             \
    {.name = "login_url", .type = CONF_TEXT, CONF_AT(struct_, login_url), .def = "",               \
     .what = "scheme://host[:port]", .check = application_root_check,                              \
     .example = "https://login.example",                                                           \
     .help = "Root URL for the sign-in of this receiver; empty selects that of the cloud."}
/* clang-format on */
/* clang-format off */
#define APPLICATION_EXPIRES_ROW(struct_)                                                           \
    {.name = "client_secret_expires", .type = CONF_TEXT, CONF_AT(struct_, client_secret_expires),  \
     .def = "", .shown_def = "unknown", .what = "a day, or empty",                                 \
     .check = application_expires_check, .example = "2027-03-01",                                  \
     .help = "Last day of the client secret of this receiver, as the portal shows it; an alert "   \
             "comes before it."}
/* clang-format on */
int application_expires_check(const char *text, struct failure *ret_failure); /* "" or a day */
int application_root_check(const char *text, struct failure *ret_failure); /* "" or a root */

/* *ret is NULL if these options name no application. `http` may be NULL to check options and files.
 * kind CONFIG */
int application_open(const struct receiver_options *o, struct http *http, struct signed_in **ret,
                     struct failure *ret_failure);
/* After a request with its token: warns, once, that the application may send as every mailbox of its
 * tenant. */
void application_warn(const struct receiver_options *o, const struct signed_in *application,
                      bool *warned);
/* NULL is fine. */
void application_close(const struct receiver_options *o, struct signed_in *application);
