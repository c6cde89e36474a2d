/* SPDX-License-Identifier: MIT */
/* status/control_route.h: finds the command of a request. Pure. Private to status/. */
#pragma once
#include "base/text.h"
#include "status/control.h"

struct route_refusal {
    unsigned status;       /* of HTTP */
    char error[192], hint[192];
    char allow[64];        /* 405: value of the header Allow; "" otherwise */
};

/* Fills command and id of `call`, whose target is parsed. False: refused. */
bool control_route(const struct control_options *o, const char *method, struct control_call *call,
                   struct route_refusal *ret_refusal);
/* The JSON of an error, for the caller to free(); NULL: out of memory. */
char *control_error_json(const char *error, const char *hint);
